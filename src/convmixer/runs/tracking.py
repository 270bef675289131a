r"""
---
title: Tracking
summary: How labml tracks a training offline, inside the run's folder.
---

# Tracking with labml

[labml](https://github.com/labmlai/labml) tracks the training: `tracker` stores the
figures, and `experiment` keeps them with the options. The [loop](loop.py#train_run)
uses them as any labml program does, but for labml's progress line, which shows less
than [ours](progress.py).

By default, labml also registers the project in the home folder, looks for a
`.labml.yaml` and a git repository, and warns if it finds none. An experiment that
anyone may start anywhere should do none of this unasked, and this page starts labml
accordingly.

A `.labml.yaml` in a folder above the run's still counts. If it names a labml server
(`web_api: http://…`), the figures go there too, and labml keeps its `.labml` in the
home folder, by which the server recognizes the computer.
"""

import io
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO
from unittest import mock
from urllib.parse import urlsplit

from convmixer.errors import ExperimentError, complain

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

# Seconds for which the end of a run waits until a server has taken the figures
PATIENCE = 10.0


def find_server(folder: Path) -> str | None:
    """
    ## Find the server

    * `folder` is the run's folder, which need not be there yet

    Returns the address that a `.labml.yaml` names, if any does. Raises an
    `ExperimentError` if it is broken; [the run](run.py#run) asks before it begins.
    """
    from labml.internal.lab import Lab

    # labml starts from a folder that is there, and looks in all above it too.
    whole = folder.absolute()
    places = [place for place in (whole, *whole.parents) if place.is_dir()]
    files = [file for place in places if (file := place / ".labml.yaml").is_file()]
    try:
        with redirect_stdout(io.StringIO()):
            named = Lab(places[0]).web_api
        # labml itself takes any text for an address.
        if named and not (
            named.url.startswith("http") and urlsplit(named.url).port != 0
        ):
            raise ValueError(f"web_api must be an address, http://…, not {named.url}")
    except Exception as error:
        where, words = ", ".join(map(str, files)), " ".join(str(error).split())
        raise ExperimentError(f"labml cannot use {where}: {words}") from error
    return named.url if named else None


@contextmanager
def tracked(folder: Path, options: dict[str, Any]) -> Iterator[None]:
    """
    ## Track a training

    * `folder` is the run's folder; labml's files go to `labml/` in it
    * `options` are stored with the figures, under [labml-nn's names](#LABML_NN)

    Inside, `tracker` works as usual. Leaving it tells labml how the run
    ended: completed, interrupted, or crashed.
    """
    # labml imports GitPython, whose import fails where git is not installed, unless
    # this variable says that it is fine.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    from labml import experiment, lab
    from labml.internal.api import ApiCaller
    from labml.internal.experiment import experiment_singleton

    # labml never stops trying to reach a server, and its thread would keep a finished
    # program from ending. `daemon` is labml's own parameter, which it never passes.
    ApiCaller.__init__.__kwdefaults__["daemon"] = True
    # Only a server needs the register in the home folder. Without one, an empty object
    # takes its place.
    server = find_server(folder)
    register = "labml.internal.computer.configs.computer_singleton"
    no_register = nullcontext() if server else mock.patch(register)

    try:
        # While labml starts, its output is dropped.
        with no_register, redirect_stdout(Aside(io.StringIO())):
            lab.configure({"path": str(folder), "experiments_path": "labml"})
            # labml looks for `.labml.yaml` from the run's folder upwards. `web_api` is
            # the server, which does nothing if none is named.
            experiment.create(
                name="convmixer",
                python_file=str(folder),
                writers={"sqlite", "web_api"},
            )
            named = {LABML_NN.get(name, name): value for name, value in options.items()}
            experiment.configs(named)
            watched = experiment.start()
        # What labml prints at its end is dropped too.
        shown, dropped = Aside(sys.stdout), Aside(io.StringIO())
        with redirect_stdout(dropped), watched, redirect_stdout(shown):
            yield
    except RuntimeError as error:
        # A server may refuse the run at any moment from its start on.
        if not (server and experiment_singleton().web_api.api_caller.thread.errored):
            raise
        raise ExperimentError(
            f"the labml server at {server} refuses this run; its words stand above"
        ) from error
    finally:
        # labml's thread goes on until it is told to stop, and then sends what is left.
        if server:
            caller = experiment_singleton().web_api.api_caller
            caller.stopped = True
            if not ended(caller.thread):
                complain(
                    f"the labml server at {server} has not taken all figures; they are "
                    f"in {folder}"
                )


def ended(sender: threading.Thread) -> bool:
    """
    Whether labml has sent everything. Ctrl-C ends the waiting, and not the run, which is
    finished.
    """
    with suppress(KeyboardInterrupt):
        sender.join(PATIENCE)
    return not sender.is_alive()


class Aside(io.TextIOBase):
    """
    ## What labml says aside

    labml talks to a server in a thread of its own, and says what went wrong where the
    experiment prints its figures. This stream sits in between and sends it to where
    errors go. What the experiment prints itself passes through.
    """

    def __init__(self, stream: TextIO):
        """
        * `stream` receives the text
        """
        self.stream = stream
        self.thread = threading.get_ident()

    def write(self, text: str) -> int:
        """
        Writes to the stream, or in another thread, to the errors.
        """
        if threading.get_ident() == self.thread:
            return self.stream.write(text)
        if words := re.sub(COLOR, "", text).strip():
            # Once a server has refused the run, labml raises at all that is printed.
            with suppress(RuntimeError):
                complain(words)
        return len(text)

    def flush(self) -> None:
        """
        Passes on what is buffered.
        """
        self.stream.flush()

    def isatty(self) -> bool:
        """
        Whether the stream is a terminal.
        """
        return self.stream.isatty()


# Escape sequences for a terminal's colors
COLOR = r"\x1b\[[0-9;]*m"
