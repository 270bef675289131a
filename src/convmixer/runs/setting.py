r"""
---
title: The setting
summary: The parts of a run that do not change while it trains.
---

# The setting of a run

[The loop](loop.py), and what serves it, get the parts of a run as one object.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from convmixer.data import DataSet
from convmixer.devices.distributed import Team
from convmixer.devices.machine import Machine
from convmixer.recipe import Options


@dataclass(frozen=True)
class Setting:
    """
    ## What stays fixed during a training

    The parts of a run that do not change from its first step to its last.
    """

    options: Options
    data: DataSet
    machine: Machine
    team: Team
    # The folder of the run
    folder: Path
    # In seconds; it says when the next checkpoint is due
    clock: Callable[[], float] = time.monotonic

    @property
    def steps(self) -> int:
        """
        The number of steps in an epoch. A last batch with fewer images than there are
        processes is left out, and a dry run has two steps.
        """
        whole, rest = divmod(len(self.data.train.labels), self.options.batch_size)
        steps = whole + (rest >= self.team.world_size)
        return min(steps, 2) if self.options.dry_run else steps
