"""The depthwise convolution against PyTorch's: outputs, gradients, and when it steps aside."""

import copy
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from convmixer import depthwise
from convmixer.depthwise import DepthwiseConv2d, DepthwiseConvolution, weight_gradient

WIDTH = 5


def pair(kernel_size: int, dtype: torch.dtype = torch.float32) -> tuple[nn.Module, nn.Conv2d]:
    """Ours and PyTorch's with the same weights."""
    torch.manual_seed(kernel_size)
    ours = DepthwiseConv2d(WIDTH, kernel_size)
    theirs = nn.Conv2d(WIDTH, WIDTH, kernel_size, groups=WIDTH, padding="same")
    theirs.load_state_dict(ours.state_dict())
    return ours.to(dtype), theirs.to(dtype)


def results(
    layer: nn.Module, x: torch.Tensor, weights: torch.Tensor, autocast: bool = False
) -> list[torch.Tensor]:
    """The output, and the gradients of input, weight and bias."""
    layer.zero_grad()
    x = x.detach().clone(memory_format=torch.preserve_format).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        y = layer(x)
    (y.float() if autocast else y).mul(weights).sum().backward()
    return [y.detach(), x.grad, layer.weight.grad, layer.bias.grad]


@pytest.fixture
def calls(monkeypatch):
    """Counts how often the weights' gradient went the short way."""
    seen = []

    def counted(*arguments):
        seen.append(arguments[-1])
        return weight_gradient(*arguments)

    monkeypatch.setattr(depthwise, "weight_gradient", counted)
    return seen


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kernel_size", [1, 3, 5, 7, 9])
def test_outputs_and_gradients_are_pytorchs(kernel_size, layout, calls):
    ours, theirs = pair(kernel_size)
    sizes = [(1, 1, 1), (2, 4, 4), (3, 8, 8), (2, 5, 11), (1, 12, 3)]
    for images, height, width in sizes:
        x = torch.randn(images, WIDTH, height, width).contiguous(memory_format=layout)
        weights = torch.randn_like(x)
        for layer in (ours, theirs):
            layer.to(memory_format=layout)
        expected = results(theirs, x, weights)
        for one, other in zip(results(ours, x, weights), expected, strict=True):
            assert one.shape == other.shape
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert calls == [kernel_size] * len(sizes)


@settings(max_examples=15)
@given(
    kernel_size=st.sampled_from([1, 3, 5, 7, 9]),
    images=st.integers(1, 3),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
)
def test_every_gradient_is_exact_in_float64(kernel_size, images, height, width):
    ours, theirs = pair(kernel_size, torch.float64)
    x = torch.randn(images, WIDTH, height, width, dtype=torch.float64)
    weights = torch.randn_like(x)
    torch.testing.assert_close(
        results(ours, x, weights), results(theirs, x, weights), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_the_gradients_are_those_of_small_differences(kernel_size):
    """And so are the gradients of the gradients."""
    torch.manual_seed(0)
    shapes = [(2, 2, 3, 4), (2, 1, kernel_size, kernel_size), (2,)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(DepthwiseConvolution.apply, inputs)
    assert torch.autograd.gradgradcheck(DepthwiseConvolution.apply, inputs)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_autocast_lowers_the_precision_as_it_does_pytorchs(layout, calls):
    ours, theirs = pair(5)
    x = torch.randn(3, WIDTH, 8, 8).contiguous(memory_format=layout)
    weights = torch.randn_like(x)
    mine, expected = results(ours, x, weights, True), results(theirs, x, weights, True)
    assert calls == [5]
    assert mine[0].dtype == expected[0].dtype == torch.bfloat16
    for one, other in zip(mine, expected, strict=True):
        assert one.dtype == other.dtype
        scale = other.abs().max().item()
        torch.testing.assert_close(one.float(), other.float(), rtol=0.05, atol=0.03 * scale)


def test_channels_last_stays_channels_last():
    ours, _ = pair(5)
    ours.to(memory_format=torch.channels_last)
    x = torch.randn(2, WIDTH, 8, 8).contiguous(memory_format=torch.channels_last)
    assert ours(x).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kernel_size", [2, 4, 6])
def test_an_even_window_goes_pytorchs_way(kernel_size, calls):
    ours, theirs = pair(kernel_size)
    x = torch.randn(2, WIDTH, 6, 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine = results(ours, x, torch.ones(()))
        for one, other in zip(mine, results(theirs, x, torch.ones(())), strict=True):
            assert torch.equal(one, other)
    assert mine[0].shape == x.shape
    assert calls == []


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("training", [True, False])
def test_without_gradients_it_is_pytorchs(context, training, monkeypatch):
    ours, theirs = pair(5)
    ours.train(training)
    monkeypatch.setattr(DepthwiseConvolution, "apply", lambda *_: pytest.fail("went our way"))
    with context():
        x = torch.randn(2, WIDTH, 8, 8)
        assert torch.equal(ours(x), theirs(x))


def test_frozen_weights_go_pytorchs_way(calls):
    ours, theirs = pair(3)
    x = torch.randn(2, WIDTH, 6, 6, requires_grad=True)
    found = []
    for layer in (ours, theirs):
        layer.weight.requires_grad_(False)
        found.append(torch.autograd.grad(layer(x).square().sum(), [x, layer.bias]))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other)
    ours.requires_grad_(False)
    assert not ours(x.detach()).requires_grad
    assert calls == []


def test_only_what_was_asked_for_is_computed(calls, monkeypatch):
    """As in the first layer of all, whose input needs no gradient."""
    ours, theirs = pair(3)
    monkeypatch.setattr(torch.nn.grad, "conv2d_input", lambda *_, **__: pytest.fail("computed"))
    x = torch.randn(2, WIDTH, 6, 6)
    for layer in (ours, theirs):
        layer.bias.requires_grad_(False)
        layer(x).square().sum().backward()
        assert layer.bias.grad is None
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, rtol=1e-4, atol=1e-5)
    assert calls == [3]


def test_gradients_are_summed_over_two_passes_like_pytorchs():
    ours, theirs = pair(5)
    for layer in (ours, theirs):
        torch.manual_seed(0)
        for _ in range(2):
            layer(torch.randn(2, WIDTH, 6, 6)).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_sees_no_difference():
    ours, theirs = pair(5)
    assert isinstance(ours, nn.Conv2d)
    shapes = [{k: v.shape for k, v in one.state_dict().items()} for one in (ours, theirs)]
    assert shapes[0] == shapes[1] == {"weight": (WIDTH, 1, 5, 5), "bias": (WIDTH,)}
    twin = copy.deepcopy(ours)
    x = torch.randn(1, WIDTH, 6, 6)
    assert torch.equal(twin(x), ours(x))
    # The first weights are drawn as PyTorch draws them.
    torch.manual_seed(3)
    drawn = DepthwiseConv2d(WIDTH, 3)
    torch.manual_seed(3)
    other = nn.Conv2d(WIDTH, WIDTH, 3, groups=WIDTH, padding="same")
    assert torch.equal(drawn.weight, other.weight)
    assert torch.equal(drawn.bias, other.bias)


def test_a_compiler_sees_the_plain_convolution(calls):
    """Traced whole, without a break, and with the gradients of the plain one."""
    ours, theirs = pair(5)
    seen = []

    def backend(graph, _):
        seen.extend(node.target for node in graph.graph.nodes if node.op == "call_function")
        return graph.forward

    torch.compiler.reset()
    compiled = torch.compile(ours, backend=backend, fullgraph=True)
    x = torch.randn(2, WIDTH, 8, 8)
    assert torch.equal(compiled(x), theirs(x))
    compiled(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
    assert len(seen) == 1
    assert calls == []
    torch.compiler.reset()


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_an_export_holds_the_plain_convolution(strict, training):
    ours, _ = pair(5)
    ours.train(training)
    x = torch.randn(2, WIDTH, 8, 8)
    expected = ours(x)
    # Also when it was called and exported before.
    for _ in range(2):
        program = torch.export.export(ours, (x,), strict=strict)
        names = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
        assert len(names) == 1
        assert "conv2d" in names[0]
        torch.testing.assert_close(program.module()(x), expected)
    torch.testing.assert_close(ours(x), expected)


def squares(layer: nn.Module):
    """A loss, as a function of the weights and the images."""

    def loss(weights: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(layer, weights, (x,)).square().sum()

    return loss


def transformed(layer: nn.Module, name: str) -> object:
    """What a transform of `torch.func` makes of a layer."""
    torch.manual_seed(0)
    weights = {key: weight.detach() for key, weight in layer.named_parameters()}
    x = torch.randn(3, WIDTH, 4, 5, dtype=torch.float64)
    loss, others = squares(layer), torch.func
    along = {key: torch.randn_like(weight) for key, weight in weights.items()}
    several = {key: torch.stack([weights[key], along[key]]) for key in weights}
    if name == "grad":
        return others.grad(loss, argnums=(0, 1))(weights, x)
    if name == "a gradient for each image":
        one = lambda weights, image: loss(weights, image[None])  # noqa: E731
        return others.vmap(others.grad(one), in_dims=(None, 0))(weights, x)
    if name == "a gradient for each unbatched image":
        return others.vmap(others.grad(loss), in_dims=(None, 0))(weights, x)
    if name == "an ensemble":
        return others.vmap(others.grad(loss), in_dims=(0, None))(several, x)
    if name == "vmap over images":
        return others.vmap(layer)(x[None].expand(2, -1, -1, -1, -1))
    if name == "jvp":
        return others.jvp(loss, (weights, x), (along, torch.randn_like(x)))
    if name == "jvp of the images":
        return others.jvp(layer, (x,), (torch.randn_like(x),))
    if name == "jacfwd":
        return others.jacfwd(loss)(weights, x)
    if name == "forward over reverse":
        return others.jvp(lambda w: others.grad(loss)(w, x), (weights,), (along,))[1]
    if name == "reverse over reverse":
        inner = lambda w: sum(g.square().sum() for g in others.grad(loss)(w, x).values())  # noqa: E731
        return others.grad(inner)(weights)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(x, torch.randn_like(x))
        return tuple(torch.autograd.forward_ad.unpack_dual(layer(dual)))


@pytest.mark.parametrize("kernel_size", [3, 4])
@pytest.mark.parametrize(
    "name",
    [
        "grad",
        "a gradient for each image",
        "a gradient for each unbatched image",
        "an ensemble",
        "vmap over images",
        "jvp",
        "jvp of the images",
        "jacfwd",
        "forward over reverse",
        "reverse over reverse",
        "dual numbers",
    ],
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_every_transform_of_functions_gives_pytorchs(name, kernel_size):
    ours, theirs = pair(kernel_size, torch.float64)
    one, other = transformed(ours, name), transformed(theirs, name)
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)


def test_a_trace_holds_the_plain_convolution():
    ours, theirs = pair(5)
    traced = torch.jit.trace(ours, torch.randn(2, WIDTH, 8, 8))
    assert [node.kind() for node in traced.inlined_graph.nodes()][-1] == "aten::_convolution_mode"
    for size in (1, 3):
        x = torch.randn(size, WIDTH, 6, 7)
        torch.testing.assert_close(traced(x), theirs(x))


@pytest.mark.parametrize("shape", [(WIDTH, 6, 7), (0, WIDTH, 6, 7)])
def test_unbatched_and_empty_input_are_pytorchs(shape):
    ours, theirs = pair(3)
    x = torch.randn(shape)
    expected = results(theirs, x, torch.ones(()))
    assert len(expected) == 4
    for one, other in zip(results(ours, x, torch.ones(())), expected, strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("shape", [(2, WIDTH + 1, 6, 7), (6, 7), (2, WIDTH, 3, 6, 7)])
def test_a_wrong_shape_is_refused_with_pytorchs_words(shape):
    messages = []
    for layer in pair(3):
        with pytest.raises(RuntimeError) as refused:
            layer(torch.randn(shape))
        messages.append(str(refused.value))
    assert messages[0] == messages[1]
