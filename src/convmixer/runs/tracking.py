r"""
---
title: Tracking
summary: labml follows the training, offline, quietly and inside the run's folder.
---

# Tracking with labml

[labml](https://github.com/labmlai/labml) follows the training: `monit` draws the line
that moves, `tracker` stores the figures, `experiment` keeps them with the options that
led to them. The [loop](loop.py#train) uses them as any labml program does.

Left alone, labml also registers the project in the home folder, looks for a
`.labml.yaml` and a git repository, and warns where it finds none. An experiment that
anyone may start anywhere should do none of this unasked, so this page starts labml in a
way that does not. A `.labml.yaml` in a folder above the run's still counts: if it names
a labml server, the figures go there too.
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

# What labml-nn calls the options that mean the same there. On a labml server, runs of
# both stand in the same columns.
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
    ## Track what happens inside

    * `folder` is the run's folder; labml's files go to `labml/` in it
    * `options` are stored with the figures, under [labml-nn's names](#LABML_NN)

    Inside, `monit` and `tracker` work as usual. Leaving it tells labml how the run
    ended: completed, interrupted, or crashed.
    """
    # labml imports GitPython, which refuses to be imported where git is not installed,
    # unless it is told beforehand that this is fine.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from labml import experiment, lab

    # While labml starts, what it says goes nowhere, and its register of projects in the
    # home folder is replaced by one that keeps nothing.
    register = mock.patch("labml.internal.computer.configs.computer_singleton")
    with register, redirect_stdout(io.StringIO()):
        lab.configure({"path": str(folder), "experiments_path": "labml"})
        # The place from which labml looks for `.labml.yaml`, upwards, is the run's
        # folder. `web_api` is the server, and does nothing when none is named.
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
    ## The line that moves

    labml redraws its progress line with a carriage return and a hundred blanks, which
    breaks in a terminal of 80 columns and fills a log file with fragments. This stream
    stands between the two. To a terminal it writes each state of the line, cut to the
    width; to anything else only the lines that are finished, without colors.
    """

    def __init__(self, stream: TextIO):
        """
        * `stream` is where the text goes in the end
        """
        self.stream = stream
        self.live = stream.isatty()
        self.line = ""
        self.restart = False

    @classmethod
    @contextmanager
    def instead_of_stdout(cls) -> Iterator[None]:
        """
        Everything printed inside goes through the screen. A line that an interruption
        left open is finished, so that what is printed next starts a line of its own.
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
        Writes the line as it stands.
        """
        # labml keeps eight columns for the step. Four will do, and the whole line fits
        # in 80.
        line = self.line.replace("\t", "  ").replace("    ", "", 1)
        if self.live:
            # Back to the first column, and clear what the last state left behind.
            columns = shutil.get_terminal_size().columns
            self.stream.write(f"\r\x1b[K{cut(line, columns - 1)}{end}")
        else:
            self.stream.write(re.sub(COLOR, "", line).rstrip() + end)
        self.stream.flush()


# The escape sequences that switch a terminal's colors
COLOR = r"(\x1b\[[0-9;]*m)"


def cut(line: str, columns: int) -> str:
    """
    ### Cut a line to a number of columns

    A color takes no room and is always kept, so that the last one switches colors off.
    """
    parts = []
    for part in re.split(COLOR, line):
        shown = part if part.startswith("\x1b") else part[: max(columns, 0)]
        columns -= 0 if part.startswith("\x1b") else len(shown)
        parts.append(shown)
    return "".join(parts)
