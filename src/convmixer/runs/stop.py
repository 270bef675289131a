r"""
---
title: Stopping
summary: How Ctrl-C or SIGTERM ends a training after the current step.
---

# Stopping a training

Ctrl-C and the system's request to end, SIGTERM, come at any moment, but a half-done
step cannot be saved. So the signal is noted, the current step is finished, and [the
loop](loop.py#train_run) writes a checkpoint.
"""

import signal
from contextlib import suppress
from types import FrameType
from typing import Any


class StopRequest:
    """
    ## Note the signal

    Within this context, the first signal is noted, and the training looks for it after
    each step. A second Ctrl-C stops at once.
    """

    def __init__(self) -> None:
        # The number of the signal, if there was one
        self.signal: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        """
        Takes over the signals. Only the main thread of a program can; in any other they
        keep their effect.
        """
        with suppress(ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self.note)
        return self

    def __exit__(self, *error: object) -> None:
        """
        Gives the signals their former effect again.
        """
        for number, before in self.before.items():
            signal.signal(number, before)

    def note(self, number: int, frame: FrameType | None) -> None:
        """
        Is called when a signal comes.
        """
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
