"""
---
title: Errors
summary: How every command ends when something is wrong that the user can fix.
---

# Errors

Some failures are not the program's fault: an option makes no sense, a data set is
missing, a folder cannot be written. Every command ends them the same way, with one line
that says what is wrong and how to fix it.
"""

import sys
from collections.abc import Callable


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
        print(f"\n{stopped}", file=sys.stderr)
        return 130
    print(f"error: {message}", file=sys.stderr)
    return 2
