"""The GPU path, as far as it can be checked without a GPU, and the choices of the machine."""

import sys
from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from convmixer import training as optimization
from convmixer.augment import normalize
from convmixer.devices.machine import Machine, choose_machine, fastest_precision, keep_memory
from convmixer.errors import ExperimentError
from convmixer.model import ConvMixer
from convmixer.recipe import CIFAR10_BEST, Options
from convmixer.training import EMA, Batch, make_optimizer, train_step
from convmixer.variants import build, convmixer_1536_20

# Everything that a step can do, in a small model
OPTIONS = replace(CIFAR10_BEST, width=8, depth=2, patch_size=2)


def step(device: str, model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor):
    machine = Machine(torch.device(device), torch.bfloat16, compiled=False)
    ema = EMA(model, OPTIONS.average)
    scaler = machine.grad_scaler()
    batch = Batch(images, labels, 0.01, len(images))
    loss = train_step(model, batch, make_optimizer(model, OPTIONS), scaler, OPTIONS, machine)
    ema.update(model)
    return loss


def pretended_step(seen, change=lambda model: None) -> torch.Tensor:
    """A step on a CUDA device that PyTorch only pretends to have."""
    with FakeTensorMode():
        with torch.device("cuda"):
            model = build(OPTIONS, 10)
            pixels = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
            # Mixed labels are shares of the classes.
            labels = torch.full((4, 10), 0.1)
        change(model)
        seen.append(model)
        images = normalize(pixels, [0.5] * 3, [0.5] * 3)
        return step("cuda", model, images, labels)


@pytest.fixture
def without_driver(monkeypatch):
    """Autocast asks the driver whether CUDA knows bfloat16. There is none to ask."""
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *a, **o: True)

    # PyTorch cannot copy a pretended model, only make another.
    def another(model):
        with torch.device("cuda"):
            return build(OPTIONS, 10)

    monkeypatch.setattr(optimization.copy, "deepcopy", another)

    # The way back is run by threads of the driver's. The gradients that it would bring are
    # put in its place, for clipping, optimizer and average to go on with.
    def backward(loss):
        model = seen.pop()
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)

    seen = []
    monkeypatch.setattr(torch.Tensor, "backward", backward)
    return seen


def test_a_training_step_stays_on_the_device_and_waits_for_nothing(without_driver):
    loss = pretended_step(without_driver)
    assert loss.device.type == "cuda"
    assert loss.dtype == torch.float32


class Stray(torch.nn.Module):
    def forward(self, x):
        return x + torch.ones(4, 1, 16, 16)


class Waits(torch.nn.Module):
    def forward(self, x):
        return x * x.sum().item()


@pytest.mark.parametrize("fault", [Stray, Waits])
def test_a_stray_operand_or_a_wait_in_a_step_would_raise(without_driver, fault):
    def put_in(model):
        model.layers[0].pointwise_activation = fault()

    with pytest.raises(Exception, match=r"device|_local_scalar_dense"):
        pretended_step(without_driver, put_in)


def test_a_step_of_the_largest_model_has_the_right_shapes():
    """Without data, on the meta device: 224 pixels, 1,000 classes."""
    with torch.device("meta"):
        model = convmixer_1536_20()
        images, labels = torch.empty(2, 3, 224, 224), torch.empty(2, dtype=torch.long)
        assert model.patch_embedding(images).shape == (2, 1536, 32, 32)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
    optimizer = make_optimizer(model, OPTIONS)
    loss.backward()
    optimizer.step()
    for weight in model.parameters():
        assert weight.grad.shape == weight.shape
        assert optimizer.state[weight]["exp_avg"].shape == weight.shape
    assert sum(weight.numel() for weight in model.parameters()) == 51_625_960


def test_the_model_is_exported_as_one_graph_for_every_batch_size():
    torch.manual_seed(0)
    model = ConvMixer(8, 2, 3, 4, 10).eval()
    batch = torch.export.Dim("batch")
    example = (torch.randn(2, 3, 32, 32),)
    program = torch.export.export(model, example, dynamic_shapes=({0: batch},)).module()
    for size in (2, 3, 7):
        images = torch.randn(size, 3, 32, 32)
        torch.testing.assert_close(program(images), model(images))


@pytest.mark.parametrize(
    ("device", "width", "bf16", "amx", "precision", "scales"),
    [
        ("cuda", 64, True, False, "bfloat16", False),
        ("cuda", 64, False, False, "float16", True),
        ("cpu", 256, False, True, "bfloat16", False),
        ("cpu", 64, False, True, "float32", False),
        ("cpu", 256, False, False, "float32", False),
        ("mps", 256, True, True, "float32", False),
    ],
)
def test_the_precision_is_that_of_the_hardware(
    monkeypatch, device, width, bf16, amx, precision, scales
):
    for name in ("cuda", "mps"):
        place = torch.cuda if name == "cuda" else torch.backends.mps
        monkeypatch.setattr(place, "is_available", lambda name=name: name == device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **options: bf16)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    assert fastest_precision(device, width) == precision
    machine = choose_machine(replace(Options(), width=width, compile="off"))
    assert (machine.device.type, machine.dtype) == (device, getattr(torch, precision))
    # Only float16 has gradients that vanish.
    assert (machine.dtype == torch.float16) == scales


def test_what_is_asked_for_comes_before_auto(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    asked = replace(Options(), device="cpu", precision="bfloat16", compile="on")
    machine = choose_machine(asked)
    assert machine == Machine(torch.device("cpu"), torch.bfloat16, compiled=True)
    assert choose_machine(replace(asked, compile="auto")).compiled is False


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ExperimentError, match="PyTorch finds no cuda on this machine; --device"):
        choose_machine(replace(Options(), device="cuda"))


def test_the_memory_is_kept_on_linux_and_nothing_is_done_elsewhere(monkeypatch):
    assert keep_memory() is sys.platform.startswith("linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_memory() is False
