"""Image files get the answers that the model gives to their pixels, or one clear error."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nursery import without_pytorch
from PIL import Image
from sklearn.datasets import load_digits
from timm.models.convmixer import ConvMixer as TimmConvMixer

from convmixer import predict
from convmixer.data import IMAGENET, digits
from convmixer.errors import ExperimentError
from convmixer.images.files import prepare
from convmixer.model import ConvMixer

CLASSES = ["zero", "one", "two", "three", "four", "five", "six"]
MEAN, STD = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]


def floats(path: Path, size: int) -> torch.Tensor:
    """The prepared image as `[3, H, W]` from 0 to 1."""
    return torch.from_numpy(np.array(prepare(path, size))).permute(2, 0, 1) / 255


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working directory with weights, a picture and some files that are none."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = ConvMixer(8, 2, 3, 4, len(CLASSES))
    options = {"width": 8, "depth": 2, "kernel_size": 3, "patch_size": 4}
    content = {"model": model.state_dict(), "options": options, "classes": CLASSES}
    torch.save(content | {"mean": MEAN, "std": STD}, "weights.pt")
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save("noise.png")
    Image.fromarray(noise[::-1]).save("upside down.png")
    Path("text.png").write_text("no picture")
    Path("empty.png").write_bytes(b"")
    Path("short.png").write_bytes(Path("noise.png").read_bytes()[:-200])
    return model.eval()


def shares(model: torch.nn.Module, path: str, mean, std) -> list[float]:
    """The probabilities, computed without any of the page's code."""
    pixels = np.asarray(Image.open(path), dtype=np.float32) / 255
    pixels = (pixels - np.float32(mean)) / np.float32(std)
    with torch.inference_mode():
        logits = model(torch.from_numpy(pixels).permute(2, 0, 1)[None])
    return logits[0].double().softmax(0).tolist()


def expected_lines(names: list[str], values: list[float], top: int) -> list[str]:
    ranked = sorted(zip(values, names, strict=True), reverse=True)[:top]
    return [f"  {100 * value:6.2f}%  {name}" for value, name in ranked]


def test_the_program_names_the_most_probable_classes_of_each_image(place, capsys):
    assert predict.main(["--weights", "weights.pt", "noise.png", "upside down.png"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    expected = []
    for name in ("noise.png", "upside down.png"):
        expected += [name, *expected_lines(CLASSES, shares(place, name, MEAN, STD), 5)]
    assert out.splitlines() == expected


def test_an_image_gets_the_size_that_the_run_was_trained_with(place, capsys):
    content = torch.load("weights.pt", weights_only=True)
    content["options"]["image_size"] = 64
    torch.save(content, "large.pt")
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save("large.png")
    assert predict.main(["--weights", "large.pt", "large.png"]) == 0
    expected = expected_lines(CLASSES, shares(place, "large.png", MEAN, STD), 5)
    assert capsys.readouterr().out.splitlines() == ["large.png", *expected]
    # Whoever names a size gets it.
    named = ["--weights", "large.pt", "--image-size", "32", "noise.png"]
    assert predict.main(named) == 0
    expected = expected_lines(CLASSES, shares(place, "noise.png", MEAN, STD), 5)
    assert capsys.readouterr().out.splitlines() == ["noise.png", *expected]


@pytest.mark.parametrize("size", [0, "64", True, None])
def test_a_size_that_is_none_is_refused(place, capsys, size):
    content = torch.load("weights.pt", weights_only=True)
    content["options"]["image_size"] = size
    torch.save(content, "odd.pt")
    assert predict.main(["--weights", "odd.pt", "noise.png"]) == 2
    assert f"image_size {size!r}" in capsys.readouterr().err


@pytest.mark.parametrize("top", [1, 3, 7, 100])
def test_top_says_how_many(place, capsys, top):
    arguments = ["noise.png", "--weights", "weights.pt", "--top", str(top)]
    assert predict.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == expected_lines(CLASSES, shares(place, "noise.png", MEAN, STD), top)
    percents = [float(line.split("%")[0]) for line in lines]
    assert (sum(percents) == pytest.approx(100, abs=0.05)) == (top >= len(CLASSES))


def test_weights_that_do_not_say_how_are_normalized_as_imagenet_and_say_so(place, capsys):
    model = TimmConvMixer(8, 2, 3, 4, num_classes=3).eval()
    torch.save(model.state_dict(), "timm.pth")
    assert predict.main(["--weights", "timm.pth", "noise.png"]) == 0
    note, name, *lines = capsys.readouterr().out.splitlines()
    assert "as ImageNet; --image-size is 32." in note
    assert name == "noise.png"
    names = ["class 0", "class 1", "class 2"]
    assert lines == expected_lines(names, shares(model, "noise.png", *IMAGENET), 5)


def test_a_digit_reaches_the_model_as_in_the_training(tmp_path):
    images = digits()
    original = load_digits().images[0]
    pixels = (original * (255 / 16)).round().astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
    found = floats(tmp_path / "digit.png", 32)
    both = torch.cat([images.train.pixels, images.test.pixels]).float() / 255
    # Rounding before enlarging or after it makes a difference of a shade at most.
    assert (both - found).abs().amax(dim=(1, 2, 3)).min() <= 1.01 / 255


@settings(max_examples=40)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"]),
    suffix=st.sampled_from([".png", ".webp", ".jpg", ".gif", ".bmp", ".tif"]),
    size=st.integers(1, 40),
)
def test_any_image_becomes_an_rgb_square(shared_path, height, width, mode, suffix, size):
    image = Image.new("RGB", (width, height), (255, 128, 0)).convert(mode)
    path = shared_path / f"image{suffix}"
    kept = {".jpg": ("L", "RGB", "CMYK"), ".webp": ("L", "RGB", "RGBA")}.get(suffix)
    if (kept and mode not in kept) or (mode in ("CMYK", "LA") and suffix != ".tif"):
        image = image.convert("RGB")
    image.save(path)
    found = floats(path, size)
    assert found.shape == (3, size, size)
    if mode == "RGB" and suffix in (".png", ".bmp", ".tif"):
        expected = torch.tensor([1, 128 / 255, 0])[:, None, None].expand_as(found)
        torch.testing.assert_close(found, expected)


def test_an_oblong_image_keeps_its_middle_and_its_proportions(tmp_path):
    pixels = np.zeros((8, 24, 3), dtype=np.uint8)
    pixels[:, 8:16] = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    middle = torch.arange(64.0).reshape(8, 8) / 255
    torch.testing.assert_close(floats(tmp_path / "wide.png", 8)[0], middle)
    torch.testing.assert_close(floats(tmp_path / "tall.png", 8)[0], middle.T)


def test_a_picture_of_a_turned_camera_is_turned_back(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    expected = torch.from_numpy(np.rot90(pixels, -1).copy()).permute(2, 0, 1) / 255
    torch.testing.assert_close(floats(tmp_path / "turned.png", 8), expected)


def test_an_image_of_16_bits_is_refused_rather_than_shown_white(tmp_path):
    Image.fromarray(np.full((8, 8), 3000, dtype=np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ExperimentError, match=r"deep\.png has more than 8 bits"):
        prepare(tmp_path / "deep.png", 8)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["noise.png", "nowhere.png"], "no image file nowhere.png"),
        (["."], "no image file ."),
        (["noise.png", "text.png"], "text.png cannot be read as an image"),
        (["noise.png", "empty.png"], "empty.png cannot be read as an image"),
        (["noise.png", "short.png"], "short.png cannot be read as an image"),
        (["weights.pt"], "weights.pt cannot be read as an image"),
        ([], "name at least one file"),
        (["noise.png", "--top", "0"], "--top must be at least 1, not 0"),
        (["noise.png", "--image-size", "-4"], "--image-size must be at least 1, not -4"),
        (["noise.png", "--image-size", "30"], "choose a multiple of 4 with --image-size"),
        (["noise.png", "--weights", "nowhere.pt"], "no file nowhere.pt"),
        (["noise.png", "--weights", "noise.png"], "noise.png is no file of weights"),
        (["noise.png", "--weights", "."], "checkpoints/step-*.pt"),
    ],
)
def test_one_error_and_no_answer(place, capsys, arguments, expected):
    weights = [] if "--weights" in arguments else ["--weights", "weights.pt"]
    assert predict.main([*weights, *arguments]) == 2
    out, err = capsys.readouterr()
    assert expected in err
    assert err.startswith("error: ")
    assert (out, len(err.splitlines())) == ("", 1)


def test_weights_for_grey_images_are_refused(place, capsys):
    torch.save(ConvMixer(8, 2, 3, 4, 5, in_channels=1).state_dict(), "grey.pt")
    assert predict.main(["--weights", "grey.pt", "noise.png"]) == 2
    assert "1 channel" in capsys.readouterr().err


@settings(max_examples=60)
@given(data=st.data(), suffix=st.sampled_from([".png", ".jpg", ".webp", ".gif"]))
def test_damage_anywhere_in_an_image_is_an_error_or_harmless(shared_path, data, suffix):
    path = shared_path / f"image{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        assert prepare(path, 8).size == (8, 8)
    except ExperimentError as error:
        assert str(path) in str(error)


def test_help_and_mistakes_do_not_wait_for_pytorch(place):
    spoilt = ["--weights", "weights.pt", "text.png"]
    told, mistaken, lacking = without_pytorch("predict", ["--help"], spoilt, ["noise.png"])
    assert (told[0], told[2]) == (0, "")
    assert (mistaken[0], mistaken[1]) == (2, "")
    assert re.fullmatch(r"error: text\.png cannot be read as an image .*\n", mistaken[2])
    assert (lacking[0], lacking[1]) == (2, "")
