"""Weights of timm, labml-nn and the authors' program give equal outputs as our model."""

import os
import pickle
from argparse import Namespace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from labml_nn import conv_mixer as labml
from safetensors.torch import save_file
from timm.models.convmixer import ConvMixer as TimmConvMixer
from timm.models.resnet import resnet18
from torch import nn

from convmixer.errors import ExperimentError
from convmixer.model import ConvMixer
from convmixer.variants import convmixer_768_32, make_convmixer
from convmixer.weights import Trained, WeightsError, load
from convmixer.weights.names import to_ours


class Residual(nn.Module):
    def __init__(self, fn: nn.Module):
        super().__init__()
        self.fn = fn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fn(x) + x


def authors(
    h: int, depth: int, kernel_size: int, patch_size: int, n: int, activation=nn.GELU
) -> nn.Sequential:
    """The model as the paper states it: one flat sequence of standard modules."""
    parts: list[nn.Module] = [
        nn.Conv2d(3, h, patch_size, stride=patch_size),
        activation(),
        nn.BatchNorm2d(h),
    ]
    for _ in range(depth):
        depthwise = nn.Conv2d(h, h, kernel_size, groups=h, padding="same")
        spatial = Residual(nn.Sequential(depthwise, activation(), nn.BatchNorm2d(h)))
        pointwise = nn.Conv2d(h, h, kernel_size=1)
        parts += [nn.Sequential(spatial, pointwise, activation(), nn.BatchNorm2d(h))]
    parts += [nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(h, n)]
    return nn.Sequential(*parts)


def labml_nn(
    h: int, depth: int, kernel_size: int, patch_size: int, n: int, activation=nn.GELU
) -> nn.Module:
    """labml-nn's knows GELU only, so another activation is put in its place."""
    layer = labml.ConvMixerLayer(h, kernel_size)
    patches = labml.PatchEmbeddings(h, patch_size, 3)
    model = labml.ConvMixer(layer, depth, patches, labml.ClassificationHead(h, n))
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.GELU):
                setattr(module, name, activation())
    return model


def shaken(model: nn.Module) -> nn.Module:
    """Gives every parameter and every statistic a value of its own."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                low, high = (0.5, 2.0) if "running_var" in name else (-0.5, 0.5)
                tensor.uniform_(low, high, generator=generator)
    return model


SOURCES = {
    "authors": lambda h, d, k, p, n, a: authors(h, d, k, p, n, a),
    "timm": lambda h, d, k, p, n, a: TimmConvMixer(h, d, k, p, num_classes=n, act_layer=a),
    "labml-nn": lambda h, d, k, p, n, a: labml_nn(h, d, k, p, n, a),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("h", "d", "k", "p", "activation"),
    [(16, 1, 3, 2, nn.GELU), (8, 12, 5, 1, nn.GELU), (24, 4, 7, 7, nn.ReLU)],
)
def test_equal_outputs(source, h, d, k, p, activation):
    theirs = shaken(SOURCES[source](h, d, k, p, 10, activation))
    ours = ConvMixer(h, d, k, p, 10, activation=activation)
    ours.load_state_dict(to_ours(theirs.state_dict()))
    images = torch.randn(4, 3, 4 * p, 6 * p)

    theirs.eval(), ours.eval()
    assert torch.equal(ours(images), theirs(images))
    # In training mode both update their statistics, and must agree on those as well.
    theirs.train(), ours.train()
    assert torch.equal(ours(images), theirs(images))
    renamed = to_ours(theirs.state_dict())
    assert all(torch.equal(renamed[name], t) for name, t in ours.state_dict().items())


# labml-nn's model has no even kernels: its layers would shrink the image.
@pytest.mark.parametrize("source", ["authors", "timm"])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_equal_outputs_with_an_even_kernel(source):
    theirs = shaken(SOURCES[source](8, 2, 4, 2, 10, nn.GELU)).eval()
    ours = ConvMixer(8, 2, 4, 2, 10).eval()
    ours.load_state_dict(to_ours(theirs.state_dict()))
    images = torch.randn(2, 3, 16, 16)
    assert torch.equal(ours(images), theirs(images))


def test_equal_gradients_in_double_precision():
    theirs = shaken(authors(8, 3, 5, 2, 10)).double()
    ours = ConvMixer(8, 3, 5, 2, 10).double()
    ours.load_state_dict(to_ours(theirs.state_dict()))
    images = torch.randn(4, 3, 16, 16, dtype=torch.double)
    for model in (theirs, ours):
        nn.functional.cross_entropy(model(images), torch.arange(4)).backward()
    found, expected = (
        {name: weight.grad for name, weight in model.named_parameters()} for model in (ours, theirs)
    )
    torch.testing.assert_close(found, to_ours(expected))


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_our_own_names_stay(norm):
    state = make_convmixer(8, 2, 3, 2, norm=norm).state_dict()
    assert to_ours(state).keys() == state.keys()


@pytest.mark.parametrize(
    ("source", "wrong", "nearest"),
    [
        ("timm", "blocks.1.0.fn.0.weights", "blocks.1.0.fn.0.weight"),
        ("timm", "stm.0.weight", "stem.0.weight"),
        ("authors", "3.0.fm.0.weight", "3.0.fn.0.weight"),
        ("authors", "77.weight", "7.weight"),
        ("labml-nn", "conv_mixer_layers.0.norm3.bias", "conv_mixer_layers.0.norm2.bias"),
    ],
)
def test_an_unknown_name_is_named_with_the_nearest(source, wrong, nearest):
    state = dict(SOURCES[source](8, 2, 3, 2, 10, nn.GELU).state_dict())
    state[wrong] = torch.zeros(1)
    with pytest.raises(ValueError) as caught:
        to_ours(state)
    message = str(caught.value)
    assert repr(wrong) in message
    assert repr(nearest) in message
    assert "\n" not in message


def test_something_else_altogether():
    state = nn.Sequential(nn.Linear(2, 2)).state_dict()
    with pytest.raises(ValueError, match="called 'classifier"):
        to_ours({f"classifier.{name}": tensor for name, tensor in state.items()})


def options_of(h=8, d=2, k=3, p=2, **others) -> dict:
    sizes = {"model": "convmixer", "width": h, "depth": d, "kernel_size": k, "patch_size": p}
    return sizes | {"norm": "batch", "residual": "depthwise", "activation": "gelu"} | others


def checkpoint(model: ConvMixer, n: int = 10, **others) -> dict:
    """What a run writes, with other values where they are given."""
    content = {"model": model.state_dict(), "average": None, "epoch": 3}
    content |= {"options": options_of(), "classes": [f"c{i}" for i in range(n)]}
    return content | {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]} | others


def saved(content, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)
    return path


def refusal(path: Path) -> str:
    """The one line that says what is wrong with a file."""
    with pytest.raises(WeightsError) as caught:
        load(path)
    assert isinstance(caught.value, ExperimentError)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def assert_equal_outputs(trained: Trained, theirs: nn.Module) -> None:
    p = trained.options["patch_size"]
    images = torch.randn(3, trained.in_channels, 4 * p, 3 * p)
    assert not trained.model.training
    with torch.inference_mode():
        assert torch.equal(trained.model(images), theirs.eval()(images))


def write(state, wrapping: str, folder: Path) -> Path:
    """Saves a state dict in one of the ways that programs have."""
    prefixed = {f"module._orig_mod.{name}": tensor for name, tensor in state.items()}
    other = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
    path = folder / "weights.pth"
    match wrapping:
        case "safetensors":
            path = path.with_suffix(".safetensors")
            save_file(dict(state), path)
        case "none":
            torch.save(state, path)
        case "tar":
            path = saved({"epoch": 1, "state_dict": prefixed}, folder / "best.pth.tar")
        case "timm":
            args = Namespace(model="convmixer_768_32", lr=0.01)
            content = {"arch": "convmixer", "args": args, "optimizer": {"state": {}}}
            torch.save(content | {"state_dict": other, "state_dict_ema": state}, path)
        case "average":
            torch.save({"model_ema": {"n_averaged": torch.tensor(3), **prefixed}}, path)
        case "bin":
            path = saved({"model": state}, folder / "pytorch_model.bin")
    return path


WAYS = ["none", "safetensors", "tar", "timm", "average", "bin"]


@settings(max_examples=40)
@given(
    source=st.sampled_from(sorted(SOURCES)),
    way=st.sampled_from(WAYS),
    h=st.integers(1, 12),
    d=st.integers(1, 12),
    k=st.sampled_from([1, 3, 5, 7]),
    p=st.integers(1, 5),
    n=st.integers(1, 12),
)
def test_any_size_is_read_off_the_tensors_of_any_file(shared_path, source, way, h, d, k, p, n):
    theirs = shaken(SOURCES[source](h, d, k, p, n, nn.GELU))
    trained = load(write(theirs.state_dict(), way, shared_path))
    assert trained.naming == source
    assert trained.options == options_of(h, d, k, p)
    assert (trained.n_classes, trained.in_channels) == (n, 3)
    assert (trained.classes, trained.mean, trained.std) == (None, None, None)
    assert_equal_outputs(trained, theirs)


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_a_bare_state_dict_of_ours(tmp_path, norm):
    model = shaken(make_convmixer(8, 2, 3, 2, 5, in_channels=1, norm=norm))
    trained = load(saved(model.state_dict(), tmp_path / "bare.pt"))
    assert trained.naming == "ours"
    assert trained.options["norm"] == norm
    assert trained.in_channels == 1
    assert_equal_outputs(trained, model)


def test_a_checkpoint_of_ours_says_the_rest(tmp_path):
    model = shaken(make_convmixer(8, 2, 3, 2, 10, activation="relu", residual="both"))
    options = options_of(residual="both", activation="relu", dataset="digits")
    trained = load(saved(checkpoint(model, options=options), tmp_path / "step-000100.pt"))
    assert trained.options == options_of(residual="both", activation="relu")
    assert trained.classes == [f"c{i}" for i in range(10)]
    assert (trained.mean, trained.std) == ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
    assert_equal_outputs(trained, model)


def test_an_old_checkpoint_that_names_neither_model_nor_activation(tmp_path):
    model = shaken(ConvMixer(8, 2, 3, 2, 10))
    options = options_of()
    del options["model"], options["activation"]
    content = checkpoint(model, options=options)
    del content["average"]
    trained = load(saved(content, tmp_path / "checkpoint.pt"))
    assert trained.options == options_of()
    assert_equal_outputs(trained, model)


def test_the_averaged_weights_come_first(tmp_path):
    last, average = shaken(ConvMixer(8, 2, 3, 2)), ConvMixer(8, 2, 3, 2)
    content = checkpoint(last, 1000, average=average.state_dict())
    assert_equal_outputs(load(saved(content, tmp_path / "a.pt")), average)


def test_a_compiled_channels_last_model_in_half_precision(tmp_path):
    model = shaken(ConvMixer(8, 2, 3, 2, 10)).half()
    state = model.to(memory_format=torch.channels_last).state_dict()
    state = {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    trained = load(saved(state, tmp_path / "half.pt"))
    assert trained.model.head.linear.weight.dtype == torch.float32
    assert_equal_outputs(trained, model.float().to(memory_format=torch.contiguous_format))


def test_a_layer_compiled_or_wrapped_on_its_own(tmp_path):
    model = shaken(ConvMixer(8, 2, 3, 2, 10))
    state = {
        name.replace("layers.1.", "layers.1._orig_mod."): tensor
        for name, tensor in model.state_dict().items()
    }
    assert_equal_outputs(load(saved(state, tmp_path / "a.pt")), model)


def test_a_folder_stands_for_its_newest_checkpoint(tmp_path):
    models = [shaken(ConvMixer(8, 2, 3, 2, 10)), ConvMixer(8, 2, 3, 2, 10)]
    for model, step in zip(models, (900, 1000), strict=True):
        saved(checkpoint(model), tmp_path / "run" / "checkpoints" / f"step-{step:06}.pt")
    assert_equal_outputs(load(tmp_path / "run"), models[1])


def test_the_published_deep_model_alone_has_relu(tmp_path):
    with torch.device("meta"):
        state = convmixer_768_32(2).state_dict()
    # Tensors of one number that pretend to be large, so that the file is small
    state = {name: torch.zeros((), dtype=t.dtype).expand(t.shape) for name, t in state.items()}
    assert load(saved(state, tmp_path / "a.pt")).options["activation"] == "relu"


def test_files_without_the_count_of_batches(tmp_path):
    model = shaken(ConvMixer(8, 2, 3, 2, 10))
    state = {name: t for name, t in model.state_dict().items() if "tracked" not in name}
    assert_equal_outputs(load(saved(state, tmp_path / "a.pt")), model)


class Malicious:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("place", ["alone", "inside"])
def test_a_pickle_never_runs_a_program(tmp_path, place):
    bad = Malicious(tmp_path / "ran")
    path = tmp_path / "bad.pt"
    if place == "alone":
        path.write_bytes(pickle.dumps(bad, protocol=2))
    else:
        torch.save(checkpoint(ConvMixer(8, 2, 3, 2), 1000, extra=bad), path)
    message = refusal(path)
    assert not (tmp_path / "ran").exists()
    assert "posix.system" in message
    assert "state_dict" in message


def test_a_whole_pickled_model_is_refused_and_says_what_to_save(tmp_path):
    message = refusal(saved(ConvMixer(8, 2, 3, 2), tmp_path / "model.pt"))
    assert "convmixer.model.ConvMixer" in message
    assert "torch.save(model.state_dict(), ...)" in message


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".pth.tar", ".safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "zeros"])
def test_a_damaged_file_is_named(tmp_path, suffix, damage):
    path = tmp_path / f"weights{suffix}"
    save = save_file if suffix == ".safetensors" else torch.save
    save(ConvMixer(8, 2, 3, 2).state_dict(), path)
    content = path.read_bytes()
    damaged = {"truncated": content[:-300], "empty": b"", "text": b"Not weights.\n" * 30}
    path.write_bytes(damaged.get(damage, bytes(len(content))))
    assert "cannot be read" in refusal(path)


@settings(max_examples=60)
@given(data=st.data(), safe=st.booleans())
def test_damage_anywhere_is_an_error_or_harmless(shared_path, data, safe):
    path = shared_path / ("a.safetensors" if safe else "a.pt")
    (save_file if safe else torch.save)(ConvMixer(2, 1, 3, 1, 2).state_dict(), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        found = load(path)
    except WeightsError as error:
        assert str(path) in str(error)
    else:
        assert isinstance(found, Trained)


def test_what_is_not_there_is_named(tmp_path):
    assert "no file" in refusal(tmp_path / "nowhere.pt")
    assert "checkpoints/step-*.pt" in refusal(tmp_path)
    (tmp_path / "weights.txt").write_text("")
    assert ".safetensors" in refusal(tmp_path / "weights.txt")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([1, 2], "list"),
        (torch.zeros(2), "Tensor"),
        ({}, "none"),
        ({"epoch": 3, "weights": {}}, "epoch, weights"),
        ({"state_dict": {"a": 1.0}}, "a"),
        ({1: torch.zeros(2)}, "'1'"),
        (resnet18().state_dict(), "'conv1.weight'"),
    ],
    ids=["list", "tensor", "nothing", "no state dict", "numbers", "a number's name", "ResNet"],
)
def test_a_file_without_a_convmixer_says_what_it_holds(tmp_path, content, expected):
    assert expected in refusal(saved(content, tmp_path / "other.pt"))


SPOILT = {
    "missing": (lambda s: s.pop("layers.1.pointwise.weight"), "missing"),
    "no embedding": (lambda s: s.pop("patch_embedding.conv.weight"), "missing"),
    "shape": (lambda s: s.update({"layers.1.pointwise.bias": torch.zeros(9)}), "[9]"),
    "flat": (lambda s: s.update({"head.linear.weight": torch.zeros(80)}), "dimensions"),
    "whole numbers": (
        lambda s: s.update({"head.linear.bias": torch.zeros(10, dtype=torch.int8)}),
        "torch.int8",
    ),
    "surplus": (lambda s: s.update({"layers.0.depthwise.running_var": torch.zeros(8)}), "place"),
    "empty": (lambda s: s.update({"patch_embedding.conv.weight": torch.zeros(8, 3, 0, 0)}), "0"),
    "sparse": (lambda s: s.update({"head.linear.bias": torch.ones(10).to_sparse()}), "head"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_tensors_that_do_not_fit_are_named(tmp_path, case):
    state = ConvMixer(8, 2, 3, 2, 10).state_dict()
    spoil, expected = SPOILT[case]
    spoil(state)
    assert expected in refusal(saved(state, tmp_path / "spoilt.pt"))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"options": options_of(model="vit")}, "a tensor is missing, patch_emb.conv.weight"),
        ({"options": options_of(model="resnet")}, "another model, 'resnet'"),
        ({"options": options_of(h=16)}, "width 16, its tensors 8"),
        ({"options": options_of(norm="layer")}, "norm 'layer', its tensors 'batch'"),
        ({"options": options_of(residual="all")}, "'all'"),
        ({"options": options_of(activation=["silu"])}, "silu"),
        ({"options": options_of(image_size=4097)}, "image_size 4097"),
        ({"options": "width 8"}, "options"),
        ({"classes": ["a", "b"]}, "classes"),
        ({"classes": list(range(10))}, "classes"),
        ({"mean": [0.5]}, "mean"),
        ({"std": 1.0}, "std"),
    ],
)
def test_a_description_that_does_not_fit_is_an_error(tmp_path, others, expected):
    content = checkpoint(ConvMixer(8, 2, 3, 2, 10), **others)
    assert expected in refusal(saved(content, tmp_path / "a.pt"))
