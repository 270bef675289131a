"""Two processes on one CPU train as one does."""

import json
import re
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest
import torch
from nursery import Program, models_kept, statistics_shared
from torch import nn

from convmixer.devices import distributed
from convmixer.devices.distributed import Team
from convmixer.devices.machine import Machine
from convmixer.experiment import main
from convmixer.runs.files import checkpoints

SOURCE = Path(distributed.__file__).parents[2]
CPU = Machine(torch.device("cpu"), torch.float32, compiled=False)
TORCHRUN = ["--standalone", "--nproc-per-node", "2", "-m", "convmixer.experiment"]
# 131 does not divide 1,347, and the last of the 11 batches is odd. A large epsilon keeps AdamW
# from making much of gradients that are nothing but rounding.
TINY = [
    *("--width", "8", "--depth", "1", "--epochs", "2", "--batch-size", "131"),
    *("--jitter", "0.2", "--epsilon", "1e-3"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path / "work")


def pair(arguments: list[str], before=bool) -> tuple[list[int], str, str]:
    """
    What torchrun does, without importing PyTorch for each run. Returns both exit codes of a
    command, and what the two printed.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    with tempfile.TemporaryFile("a+") as errors:
        two = []
        for rank in ("0", "1"):
            who = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2"}
            two.append(Program(arguments, before, stderr=errors, **who, **meeting))
        printed = [program.stdout.read() for program in two]
        codes = [program.wait()[0] for program in two]
        errors.seek(0)
        return codes, "".join(printed), errors.read()


# All that chance decides, for the batch as a whole
CHANCE = [
    *(*TINY, "--scale", "0.8", "--augment-operations", "1", "--erasing", "0.2"),
    *("--average", "0.9", "--norm", "layer"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two processes, and what they printed."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        codes, printed, errors = pair([*CHANCE, "--name", "two"])
    assert (codes, errors) == ([0, 0], "")
    return folder / "runs/two", printed


def newest(folder: str | Path) -> dict:
    return torch.load(checkpoints(Path(folder, "checkpoints"))[0], weights_only=True)


def record(folder: str | Path) -> dict:
    return json.loads(Path(folder, "record.json").read_text())


def shape(printed: str) -> list[str]:
    """What was printed, without what differs from run to run."""
    lines = printed.replace(" by 2 processes", "").replace("runs/two", "runs/one").splitlines()
    return [re.sub(r"[\d.,%ms ]+", "#", line) for line in lines]


def test_two_processes_get_the_weights_of_one(finished, place, capsys):
    folder, printed = finished
    assert main([*CHANCE, "--name", "one"]) == 0
    one, two = newest("runs/one"), newest(folder)
    for part in ("model", "average"):
        assert one[part].keys() == two[part].keys()
        for name in one[part]:
            # Float error of 22 steps; the weights themselves moved by about 0.1.
            torch.testing.assert_close(two[part][name], one[part][name], atol=1e-5, rtol=1e-4)
    for ours, theirs in zip(record("runs/one")["epochs"], record(folder)["epochs"], strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
        # One image of 450 may lie on the border.
        assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=1.1 / 450)
    # One record, and one voice
    assert record(folder)["hardware"]["processes"] == 2
    assert [*folder.parent.iterdir()] == [folder]
    assert "float32 on cpu by 2 processes" in printed
    assert shape(printed) == shape(capsys.readouterr().out)


def test_asked_to_end_two_processes_leave_a_checkpoint_that_one_goes_on_from(place):
    arguments = [*TINY, "--norm", "layer", "--epochs", "1000", "--name", "two"]
    torchrun = Program([*TORCHRUN, *arguments], module="torch.distributed.run", OMP_NUM_THREADS="1")
    torchrun.wait_for("held out ")
    torchrun.send_signal(signal.SIGTERM)
    code, _, errors = torchrun.wait()
    assert code != 0
    # torchrun has much to say, but the processes themselves end in order.
    assert "terminate called" not in errors
    found = record("runs/two")
    assert found["status"] == "interrupted"
    done, content = len(found["epochs"]), newest("runs/two")
    assert 1 <= done < 1000
    assert content["epoch"] == done
    assert 0 <= content["step"] < 11

    # So many epochs are too many for a test: the record is made to ask for one more.
    found["options"]["epochs"] = done + 1
    Path("runs/two/record.json").write_text(json.dumps(found))
    assert main(["--resume", "runs/two"]) == 0
    again = record("runs/two")
    assert again["status"] == "finished"
    assert again["hardware"] == found["hardware"]
    assert again["resumed"][0]["hardware"]["processes"] == 1
    assert again["epochs"][:-1] == found["epochs"]
    assert [(at["epoch"], at["step"]) for at in again["resumed"]] == [(done, content["step"])]


@pytest.mark.parametrize("average", ["0", "0.9"])
def test_with_batch_normalization_both_test_the_same_model(place, average):
    arguments = [*TINY, "--epochs", "1", "--name", "two", "--average", average]
    codes, printed, errors = pair(arguments, models_kept)
    assert (codes, errors) == ([0, 0], "")
    assert printed.count("  held out ") == 1
    one, two = (torch.load(f"tested-1-{rank}.pt") for rank in (0, 1))
    for ours, theirs in zip(one, two, strict=True):
        for name in ours:
            torch.testing.assert_close(ours[name], theirs[name], atol=0, rtol=0)


def test_two_processes_go_on_and_tidy_up_together(finished, place):
    shutil.copytree(finished[0], "runs/two")
    folder = Path("runs/two/checkpoints")
    checkpoints(folder)[0].unlink()
    # Both find what a killed run left behind. It must not matter who removes it.
    for number in range(300):
        (folder / f".step-00000022.pt.{number}").write_bytes(b"half")
    codes, printed, errors = pair(["--resume", "runs/two"])
    assert (codes, errors) == ([0, 0], "")
    assert printed.count("going on from step-00000011.pt") == 1
    assert not list(folder.glob(".*"))
    whole, again = newest(finished[0]), newest("runs/two")
    for part in ("model", "average"):
        for name in whole[part]:
            assert torch.equal(whole[part][name], again[part][name])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--dataset", "cifar10", "--data-dir", "nowhere", "--device", "cpu"],
            "error: CIFAR-10 is not complete in",
        ),
        ([*TINY, "--name", "taken"], "error: runs/taken exists already"),
        ([*TINY, "--learning-rate", "1e30", "--name", "wild"], "error: "),
    ],
)
def test_an_error_of_several_processes_can_be_read(place, arguments, message):
    Path("runs/taken/checkpoints").mkdir(parents=True)
    codes, printed, errors = pair(arguments)
    assert codes == [2, 2]
    assert printed.count("ConvMixer-") == 1
    assert "Traceback" not in errors
    # Said once or twice, and each time from the beginning of a line
    lines = errors.splitlines()
    assert 1 <= errors.count(message) == sum(line.startswith(message) for line in lines) <= 2
    assert len(lines) % errors.count("error: ") == 0
    assert "" not in lines


@pytest.fixture
def statistics(place):
    def gathered(images: torch.Tensor) -> list:
        torch.save(images, "images.pt")
        assert pair([], statistics_shared) == ([0, 0], "", "")
        return [torch.load(f"{rank}.pt", weights_only=True) for rank in (0, 1)]

    return gathered


def test_the_statistics_of_two_processes_are_those_of_all_their_images(statistics):
    torch.manual_seed(0)
    # Two kinds of images, so that the processes' means differ.
    images = torch.randn(64, 3, 4, 4) + 3 * (torch.arange(64) % 2)[:, None, None, None]
    one, two = statistics(images)
    assert (one[2], two[2]) == (True, False)
    assert one[1] == two[1] == [True, False]
    for name in one[0]:
        assert torch.equal(one[0][name], two[0][name])
    channels = images.transpose(0, 1).flatten(1).double()
    n = channels.shape[1] // 2
    # Each process takes its variance for that of a sample of n, and divides by n - 1.
    shares = [images[rank::2].transpose(0, 1).flatten(1).double() for rank in (0, 1)]
    within = torch.stack([share.var(dim=1, correction=0) for share in shares]).mean(dim=0)
    variance = channels.var(dim=1, correction=0) + within / (n - 1)
    found = {name.removeprefix("0.running_"): value.double() for name, value in one[0].items()}
    torch.testing.assert_close(found["mean"], channels.mean(dim=1), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found["var"], variance, rtol=1e-5, atol=1e-6)
    # Which is nearly the variance of all
    torch.testing.assert_close(found["var"], channels.var(dim=1), rtol=2e-3, atol=0)


def test_the_variance_of_a_channel_far_from_zero_is_not_lost(statistics):
    """The difference of two large squares would be noise, and negative half of the time."""
    torch.manual_seed(0)
    images = 300 + 0.01 * torch.randn(64, 3, 4, 4)
    (one, *_), _ = statistics(images)
    expected = images.double().var(dim=(0, 2, 3)).float()
    torch.testing.assert_close(one["0.running_var"], expected, rtol=0.02, atol=0)


def test_a_team_of_one_changes_nothing():
    alone, model = Team(), nn.BatchNorm2d(3)
    assert alone.join(model, CPU) is model
    assert alone.prepare(model, CPU) is model
    assert alone.any(True) is True
    assert torch.equal(alone.sum(torch.ones(2)), torch.ones(2))
    assert (alone.rank, alone.world_size) == (0, 1)


def test_on_cuda_the_statistics_are_gathered_over_the_batch():
    """The conversion needs no GPU, and keeps every name and weight."""
    cuda = Machine(torch.device("cuda"), torch.bfloat16, compiled=False)
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    prepared = Team(0, 2).prepare(model, cuda)
    assert isinstance(prepared[1], nn.SyncBatchNorm)
    assert prepared.state_dict().keys() == model.state_dict().keys()
    assert isinstance(Team(0, 2).prepare(nn.BatchNorm2d(4), CPU), nn.BatchNorm2d)
