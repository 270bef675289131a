r"""
---
title: Progress
summary: What a running training shows, in a terminal and in a file.
---

# The progress of a run

In a terminal, one line moves while the run trains: the epoch, the step, the loss of
this step, the learning rate, images a second, the time left, and the accuracy on the
held-out images after the last epoch. On a GPU, it also shows the most memory that was
in use. What does not fit the terminal's width is left out, from the end.

After every epoch a line stays. Where there is no terminal, as in a file or in a pipe,
these are all.
"""

import math
import shutil
import sys
import time
from datetime import timedelta
from typing import Any

import torch

# Seconds for which the line stands still at least
CALM = 0.1


class Progress:
    """
    ## The line that moves
    """

    def __init__(self, epochs: int, steps: int, device: torch.device, shown: bool):
        """
        * `epochs` and `steps` are how many epochs the run has, and steps in each
        * `device` is where it trains
        * `shown` is whether to show anything; of several processes, one does
        """
        self.epochs, self.steps, self.device = epochs, steps, device
        self.shown = shown
        # Errors go to the same place, so a run whose output goes to a file can still be
        # watched.
        self.live = shown and sys.stderr.isatty()
        self.last = -math.inf
        # When the first step was done, and its number. It may have waited for a
        # compiler, and says nothing of the others.
        self.first: tuple[float, int] | None = None

    def step(self, figures: dict[str, Any], accuracy: float | None) -> None:
        """
        * `figures` are those of a step, by their names in [the metrics](metrics.py)
        * `accuracy` is that on the held-out images after the last epoch
        """
        now = time.monotonic()
        if self.first is None:
            self.first = now, figures["steps"]
        if not self.live or now - self.last < CALM:
            return
        self.last = now
        parts = [
            f"epoch {figures['epoch']}/{self.epochs}",
            f"step {figures['step']}/{self.steps}",
            f"loss {figures['loss']:.3f}",
            f"lr {figures['learning_rate']:.2g}",
            f"{figures['images_per_second']:,.0f} img/s",
            *self.time_left(figures["steps"]),
            *([] if accuracy is None else [f"{accuracy:.1%} held out"]),
            *self.memory(),
        ]
        line = fitted(parts, " ", shutil.get_terminal_size().columns - 1)
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)

    def epoch(self, figures: dict[str, Any]) -> None:
        """
        Prints the line of a finished epoch, whose figures these are.
        """
        train = figures["train_accuracy"]
        parts = [
            f"epoch {figures['epoch']}/{self.epochs}",
            f"loss {figures['loss']:.4f}",
            *([] if train is None else [f"train {train:.2%}"]),
            f"held out {figures['accuracy']:.2%}",
            f"{figures['images_per_second']:,.0f} images/s",
            *self.time_left(figures["steps"]),
            *self.memory(),
        ]
        self.clear()
        if self.shown:
            columns = shutil.get_terminal_size().columns - 1
            width = columns if sys.stdout.isatty() else 1000
            print(fitted(parts, "  ", width), flush=True)

    def time_left(self, steps: int) -> list[str]:
        """
        * `steps` is the number of steps done

        Returns the time that the others will take, evaluations included.
        """
        moment, first = self.first or (0.0, steps)
        left = self.epochs * self.steps - steps
        if steps == first or left == 0:
            return []
        seconds = (time.monotonic() - moment) / (steps - first) * left
        # `0:12:34`, or `12:34` without an hour
        return [f"{timedelta(seconds=round(seconds))} left".removeprefix("0:")]

    def memory(self) -> list[str]:
        """
        Returns the most memory of a GPU that was in use.
        """
        if self.device.type != "cuda":
            return []
        return [f"{torch.cuda.max_memory_allocated(self.device) / 1e9:.1f} GB"]

    def clear(self) -> None:
        """
        Clears the line, so that another can be printed.
        """
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def fitted(parts: list[str], between: str, columns: int) -> str:
    """
    ## Leave out what does not fit

    Returns as many of the parts as fit the columns, in one line.
    """
    count = len(parts)
    while count > 1 and len(between.join(parts[:count])) > columns:
        count -= 1
    return between.join(parts[:count])
