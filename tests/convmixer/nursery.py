"""
The experiment in a process of its own, as a user starts it, without importing PyTorch each time:
the processes are forked from one that has imported it.
"""

import multiprocessing
import os
import runpy
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["convmixer.run", "labml.experiment", "sklearn.datasets"])


class Program:
    """A started experiment, whose `stdout` can be read line by line."""

    def __init__(
        self,
        arguments: Sequence[str],
        before: Callable[[], object] = bool,
        terminal: int | None = None,
        **variables: str,
    ):
        """`before` is called first. `terminal` is where to print, instead of to a pipe."""
        read, write = os.pipe()
        self.stdout, self.stderr = os.fdopen(read), tempfile.TemporaryFile("w+")
        handles = (write, self.stderr.fileno()) if terminal is None else (terminal, terminal)
        outputs = [Connection(os.dup(handle)) for handle in handles]
        started = str(Path.cwd()), list(arguments), before, outputs, variables
        self.process = CONTEXT.Process(target=experiment, args=started)
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
        with self.stdout, self.stderr:
            printed = self.stdout.read()
            self.process.join()
            self.stderr.seek(0)
            return self.process.exitcode, printed, self.stderr.read()


def experiment(
    folder: str,
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
    before()
    sys.argv = ["experiment", *arguments]
    runpy.run_module("convmixer.experiment", run_name="__main__")


def killed_in_write(number: int) -> None:
    """Has the process killed while it writes a file to the disk for the n-th time."""
    writes, real = count(1), os.fsync

    def fsync(handle: int) -> None:
        if next(writes) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    os.fsync = fsync


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
