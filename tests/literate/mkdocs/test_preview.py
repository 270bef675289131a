"""The preview answers this machine's own names, any address, and no more than it serves."""

import http.client
import threading
from types import SimpleNamespace

import pytest
from support import CONFIG, built

from literate.mkdocs.preview import Preview


@pytest.fixture(scope="module")
def preview(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<body>a draft</body>")
    (folder / "404.html").write_text("<body>nothing there</body>")
    (folder / "卷 积").mkdir()
    (folder.parent / "secret.txt").write_text("a secret")
    (folder / "leak.txt").symlink_to("../secret.txt")
    running = Preview(("127.0.0.1", 0), "/paper", folder, lambda changed: (), lambda: None)
    threading.Thread(target=running._server.serve_forever, daemon=True).start()
    yield running
    running._server.shutdown()
    running.shutdown()


def ask(preview, path="/paper/", method="GET", host: str | None = None):
    port = preview._server.server_port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", (host or "127.0.0.1:PORT").replace("PORT", str(port)))
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


@pytest.mark.parametrize(
    "host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST", "127.0.0.1", "[::1]:PORT", "[::1]"]
)
def test_this_machines_names_are_answered(preview, host):
    answer, text = ask(preview, host=host)
    assert answer.status == 200 and "a draft" in text


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:PORT", "127.0.0.1.evil.example", "localhost.evil.example:PORT",
     "evil.example:127.0.0.1", "", "[::2]:PORT", "127.0.0.2", "0.0.0.0", "127.0.0.1@evil.example"],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/paper/", "/paper/_literate/changes", "/paper/_literate/preview.js", "/"]
)
def test_no_other_name_reads_along(preview, host, path):
    answer, text = ask(preview, path, host=host)
    assert answer.status in (400, 403) and "draft" not in text


@pytest.mark.parametrize(
    "path",
    ["/paper/%00", "/paper/a%00.html", f"/paper/{'a' * 5000}", "/paper/%ff%fe", "/paper/../secret.txt",
     "/paper/..%2fsecret.txt", "/paper/leak.txt", "/paper//etc/passwd", "/paper/index.html/x"],
)  # fmt: skip
def test_any_address_has_an_answer(preview, path):
    answer, text = ask(preview, path)
    assert answer.status == 404 and "nothing there" in text


@pytest.mark.parametrize(
    "path", ["/paper/", "/paper/none", "/paper/_literate/preview.js", "/", "/paper/%00"]
)
def test_head_is_get_without_the_body(preview, path):
    got, text = ask(preview, path)
    answer, nothing = ask(preview, path, "HEAD")
    assert (answer.status, answer.getheaders()) == (got.status, answer.getheaders())
    assert answer.getheader("Content-Length") == got.getheader("Content-Length")
    assert nothing == "" and (text or got.status == 302)


def test_head_of_the_changes_does_not_wait_for_one(preview):
    answer, _ = ask(preview, "/paper/_literate/changes", "HEAD")
    assert answer.status == 200


def test_the_listener_is_a_file_as_the_policy_of_the_pages_wants_it(preview):
    assert '<script src="/paper/_literate/preview.js"></script></body>' in ask(preview)[1]
    answer, script = ask(preview, "/paper/_literate/preview.js")
    assert answer.getheader("Content-Type").startswith("text/javascript")
    assert '"/paper/_literate/changes"' in script


def test_a_folder_of_any_name_is_led_to(preview):
    answer, _ = ask(preview, "/paper/%E5%8D%B7%20%E7%A7%AF")
    assert answer.status == 302
    assert answer.getheader("Location") == "/paper/%E5%8D%B7%20%E7%A7%AF/"


def test_what_pages_lead_to_and_templates_of_ones_own_are_watched(project):
    project.write(
        "mkdocs.yml", CONFIG.replace("  font: false\n", "  font: false\n  custom_dir: own\n")
    )
    project.write("own/main.html", '{% extends "base.html" %}')
    project.write("docs/index.md", "# A\n\n[Data](data.csv) of ![a drawing](../drawn.svg).\n")
    project.write("docs/data.csv", "1\n")
    project.write("drawn.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')
    project.write("unasked.svg", "")
    config = built(project, "site")
    config.dev_addr = ("127.0.0.1", 0)
    server = SimpleNamespace(root=config.site_dir, mount_path="/")
    preview = config.plugins["literate"].on_serve(server, config=config, builder=None)
    for name in ("unasked.svg", "drawn.svg", "own/main.html", "docs/data.csv"):
        preview.notice(project.root / name)
    preview.shutdown()
    changed = {path.relative_to(project.root).as_posix() for path in preview._next_changes()}
    assert changed == {"drawn.svg", "own/main.html", "docs/data.csv"}
