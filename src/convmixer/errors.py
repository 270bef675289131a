"""
---
title: Errors
summary: >
  The one kind of error that is meant for the person at the terminal, and how programs
  start and end.
---

# Errors

Some things go wrong that are no fault of the program: an option that makes no sense, a
data set that is not there, a folder that cannot be written. They all end the same way,
with a message that says what was found and what to do.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn


class ExperimentError(Exception):
    """
    ## What the user can put right

    [`main`](experiment.py#main) prints the message and exits with code 2, without a
    traceback. It lives in a module of its own so that catching it does not import
    PyTorch.
    """


def start(main: Callable[[], int]) -> NoReturn:
    """
    ## Start a program

    * `main` is the program, and returns its exit code

    A shell makes what it starts in the background ignore Ctrl-C, and so do some
    programs that start others. Ours can always be stopped: by Ctrl-C, with exit code
    130, and by the system (SIGTERM), which a shell counts as 143.
    """
    interrupts: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        sys.exit(main())
    except (Exception, KeyboardInterrupt):
        # Interrupted while it is imported, a module may fail with an error of its own.
        if not interrupts:
            raise
        print("\nStopped.", file=sys.stderr)
        sys.exit(130)
