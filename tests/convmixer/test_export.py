"""Exported files give the model's outputs to safetensors and to ONNX Runtime, or are not kept."""

import json
import warnings
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nursery import without_pytorch
from safetensors import safe_open
from timm.models.convmixer import ConvMixer as TimmConvMixer

from convmixer import export
from convmixer.model import ConvMixer
from convmixer.variants import make_convmixer
from convmixer.weights import Trained, formats, load

SOURCE = Path(export.__file__).parents[1]
CLASSES = [*"abcdefgh", "neun 9", "ζ"]


def a_run(
    folder: Path, h=8, d=2, k=3, p=4, norm="batch", residual="depthwise", **more: int
) -> Path:
    """A run's folder, whose model has statistics as after a training."""
    model = make_convmixer(h, d, k, p, len(CLASSES), norm=norm, residual=residual)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            model(torch.randn(4, 3, 4 * p, 4 * p))
    options = {"model": "convmixer", "width": h, "depth": d, "kernel_size": k, "patch_size": p}
    content = {
        # As the training leaves it, channels last
        "model": model.to(memory_format=torch.channels_last).state_dict(),
        "average": None,
        "options": options | more | {"norm": norm, "residual": residual, "dataset": "digits"},
        "classes": CLASSES,
        "mean": [0.1, 0.2, 0.3],
        "std": [0.4, 0.5, 0.6],
    }
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    torch.save(content, folder / "checkpoints" / "step-000010.pt")
    return folder


def main(*arguments: object) -> int:
    return export.main([str(argument) for argument in arguments])


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def assert_onnx_is_the_model(path: Path, trained: Trained, size: int) -> None:
    """For batches of one, two and five, through one file."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    graph = session(path)
    for batch in (1, 2, 5):
        images = torch.randn(batch, trained.in_channels, size, size)
        (logits,) = graph.run(["logits"], {"images": images.numpy()})
        with torch.inference_mode():
            expected = trained.model(images)
        torch.testing.assert_close(torch.from_numpy(logits), expected, atol=1e-5, rtol=1e-5)


SIZES = {
    "h": st.integers(1, 12),
    "d": st.integers(1, 3),
    "k": st.integers(1, 6),
    "p": st.integers(1, 5),
    "norm": st.sampled_from(["batch", "layer"]),
    "residual": st.sampled_from(["depthwise", "both", "none"]),
}


@settings(max_examples=25)
@given(**SIZES)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_a_safetensors_file_is_the_same_model_bit_for_bit(shared_path, **sizes):
    original = load(a_run(shared_path / "run", **sizes))
    output = shared_path / "a.safetensors"
    assert main(shared_path / "run", output) == 0
    copy = load(output)
    assert copy.description() == original.description()
    assert (copy.naming, copy.classes) == ("ours", CLASSES)
    state = original.model.state_dict()
    assert all(torch.equal(state[name], t) for name, t in copy.model.state_dict().items())
    images = torch.randn(3, 3, 3 * sizes["p"], 2 * sizes["p"])
    assert torch.equal(copy.model(images), original.model(images))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_an_onnx_file_is_the_same_model_for_any_batch(tmp_path, capfd):
    folder, output = a_run(tmp_path / "run", 12, 3, 4, 5, "layer", "both"), tmp_path / "a.onnx"
    assert main(folder, output, "--image-size", 15) == 0
    assert capfd.readouterr().err == ""
    assert_onnx_is_the_model(output, load(folder), 15)


def test_an_onnx_file_says_what_its_images_and_classes_are(tmp_path, capfd):
    """Of the smallest model, for images as large as those that it was trained with."""
    folder = a_run(tmp_path / "run", 1, 1, 1, 1, residual="none", image_size=24)
    output = tmp_path / "digits.onnx"
    assert main(folder, output) == 0
    out, err = capfd.readouterr()
    first, second = out.splitlines()
    assert first.startswith(f"{output}: ConvMixer-1/1, ")
    assert float(second.split(": ")[1]) < 1e-5
    assert err == ""

    graph = session(output)
    ((images,), (logits,)) = (graph.get_inputs(), graph.get_outputs())
    assert (images.name, images.shape) == ("images", ["batch", 3, 24, 24])
    assert (logits.name, logits.shape) == ("logits", ["batch", len(CLASSES)])
    found = graph.get_modelmeta().custom_metadata_map
    told = {name: json.loads(text) for name, text in found.items()}
    assert told == load(folder).description()
    # Nothing tells of the folders that it was made in.
    content = output.read_bytes()
    assert b".py" not in content
    assert str(SOURCE).encode() not in content
    assert_onnx_is_the_model(output, load(folder), 24)
    # Nor do the weights forget it.
    assert main(folder, tmp_path / "a.safetensors") == 0
    assert load(tmp_path / "a.safetensors").image_size == 24


def test_timms_weights_become_onnx(tmp_path):
    theirs = TimmConvMixer(8, 2, 3, 7, num_classes=4).eval()
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "timm.pth")
    output = tmp_path / "timm.onnx"
    assert main(tmp_path / "timm.pth", output, "--image-size", 28) == 0
    images = torch.randn(2, 3, 28, 28)
    (logits,) = session(output).run(None, {"images": images.numpy()})
    with torch.inference_mode():
        torch.testing.assert_close(torch.from_numpy(logits), theirs(images), atol=1e-5, rtol=1e-5)


def test_the_program_writes_safetensors_and_says_so(tmp_path, capsys):
    folder, output = a_run(tmp_path / "run"), tmp_path / "digits.safetensors"
    output.write_text("an older file")
    assert main(folder, output) == 0
    out, err = capsys.readouterr()
    assert err == ""
    size = f"{output.stat().st_size / 1000:,.0f} kB"
    assert out.splitlines() == [
        f"{output}: ConvMixer-8/2, {size}",
        "greatest difference of its outputs from PyTorch's: 0.0e+00",
    ]
    with safe_open(output, framework="np") as opened:
        told = json.loads(opened.metadata()["convmixer"])
        assert set(opened.keys()) == ConvMixer(8, 2, 3, 4).state_dict().keys()
    assert told["classes"] == CLASSES
    assert told["options"]["patch_size"] == 4
    assert load(output).image_size == 32
    assert sorted(tmp_path.iterdir()) == [output, folder]


def test_help_and_mistakes_do_not_wait_for_pytorch(tmp_path):
    wrong = ["weights.pt", tmp_path / "weights.tflite"]
    told, mistaken, lacking = without_pytorch("export", ["--help"], wrong, ["only-one"])
    assert (told[0], told[2]) == (0, "")
    assert "--image-size" in told[1]
    assert (mistaken[0], mistaken[1]) == (2, "")
    assert ".safetensors or .onnx" in mistaken[2]
    assert len(mistaken[2].splitlines()) == 1
    assert (lacking[0], lacking[1]) == (2, "")


@pytest.mark.parametrize("suffix", export.SUFFIXES)
@pytest.mark.parametrize("wrong", [1e-3, float("nan")])
def test_a_file_with_other_outputs_is_not_kept(tmp_path, monkeypatch, capsys, suffix, wrong):
    folder = a_run(tmp_path / "run")
    output = tmp_path / f"a{suffix}"
    output.write_text("an older file")
    monkeypatch.setattr(formats, "to_onnx", lambda trained, image_size: b"")
    outputs = load(folder).model
    for name in ("run_onnx", "run_safetensors"):
        monkeypatch.setattr(formats, name, lambda content, images: outputs(images) + wrong)
    assert main(folder, output) == 2
    message = capsys.readouterr().err
    assert f"{output} was not written" in message
    assert output.read_text() == "an older file"
    assert sorted(tmp_path.iterdir()) == [output, folder]


def test_what_the_user_can_put_right(tmp_path, monkeypatch, capsys):
    folder = a_run(tmp_path / "run", p=7)
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "text.pt").write_text("no weights")
    cases = [
        ([tmp_path / "none.pt", tmp_path / "a.onnx"], f"no file {tmp_path / 'none.pt'}"),
        ([tmp_path / "text.pt", tmp_path / "a.onnx"], "text.pt cannot be read"),
        ([folder, tmp_path / "folder.onnx"], "is a folder"),
        ([folder, tmp_path / "nowhere" / "a.onnx"], "folder that is not there"),
        ([folder, tmp_path / "a.onnx"], "a multiple of 7 with --image-size, such as 112"),
        ([folder, tmp_path / "a.onnx", "--image-size", "0"], "at least 1, not 0"),
        ([folder, tmp_path / "a"], ".safetensors or .onnx"),
    ]
    for arguments, expected in cases:
        assert main(*arguments) == 2
        out, err = capsys.readouterr()
        assert expected in err
        assert (out, len(err.splitlines())) == ("", 1)
    monkeypatch.setattr(export, "ONNX_PACKAGES", ("onnx", "no_such_package"))
    assert main(folder, tmp_path / "a.onnx") == 2
    assert "needs no_such_package: pip install" in capsys.readouterr().err
    assert not (tmp_path / "a.onnx").exists()
