"""The GPU path, as far as it can be checked without a GPU, and the choices of the machine."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import pytest
import torch
from nursery import Program
from torch._dynamo.backends.common import aot_autograd
from torch._dynamo.exc import TorchDynamoException
from torch._subclasses.fake_tensor import FakeTensorMode

from convmixer import training as optimization
from convmixer.augment import normalize
from convmixer.data import digits
from convmixer.devices.distributed import Team
from convmixer.devices.machine import (
    Machine,
    choose_machine,
    compiles,
    fastest_precision,
    go_on_without_compiler,
    keep_memory,
)
from convmixer.errors import ExperimentError
from convmixer.model import ConvMixer
from convmixer.recipe import CIFAR10_25, CIFAR10_BEST, Options
from convmixer.runs import loop
from convmixer.runs.beginning import begin
from convmixer.runs.loop import evaluate_state, in_training, train_epoch
from convmixer.runs.memory import take_step
from convmixer.runs.options import check
from convmixer.runs.setting import Setting
from convmixer.runs.stop import StopRequest
from convmixer.training import EMA, Batch, epoch_batches, make_optimizer, train_step
from convmixer.variants import build, convmixer_1536_20

CPU = Machine(torch.device("cpu"), torch.float32, compiled=False)

# Everything that a step can do, in a small model
OPTIONS = replace(CIFAR10_BEST, width=8, depth=2, patch_size=2)


def step(device: str, model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor):
    machine = Machine(torch.device(device), torch.bfloat16, compiled=False)
    ema = EMA(model, OPTIONS.average)
    scaler = machine.grad_scaler()
    batch = Batch(images, labels, 0.01, len(images))
    loss, _ = train_step(model, batch, make_optimizer(model, OPTIONS), scaler, OPTIONS, machine)
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


@pytest.fixture
def tuned(monkeypatch):
    """Puts the settings for CUDA back."""
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", torch.backends.cudnn.benchmark)
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


def only(monkeypatch, device: str) -> None:
    """A machine with one device, as far as PyTorch knows."""
    for name in ("cuda", "mps"):
        place = torch.cuda if name == "cuda" else torch.backends.mps
        monkeypatch.setattr(place, "is_available", lambda name=name: name == device)


@pytest.mark.usefixtures("tuned")
@pytest.mark.parametrize(
    ("device", "width", "has", "precision", "scales"),
    [
        ("cuda", 64, "bf16", "bfloat16", False),
        ("cuda", 64, "", "float16", True),
        ("cpu", 256, "amx", "bfloat16", False),
        ("cpu", 256, "avx512_bf16", "bfloat16", False),
        ("cpu", 64, "amx avx512_bf16", "float32", False),
        ("cpu", 256, "", "float32", False),
        ("mps", 256, "amx avx512_bf16 bf16", "float32", False),
    ],
)
def test_the_precision_is_that_of_the_hardware(monkeypatch, device, width, has, precision, scales):
    only(monkeypatch, device)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **options: "bf16" in has.split())
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: "amx" in has)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: "avx512_bf16" in has)
    assert fastest_precision(device, width) == precision
    machine = choose_machine(replace(Options(), width=width, compile="off"))
    assert (machine.device.type, machine.dtype) == (device, getattr(torch, precision))
    # Only float16 has gradients that vanish.
    assert (machine.dtype == torch.float16) == scales


@pytest.mark.parametrize(
    ("device", "options", "threads"),
    [
        ("cpu", Options(), [1]),
        ("cpu", Options(threads=3), [3]),
        ("cpu", CIFAR10_25, [7]),
        # What counts is how much is computed at once.
        ("cpu", replace(CIFAR10_25, accumulate=256), [1]),
        ("cpu", Options(batch_size=512), [7]),
        ("cpu", replace(CIFAR10_25, threads=1), [1]),
        ("mps", Options(), []),
    ],
)
def test_small_steps_get_one_thread_of_a_cpu(monkeypatch, device, options, threads):
    set_to = []
    only(monkeypatch, device)
    monkeypatch.setattr("convmixer.devices.machine.usual_threads", lambda: 7)
    monkeypatch.setattr(torch, "set_num_threads", set_to.append)
    choose_machine(replace(options, precision="float32", compile="off"))
    assert set_to == threads


@pytest.mark.usefixtures("tuned")
@pytest.mark.parametrize(
    ("device", "layout"),
    [("cuda", "channels_last"), ("mps", "contiguous_format"), ("cpu", "channels_last")],
)
def test_the_layout_is_one_that_the_device_can_train_in(monkeypatch, device, layout):
    only(monkeypatch, device)
    options = Options(compile="off", precision="float32")
    assert choose_machine(options).memory_format == getattr(torch, layout)
    for asked in ("channels_last", "contiguous_format"):
        machine = choose_machine(replace(options, memory_format=asked))
        assert machine.memory_format == getattr(torch, asked)
    fast = device == "cuda"
    assert torch.backends.cudnn.benchmark == fast
    assert (torch.get_float32_matmul_precision() == "high") == fast


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_model_average_and_batches_have_the_layout(layout, tmp_path):
    options = Options(width=8, depth=1, average=0.9, flip=0.5)
    machine = replace(CPU, memory_format=layout)
    data = digits()
    state = begin(options, data, machine, Team())
    model = in_training(Setting(options, data, machine, Team(), tmp_path), state)
    for one in (model, state.ema.model):
        filters = [weight for weight in one.parameters() if weight.dim() == 4]
        assert len(filters) == 3
        assert all(weight.is_contiguous(memory_format=layout) for weight in filters)
    batch = next(epoch_batches(data, options, machine, 0))
    assert batch.images.is_contiguous(memory_format=layout)


def test_what_is_asked_for_comes_before_auto(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "compile", lambda function: function)
    asked = replace(Options(), device="cpu", precision="bfloat16", compile="on")
    machine = choose_machine(asked)
    assert machine == Machine(torch.device("cpu"), torch.bfloat16, compiled=True)
    assert choose_machine(replace(asked, compile="auto")).compiled is False


@pytest.fixture
def compiling():
    """PyTorch compiles again, after a test that made it give up."""
    yield
    torch.compiler.set_stance("default")
    torch._dynamo.reset()


def no_compiler(function):
    def compiled(x):
        raise RuntimeError("InvalidCxxCompiler: No working C++ compiler\n\nSet TORCH_LOGS")

    return compiled


@pytest.mark.usefixtures("compiling")
def test_without_a_compiler_auto_goes_on_and_says_so_in_a_line(monkeypatch, capsys):
    only(monkeypatch, "cuda")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(torch, "zeros", lambda size, device: device)
    monkeypatch.setattr(torch, "compile", no_compiler)
    assert compiles("cuda", Options()) is False
    told = capsys.readouterr().err
    assert told.startswith("training without torch.compile, which does not work here (Invalid")
    assert "No working C++ compiler" in told
    assert told.count("\n") == 1
    # An error may have no words.
    go_on_without_compiler(Options(), RuntimeError())
    assert "does not work here (RuntimeError)" in capsys.readouterr().err
    # Of several processes, the first says it.
    monkeypatch.setenv("RANK", "1")
    assert compiles("cuda", Options()) is False
    assert capsys.readouterr().err == ""
    with pytest.raises(ExperimentError, match=r"No working C\+\+ compiler.*--compile off$"):
        compiles("cuda", Options(compile="on"))
    monkeypatch.setattr(torch, "compile", lambda function: lambda x: x)
    assert compiles("cuda", Options()) is True


@pytest.mark.parametrize(("norm", "compiled"), [("batch", False), ("layer", True)])
def test_synchronized_normalization_is_not_compiled(monkeypatch, norm, compiled):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(torch, "zeros", lambda size, device: device)
    monkeypatch.setattr(torch, "compile", lambda function: lambda x: x)
    assert compiles("cuda", Options(norm=norm)) is compiled
    assert compiles("cuda", Options(norm=norm, compile="on")) is True


def test_what_is_compiled_is_the_joined_model(tmp_path):
    """As `torch.compile` wants it: it sees where gradients travel to other processes."""

    class Pair(Team):
        def join(self, model, machine):
            return torch.nn.Sequential(model)

    options, data = Options(width=8, depth=1), digits()
    machine = replace(CPU, compiled=True)
    state = begin(options, data, machine, Team())
    joined = in_training(Setting(options, data, machine, Pair(), tmp_path), state)
    assert joined[0] is state.model
    assert joined._compiled_call_impl is not None
    assert state.model._compiled_call_impl is None


@pytest.fixture
def failing_compiler(monkeypatch, compiling):
    """A compiler that takes the forward pass and fails at the backward pass, as Inductor can."""

    def backward(graph, inputs):
        raise TorchDynamoException("AssertionError: 8 v.s. 520\n\nSet TORCHDYNAMO_VERBOSE=1")

    def compile(module):
        backend = aot_autograd(fw_compiler=lambda graph, inputs: graph, bw_compiler=backward)
        module._compiled_call_impl = torch.compile(module._call_impl, backend=backend)

    monkeypatch.setattr(torch.nn.Module, "compile", compile)


@pytest.mark.usefixtures("failing_compiler")
def test_a_compiler_that_fails_at_the_model_is_done_without(tmp_path, capsys):
    options, data = Options(width=8, depth=1, precision="float32"), digits()
    weights = {}
    for compiled in (True, False):
        machine = replace(CPU, compiled=compiled)
        torch.manual_seed(0)
        setting = Setting(options, data, machine, Team(), tmp_path)
        state = begin(options, data, machine, Team())
        model = in_training(setting, state)
        for batch in islice(epoch_batches(data, options, machine, 0), 2):
            loop.step(setting, state, model, batch)
        weights[compiled] = list(state.model.parameters())
        told = capsys.readouterr().err
        line = "training without torch.compile, which does not work here (AssertionError: 8 v.s. 520)\n"
        assert told == (line if compiled else "")
    assert all(map(torch.equal, weights[True], weights[False]))


@pytest.mark.usefixtures("failing_compiler")
def test_a_compiler_that_was_asked_for_and_fails_is_an_error(tmp_path):
    options, data = Options(width=8, depth=1, compile="on"), digits()
    machine = replace(CPU, compiled=True)
    setting = Setting(options, data, machine, Team(), tmp_path)
    state = begin(options, data, machine, Team())
    batch = next(epoch_batches(data, options, machine, 0))
    with pytest.raises(ExperimentError, match=r"\(AssertionError: 8 v.s. 520\).*--compile off$"):
        loop.step(setting, state, in_training(setting, state), batch)


def test_a_missing_compiler_is_one_line_for_the_user(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["--width", "8", "--depth", "1", "--epochs", "1", "--compile", "on"]
    # Nothing lies where programs are looked for, and no processes help to compile.
    empty = {"PATH": str(tmp_path), "CXX": str(tmp_path / "g++")}
    caches = {"TORCHINDUCTOR_CACHE_DIR": str(tmp_path), "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    code, _, errors = Program(command, **empty, **caches).wait()
    assert code == 2
    assert errors.startswith("error: cannot use torch.compile, which does not work here")
    assert errors.endswith("add --compile off\n")
    assert errors.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("clip", [0.0, 0.1])
@pytest.mark.parametrize("parts", [2, 3, 10])
def test_parts_of_a_batch_take_the_step_of_the_whole(parts, clip):
    """Also where they are unequal, and more than there are images."""
    options = Options(width=8, depth=2, norm="layer", clip=clip)
    torch.manual_seed(0)
    images, labels = torch.randn(7, 3, 32, 32), torch.arange(7)
    ends = []
    for accumulate in (1, parts):
        torch.manual_seed(1)
        model = build(options, 10)
        optimizer = torch.optim.SGD(model.parameters())
        batch = Batch(images, labels, 0.1, 7)
        split = replace(options, accumulate=accumulate)
        figures = train_step(model, batch, optimizer, CPU.grad_scaler(), split, CPU)
        ends.append([*figures, *model.parameters()])
    torch.testing.assert_close(*ends)


def test_processes_exchange_gradients_once_a_step():
    class Joined(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = build(Options(width=8, depth=1), 10)
            self.sizes, self.alone = [], 0

        def forward(self, images):
            self.sizes.append((len(images), self.alone))
            return self.model(images)

        @contextmanager
        def no_sync(self):
            self.alone += 1
            yield
            self.alone -= 1

    model = Joined()
    options = Options(accumulate=3)
    batch = Batch(torch.randn(8, 3, 32, 32), torch.arange(8), 0.1, 8)
    train_step(model, batch, make_optimizer(model, options), CPU.grad_scaler(), options, CPU)
    assert model.sizes == [(3, 1), (3, 1), (2, 0)]


class Limited(torch.nn.Module):
    """A model that fits into memory with so many images."""

    def __init__(self, model: torch.nn.Module, limit: int, error: Exception):
        super().__init__()
        self.model, self.limit, self.error = model, limit, error

    def forward(self, images):
        if len(images) > self.limit:
            raise self.error
        return self.model(images)


FULL = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 246.00 GiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    MemoryError(),
]


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    ("limit", "begun", "advice"),
    [
        (20, 1, "64 images at once; 16 at once fit: add --accumulate 4"),
        (16, 2, "32 images at once; 16 at once fit: add --accumulate 4"),
        (1, 1, "64 images at once; 1 at once fits: add --accumulate 64"),
        (0, 1, "64 images at once, and even of 1; try a smaller model"),
    ],
)
def test_a_full_memory_is_one_error_with_the_batch_that_fits(limit, begun, advice, error, tmp_path):
    options = Options(width=8, depth=1, batch_size=64, norm="layer", accumulate=begun)
    data = digits()
    state = begin(options, data, CPU, Team())
    setting = Setting(options, data, CPU, Team(), tmp_path)
    with pytest.raises(ExperimentError) as told:
        train_epoch(setting, state, Limited(state.model, limit, error), StopRequest())
    assert str(told.value).startswith("the memory of cpu is too small for a step of ")
    assert advice in str(told.value)
    assert str(told.value).endswith("There is no checkpoint")
    assert "\n" not in str(told.value)


def test_of_several_processes_none_tries_what_would_fit(tmp_path):
    """The others would wait for it in vain."""
    options, data = Options(width=8, depth=1, batch_size=64), digits()
    state = begin(options, data, CPU, Team())
    setting = Setting(options, data, CPU, Team(0, 2), tmp_path)
    batch = next(epoch_batches(data, options, CPU, 0, rank=0, world_size=2))
    with pytest.raises(ExperimentError, match="32 images at once; half as many may fit: add --acc"):
        take_step(setting, state, Limited(state.model, 1, FULL[0]), batch)


@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_an_evaluation_that_does_not_fit_is_the_same_error(tmp_path, error):
    """What divides the batches of the training divides its batches too."""
    data = digits()
    for parts, limit, size in ((1, 400, 450), (4, 15, 16), (64, 0, 1)):
        options = Options(width=8, depth=1, batch_size=64, accumulate=parts)
        state = begin(options, data, CPU, Team())
        setting = Setting(options, data, CPU, Team(), tmp_path)
        state.model = Limited(state.model, limit, error)
        message = f"the memory of cpu is too small for the evaluation of {size} images at once; "
        with pytest.raises(ExperimentError, match=f"{message}raise --accumulate"):
            evaluate_state(setting, state)
        state.model.limit = size
        assert evaluate_state(setting, state).shape == (450, 10)


def test_an_average_that_does_not_fit_is_the_same_error(tmp_path, monkeypatch):
    data, options = digits(), Options(width=8, depth=1, average=0.9)
    state = begin(options, data, CPU, Team())
    setting = Setting(options, data, CPU, Team(), tmp_path)

    def full(*arguments):
        # As a compiler wraps it
        raise RuntimeError("the backend failed") from FULL[0]

    monkeypatch.setattr(EMA, "update", full)
    with pytest.raises(ExperimentError, match=r"too small for the average; .*--average 0\. There"):
        train_epoch(setting, state, state.model, StopRequest())


def test_another_fault_keeps_its_traceback(tmp_path):
    options, data = Options(width=8, depth=1), digits()
    state = begin(options, data, CPU, Team())
    setting = Setting(options, data, CPU, Team(), tmp_path)
    model = Limited(state.model, 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        train_epoch(setting, state, model, StopRequest())


@pytest.mark.parametrize("parts", [0, 33])
def test_a_batch_has_parts_of_one_image_at_least(parts):
    with pytest.raises(ExperimentError, match=r"--accumulate must be from 1 to 32, .*not"):
        check(Options(accumulate=parts))


def test_a_device_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ExperimentError, match="PyTorch finds no cuda on this machine; --device"):
        choose_machine(replace(Options(), device="cuda"))


def test_the_memory_is_kept_on_linux_and_nothing_is_done_elsewhere(monkeypatch):
    assert keep_memory() is sys.platform.startswith("linux")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_memory() is False
