"""The experiment as a user runs it: output, files, errors, Ctrl-C, and what it leaves alone."""

import errno
import json
import math
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import fields, replace
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import torch
from nursery import Program, alone, needed_shown, without_pytorch
from PIL import Image

from convmixer import experiment
from convmixer.augment import normalize
from convmixer.data import digits
from convmixer.devices.distributed import Team
from convmixer.devices.machine import Machine, choose_machine
from convmixer.errors import ExperimentError
from convmixer.experiment import main
from convmixer.images import cifar10 as data
from convmixer.recipe import PRESETS, Options
from convmixer.runs import beginning, record
from convmixer.runs import loop as training
from convmixer.runs import run as running
from convmixer.runs.options import check, parse
from convmixer.variants import BothResiduals, build, convmixer_256_8

SOURCE = Path(data.__file__).parents[2]
# A run of a second or two, for what does not depend on accuracy
SHORT = ["--epochs", "2", "--width", "8", "--depth", "1", "--batch-size", "256"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty working directory and an empty home."""
    for name in ("work", "home", "guard"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def imported_first(place, monkeypatch):
    """A folder whose modules every new interpreter finds before all others."""
    path = os.pathsep.join([str(place / "guard"), str(SOURCE)])
    monkeypatch.setenv("PYTHONPATH", path)
    return place / "guard"


def read_record(folder: Path) -> dict:
    return json.loads((folder / "record.json").read_text())


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_without_arguments_it_reads_digits_in_less_than_a_minute(place):
    # A minute of one core's time, of which imports get some: a test must not fail because the
    # machine is busy with something else.
    home = place / "home/user"
    home.mkdir()
    program = Program([], partial(alone, 45), HOME=str(home))
    code, printed, errors = program.wait()
    assert (code, errors) == (0, "")

    # It ends by saying where checkpoint and record lie.
    *_, checkpoint_line, record_line = printed.splitlines()
    checkpoint_path = Path(checkpoint_line.removeprefix("checkpoint:").strip())
    record_path = Path(record_line.removeprefix("record:").strip())
    found = json.loads(record_path.read_text())
    assert found["accuracy"] >= 0.98

    # One line an epoch and no control characters, since this is no terminal.
    lines = [line for line in printed.splitlines() if "held out " in line]
    assert len(lines) == found["options"]["epochs"]
    assert not re.search(r"[\r\x1b]", printed)
    assert "WARNING" not in printed

    # The record holds what is needed to understand and to repeat the run.
    assert found["status"] == "finished"
    assert found["options"]["seed"] == found["options"]["split_seed"] == 0
    assert found["data"]["split"] == "stratified random, 25% held out, seed 0"
    assert found["versions"]["torch"] == torch.__version__.split("+")[0]
    assert found["hardware"]["cores"] == os.cpu_count()
    assert [epoch["epoch"] for epoch in found["epochs"]] == list(range(1, 9))
    assert found["epochs"][-1]["accuracy"] == found["accuracy"]
    assert found["epochs"][-1]["loss"] < found["epochs"][0]["loss"]
    assert 0 < sum(epoch["seconds"] for epoch in found["epochs"]) < found["seconds"]

    # The checkpoint is the model of that accuracy.
    checkpoint = torch.load(checkpoint_path, weights_only=True)
    chosen = checkpoint["options"]
    model = build(Options(**chosen), 10)
    model.load_state_dict(checkpoint["model"])
    images = digits(chosen["split"], chosen["split_seed"])
    pixels, labels = images.test.pixels, images.test.labels
    pixels = normalize(pixels, checkpoint["mean"], checkpoint["std"])
    with torch.inference_mode():
        answers = model.eval()(pixels).argmax(1)
    assert (answers == labels).float().mean() == pytest.approx(found["accuracy"])
    wrong = (answers != labels).nonzero().flatten().tolist()
    assert found["mistakes"] == [
        {"image": n, "label": int(labels[n]), "answer": int(answers[n])} for n in wrong
    ]

    # labml tracked it, and nothing was written anywhere else.
    (database,) = record_path.parent.glob("labml/**/sqlite.db")
    rows = sqlite3.connect(database).execute("select indicator, step, value from scalars")
    tracked = {(name, step): value for name, step, value in rows}
    for epoch in found["epochs"]:
        assert tracked["loss", epoch["epoch"]] == pytest.approx(epoch["loss"])
        assert tracked["accuracy", epoch["epoch"]] == pytest.approx(epoch["accuracy"])
    assert list(home.iterdir()) == []
    assert list((place / "work").iterdir()) == [place / "work" / "runs"]
    assert list((place / "work" / "runs").iterdir()) == [record_path.parent.absolute()]
    assert {path.name for path in record_path.parent.iterdir()} == {
        ".lock",
        "checkpoints",
        "record.json",
        "metrics.jsonl",
        "labml",
    }


def test_the_seconds_of_a_run_count_from_its_very_start(place, monkeypatch):
    """Those include the imports of PyTorch and all else."""
    moments = []

    def note(options, command, clock):
        moments.append((clock, time.perf_counter()))
        return 0

    began = time.perf_counter()
    monkeypatch.setattr(
        experiment, "parse", lambda words: moments.append(time.perf_counter()) or Options()
    )
    monkeypatch.setattr(running, "run", note)
    assert main([]) == 0
    parsed, (clock, _) = moments
    assert began <= clock <= parsed
    monkeypatch.undo()
    monkeypatch.chdir(place / "work")
    options = parse([*SHORT, "--epochs", "1", "--name", "x"])
    assert running.run(options, "command", time.perf_counter() - 1000) == 0
    found = read_record(Path("runs/x"))
    assert found["seconds"] >= 1000 > sum(epoch["seconds"] for epoch in found["epochs"])


def test_the_seed_decides_the_initial_weights():
    machine = Machine(torch.device("cpu"), torch.float32, compiled=False)

    def initial(seed):
        state = beginning.begin(Options(width=8, depth=1, seed=seed), digits(), machine, Team())
        return state.model.patch_embedding.conv.weight

    first, again, other = initial(1), initial(1), initial(2)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(place):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main([*SHORT, "--epochs", "1", "--name", name, "--seed", seed]) == 0
    a, b, c = (
        [epoch["loss"] for epoch in read_record(Path("runs", name))["epochs"]] for name in "abc"
    )
    assert a == b
    assert a != c


def test_cifar10_trains_on_files_in_its_own_format(place, monkeypatch, write_digits_as_cifar):
    source = write_digits_as_cifar(place / "cifar")
    real = data.cifar10
    monkeypatch.setattr(data, "cifar10", lambda folder, download: real(folder, download, source))
    arguments = ["--dataset", "cifar10", "--data-dir", str(place / "cifar")]
    arguments += ["--name", "c", "--epochs", "2", "--width", "8", "--depth", "2"]
    assert main([*arguments, "--batch-size", "64"]) == 0
    found = read_record(Path("runs/c"))
    assert found["data"] == {"train": 200, "test": 40, "split": "as published"}
    assert found["options"]["learning_rate"] == 0.05
    checkpoint = torch.load("runs/c/checkpoints/best.pt", weights_only=True)
    assert checkpoint["classes"][:2] == ["zero", "one"]
    assert len(checkpoint["mean"]) == len(checkpoint["std"]) == 3


def test_the_recipe_for_cifar10_is_the_authors():
    recipe = parse(["--dataset", "cifar10"])
    assert recipe == PRESETS["cifar10-25"] == parse(["--preset=cifar10-25"])
    assert (recipe.epochs, recipe.batch_size, recipe.average) == (25, 512, 0)
    assert (recipe.learning_rate, recipe.weight_decay) == (0.05, 0.005)
    assert (recipe.augment_operations, recipe.augment_magnitude) == (2, 12)
    assert (recipe.scale, recipe.jitter, recipe.erasing, recipe.flip) == (1, 0, 0, 0.5)
    longer = parse(["--preset", "cifar10-100"])
    assert (longer.epochs, longer.jitter, longer.erasing) == (100, 0.2, 0.2)
    built, expected = build(recipe, 10).state_dict(), convmixer_256_8().state_dict()
    assert {n: t.shape for n, t in built.items()} == {n: t.shape for n, t in expected.items()}


def test_the_command_line_comes_before_the_recipe():
    assert parse(["--epochs", "3", "--dataset", "cifar10"]).epochs == 3
    assert parse(["--preset", "cifar10-best", "--width", "32"]).width == 32
    assert parse(["--dataset", "imagefolder"]).image_size == 224
    assert parse([]) == Options()


def test_the_options_become_the_models_parts():
    for norm, kind in (("batch", torch.nn.BatchNorm2d), ("layer", torch.nn.LayerNorm)):
        options = replace(Options(), norm=norm, residual="both", activation="relu")
        built = build(options, 10)
        assert isinstance(built.layers[0].pointwise_norm, kind)
        assert isinstance(built.layers[0].pointwise_activation, torch.nn.ReLU)
        assert {type(layer) for layer in built.layers} == {BothResiduals}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_precision_reaches_the_model_and_not_the_weights(place, precision):
    arguments = [*SHORT[2:], "--epochs", "1", "--name", "p", "--precision", precision]
    assert main(arguments) == 0
    assert read_record(Path("runs/p"))["precision"] == precision
    machine = choose_machine(replace(Options(), device="cpu", precision=precision))
    built = build(Options(), 10)
    with machine.autocast():
        logits = built(torch.randn(2, 3, 32, 32))
    assert logits.dtype == getattr(torch, precision)
    assert built.head.linear.weight.dtype == torch.float32


BAD = {
    "--epochs 0": "--epochs must be at least 1, not 0",
    "--batch-size -4": "--batch-size must be at least 1, not -4",
    "--width 0": "--width must be at least 1, not 0",
    "--learning-rate -0.1": "--learning-rate must be more than 0, not -0.1",
    "--learning-rate nan": "--learning-rate must be more than 0, not nan",
    "--weight-decay -1": "--weight-decay must be at least 0, not -1.0",
    "--seed -1": "--seed must be from 0 to",
    "--workers -1": "--workers must be at least 0, not -1",
    "--patch-size 3": "--patch-size must be a divisor of 32, the side of an image, not 3",
    "--image-size 64": "--image-size must be 32, the size of its images, not 64",
    "--flip 1.5": "--flip must be from 0 to 1, not 1.5",
    "--average 1": "--average must be at least 0 and less than 1, not 1.0",
    "--warmup 0.9": "--warmup must be from 0 to 0.8, where its tail begins, not 0.9",
    "--scale 0": "--scale must be more than 0 and at most 1, not 0.0",
    "--augment-magnitude 31": "--augment-magnitude must be from 0 to 30, not 31",
    "--resume nowhere": "--resume nowhere: nowhere/record.json cannot be read",
    "--name ../out": "--name must be a name without folders, not ../out",
    "--name ..": "--name must be a name without folders, not ..",
    "--download": "add --dataset cifar10",
    "--dataset mnist": "mnist",
    "--epochs many": "many",
    "--epoch 3": "--epochs",
    "--dataset": "--dataset",
    "stray": "stray",
}


@pytest.mark.parametrize("arguments", BAD)
def test_what_makes_no_sense_is_one_error(place, capsys, arguments):
    try:
        code = main(arguments.split())
    except SystemExit as stop:
        code = stop.code
    printed = capsys.readouterr()
    assert code == 2
    assert BAD[arguments] in printed.err
    assert printed.out == ""
    assert list((place / "work").iterdir()) == []


def test_help_and_mistakes_do_not_wait_for_pytorch(place):
    commands = [["--help"], ["--epochs", "0"], ["--no-such-option"]]
    told, *mistaken = without_pytorch("experiment", *commands)
    assert (told[0], told[2]) == (0, "")
    for code, printed, errors in mistaken:
        assert (code, printed) == (2, "")
        assert "Traceback" not in errors
        assert errors


def test_the_packages_that_digits_and_photographs_need_are_imported_where_needed(place):
    _, printed, _ = Program([], needed_shown).wait()
    modules = set(printed.split())
    assert {"convmixer.runs.loop", "torch"} <= modules
    assert modules.isdisjoint({"sklearn", "labml_nn", "matplotlib", "timm", "tensorboard"})


def test_a_missing_data_set_in_a_terminal(place):
    command = ["--dataset", "cifar10", "--data-dir", "nowhere"]
    code, _, errors = Program(command).wait()
    assert code == 2
    assert "Traceback" not in errors
    assert errors.startswith("error: CIFAR-10 is not complete in ")
    assert str(place / "work" / "nowhere") in errors
    assert "--dataset cifar10 --download --data-dir nowhere" in errors
    assert list((place / "work").iterdir()) == []


def error_of(capsys, *arguments: str) -> str:
    assert main([*SHORT, *arguments]) == 2
    return capsys.readouterr().err


def test_a_device_that_is_not_there(place, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "error: PyTorch finds no cuda" in error_of(capsys, "--device", "cuda")
    assert list((place / "work").iterdir()) == []


def test_a_folder_that_cannot_be_made(place, capsys):
    Path("taken").write_text("")
    assert "cannot make the folder taken/x" in error_of(capsys, "--runs", "taken", "--name", "x")
    assert files(place / "work") == {"taken"}


def test_a_folder_that_must_not_be_written(place, capsys, monkeypatch):
    Path("locked").mkdir()

    # As the system answers anyone but root, who may write anywhere.
    def refuse(path, *arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(os, "mkdir", refuse)
    message = error_of(capsys, "--runs", "locked", "--name", "x")
    assert "cannot make the folder locked/x (Permission denied)" in message
    monkeypatch.undo()
    assert list((place / "work/locked").iterdir()) == []


# Of 1,347 digits, the last batch of 2 or of 673 is one digit.
@pytest.mark.parametrize("size", ["1", "2", "673", "1346"])
def test_too_little_to_normalize_is_said_before_the_training(place, capsys, size):
    alone = ["--patch-size", "32", "--batch-size", size]
    message = error_of(capsys, *alone)
    assert f"--batch-size {size} leaves a single one of 1,347 images" in message
    assert "Choose a smaller --patch-size, another --batch-size, or --norm layer" in message
    assert len(message.splitlines()) == 1
    assert files(place / "work") == set()


@pytest.mark.parametrize(
    "words",
    [
        "--patch-size 32 --batch-size 674",
        "--patch-size 32 --batch-size 1347",
        "--patch-size 32 --batch-size 673 --norm layer",
        "--patch-size 32 --batch-size 673 --model vit",
        "--patch-size 16 --batch-size 673",
    ],
)
def test_what_can_be_normalized_is_trained(place, words):
    assert main([*SHORT, "--epochs", "1", *words.split()]) == 0


@pytest.mark.parametrize(
    ("processes", "device", "size", "refused"),
    [
        (2, "cpu", 512, False),
        (2, "cpu", 3, True),
        (2, "cuda", 3, False),
        (4, "cuda", 3, True),
        # 10 % 9 leaves one image, for which two processes are too many.
        (2, "cpu", 9, False),
        (1, "cuda", 9, True),
        # Fewer images than processes
        (11, "cuda", 64, True),
    ],
)
def test_every_process_needs_a_share_of_each_batch(processes, device, size, refused):
    options = replace(Options(), patch_size=32, batch_size=size)
    machine = Machine(torch.device(device), torch.float32, compiled=False)
    with pytest.raises(ExperimentError) if refused else nullcontext():
        beginning.check_batches(options, 10, machine, Team(0, processes))


def test_a_run_is_not_overwritten(place, capsys):
    Path("runs/mine").mkdir(parents=True)
    Path("runs/mine/notes.txt").write_text("mine")
    Path("runs/file").write_text("mine")
    before = files(place / "work")
    assert "runs/mine exists already" in error_of(capsys, "--name", "mine")
    assert "runs/file exists already" in error_of(capsys, "--name", "file")
    assert files(place / "work") == before


def test_a_loss_that_is_no_number_stops_the_run(place, capsys):
    message = error_of(capsys, "--learning-rate", "1e30", "--name", "x")
    assert re.search(r"error: (the loss is (nan|inf)|a weight is not finite) in epoch 1", message)
    found = read_record(Path("runs/x"))
    assert found["status"] == "failed"
    assert found["epochs"] == []
    # No half-trained weights that are none
    assert not Path("runs/x/checkpoints").exists()


def test_ctrl_c_keeps_what_was_done(place):
    program = Program(["--epochs", "1000", "--name", "long", *SHORT[2:]])
    program.wait_for("epoch 2/1000 ")
    program.send_signal(signal.SIGINT)
    code, printed, errors = program.wait()
    assert code == 130
    assert errors == "\nStopping after this step. Ctrl-C again stops at once.\n"
    found = read_record(Path("runs/long"))
    assert found["status"] == "interrupted"
    assert 2 <= len(found["epochs"]) < 1000
    done = len(found["epochs"])
    assert f"Stopped after {done} of 1000 epochs; to go on: --resume runs/long\n" in printed
    newest = max(Path("runs/long/checkpoints").glob("step-*.pt"))
    checkpoint = torch.load(newest, weights_only=True)
    assert (checkpoint["epoch"], len(checkpoint["epochs"])) == (done, done)
    assert [name for name in files(place / "work") if "/." in name] == ["runs/long/.lock"]


# Stands in for PyTorch, and takes as long as it likes to be imported.
SLOW = """
import os, time
try:
    os.write(1, b"importing\\n")
    time.sleep(600)
except KeyboardInterrupt as error:
    {otherwise}
    raise
"""
WAITING = {
    "experiment": [],
    "comparison": [],
    "export": ["weights.pt", "weights.onnx"],
    "predict": ["--weights", "weights.pt", "image.png"],
    "evaluate": ["weights.pt", "--dataset", "digits"],
}


@pytest.mark.parametrize(
    ("program", "otherwise", "number", "code", "message"),
    [
        ("experiment", "", signal.SIGINT, 130, "\nStopped before the training began.\n"),
        ("experiment", "", signal.SIGTERM, -signal.SIGTERM, ""),
        # As modules do that are written in C++
        ("experiment", "raise ImportError from error", signal.SIGINT, 130, "\nStopped.\n"),
        ("comparison", "", signal.SIGINT, 130, "\nStopped; start it again to go on.\n"),
        ("comparison", "", signal.SIGTERM, -signal.SIGTERM, ""),
        ("export", "", signal.SIGINT, 130, "\nStopped before the file was written.\n"),
        ("export", "", signal.SIGTERM, -signal.SIGTERM, ""),
        ("predict", "", signal.SIGINT, 130, "\nStopped before the last image.\n"),
        ("predict", "", signal.SIGTERM, -signal.SIGTERM, ""),
        ("evaluate", "", signal.SIGINT, 130, "\nStopped before the last image.\n"),
    ],
)
def test_a_program_can_be_stopped_while_pytorch_is_imported(
    place, imported_first, program, otherwise, number, code, message
):
    """Even where both signals are ignored by what has started it, as a shell's background."""

    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    (imported_first / "torch.py").write_text(SLOW.format(otherwise=otherwise))
    Image.new("RGB", (4, 4)).save("image.png")
    command = [sys.executable, "-m", f"convmixer.{program}", *WAITING[program]]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=ignore)
    assert any(line == "importing\n" for line in process.stdout)
    process.send_signal(number)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (code, message)
    assert files(place / "work") == {"image.png"}


def test_in_a_terminal_one_line_moves(place):
    """Played back on 80 columns, the output is as tidy as in a file."""
    parent, child = pty.openpty()
    program = Program(SHORT, terminal=child)
    os.close(child)
    output = b""
    while True:
        try:
            output += os.read(parent, 4096)
        except OSError:
            break
    assert program.wait()[0] == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", output.decode().replace("\r\n", "\n"))
    states = re.split(r"\r\x1b\[K|\n", text)
    assert "\r" not in "".join(states)
    assert max(len(state) for state in states) < 80
    assert len([state for state in states if " step " in state]) > 1
    last_states = [line.split("\r\x1b[K")[-1] for line in text.split("\n")]
    assert len([line for line in last_states if "held out " in line]) == 2


def test_help_says_the_reason_of_every_option(place, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert max(len(line) for line in printed.splitlines()) <= 80
    words = re.sub(r"[│\s]+", " ", printed)
    for field in fields(Options):
        assert f"--{field.name.replace('_', '-')}" in words
    comments = re.findall(
        r"((?:    # .*\n)+)    \w+: ", (SOURCE / "convmixer" / "recipe.py").read_text()
    )
    assert len(comments) == len(fields(Options))
    for comment in comments:
        assert re.sub(r"\s*# |\s+", " ", comment).strip() in words


def test_help_for_cifar10_shows_its_defaults(capsys):
    with pytest.raises(SystemExit):
        main(["--dataset", "cifar10", "--help"])
    assert "(default: 512)" in re.sub(r"[│\s]+", " ", capsys.readouterr().out)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    record.write_record(path, {"kept": True})

    def full_disk(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        record.write_record(path, {"kept": False})
    assert json.loads(path.read_text()) == {"kept": True}
    assert list(tmp_path.iterdir()) == [path]


# Which write to the disk is the first that fails: the record is written at the begin, then
# after each epoch with metrics and a checkpoint behind it, and if it is the best so far,
# with another.
FULL = {
    1: ("runs/x/record.json", "There is no checkpoint yet"),
    2: ("runs/x/record.json", "There is no checkpoint yet"),
    3: ("runs/x/metrics.jsonl", "There is no checkpoint yet"),
    4: ("runs/x/checkpoints/step-00000006.pt", "There is no checkpoint yet"),
    5: ("runs/x/checkpoints/best.pt", "runs/x/checkpoints/step-00000006.pt is whole"),
    6: ("runs/x/record.json", "runs/x/checkpoints/step-00000006.pt is whole"),
    7: ("runs/x/metrics.jsonl", "runs/x/checkpoints/step-00000006.pt is whole"),
    8: ("runs/x/checkpoints/step-00000012.pt", "runs/x/checkpoints/step-00000006.pt is whole"),
}


@pytest.mark.parametrize("number", FULL)
@pytest.mark.parametrize("for_good", [False, True])
def test_a_full_disk_is_one_error(place, monkeypatch, capsys, number, for_good):
    writes, real = count(1), os.fsync

    def fsync(handle):
        # As the system says it, without the name of the file
        this = next(writes)
        if this == number or (for_good and this > number):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        message = error_of(capsys, "--name", "x")
    name, safe = FULL[number]
    # If the record of the failure cannot be written either, that is the last error.
    if for_good:
        name = "runs/x/record.json"
    assert message == (
        f"error: {name} cannot be written (No space left on device). {safe}; once there is "
        f"room, {'go on with --resume runs/x' if number > 1 else 'choose another --name'}\n"
    )
    if number > 1:
        assert main(["--resume", "runs/x"]) == 0
        assert read_record(Path("runs/x"))["status"] == "finished"


def test_a_full_disk_that_only_labml_meets_is_one_error(place, monkeypatch, capsys):
    def full(*arguments):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(training.tracker, "save", full)
    message = error_of(capsys, "--name", "x")
    assert message.startswith("error: runs/x/labml cannot be written (database or disk is full)")
    assert "runs/x/checkpoints/step-00000006.pt is whole" in message
    assert read_record(Path("runs/x"))["status"] == "failed"


def test_new_files_have_the_usual_rights(tmp_path):
    record.write_record(tmp_path / "record.json", {})
    (tmp_path / "usual").touch()
    assert (tmp_path / "record.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_commit_of_a_copy_outside_git_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "__file__", str(tmp_path / "record.py"))
    assert record.commit() is None


def test_the_commit_of_a_tracked_source(tmp_path, monkeypatch):
    source = tmp_path / "record.py"
    source.write_text("")
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    git = ["git", "-C", str(tmp_path), *identity]
    subprocess.run([*git, "init", "-q"], check=True)
    monkeypatch.setattr(record, "__file__", str(source))
    assert record.commit() is None
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    clean = record.commit()
    assert re.fullmatch("[0-9a-f]{40}", clean)
    source.write_text("changed")
    assert record.commit() == f"{clean}-dirty"


def test_an_infinite_rate_is_refused():
    with pytest.raises(ExperimentError):
        check(replace(Options(), learning_rate=math.inf))
