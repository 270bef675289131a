"""
The programs in processes of their own, as a user starts them, without importing PyTorch each
time: they are forked from a process that has imported it, or can do without.
"""

import json
import multiprocessing
import os
import pkgutil
import resource
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO

from support import PRELOADED, ensure_forks

CONTEXT = multiprocessing.get_context("forkserver")
NEEDED = [
    *(*PRELOADED, "imported", "convmixer.baselines", "typeguard"),
    *("labml.experiment", "labml.internal.tracker.writers.sqlite"),
    *("sklearn.datasets", "sklearn.model_selection"),
]


class Program:
    """A started experiment, or another program, whose `stdout` can be read line by line."""

    def __init__(
        self,
        arguments: Sequence[str],
        before: Callable[[], object] = bool,
        terminal: int | None = None,
        stderr: IO[str] | None = None,
        module: str = "convmixer.experiment",
        **variables: str,
    ):
        """
        `before` is called first. `terminal` is where to print, instead of to a pipe, and
        `stderr` a file for the errors of several.
        """
        read, write = os.pipe()
        self.stdout = os.fdopen(read)
        self.stderr = stderr or tempfile.TemporaryFile("w+")  # noqa: SIM115
        handles = (write, self.stderr.fileno()) if terminal is None else (terminal, terminal)
        outputs = [Connection(os.dup(handle)) for handle in handles]
        started = str(Path.cwd()), module, list(arguments), before, outputs, variables
        self.process = CONTEXT.Process(target=experiment, args=started)
        ensure_forks(NEEDED)
        self.process.start()
        os.close(write)

    def send_signal(self, number: int) -> None:
        # It may have come to its end before.
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def wait_for(self, text: str) -> None:
        for line in self.stdout:
            if text in line:
                return
        raise AssertionError(f"it ended before {text!r}, and said {self.wait()}")

    def wait(self) -> tuple[int, str, str]:
        """The exit code, the rest of what was printed, and the errors."""
        with self.stdout:
            printed = self.stdout.read()
        self.process.join()
        self.stderr.seek(0)
        return self.process.exitcode, printed, self.stderr.read()


def experiment(
    folder: str,
    module: str,
    arguments: list[str],
    before: Callable[[], object],
    outputs: list[Connection],
    variables: dict[str, str],
) -> None:
    """What happens in the new process."""
    import torch

    os.chdir(folder)
    os.environ |= {"COLUMNS": "80", "HOME": folder, **variables}
    for output, usual in zip(outputs, (1, 2), strict=True):
        os.dup2(output.fileno(), usual)
        output.close()
    # As a shell starts what runs in its background
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    sys.argv = [module, *arguments]
    before()
    runpy.run_module(module, run_name="__main__")


def alone(seconds: int) -> None:
    """Has the process killed once it has worked so long, and lets it make no connection."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was used")

    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    socket.socket.connect = socket.socket.connect_ex = refuse
    socket.getaddrinfo = socket.create_connection = refuse


def needed_shown() -> None:
    """Instead of an experiment, prints what importing a run imports."""
    import imported

    print(*imported.MODULES)
    sys.exit(0)


def killed_in_write(number: int) -> None:
    """Has the process killed while it writes a file to the disk for the n-th time."""
    writes, real = count(1), os.fsync

    def fsync(handle: int) -> None:
        if next(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    os.fsync = fsync


def saved_every(seconds: float, then: Callable[[], object]) -> None:
    """Has a checkpoint written so often, and then calls something else."""
    from convmixer.runs import loop

    loop.SAVE_EVERY = seconds
    then()


def killed_in_call(number: int) -> None:
    """
    Has the process killed at the n-th time that a function is called or returns: a moment that
    does not depend on how busy the machine is.
    """
    calls = count(1)

    def profile(*event: object) -> None:
        if next(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(profile)


def patience_is(seconds: float, *then: Callable[[], object]) -> None:
    """Has the end of a run wait this long for labml's server, and then calls others."""
    from convmixer.runs import tracking

    tracking.PATIENCE = seconds
    for function in then:
        function()


def answered_at(place: str) -> None:
    """Has labml's server answer when the run calls this function, and not before."""
    from labml.internal.api import _WebApiThread
    from labml.internal.experiment import experiment_singleton

    owner, name = place.rsplit(".", 1)
    owner, called = pkgutil.resolve_name(owner), threading.Event()
    send, real = _WebApiThread._send, getattr(owner, name)

    def function(*arguments):
        called.set()
        sender, end = experiment_singleton().web_api.api_caller.thread, time.monotonic() + 60
        while not sender.errored and time.monotonic() < end:
            time.sleep(0.01)
        assert sender.errored
        return real(*arguments)

    _WebApiThread._send = lambda *arguments: called.wait() and send(*arguments)
    setattr(owner, name, function)


def models_kept() -> None:
    """Keeps in files what each of several processes tests after each epoch."""
    import torch

    from convmixer.runs import loop

    tested = loop.evaluate_state

    def evaluate_state(setting, state):
        models = [state.model.state_dict(), state.evaluated.state_dict()]
        torch.save(models, f"tested-{state.epoch + 1}-{setting.team.rank}.pt")
        return tested(setting, state)

    loop.evaluate_state = evaluate_state


def statistics_shared() -> None:
    """Instead of an experiment, keeps what two processes gather of the images in a file."""
    import torch

    from convmixer.devices.distributed import processors, team
    from convmixer.devices.machine import Machine

    with team(Machine(torch.device("cpu"), torch.float32, compiled=False)) as processes:
        model = torch.nn.Sequential(torch.nn.BatchNorm2d(3, momentum=1.0))
        model(torch.load("images.pt")[processes.rank :: processes.world_size])
        processes.share_statistics(model)
        agreed = [processes.any(processes.rank == 1), processes.any(False)]
        torch.save([model.state_dict(), agreed, processes.leads], f"{processes.rank}.pt")
    # Nothing of a team outlives it.
    assert processors.cache_info().currsize == 0
    assert not torch.distributed.is_initialized()
    sys.exit(0)


ENDS = """
import contextlib, io, json, runpy, sys
module, commands = sys.argv[1], json.loads(sys.argv[2])
ends = []
for command in commands:
    sys.argv = [module, *command]
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        try:
            runpy.run_module(module, run_name="__main__")
        except SystemExit as stop:
            ends.append([stop.code, printed.getvalue(), errors.getvalue()])
assert "torch" not in sys.modules
print(json.dumps(ends))
"""


def without_pytorch(program: str, *commands: Sequence[object]) -> list[tuple[int, str, str]]:
    """
    How a program ends that is started with each of these options: its exit code, what it
    prints, and its errors. All in one new interpreter, into which PyTorch must not come.
    """
    words = json.dumps([[str(word) for word in command] for command in commands])
    python = [sys.executable, "-c", ENDS, f"convmixer.{program}", words]
    environment = os.environ | {"COLUMNS": "80"}
    ends = json.loads(subprocess.check_output(python, text=True, env=environment))
    assert len(ends) == len(commands)
    return [tuple(end) for end in ends]
