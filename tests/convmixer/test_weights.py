"""State dicts of timm and of the authors' program give equal outputs under our names."""

import pytest
import torch
from timm.models.convmixer import ConvMixer as TimmConvMixer
from torch import nn

from convmixer.model import ConvMixer
from convmixer.weights import to_ours


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


@pytest.mark.parametrize("source", SOURCES)
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
    gradients = {name: p.grad for name, p in theirs.named_parameters()}
    expected = to_ours(gradients)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name])


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_our_own_names_stay(norm):
    state = ConvMixer(8, 2, 3, 2, norm=norm).state_dict()
    assert to_ours(state).keys() == state.keys()


@pytest.mark.parametrize(
    ("source", "wrong", "nearest"),
    [
        ("timm", "blocks.1.0.fn.0.weights", "blocks.1.0.fn.0.weight"),
        ("timm", "stm.0.weight", "stem.0.weight"),
        ("authors", "3.0.fm.0.weight", "3.0.fn.0.weight"),
        ("authors", "77.weight", "7.weight"),
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
