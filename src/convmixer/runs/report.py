r"""
---
title: Reporting
summary: Where the figures of a running training go, and how fast it is.
---

# What a run reports

The [loop](loop.py) knows the losses and the accuracies. From here they go to [the line
that moves](progress.py) and to [the files](metrics.py), together with the place of the
step and the images a second.
"""

import time
from typing import Any

from convmixer.runs.checkpoint import State
from convmixer.runs.metrics import Metrics
from convmixer.runs.progress import Progress
from convmixer.runs.setting import Setting


class Report:
    """
    ## Report on a training
    """

    def __init__(self, setting: Setting, state: State):
        """
        * `setting` and `state` are those of the run that begins or goes on
        """
        self.options, self.steps = setting.options, setting.steps
        self.n_images = len(setting.data.train.labels)
        device, leads = setting.machine.device, setting.team.leads
        self.progress = Progress(self.options.epochs, self.steps, device, leads)
        done = state.epoch * self.steps + state.step
        written = self.options.tensorboard
        # Of several processes, one writes.
        self.metrics = Metrics(setting.folder, done, written) if leads else None
        # A moment and the images seen until then in this epoch: when it began, or was
        # resumed, and when the last line was written
        self.began = self.mark = (time.perf_counter(), 0)

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *error: object) -> None:
        self.progress.clear()
        if self.metrics is not None:
            self.metrics.close()

    def start(self, state: State) -> None:
        """
        An epoch begins, or goes on.
        """
        self.began = self.mark = (time.perf_counter(), self.seen(state))

    def step(self, state: State, loss: float, right: float, rate: float) -> None:
        """
        A step is done, with this mean loss, share of right predictions, and learning
        rate.
        """
        if self.metrics is None:
            return
        figures = {
            **self.place("step", state),
            "loss": loss,
            "train_accuracy": right,
            "learning_rate": rate,
        }
        speed = self.speed(state, self.began)
        accuracy = state.epochs[-1]["accuracy"] if state.epochs else None
        self.progress.step(figures | {"images_per_second": speed}, accuracy)
        if state.step % self.options.log_every == 0:
            speed = self.speed(state, self.mark)
            self.metrics.write(figures | {"images_per_second": speed})
            self.mark = (time.perf_counter(), self.seen(state))

    def epoch(self, state: State, figures: dict[str, Any]) -> None:
        """
        The last step of an epoch is done, and evaluated. These are the `figures` of the
        epoch.
        """
        figures = self.place("epoch", state) | figures
        self.progress.epoch(figures)
        if self.metrics is not None:
            self.metrics.write(figures)

    def place(self, kind: str, state: State) -> dict[str, Any]:
        """
        Returns where in the run the figures belong.
        """
        return {
            "kind": kind,
            "epoch": state.epoch + 1,
            "step": state.step,
            "steps": state.epoch * self.steps + state.step,
        }

    def seen(self, state: State) -> int:
        """
        Returns how many images were seen in this epoch.
        """
        return min(state.step * self.options.batch_size, self.n_images)

    def speed(self, state: State, since: tuple[float, int]) -> float:
        """
        Returns the images a second since a moment.
        """
        moment, seen = since
        seconds = max(time.perf_counter() - moment, 1e-9)
        return round((self.seen(state) - seen) / seconds, 1)
