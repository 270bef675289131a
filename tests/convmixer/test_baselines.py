"""The models to compare with: sizes, gradients, first weights, and arithmetic of our own."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convmixer.baselines import MLPMixer, tokens, vision_transformer
from convmixer.recipe import Options
from convmixer.variants import build, make_convmixer

SIZES = [
    {"width": 8, "depth": 1, "patch_size": 8},
    {"width": 20, "depth": 3, "patch_size": 4},
    {"width": 7, "depth": 2, "patch_size": 16},
    {"width": 16, "depth": 2, "patch_size": 7, "image_size": 28, "dataset": "imagefolder"},
]


@pytest.fixture(autouse=True)
def one_thread():
    """Models are tiny, and threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def made(model: str, n_classes: int = 10, **sizes) -> nn.Module:
    torch.manual_seed(0)
    return build(replace(Options(model=model), **sizes), n_classes)


@pytest.mark.parametrize("model", ["mlp_mixer", "vit", "convmixer"])
@pytest.mark.parametrize("sizes", SIZES)
def test_images_become_logits_and_gradients_reach_every_weight(model, sizes):
    net = made(model, n_classes=6, **sizes)
    side = sizes.get("image_size", 32)
    images = torch.randn(3, 3, side, side).contiguous(memory_format=torch.channels_last)
    logits = net.to(memory_format=torch.channels_last)(images)
    assert logits.shape == (3, 6)
    assert logits.isfinite().all()
    F.cross_entropy(logits, torch.tensor([0, 3, 5])).backward()
    silent = [
        name
        for name, weight in net.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    # What is added to all keys alike cancels out in the attention.
    assert [name for name in silent if not name.endswith("key.linear.bias")] == []
    for weight in net.parameters():
        assert weight.grad.isfinite().all()


@pytest.mark.parametrize("model", ["mlp_mixer", "vit"])
def test_an_image_does_not_depend_on_its_neighbours(model):
    net = made(model, width=16, depth=2, patch_size=8)
    images = torch.randn(5, 3, 32, 32)
    with torch.no_grad():
        together = net(images)
        # Nothing is dropped out, in training as in the test.
        assert torch.equal(together, net.eval()(images))
        alone = torch.cat([net(image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[1])


@settings(max_examples=20, deadline=None)
@given(
    width=st.integers(2, 40),
    depth=st.integers(1, 4),
    patch_size=st.sampled_from([2, 4, 8, 16]),
    n_classes=st.integers(1, 12),
)
def test_the_formulas_of_the_parameters(width, depth, patch_size, n_classes):
    with torch.device("meta"):
        sizes = {"width": width, "depth": depth, "patch_size": patch_size}
        mixer, vit = made("mlp_mixer", n_classes, **sizes), made("vit", n_classes, **sizes)
    n_tokens = (32 // patch_size) ** 2
    assert tokens(Options(patch_size=patch_size)) == n_tokens

    def perceptron(size: int, hidden: int) -> int:
        return 2 * size * hidden + size + hidden

    embedding = width * (3 * patch_size**2 + 1)
    channels = perceptron(width, 4 * width)
    norms = 2 * 2 * width
    layer = perceptron(n_tokens, width // 2) + channels + norms
    head = (width + 1) * n_classes
    assert count(mixer) == embedding + depth * layer + 2 * width + head

    # Query, key, value and output; a token for the class, and a place for each token
    layer = 4 * width * (width + 1) + channels + norms
    places = width + (n_tokens + 1) * width
    assert count(vit) == embedding + places + depth * layer + 2 * width + width**2 + width + head


@pytest.mark.parametrize(
    ("width", "heads"), [(4, 1), (8, 1), (16, 2), (20, 2), (23, 1), (64, 8), (66, 6)]
)
def test_every_head_of_attention_has_eight_numbers_or_more(width, heads):
    model = vision_transformer(Options(width=width, depth=1, patch_size=8), 10)
    attention = model.transformer_layers[0].self_attn
    assert attention.heads == heads
    assert attention.heads * attention.d_k == width


def same(one: nn.Module, other: nn.Module) -> dict[str, bool]:
    pairs = zip(one.named_parameters(), other.named_parameters(), strict=True)
    return {name: torch.equal(mine, theirs) for (name, mine), (_, theirs) in pairs}


@pytest.mark.parametrize("model", ["mlp_mixer", "vit", "convmixer"])
def test_layers_start_with_weights_of_their_own(model):
    net = made(model, width=16, depth=3, patch_size=8)
    layers = net.transformer_layers if model == "vit" else net.layers
    assert len(layers) == 3
    for one, other in ((0, 1), (0, 2), (1, 2)):
        for name, equal in same(layers[one], layers[other]).items():
            # All norms start with 1 and 0.
            assert equal == ("norm" in name), name


def test_the_layers_of_a_vision_transformer_are_drawn_alike():
    """The redrawn ones come from the distribution of the first."""
    net = made("vit", width=64, depth=3, patch_size=8)
    for number in range(3):
        for name, weight in net.transformer_layers[number].named_parameters():
            if name.endswith("weight") and weight.dim() == 2:
                bound = 1 / math.sqrt(weight.shape[1])
                assert weight.abs().max() <= bound
                assert weight.detach().std() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_copied_layers_are_equal_and_train_apart():
    net = made("convmixer", width=8, depth=3, patch_size=8, layers="copied")
    fresh = made("convmixer", width=8, depth=3, patch_size=8)
    assert all(same(net.layers[0], fresh.layers[0]).values())
    for layer in net.layers[1:]:
        assert all(same(net.layers[0], layer).values())
    weights = [weight for layer in net.layers for weight in layer.parameters()]
    assert len({weight.data_ptr() for weight in weights}) == len(weights)
    assert count(net) == count(fresh)

    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    F.cross_entropy(net(torch.randn(4, 3, 32, 32)), torch.arange(4)).backward()
    optimizer.step()
    for one, other in ((0, 1), (0, 2), (1, 2)):
        parted = same(net.layers[one], net.layers[other])
        assert not any(equal for name, equal in parted.items() if "pointwise.weight" in name)
        assert not parted["depthwise.weight"]


def test_the_options_reach_the_convmixer():
    options = Options(
        width=6,
        depth=2,
        kernel_size=3,
        patch_size=8,
        activation="relu",
        norm="layer",
        residual="both",
    )
    torch.manual_seed(1)
    ours = build(options, 4).eval()
    torch.manual_seed(1)
    direct = make_convmixer(6, 2, 3, 8, 4, activation="relu", norm="layer", residual="both").eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(ours(images), direct(images))


def by_hand(net: MLPMixer, images: torch.Tensor, patch: int) -> torch.Tensor:
    """MLP-Mixer as its paper writes it, with `[B, T, h]` and matrix products."""
    weights = net.state_dict()

    def layer_norm(x: torch.Tensor, name: str) -> torch.Tensor:
        mean = x.mean(dim=-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
        x = (x - mean) / (variance + 1e-5).sqrt()
        return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def perceptron(x: torch.Tensor, name: str) -> torch.Tensor:
        x = x @ weights[f"{name}.layer1.weight"].T + weights[f"{name}.layer1.bias"]
        x = x * (1 + torch.erf(x / math.sqrt(2))) / 2
        return x @ weights[f"{name}.layer2.weight"].T + weights[f"{name}.layer2.bias"]

    # Patches row by row, each flattened as channels, rows, columns
    patches = F.unfold(images, patch, stride=patch).transpose(1, 2)
    x = patches @ weights["patch_embedding.conv.weight"].flatten(1).T
    x = x + weights["patch_embedding.conv.bias"]
    for n in range(len(net.layers)):
        z = layer_norm(x, f"layers.{n}.norm_self_attn").transpose(1, 2)
        x = x + perceptron(z, f"layers.{n}.self_attn.mlp").transpose(1, 2)
        z = layer_norm(x, f"layers.{n}.norm_ff")
        x = x + perceptron(z, f"layers.{n}.feed_forward")
    x = layer_norm(x, "norm").mean(dim=1)
    return x @ weights["head.weight"].T + weights["head.bias"]


@pytest.mark.parametrize(("width", "depth", "patch"), [(8, 1, 8), (20, 3, 4), (9, 2, 16)])
def test_mlp_mixer_is_the_published_one(width, depth, patch):
    net = made("mlp_mixer", width=width, depth=depth, patch_size=patch).double()
    with torch.no_grad():
        for weight in net.parameters():
            # The norms start at 1 and 0, which would hide one that is left out.
            weight.add_(0.1 * torch.randn_like(weight))
        images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
        torch.testing.assert_close(net(images), by_hand(net, images, patch))
