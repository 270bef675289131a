"""The model in the page: it computes what PyTorch computes, and everybody can use it."""

import io
import json
import math
import random
import re
import struct
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from accessible import faults_in_both_schemes
from PIL import Image
from playwright.sync_api import expect
from safetensors import safe_open
from safetensors.torch import load_file, save
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from support import NO_CIFAR10, REAL_CIFAR10, ROOT

from convmixer.model import ConvMixer

DIGITS = ROOT / "records/digits.safetensors"
PHOTOS = ROOT / "records/cifar10/weights.safetensors"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
TOLERANCE = 1e-4
SAMPLES = [252, 131, 77, 231, 134, 117, 197, 236, 170, 119]


def read(file):
    """A model and what its file says of it."""
    with safe_open(file, framework="pt") as opened:
        said = json.loads(opened.metadata()["convmixer"])
    sizes = ("width", "depth", "kernel_size", "patch_size")
    model = ConvMixer(*(said["options"][size] for size in sizes), len(said["classes"]))
    model.load_state_dict(load_file(file))
    return model.eval(), said


def logits(file, pixels):
    """PyTorch's, for bytes `[3, H, W]`."""
    model, said = read(file)
    mean, std = (torch.tensor(said[name])[:, None, None] for name in ("mean", "std"))
    with torch.inference_mode():
        return model(((pixels / 255 - mean) / std)[None])[0]


def assert_close(found, wanted):
    assert (torch.tensor(found) - wanted).abs().max() < TOLERANCE


def read_logits(page, kind, before=None):
    """The scores that the page comes to, once it has, and they are others than before."""
    page.wait_for_function(
        f"""before => {{
            const found = document.querySelector('.{kind}').dataset.logits;
            return found && found !== JSON.stringify(before);
        }}""",
        arg=before,
        timeout=30000,
    )
    return json.loads(page.locator(f".{kind}").get_attribute("data-logits"))


def random_weights(width=256, depth=8, kernel=5, patch=2, **said):
    """A file of weights nobody has trained."""
    torch.manual_seed(0)
    model = ConvMixer(width, depth, kernel, patch, 10)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor, low, high in (
                (module.weight, 0.5, 1.5),
                (module.bias, -0.3, 0.3),
                (module.running_mean, -0.3, 0.3),
                (module.running_var, 0.5, 2),
            ):
                torch.nn.init.uniform_(tensor, low, high)
    options = {"width": width, "depth": depth, "kernel_size": kernel, "patch_size": patch}
    options |= {
        "model": "convmixer",
        "norm": "batch",
        "residual": "depthwise",
        "activation": "gelu",
    }
    described = {"classes": CLASSES, "mean": [0.49, 0.48, 0.45], "std": [0.25, 0.24, 0.26]}
    described |= {"options": options | said}
    return save(model.state_dict(), {"convmixer": json.dumps(described)})


# --- the arithmetic ---


def as_prepared(index):
    """A digit as `convmixer.data` prepares it for training."""
    image = torch.from_numpy(load_digits().images[index]).float()[None, None]
    pixels = F.interpolate(image, size=(32, 32), mode="bilinear") * (255 / 16)
    return pixels.round().expand(1, 3, -1, -1)[0]


def test_one_of_the_ten_digits_is_read_wrong():
    right = [
        logits(DIGITS, as_prepared(index)).argmax() == digit for digit, index in enumerate(SAMPLES)
    ]
    assert sum(right) == 9


def test_the_scores_of_each_digit_are_those_of_pytorch(open_page):
    page, found = open_page("demo/"), None
    for index in SAMPLES:
        page.locator(f".digit [data-index='{index}']").click()
        wanted = logits(DIGITS, as_prepared(index))
        found = read_logits(page, "digit", found)
        assert_close(found, wanted)
        assert page.locator(".digit .verdict").inner_text().startswith(f"I read: {wanted.argmax()}")
    assert page.problems == []


def test_the_scores_of_a_photograph_are_those_of_pytorch(open_page):
    page, found = open_page("demo/"), None
    for index in (8, 35, 81):
        page.locator(f".photo [data-index='{index}']").click()
        picture = np.array(Image.open(ROOT / f"docs/try/cifar10/{index:04d}.png"))
        assert picture.shape == (32, 32, 3)
        wanted = logits(PHOTOS, torch.from_numpy(picture).permute(2, 0, 1))
        found = read_logits(page, "photo", found)
        assert_close(found, wanted)
        assert CLASSES[wanted.argmax()] in page.locator(".photo .verdict").inner_text()
    assert page.problems == []


RUN = """async ([module, weights, pixels, side]) => {
    const { load, normalized, run } = await import(module);
    const network = load(Uint8Array.from(weights).buffer);
    const image = normalized(Uint8ClampedArray.from(pixels), network);
    return [...run(network, image, side)].map((step) => [step.kind, ...(step.tokens ?? step.logits)]);
}"""


@pytest.mark.parametrize(
    ("width", "depth", "kernel", "patch", "side", "activation"),
    [(7, 2, 3, 4, 16, "gelu"), (8, 1, 4, 2, 8, "relu"), (5, 3, 9, 1, 6, "gelu"), (1, 1, 1, 3, 3, "relu")],
)  # fmt: skip
def test_every_step_is_pytorchs(
    open_page, server, tmp_path, width, depth, kernel, patch, side, activation
):
    file = tmp_path / "w.safetensors"
    file.write_bytes(random_weights(width, depth, kernel, patch, activation=activation))
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 4), dtype=np.uint8)
    found = open_page("404.html").evaluate(
        RUN, [f"{server}try/network.js", list(file.read_bytes()), pixels.ravel().tolist(), side]
    )
    model, said = read(file)
    if activation == "relu":
        for module in model.modules():
            for name, child in module.named_children():
                if isinstance(child, torch.nn.GELU):
                    setattr(module, name, torch.nn.ReLU())
    wanted = []
    model.patch_embedding.register_forward_hook(lambda *seen: wanted.append(seen[-1]))
    for layer in model.layers:
        # What goes into the pointwise convolution is what the spatial mixing gives.
        layer.pointwise.register_forward_pre_hook(lambda _, seen: wanted.append(seen[0]))
        layer.register_forward_hook(lambda *seen: wanted.append(seen[-1]))
    mean, std = (torch.tensor(said[name])[:, None, None] for name in ("mean", "std"))
    with torch.inference_mode():
        image = torch.from_numpy(pixels[..., :3].copy()).permute(2, 0, 1) / 255
        wanted.append(model(((image - mean) / std)[None]))
    kinds = ["embedding", *(["space", "channels"] * depth), "head"]
    assert [step[0] for step in found] == kinds
    for (_, *values), tensor in zip(found, wanted, strict=True):
        assert_close(values, tensor.flatten())


def test_the_error_function(call):
    points = [i / 16 for i in range(-96, 97)]
    found = call("network.js", "erf", [[p] for p in points])
    assert found == pytest.approx([math.erf(point) for point in points], abs=1e-10)


# --- a stranger's file ---

LOAD = """async ([module, files]) => {
    const { load, WeightsError } = await import(module);
    return files.map((bytes) => {
        try {
            return load(Uint8Array.from(bytes).buffer).classes.length;
        } catch (error) {
            return error instanceof WeightsError ? "refused" : String(error);
        }
    });
}"""


def with_header(change):
    """A small file whose header has been changed."""
    data = random_weights(4, 1, 3, 2)
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    changed = change(header)
    written = json.dumps(header if changed is None else changed).encode()
    return struct.pack("<Q", len(written)) + written + data[8 + length :]


def described(**changes):
    def change(header):
        said = json.loads(header["__metadata__"]["convmixer"])
        for path, value in changes.items():
            *way, last = path.split("__")
            place = said
            for name in way:
                place = place[name]
            place[last] = value
        header["__metadata__"]["convmixer"] = json.dumps(said)

    return change


def tensor(**changes):
    return lambda header: header["layers.0.depthwise.weight"].update(changes)


FAULTY = [
    *(described(options__width=width) for width in (0, -1, 1e9, "4", None, 5)),
    *(described(**{f"options__{name}": 10**6}) for name in ("depth", "kernel_size", "patch_size")),
    *(described(classes=names) for names in ([], "ten", [1] * 10, ["a"] * 11, None)),
    *(described(mean=mean) for mean in ([0, 0], ["0", "0", "0"], None)),
    *(described(std=std) for std in ([1, 1, 0], [1, 1, -1])),
    *(described(options__activation=name) for name in ("silu", "constructor", "__proto__")),
    described(options__norm="layer"),
    described(options__model="vit"),
    tensor(shape=[4, 1, 3]),
    tensor(shape=[4, 1, -3, -3]),
    tensor(shape=[2**53, 2**53]),
    tensor(dtype="F16"),
    tensor(data_offsets=[0, 10**12]),
    tensor(data_offsets=[8, 4]),
    tensor(data_offsets=None),
    lambda header: header.pop("head.linear.bias") and None,
    lambda header: header.pop("__metadata__") and None,
    lambda header: header.update(x=None),
    lambda header: [],
]


def test_a_faulty_file_is_refused(open_page, server):
    good = random_weights(4, 1, 3, 2)
    chance = random.Random(0)
    files = [good, *(with_header(change) for change in FAULTY)]
    files += [b"", b"\xff" * 8, b"\xff" * 4000, struct.pack("<Q", 10**6) + b"{}", good[:-1]]
    files += [good[: chance.randrange(len(good))] for _ in range(20)]
    answers = open_page("404.html").evaluate(
        LOAD, [f"{server}try/network.js", [list(file) for file in files]]
    )
    assert answers[0] == 10
    assert set(answers[1:]) == {"refused"}, answers


def test_a_file_of_any_bytes_is_read_or_refused(open_page, server):
    chance = random.Random(1)
    good = random_weights(4, 1, 3, 2)
    files = []
    for _ in range(150):
        file = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            file[chance.randrange(2000)] = chance.randrange(256)
        files.append(list(file))
    answers = open_page("404.html").evaluate(LOAD, [f"{server}try/network.js", files])
    assert set(answers) <= {"refused", *range(1, 11)}, answers


# --- what the page shows are images of the sets ---


def test_the_samples_are_held_out_digits():
    digits = load_digits()
    numbers = np.arange(len(digits.target))
    _, held_out = train_test_split(numbers, test_size=0.25, stratify=digits.target, random_state=0)
    found = sorted(int(path.stem) for path in (ROOT / "docs/try/digits").glob("*.png"))
    assert found == sorted(SAMPLES) and set(found) <= set(held_out.tolist())
    for index in found:
        shades = np.array(Image.open(ROOT / f"docs/try/digits/{index:04d}.png")).astype(int)
        assert (np.round(shades * 16 / 255) == digits.images[index]).all()


@pytest.mark.skipif(not REAL_CIFAR10.is_dir(), reason=NO_CIFAR10)
def test_the_photographs_are_those_of_the_test_set():
    rows = np.fromfile(REAL_CIFAR10 / "test_batch.bin", dtype=np.uint8).reshape(-1, 3073)
    page = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
    paths = sorted((ROOT / "docs/try/cifar10").glob("*.png"))
    assert paths
    for path in paths:
        label, image = rows[int(path.stem)][0], rows[int(path.stem)][1:].reshape(3, 32, 32)
        assert (np.array(Image.open(path)) == image.transpose(1, 2, 0)).all()
        assert re.search(f'cifar10/{path.name}".*<span>{CLASSES[label]}</span>', page)


# --- drawing ---

SEVEN = [(0.28, 0.15), (0.72, 0.15), (0.45, 0.85)]


def draw(page, points):
    box = page.locator(".pad").bounding_box()
    place = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*place[0])
    page.mouse.down()
    for x, y in place[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def test_a_drawn_seven_is_read(open_page):
    page = open_page("demo/")
    draw(page, SEVEN)
    expect(page.locator(".digit .verdict")).to_contain_text("I read: 7", timeout=10000)
    expect(page.locator(".digit [role=status]").last).to_contain_text("I read: 7")
    page.locator(".digit .clear").click()
    expect(page.locator(".digit .verdict")).to_have_text("Nothing to read yet.")
    assert not page.locator(".digit .steps").is_visible()
    assert page.problems == []


@pytest.mark.parametrize("width", [390, 1440])
def test_a_finger_draws(open_page, width):
    page = open_page("demo/", width=width, has_touch=True)
    page.locator(".pad").scroll_into_view_if_needed()
    client = page.context.new_cdp_session(page)
    box = page.locator(".pad").bounding_box()
    kind = "touchStart"
    for (ax, ay), (bx, by) in pairwise(SEVEN):
        for i in range(8):
            x, y = ax + (bx - ax) * i / 7, ay + (by - ay) * i / 7
            point = {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
            kind = "touchMove"
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".digit .verdict")).to_contain_text("I read: 7", timeout=10000)


def test_a_one_is_drawn_by_keyboard(open_page):
    page = open_page("demo/")
    page.locator(".pad").focus()
    page.keyboard.press("Space")
    expect(page.locator(".digit .pen")).to_have_text("The pen is down.")
    for _ in range(11):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(".digit .pen")).to_have_text("The pen is up.")
    expect(page.locator(".digit .verdict")).to_contain_text("I read: 1", timeout=10000)
    page.keyboard.press("Delete")
    expect(page.locator(".digit .verdict")).to_have_text("Nothing to read yet.")


# --- the steps ---


def test_the_steps_are_gone_through_by_keyboard(open_page):
    page = open_page("demo/")
    page.locator(".digit [data-index='236']").focus()
    page.keyboard.press("Enter")
    steps = page.locator(".digit .steps")
    expect(steps).to_be_visible(timeout=10000)
    slider = steps.get_by_role("slider", name="step")
    assert (
        slider.get_attribute("max") == "10"
    )  # the image, the embedding, two for each layer, the head
    slider.focus()
    captions = []
    page.keyboard.press("Home")
    for _ in range(11):
        captions.append(steps.locator(".caption").inner_text())
        assert slider.get_attribute("aria-valuetext") == captions[-1]
        page.keyboard.press("ArrowRight")
    assert len(set(captions)) == 11
    assert captions[1].startswith("The patch embedding makes a token of 64 numbers")
    assert captions[4].startswith("Layer 2 of 4, depthwise convolution")
    assert not any("{" in caption for caption in captions)
    expect(steps.get_by_role("button", name="Next")).to_be_disabled()

    steps.get_by_role("slider", name="channel").focus()
    page.keyboard.press("Home")
    assert steps.locator("output").inner_text() == "0"  # of the head, the maps are classes
    steps.get_by_role("button", name="Back").press("Enter")
    assert steps.locator("output").inner_text().endswith("/ 64")
    picture = steps.locator(".picture")
    before = picture.evaluate("canvas => canvas.toDataURL()")
    picture.focus()
    page.keyboard.press("ArrowLeft")
    assert picture.evaluate("canvas => canvas.toDataURL()") != before
    assert page.problems == []


def test_a_click_chooses_a_token_and_a_channel(open_page):
    page = open_page("demo/")
    page.locator(".digit [data-index='236']").click()
    steps = page.locator(".digit .steps")
    steps.get_by_role("button", name="Back").click()
    maps = steps.locator(".maps")
    box = maps.bounding_box()
    maps.click(position={"x": box["width"] - 3, "y": 3})
    assert steps.locator("output").inner_text() == "8 / 64"
    before = steps.locator(".map").evaluate("canvas => canvas.toDataURL()")
    steps.locator(".picture").click(position={"x": 5, "y": 5})
    assert steps.locator(".map").evaluate("canvas => canvas.toDataURL()") != before


def test_the_pictures_follow_the_button_for_light_and_dark(open_page):
    page = open_page("demo/")
    page.locator(".digit [data-index='236']").click()
    pictures = page.locator(".digit .steps").locator(".maps, .map")
    expect(pictures.first).to_be_visible(timeout=10000)
    before = pictures.evaluate_all("all => all.map((one) => one.toDataURL())")
    page.locator("[data-md-component=palette] label:visible").click()
    page.wait_for_function(
        """before => [...document.querySelectorAll(".digit :is(.maps, .map)")]
            .every((one, i) => one.toDataURL() !== before[i])""",
        arg=before,
    )


# --- what is loaded, and when ---


def test_nothing_is_loaded_before_it_is_used(open_page, server):
    page = open_page("demo/")
    page.wait_for_timeout(300)
    heavy = ("try/worker.js", "try/network.js", ".safetensors")
    assert not [url for url in page.requests if url.endswith(heavy)]
    assert not [url for url in page.requests if "/records/" in url]
    draw(page, SEVEN)
    expect(page.locator(".digit .verdict")).to_contain_text("I read: 7", timeout=10000)
    draw(page, SEVEN)
    loaded = [url.removeprefix(server) for url in page.requests if url.endswith(heavy)]
    assert loaded == ["try/worker.js", "try/network.js", "records/digits.safetensors"]
    assert all(url.startswith(server) for url in page.requests)


def test_other_pages_load_none_of_it(open_page):
    page = open_page("model/")
    assert not [url for url in page.requests if "/try/" in url]


def test_weights_that_do_not_come_are_asked_for_again(open_page):
    page = open_page("demo/")
    page.context.route("**/*.safetensors", lambda route: route.abort())
    page.locator(".digit [data-index='236']").click()
    failed = "The network could not be fetched. Try again in a moment."
    expect(page.locator(".digit .verdict")).to_have_text(failed, timeout=10000)
    page.context.unroute_all()
    page.locator(".digit [data-index='236']").click()
    expect(page.locator(".digit .verdict")).to_contain_text("I read: 7", timeout=10000)


# --- a picture of one's own ---


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


def test_a_picture_of_ones_own_is_read_and_goes_nowhere(open_page):
    page = open_page("demo/")
    chance = np.random.default_rng(0)
    small = chance.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    page.locator(".photo input[type=file]").set_input_files(png(small))
    wanted = logits(PHOTOS, torch.from_numpy(small).permute(2, 0, 1))
    assert_close(read_logits(page, "photo"), wanted)
    # A large one is reduced to the average of each square: here, to one color.
    large = np.full((300, 500, 3), (200, 30, 90), dtype=np.uint8)
    before = page.locator(".photo").get_attribute("data-logits")
    sent = len(page.requests)
    page.locator(".photo input[type=file]").set_input_files(png(large))
    expect(page.locator(".photo")).not_to_have_attribute("data-logits", before, timeout=20000)
    even = torch.tensor((200, 30, 90))[:, None, None].expand(3, 32, 32)
    assert_close(read_logits(page, "photo"), logits(PHOTOS, even))
    assert page.requests[sent:] == []
    assert page.problems == []


def test_a_file_that_is_no_picture(open_page):
    page = open_page("demo/")
    page.locator(".photo input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(page.locator(".photo .verdict")).to_have_text(
        "Your browser cannot read this file as a picture."
    )


# --- for everybody ---


def test_without_script_the_page_explains_itself(open_page, server):
    page = open_page("demo/", java_script_enabled=False)
    text = page.locator("article").inner_text()
    assert "needs JavaScript" in text and "What you see" in text and "{" not in text
    assert not page.locator(".desk").first.is_visible()
    assert (
        page.locator(".digit .weights").evaluate("a => a.href")
        == f"{server}records/digits.safetensors"
    )


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_axe_finds_nothing(open_page, prefix):
    page = open_page(f"{prefix}demo/")
    page.locator(".digit [data-index='236']").click()
    page.locator(".photo [data-index='8']").click()
    read_logits(page, "digit")
    read_logits(page, "photo")
    assert faults_in_both_schemes(page) == []


@pytest.mark.parametrize("prefix", ["", "zh/"])
def test_nothing_scrolls_sideways(open_page, prefix):
    page = open_page(f"{prefix}demo/")
    page.locator(".photo [data-index='8']").click()
    read_logits(page, "photo")
    for width in (390, 768, 1024, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_second_network_is_on_and_its_weights_are_there(site):
    text = (ROOT / "docs/demo.md").read_text(encoding="utf-8")
    assert 'class="reader photo" hidden' not in text
    assert f'href="../{PHOTOS.relative_to(ROOT)}" download' in text
    assert (site / PHOTOS.relative_to(ROOT)).read_bytes() == PHOTOS.read_bytes()
