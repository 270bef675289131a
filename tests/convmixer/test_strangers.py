"""Weights, checkpoints and runs of strangers: nothing is taken on trust."""

import json
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from convmixer import experiment, predict
from convmixer.errors import ExperimentError, printable
from convmixer.images import files as images
from convmixer.model import ConvMixer
from convmixer.recipe import Options
from convmixer.runs.files import check_sums, refuse_links
from convmixer.runs.options import options_of, plain
from convmixer.runs.record import read_record
from convmixer.weights import WeightsError, load


@pytest.fixture
def state():
    torch.manual_seed(0)
    return ConvMixer(8, 2, 3, 4, 3).state_dict()


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


# --- weights ---


def test_a_tensor_that_views_one_number_asks_for_no_memory(tmp_path, state):
    state["head.linear.weight"] = torch.zeros(1).expand(10**9, 8)
    file = saved(tmp_path / "w.pt", state)
    assert file.stat().st_size < 20_000
    with pytest.raises(
        WeightsError, match=r"its tensors ask for 32,\d+,\d+,\d+ bytes, and it holds"
    ):
        load(file)


def test_many_tensors_that_share_their_memory_ask_for_no_more_than_it(tmp_path, state):
    shared = torch.zeros(1024, 1024)
    names = [f"layers.{number}.pointwise.weight" for number in range(99)]
    with pytest.raises(WeightsError, match="its tensors ask for"):
        load(saved(tmp_path / "w.pt", state | dict.fromkeys(names, shared)))


def test_a_tensor_without_values_is_refused(tmp_path, state):
    state["head.linear.bias"] = torch.empty(3, device="meta")
    with pytest.raises(WeightsError, match=r"head\.linear\.bias has a shape, but no values"):
        load(saved(tmp_path / "w.pt", state))


def test_a_flipped_bit_is_noticed_wherever_the_weights_are(tmp_path, state):
    file = saved(tmp_path / "w.pt", state)
    whole = file.read_bytes()
    at = whole.index(state["head.linear.weight"].numpy().tobytes())
    for place in (at, at + 40):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(WeightsError, match="it is damaged"):
            load(file)
    file.write_bytes(whole)
    assert load(file).n_classes == 3


def test_a_packed_archive_is_not_unpacked(tmp_path, state):
    file, packed = saved(tmp_path / "w.pt", state), tmp_path / "packed.pt"
    with (
        zipfile.ZipFile(file) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(zipfile.BadZipFile, match="is packed"):
        check_sums(packed)
    with pytest.raises(WeightsError, match="cannot be read"):
        load(packed)


# --- predictions ---


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_answer(tmp_path, state, capsys, value):
    state["head.linear.bias"] = torch.tensor([value, 0.0, 0.0])
    content = {
        "model": state,
        "options": {},
        "classes": list("abc"),
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    weights = saved(tmp_path / "w.pt", content)
    Image.new("RGB", (32, 32)).save(tmp_path / "i.png")
    code = predict.main(["--weights", str(weights), str(tmp_path / "i.png")])
    said = capsys.readouterr()
    assert code == 2 and "nan%" not in said.out
    assert "the probabilities are not numbers (NaN)" in said.err


def test_a_name_cannot_command_the_terminal():
    assert printable("a\x1b[2Jb\rc\u202ed\né中") == "a\\x1b[2Jb\\rc\\u202ed\né中"
    shares = torch.tensor([0.25, 0.75])
    assert predict.most_probable(shares, ["a", "\x1b]0;b\x07"], 1) == "   75.00%  \\x1b]0;b\\x07"


def test_a_large_image_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    Image.new("1", (300, 200)).save(tmp_path / "i.png")
    assert images.prepare(tmp_path / "i.png", 8).size == (8, 8)
    monkeypatch.setattr(images, "MOST_PIXELS", 59_999)
    with pytest.raises(ExperimentError, match=r"i\.png has 300 x 200 pixels, and at most 59,999"):
        images.prepare(tmp_path / "i.png", 8)


# --- runs ---


def record(folder: Path, **changed: object) -> Path:
    folder.mkdir(exist_ok=True)
    content = {"options": plain(Options()) | changed}
    (folder / "record.json").write_text(json.dumps(content))
    return folder


def test_a_record_downloads_nothing(tmp_path):
    folder = record(tmp_path / "run", dataset="cifar10", download=True)
    options = options_of(folder)
    assert options.download is False and options.dataset == "cifar10"


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", "64"), ("width", 10**400), ("width", True), ("epochs", None), ("epochs", 1.5),
     ("learning_rate", "0.1"), ("learning_rate", []), ("model", "other"), ("model", ["vit"]),
     ("download", 1), ("data_dir", 3), ("data_dir", "a\0b"), ("runs", None), ("name", {}),
     ("seed", [0]), ("dataset", None), ("resume", 1), ("unknown", 1)],
)  # fmt: skip
def test_a_hostile_option_is_named(tmp_path, name, value):
    folder = record(tmp_path / "run", **{name: value})
    with pytest.raises(ExperimentError, match=f"is no record of a run .*{name}"):
        options_of(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"options": 3}', '{"options": []}', "[" * 99_999, "\0", '{"options": {}}']
)  # fmt: skip
def test_what_is_no_record_is_one_error(tmp_path, text):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(ExperimentError, match="is no record of a run"):
        options_of(tmp_path)
    with pytest.raises(ExperimentError, match="is no record of a run"):
        read_record(tmp_path / "record.json")


def test_a_pipe_is_no_record(tmp_path):
    import os

    os.mkfifo(tmp_path / "record.json")
    with pytest.raises(ExperimentError, match="it is no regular file"):
        options_of(tmp_path)


@pytest.mark.parametrize("name", ["checkpoints", "record.json", "labml", ".lock"])
def test_a_link_in_a_run_leads_nowhere(tmp_path, name):
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    run.mkdir()
    refuse_links(run)
    elsewhere.mkdir()
    (run / name).symlink_to(elsewhere)
    with pytest.raises(
        ExperimentError, match="is a link, and a run keeps its files in its own folder"
    ):
        refuse_links(run)


def test_resuming_a_run_with_a_link_deletes_nothing_elsewhere(tmp_path, capsys):
    run, elsewhere = record(tmp_path / "run"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    names = {f"step-0000000{number}.pt" for number in range(6)} | {".step-1.pt.1"}
    for name in names:
        (elsewhere / name).write_bytes(b"somebody's")
    (run / "checkpoints").symlink_to(elsewhere)
    assert experiment.main(["--resume", str(run)]) == 2
    assert "checkpoints is a link" in capsys.readouterr().err
    assert {path.name for path in elsewhere.iterdir()} == names
    assert not (run / ".lock").exists()
