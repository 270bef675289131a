"""labml's server, a real one on this machine: it answers, is down, is slow, or refuses."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from nursery import Program, answered_at, patience_is

SHORT = ["--epochs", "3", "--width", "8", "--depth", "1", "--batch-size", "512", "--name", "lab"]


class Server:
    """What a labml server got, and what it answers once it may."""

    def __init__(self) -> None:
        self.posts: list[list[dict]] = []
        self.answer: dict = {"errors": []}
        self.may_answer = threading.Event()
        self.may_answer.set()

    @property
    def packets(self) -> list[dict]:
        return [packet for post in self.posts for packet in post]

    def figures(self, name: str) -> list[tuple[float, float]]:
        tracks = [
            packet["track"][name] for packet in self.packets if name in packet.get("track", {})
        ]
        return sorted(
            pair for track in tracks for pair in zip(track["step"], track["value"], strict=True)
        )


@contextmanager
def listening(server: Server) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            server.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            server.may_answer.wait()
            content = json.dumps(server.answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_port}/api/v1/track?"
        finally:
            server.may_answer.set()
            http.shutdown()


def run(patience: float, *before: Callable[[], object]) -> subprocess.CompletedProcess[str]:
    """The command, with another wait at its end, so that no test depends on how fast it is."""
    home = os.environ["HOME"]
    program = Program(SHORT, before=partial(patience_is, patience, *before), HOME=home)
    return subprocess.CompletedProcess(SHORT, *program.wait())


def read_record() -> dict:
    return json.loads(Path("runs/lab/record.json").read_text())


def test_a_server_that_answers_gets_the_figures_and_the_run_ends(place):
    server = Server()
    with listening(server) as url:
        Path(".labml.yaml").write_text(f"web_api: {url}\n")
        result = run(600)
    assert result.returncode == 0, result.stderr
    for name in ("loss", "accuracy"):
        expected = [(epoch["epoch"], epoch[name]) for epoch in read_record()["epochs"]]
        assert server.figures(name) == [pytest.approx(pair) for pair in expected]
    merged = {key: value for packet in server.packets for key, value in packet.items()}
    assert merged["name"] == "convmixer"
    assert merged["configs"]["d_model"]["value"] == 8
    assert merged["status"]["status"] == "completed"
    # The server knows a computer by the number that labml keeps in the home folder.
    assert merged["computer"] in (place.parent / "home/.labml/configs.yaml").read_text()
    assert "has not taken" not in result.stderr
    assert sum("held out " in line for line in result.stdout.splitlines()) == 3


def test_a_server_that_is_down_costs_one_line(place):
    with socket.socket() as taken:
        # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v1/track?"
        Path(".labml.yaml").write_text(f"web_api: {url}\n")
        result = run(0)
    assert result.returncode == 0
    assert read_record()["status"] == "finished"
    (line,) = [line for line in result.stderr.splitlines() if "has not taken" in line]
    assert url in line
    assert "runs/lab" in line
    assert "Traceback" not in result.stderr
    assert sum("held out " in line for line in result.stdout.splitlines()) == 3


def test_a_server_that_does_not_answer_is_not_waited_for(place):
    server = Server()
    server.may_answer.clear()
    with listening(server) as url:
        Path(".labml.yaml").write_text(f"web_api: {url}\n")
        result = run(0)
        # The process ended while the server still kept it waiting.
        assert not server.may_answer.is_set()
    assert result.returncode == 0
    assert read_record()["status"] == "finished"
    assert "has not taken" in result.stderr
    assert "Traceback" not in result.stderr


#: Called while labml starts, and when it has.
MOMENTS = [
    "labml.internal.api.experiment.ApiExperiment.set_dynamic_handler",
    "convmixer.runs.loop.train_epoch",
]


@pytest.mark.parametrize("moment", MOMENTS, ids=["as labml starts", "in the training"])
def test_a_server_that_refuses_the_run_is_one_error(place, moment):
    server = Server()
    server.answer = {"errors": [{"error": "invalid_token", "message": "Nobody knows this token."}]}
    with listening(server) as url:
        Path(".labml.yaml").write_text(f"web_api: {url}\n")
        result = run(0, partial(answered_at, moment))
    assert result.returncode == 2
    assert "Nobody knows this token." in result.stderr
    assert f"error: the labml server at {url} refuses this run" in result.stderr
    assert "Traceback" not in result.stderr


BROKEN = {
    "web_api: [1, 2": "line 1",
    "just words": "",
    "- a\n- b\n": "",
    "web_apy: http://127.0.0.1:9/?": "web_apy",
    "web_api: 5": "",
    "web_api: token": "token",
    "web_api: http://127.0.0.1:many/?": "many",
}


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_configuration_is_one_line_that_names_the_file(place, content):
    Path(".labml.yaml").write_text(content)
    result = run(0)
    assert result.returncode == 2, result.stderr
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert str(place / ".labml.yaml") in line
    assert BROKEN[content] in line
    # Nothing was begun that would be in the way of the next try.
    assert [path.name for path in Path().iterdir()] == [".labml.yaml"]


def test_a_configuration_without_a_server_changes_nothing(place):
    Path(".labml.yaml").write_text("data_path: data\n")
    result = run(0)
    assert (result.returncode, result.stderr) == (0, "")
    assert list((place.parent / "home").iterdir()) == []
    assert sorted(path.name for path in Path("runs/lab").iterdir()) == [
        ".lock",
        "checkpoints",
        "labml",
        "metrics.jsonl",
        "record.json",
    ]
