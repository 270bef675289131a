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

import os
import signal
from contextlib import suppress
from types import FrameType
from typing import Any

# What the terminal shows at once; a step on a CPU can take many seconds.
ANSWER = b"\nStopping after this step. Ctrl-C again stops at once.\n"


class StopRequest:
    """
    ## Note the signal to stop

    Within this context, the first signal is noted and answered, and the training looks
    for it after each step. A second Ctrl-C stops at once.
    """

    def __init__(self, answers: bool = True) -> None:
        """
        * `answers` is whether to say that the signal was noted; of several processes,
          one does
        """
        self.answers = answers
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
        # The signal may have interrupted a `print`, and Python's streams cannot begin
        # another in the middle of it. Nobody may be listening any more.
        if self.answers:
            with suppress(OSError):
                os.write(2, ANSWER)
