"""
---
title: Stopping
summary: How a training hears that it is to stop, and stops after the step that it is in.
---

# Stopping
"""

import signal
from contextlib import suppress
from types import FrameType
from typing import Any


class StopRequest:
    """
    ## Be asked to stop

    Ctrl-C and the system's request to end (SIGTERM) come at any moment, and a step that
    is half done is worth nothing. Within the context they are noted, and the training
    asks after each step. A second Ctrl-C does not wait.
    """

    def __init__(self) -> None:
        # The number of the signal, once there was one
        self.signal: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        """
        From now on, the signals come here. Only the main thread of a program can ask
        for that; in any other they do what they did.
        """
        with suppress(ValueError):
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self.note)
        return self

    def __exit__(self, *error: object) -> None:
        """
        The signals do again what they did before.
        """
        for number, before in self.before.items():
            signal.signal(number, before)

    def note(self, number: int, frame: FrameType | None) -> None:
        """
        What a signal does.
        """
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
