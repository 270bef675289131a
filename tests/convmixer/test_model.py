"""The model against timm's, the authors', labml-nn's, arithmetic, and bad input."""

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convmixer import variants
from convmixer.model import ClassificationHead, ConvMixer, ConvMixerLayer, PatchEmbedding
from convmixer.weights.names import to_ours


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (variants.convmixer_256_8, 594_186),
        (lambda: variants.convmixer_256_8(kernel_size=7), 643_338),
        (lambda: variants.convmixer_256_8(kernel_size=9, patch_size=1), 706_570),
        (variants.convmixer_768_32, 21_110_248),
        (variants.convmixer_1024_20, 24_383_464),
        (variants.convmixer_1536_20, 51_625_960),
    ],
)
def test_published_parameter_counts(build, expected):
    with torch.device("meta"):
        assert count(build()) == expected


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("convmixer_768_32", "convmixer_768_32"),
        ("convmixer_1024_20", "convmixer_1024_20_ks9_p14"),
        ("convmixer_1536_20", "convmixer_1536_20"),
    ],
)
def test_variants_have_the_tensors_and_activations_of_timms(ours, theirs):
    with torch.device("meta"):
        own, other = getattr(variants, ours)(), timm.create_model(theirs)
    assert count(own) == count(other)
    renamed = to_ours(other.state_dict())
    assert {name: tensor.shape for name, tensor in own.state_dict().items()} == {
        name: tensor.shape for name, tensor in renamed.items()
    }
    activations = [type(part) for part in other.modules() if isinstance(part, nn.GELU | nn.ReLU)]
    assert activations == [
        type(part) for part in own.modules() if isinstance(part, nn.GELU | nn.ReLU)
    ]


@settings(max_examples=30, deadline=None)
@given(
    width=st.integers(1, 24),
    depth=st.integers(1, 4),
    kernel_size=st.integers(1, 9),
    patch_size=st.integers(1, 8),
    n_classes=st.integers(1, 12),
    in_channels=st.integers(1, 4),
    norm=st.sampled_from(["batch", "layer"]),
)
def test_the_formula_of_the_parameters(
    width, depth, kernel_size, patch_size, n_classes, in_channels, norm
):
    with torch.device("meta"):
        sizes = (width, depth, kernel_size, patch_size, n_classes, in_channels)
        built = variants.make_convmixer(*sizes, norm=norm)
    embedding = width * (in_channels * patch_size**2 + 3)
    layer = width * (width + kernel_size**2 + 6)
    assert count(built) == embedding + depth * layer + (width + 1) * n_classes


@settings(max_examples=40, deadline=None)
@given(
    kernel_size=st.integers(1, 10),
    patch_size=st.integers(1, 4),
    rows=st.integers(1, 7),
    columns=st.integers(1, 7),
    norm=st.sampled_from(["batch", "layer"]),
    residual=st.sampled_from(["depthwise", "both", "none"]),
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_shapes_for_odd_and_even_kernels(kernel_size, patch_size, rows, columns, norm, residual):
    built = variants.make_convmixer(6, 2, kernel_size, patch_size, 5, norm=norm, residual=residual)
    built.eval()
    images = torch.randn(2, 3, rows * patch_size, columns * patch_size)
    tokens = built.patch_embedding(images)
    assert tokens.shape == (2, 6, rows, columns)
    assert built.layers(tokens).shape == tokens.shape
    assert built(images).shape == (2, 5)


@pytest.mark.parametrize("kernel_size", [3, 4, 5, 8])
@pytest.mark.filterwarnings("ignore:Using padding='same' with even")
def test_same_padding_puts_the_odd_zero_right_and_below(kernel_size):
    layer = ConvMixerLayer(4, kernel_size)
    x = torch.randn(2, 4, 6, 7)
    before, after = (kernel_size - 1) // 2, kernel_size // 2
    padded = nn.functional.pad(x, (before, after, before, after))
    expected = nn.functional.conv2d(padded, layer.depthwise.weight, layer.depthwise.bias, groups=4)
    torch.testing.assert_close(layer.depthwise(x), expected)


def test_layers_start_from_different_weights():
    layers = ConvMixer(8, 3, 3, 2).layers
    for part in ("depthwise", "pointwise"):
        first, second, third = (getattr(layer, part).weight for layer in layers)
        assert not torch.equal(first, second)
        assert not torch.equal(second, third)


def test_residual_arrangements_by_their_equations():
    x = torch.randn(3, 4, 5, 5)
    built = {kind: variants.RESIDUALS[kind](4, 3).eval() for kind in ("depthwise", "both", "none")}
    spatial, channels = {}, {}
    for kind, layer in built.items():
        layer.load_state_dict(built["both"].state_dict())
        around = 0 if kind == "none" else x
        spatial = layer.depthwise_norm(nn.functional.gelu(layer.depthwise(x))) + around
        channels = layer.pointwise_norm(nn.functional.gelu(layer.pointwise(spatial)))
        expected = channels + spatial if kind == "both" else channels
        torch.testing.assert_close(layer(x), expected)
    outputs = [layer(x) for layer in built.values()]
    assert not torch.allclose(outputs[0], outputs[1])
    assert not torch.allclose(outputs[0], outputs[2])


def test_layer_norm_is_over_the_channels_of_each_token():
    norm = variants.LayerNorm(6)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.uniform_(-1, 1)
    x = torch.randn(2, 6, 3, 4) * 5 + 2
    by_token = torch.stack(
        [
            nn.functional.layer_norm(x[b, :, i, j], (6,), norm.weight, norm.bias)
            for b in range(2)
            for i in range(3)
            for j in range(4)
        ]
    )
    expected = by_token.view(2, 3, 4, 6).permute(0, 3, 1, 2)
    torch.testing.assert_close(norm(x), expected)


def test_layer_norm_makes_images_independent_and_batch_norm_does_not():
    images = torch.randn(4, 3, 8, 8)
    changed = torch.cat([images[:3], images[3:] * 9])
    for norm, independent in (("layer", True), ("batch", False)):
        built = variants.make_convmixer(8, 2, 3, 2, 5, norm=norm).train()
        assert torch.allclose(built(images)[:3], built(changed)[:3], atol=1e-5) is independent


def test_the_head_averages_the_tokens_as_average_pooling_does():
    head = ClassificationHead(7, 3)
    x = torch.randn(2, 7, 5, 4)
    for memory_format in (torch.contiguous_format, torch.channels_last):
        given = x.contiguous(memory_format=memory_format)
        pooled = nn.AdaptiveAvgPool2d(1)(given).flatten(1)
        torch.testing.assert_close(head(given), head.linear(pooled))


def test_the_head_hands_back_a_channels_last_gradient():
    x = torch.randn(2, 7, 5, 4).contiguous(memory_format=torch.channels_last)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(ClassificationHead(7, 3)(x).sum(), x)
    assert gradient.is_contiguous(memory_format=torch.channels_last)


def test_patch_embedding_is_one_linear_map_of_each_patch():
    embedding = PatchEmbedding(5, 4, norm=variants.LayerNorm)
    image = torch.randn(1, 3, 8, 12)
    weight = embedding.conv.weight.flatten(1)
    for i in range(2):
        for j in range(3):
            patch = image[0, :, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4].flatten()
            token = nn.functional.gelu(weight @ patch + embedding.conv.bias)
            normal = nn.functional.layer_norm(token, (5,))
            torch.testing.assert_close(embedding(image)[0, :, i, j], normal)


@pytest.mark.parametrize("shape", [(1, 3, 33, 32), (1, 3, 32, 31)])
def test_an_image_that_does_not_divide_into_patches(shape):
    with pytest.raises(ValueError, match=r"33 x 32|32 x 31"):
        ConvMixer(4, 1, 3, 2)(torch.zeros(shape))


@pytest.mark.parametrize(
    "name", ["width", "depth", "kernel_size", "patch_size", "n_classes", "in_channels"]
)
@pytest.mark.parametrize("size", [0, -1, 1.5, True, "4"])
def test_bad_sizes_name_the_argument_and_the_value(name, size):
    sizes = {"width": 4, "depth": 1, "kernel_size": 3, "patch_size": 2} | {name: size}
    with pytest.raises(ValueError, match=f"{name} must be .*{size!r}"):
        ConvMixer(**sizes)


@pytest.mark.parametrize("option", ["norm", "residual"])
def test_unknown_choices(option):
    with pytest.raises(ValueError, match=f"{option} must be one of .*'group'"):
        variants.make_convmixer(4, 1, 3, 2, **{option: "group"})


def test_variants_do_not_swallow_unknown_options():
    with pytest.raises(TypeError):
        variants.convmixer_256_8(with_attention=True)


def test_equal_to_labml_nn_where_it_holds():
    labml = pytest.importorskip("labml_nn.conv_mixer")
    theirs = labml.ConvMixer(
        labml.ConvMixerLayer(8, 5),
        3,
        labml.PatchEmbeddings(8, 2, 3),
        labml.ClassificationHead(8, 10),
    )
    torch.manual_seed(1)
    with torch.no_grad():
        for tensor in theirs.parameters():
            tensor.uniform_(-0.5, 0.5)
    names = {
        "patch_emb.": "patch_embedding.",
        "conv_mixer_layers.": "layers.",
        "depth_wise_conv": "depthwise",
        "point_wise_conv": "pointwise",
        "norm1": "depthwise_norm",
        "norm2": "pointwise_norm",
        "classification.": "head.",
    }
    state = {}
    for name, tensor in theirs.state_dict().items():
        for their_part, our_part in names.items():
            name = name.replace(their_part, our_part)
        state[name] = tensor
    ours = ConvMixer(8, 3, 5, 2, 10)
    ours.load_state_dict(state)
    images = torch.randn(2, 3, 16, 16)
    for mode in (True, False):
        theirs.train(mode)
        ours.train(mode)
        torch.testing.assert_close(ours(images), theirs(images))


def test_compiles_to_a_graph_with_a_dynamic_batch():
    built = ConvMixer(4, 1, 3, 2, 5).eval()
    batch = torch.export.Dim("batch", min=2)
    exported = torch.export.export(
        built, (torch.randn(3, 3, 8, 8),), dynamic_shapes={"x": {0: batch}}
    )
    images = torch.randn(5, 3, 8, 8)
    torch.testing.assert_close(exported.module()(images), built(images))
