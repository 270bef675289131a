"""
---
title: Errors
summary: >
  How every command starts, and how it ends when something is wrong that the user can fix.
---

# Errors

Some failures are not the program's fault: an option makes no sense, a data set is
missing, a folder cannot be written. Every command ends them the same way, with one line
that says what is wrong and how to fix it.
"""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn


class ExperimentError(Exception):
    """
    ## An error that the user can fix

    Its message is written for the person at the terminal.
    """


def run_command(work: Callable[[], int | None], stopped: str) -> int:
    """
    ## Run a command

    * `work` does the command's work; it may return an exit code of its own
    * `stopped` is printed after Ctrl-C

    Returns the exit code: 0 for success, 2 for an error that the user can fix, and 130
    for Ctrl-C, as is usual in a shell. Any other exception is a bug and keeps its
    traceback.
    """
    try:
        return work() or 0
    except ExperimentError as error:
        message = str(error)
    except OSError as error:
        message = f"a file cannot be read or written: {error}"
    except KeyboardInterrupt:
        complain(f"\n{stopped}")
        return 130
    complain(f"error: {printable(message)}")
    return 2


def complain(line: str) -> None:
    """
    ## Write to the error output

    The line and its end are one piece. `print` writes two where Python does not buffer,
    as under `torchrun`, and then the lines of several processes run together.
    """
    sys.stderr.write(f"{line}\n")


def printable(text: str) -> str:
    """
    ## Text for a terminal

    Names in files may come from anyone, and a terminal obeys some characters. Returns
    the text with those written out.
    """
    return "".join(
        letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1]
        for letter in text
    )


def launch(main: Callable[[], int]) -> NoReturn:
    """
    ## Start a command

    * `main` is the command, and returns its exit code

    A shell makes what it starts in the background ignore Ctrl-C, and so do some
    programs that start others. Our commands can always be stopped: by Ctrl-C, with exit
    code 130, and by the system (SIGTERM), which a shell reports as 143.
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
        # A module that is interrupted while it is imported may fail with an error of
        # its own.
        if not interrupts:
            raise
        complain("\nStopped.")
        sys.exit(130)
