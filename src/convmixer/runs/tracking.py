r"""
---
title: Tracking
summary: How labml tracks a training offline, inside the run's folder.
---

# Tracking with labml

[labml](https://github.com/labmlai/labml) tracks the training: `monit` draws the
progress line, `tracker` stores the figures, and `experiment` keeps them with the
options. The [loop](loop.py#train_run) uses them as any labml program does.

By default, labml also registers the project in the home folder, looks for a
`.labml.yaml` and a git repository, and warns if it finds none. An experiment that
anyone may start anywhere should do none of this unasked, and this page starts labml
accordingly. A `.labml.yaml` in a folder above the run's still counts: if it names a
labml server, the figures go there too.
"""

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO
from unittest import mock

# labml-nn's names for the same options. On a labml server, runs of both are in the same
# columns.
LABML_NN = {
    "width": "d_model",
    "depth": "n_layers",
    "batch_size": "train_batch_size",
    "learning_rate": "optimizer.learning_rate",
    "weight_decay": "optimizer.weight_decay",
    "epsilon": "optimizer.eps",
}


@contextmanager
def tracked(folder: Path, options: dict[str, Any]) -> Iterator[None]:
    """
    ## Track a training

    * `folder` is the run's folder; labml's files go to `labml/` in it
    * `options` are stored with the figures, under [labml-nn's names](#LABML_NN)

    Inside, `monit` and `tracker` work as usual. Leaving it tells labml how the run
    ended: completed, interrupted, or crashed.
    """
    # labml imports GitPython, whose import fails where git is not installed, unless
    # this variable says that it is fine.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from labml import experiment, lab

    # While labml starts, its output is dropped, and its register of projects in the
    # home folder is replaced by one that stores nothing.
    register = mock.patch("labml.internal.computer.configs.computer_singleton")
    with register, redirect_stdout(io.StringIO()):
        lab.configure({"path": str(folder), "experiments_path": "labml"})
        # labml looks for `.labml.yaml` from the run's folder upwards. `web_api` is the
        # server, which does nothing if none is named.
        experiment.create(
            name="convmixer",
            python_file=str(folder),
            writers={"screen", "sqlite", "web_api"},
        )
        named = {LABML_NN.get(name, name): value for name, value in options.items()}
        experiment.configs(named)
        watched = experiment.start()

    with Screen.instead_of_stdout(), watched:
        yield


class Screen(io.TextIOBase):
    r"""
    ## A progress line for terminals and logs

    labml redraws its progress line with a carriage return and a hundred blanks, which
    wraps in a terminal of 80 columns and fills a log file with fragments. This stream
    sits in between. To a terminal it writes each state of the line, cut to the width;
    to anything else, only finished lines, without colors.
    """

    def __init__(self, stream: TextIO):
        """
        * `stream` receives the text
        """
        self.stream = stream
        self.live = stream.isatty()
        self.line = ""
        self.restart = False

    @classmethod
    @contextmanager
    def instead_of_stdout(cls) -> Iterator[None]:
        """
        Sends everything printed inside through the screen. A line that an interruption
        left open is finished, so that the next output starts on a new line.
        """
        screen = cls(sys.stdout)
        with redirect_stdout(screen):
            try:
                yield
            finally:
                if screen.line:
                    screen.write("\n")

    def write(self, text: str) -> int:
        r"""
        A carriage return does not erase: the line stays until something is written over
        it.
        """
        for part in re.split(r"([\r\n])", text):
            if part == "\n":
                self.show(end="\n")
                self.line, self.restart = "", False
            elif part == "\r":
                self.restart = True
            elif part:
                self.line = part if self.restart else self.line + part
                self.restart = False
        if self.live and self.line:
            self.show()
        return len(text)

    def show(self, end: str = "") -> None:
        """
        Writes the current line.
        """
        # labml uses eight columns for the step. With four, the whole line fits in 80.
        line = self.line.replace("\t", "  ").replace("    ", "", 1)
        if self.live:
            # Go back to the first column and clear the line.
            columns = shutil.get_terminal_size().columns
            self.stream.write(f"\r\x1b[K{cut(line, columns - 1)}{end}")
        else:
            self.stream.write(re.sub(COLOR, "", line).rstrip() + end)
        self.stream.flush()


# Escape sequences for a terminal's colors
COLOR = r"(\x1b\[[0-9;]*m)"


def cut(line: str, columns: int) -> str:
    """
    ### Cut a line to a number of columns

    Colors take no columns and are always kept, so that the last one turns them off.
    """
    parts = []
    for part in re.split(COLOR, line):
        shown = part if part.startswith("\x1b") else part[: max(columns, 0)]
        columns -= 0 if part.startswith("\x1b") else len(shown)
        parts.append(shown)
    return "".join(parts)
