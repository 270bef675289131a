r"""
---
title: A run
summary: What happens around the training, from the options to the record.
---

# A run

A run is the training of one model, with everything around it. It chooses [the
machine](../devices/machine.py), [loads the data and builds the model](beginning.py),
makes a folder or opens an earlier one, [trains](loop.py),
and reports the result. At every moment, the record and the checkpoints in the folder
are complete.
"""

import io
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from convmixer.devices.distributed import team
from convmixer.devices.machine import choose_machine, keep_memory
from convmixer.errors import ExperimentError
from convmixer.recipe import Options
from convmixer.runs.beginning import begin, check_batches, load, start_from_weights
from convmixer.runs.checkpoint import State, read_checkpoint
from convmixer.runs.files import checkpoints, locked, refuse_links
from convmixer.runs.loop import evaluate_state, train_run
from convmixer.runs.memory import memory_for
from convmixer.runs.record import CIRCUMSTANCES, describe, read_record, write_record
from convmixer.runs.setting import Setting
from convmixer.runs.tracking import find_server

# Exit codes of runs that a signal stopped start here, as in a shell.
SIGNALLED = 128


def run(options: Options, command: str, clock: float) -> int:
    """
    ## From the options to the exit code

    * `options` are those [of the recipe](../recipe.py#Options)
    * `command` is the command line, for the record
    * `clock` is the reading of `time.perf_counter` at which the run started

    Returns the exit code: 0 for a finished run, 130 after Ctrl-C, 143 after SIGTERM.
    Raises an `ExperimentError` for what the user can fix, usually before anything is
    written.
    """
    keep_memory()
    machine = choose_machine(options)
    with (
        team(machine) as processes,
        silent_unless(processes.leads),
        ExitStack() as until_the_end,
    ):
        if options.dry_run:
            place = until_the_end.enter_context(tempfile.TemporaryDirectory())
            options = replace(options, runs=Path(place), epochs=1)
        folder = options.runs / (options.name or f"{datetime.now():%Y-%m-%d-%H%M%S}")
        with processes.together():
            if options.resume and processes.leads:
                refuse_links(folder)
                until_the_end.enter_context(locked(folder))
                tidy(folder)
        with processes.together():
            images = load(options, machine)
            check_batches(options, len(images.train.labels), machine, processes)
            advice = "use a smaller model, or --average 0"
            with memory_for("the model and its average", advice, machine, folder):
                state = begin(options, images, machine, processes)
            start_from_weights(options, folder, state)
            record = describe(
                command, options, images, state.model, machine, processes.world_size
            )
            if processes.leads and not options.dry_run:
                find_server(folder)
            if options.resume:
                resume(folder, state, record)
            elif processes.leads:
                make_folder(folder)
                until_the_end.enter_context(locked(folder))
                refuse_another(folder)
                tidy(folder)
        setting = Setting(options, images, machine, processes, folder)
        introduce(record)
        with what_is_safe(folder):
            return carry_out(setting, state, record, clock)


@contextmanager
def silent_unless(leads: bool) -> Iterator[None]:
    """
    Of several processes, only one prints.
    """
    with nullcontext() if leads else redirect_stdout(io.StringIO()):
        yield


def make_folder(folder: Path) -> None:
    """
    ### Make the run's folder

    A folder that exists already holds another run, which must not be overwritten. If
    that run was killed before its first record, there is nothing in it to lose.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        refuse_another(folder)
        refuse_links(folder)
    except OSError as error:
        raise ExperimentError(
            f"cannot make the folder {folder} ({error.strerror}); choose another "
            "with --runs"
        ) from error


def refuse_another(folder: Path) -> None:
    """
    ### Refuse the folder of another run

    This is checked again once the folder is locked, since two commands may have been
    started with the same name.
    """
    own = (".lock", ".record.json.")
    if not folder.is_dir() or not all(
        path.name.startswith(own) for path in folder.iterdir()
    ):
        raise ExperimentError(
            f"{folder} exists already; choose another --name or another --runs, or go on "
            f"with the run in it: --resume {folder}"
        )


def tidy(folder: Path) -> None:
    """
    ### Tidy up after a killed run

    What it was writing when it was killed is no record and no checkpoint. Only whoever
    has locked the folder may delete it.
    """
    for pattern in (".record.json.*", ".metrics.jsonl.*", "checkpoints/.*.pt.*"):
        for unfinished in folder.glob(pattern):
            unfinished.unlink()


def resume(folder: Path, state: State, record: dict[str, Any]) -> None:
    """
    ### Resume an earlier run

    Loads the state from the run's newest checkpoint. The record keeps the command and
    the circumstances that the run began with, and notes where it was resumed and in
    which circumstances.
    """
    earlier = read_record(folder / "record.json")
    newest = read_checkpoint(folder / "checkpoints", state)
    # A run that was stopped after its last epoch has still to complete its record.
    trained = state.epoch >= record["options"]["epochs"]
    if trained and earlier["status"] == "finished":
        raise ExperimentError(
            f"the run in {folder} is finished; there is nothing to resume"
        )
    here = {"epoch": state.epoch, "step": state.step, "command": record["command"]}
    here |= {name: record[name] for name in CIRCUMSTANCES}
    record["resumed"] = [*earlier["resumed"], here]
    for name in ("command", "started", *CIRCUMSTANCES):
        record[name] = earlier[name]
    place = f"from {newest.name}" if newest else "from the start; it has no checkpoint"
    print(f"going on {place}, after {state.epoch} epochs and {state.step} steps")


def introduce(record: dict[str, Any]) -> None:
    """
    ### Print what will be trained
    """
    # In a resumed run, the last part is the one that begins now.
    part = (record["resumed"] or [record])[-1]
    processes = part["hardware"]["processes"]
    together = f" by {processes} processes" if processes > 1 else ""
    print(
        f"{record['parameters']:,} parameters, {part['precision']} on "
        f"{part['hardware']['device']}{together}, {record['data']['train']:,} images "
        f"to train on, {record['data']['test']:,} held out",
        flush=True,
    )


@contextmanager
def what_is_safe(folder: Path) -> Iterator[None]:
    """
    ## When the disk is full

    Raises an `ExperimentError` if a file cannot be written, ours or labml's, and says
    what is kept and how to go on.
    """
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        name = getattr(error, "filename", None) or folder / "labml"
        reason = getattr(error, "strerror", None) or error
        kept = checkpoints(folder / "checkpoints")
        safe = f"{kept[0]} is whole" if kept else "There is no checkpoint yet"
        begun = (folder / "record.json").exists()
        advice = f"go on with --resume {folder}" if begun else "choose another --name"
        raise ExperimentError(
            f"{name} cannot be written ({reason}). {safe}; once there is room, {advice}"
        ) from error


def carry_out(
    setting: Setting, state: State, record: dict[str, Any], clock: float
) -> int:
    """
    ## Train, and keep the record

    The record says how the training ended, and keeps the results until then. Returns
    the exit code.
    """
    path, before = setting.folder / "record.json", state.seconds

    def report() -> None:
        state.seconds = round(before + time.perf_counter() - clock, 2)
        record["seconds"], record["epochs"] = state.seconds, state.epochs
        record["accuracy"] = state.epochs[-1]["accuracy"] if state.epochs else None
        if setting.team.leads:
            write_record(path, record)

    # Written before the first step, since a run is resumed with the options in it.
    report()
    code = 0
    try:
        stopped_by = train_run(setting, state, report)
        if stopped_by is None:
            record["mistakes"] = mistakes(setting, state)
        else:
            code = SIGNALLED + stopped_by
        record["status"] = "finished" if code == 0 else "interrupted"
    except BaseException as error:
        stopped = isinstance(error, KeyboardInterrupt)
        record["status"], code = ("interrupted", 130) if stopped else ("failed", 1)
        if not stopped:
            raise
    finally:
        report()
    if setting.options.dry_run and code == 0:
        print("all works: two steps and an evaluation were done, and nothing is kept")
    else:
        conclude(record, setting.folder)
    return code


def mistakes(setting: Setting, state: State) -> list[dict[str, int]]:
    """
    ### List the mistakes

    Returns every held-out image that the model misclassifies, by its index, so that
    people can look at it; at most the first thousand.
    """
    labels = setting.data.test.labels.cpu()
    found = evaluate_state(setting, state).argmax(dim=1)
    wrong = (found != labels).nonzero().flatten().tolist()
    return [
        {"image": image, "label": int(labels[image]), "answer": int(found[image])}
        for image in wrong[:1000]
    ]


def conclude(record: dict[str, Any], folder: Path) -> None:
    """
    ### Print how it ended

    Prints the accuracy, and where the newest checkpoint and the record are.
    """
    done, epochs = len(record["epochs"]), record["options"]["epochs"]
    if record["status"] == "finished":
        print(
            f"{record['accuracy']:.2%} of {record['data']['test']:,} held-out images "
            f"right after epoch {done}, in {record['seconds']:.1f} seconds"
        )
    else:
        print(f"\nStopped after {done} of {epochs} epochs; to go on: --resume {folder}")
    for newest in checkpoints(folder / "checkpoints")[:1]:
        print(f"checkpoint: {newest}")
    print(f"record:     {folder / 'record.json'}")
