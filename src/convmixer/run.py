r"""
---
title: The run
summary: What happens around the training, from the options to the record.
---

# A run

A run is a training with everything around it. It chooses [the machine](machine.py),
loads [the data](data.py), builds [the model](baselines.py#build), makes a folder or
takes up an earlier one, [trains](training.py), and says what came of it. At every
moment, the folder holds a whole record and whole checkpoints.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from convmixer.baselines import build
from convmixer.checkpoint import State, checkpoints, read_checkpoint
from convmixer.data import DataSet, cifar10, digits
from convmixer.distributed import Team, team
from convmixer.errors import ExperimentError
from convmixer.folders import image_folders
from convmixer.machine import Machine, choose_machine, keep_memory
from convmixer.optimization import Average, make_optimizer
from convmixer.recipe import Options
from convmixer.record import describe, read_record, write_record
from convmixer.tracking import find_server
from convmixer.training import Setting, answers, train

# The exit code of a run that was stopped, by the signal, as shells count
SIGNALLED = 128


def run(options: Options, command: str, clock: float) -> int:
    """
    ## A run

    * `options` are [what is asked for](recipe.py#Options)
    * `command` is the command line that asked, for the record
    * `clock` is the reading of `time.perf_counter` at which the run started

    Returns the exit code: 0, or after Ctrl-C 130, or after SIGTERM 143. What the user
    can put right is an `ExperimentError`, and most of it comes up before anything is
    written.
    """
    keep_memory()
    machine = choose_machine(options)
    with team(machine) as processes, silent_unless(processes.leads):
        images = load(options, machine)
        state = begin(options, images, machine, processes)
        folder = options.runs / (options.name or f"{datetime.now():%Y-%m-%d-%H%M%S}")
        record = describe(
            command, options, images, state.model, machine, processes.size
        )
        if processes.leads:
            find_server(folder)
        if options.resume:
            resume(folder, state, record)
        elif processes.leads:
            make_folder(folder)
        setting = Setting(options, images, machine, processes, folder)
        introduce(record)
        return carry_out(setting, state, record, clock)


@contextmanager
def silent_unless(leads: bool) -> Iterator[None]:
    """
    Of several processes, one speaks.
    """
    with nullcontext() if leads else redirect_stdout(io.StringIO()):
        yield


def load(options: Options, machine: Machine) -> DataSet:
    """
    ### Load the images

    The digits and CIFAR-10 are brought to the device once and for all. Image files are
    read as they are needed.
    """
    if options.dataset == "imagefolder":
        return image_folders(options)
    if options.dataset == "cifar10":
        return cifar10(options.data_dir, options.download).to(machine.device)
    return digits(options.split, options.split_seed).to(machine.device)


def begin(
    options: Options, images: DataSet, machine: Machine, processes: Team
) -> State:
    """
    ### The state at the beginning
    """
    # The seed is set right before the model is built, so that the first weights depend
    # on it and on nothing else.
    torch.manual_seed(options.seed)
    model = build(options, len(images.classes))
    # The filters lie in memory as the images do, channels last.
    model = model.to(machine.device).to(memory_format=torch.channels_last)
    model = processes.prepare(model, machine)
    return State(
        model=model,
        optimizer=make_optimizer(model, options),
        # It keeps small gradients from vanishing in float16 by multiplying them up, and
        # is idle otherwise.
        scaler=torch.amp.GradScaler(
            machine.device.type, enabled=machine.dtype == torch.float16
        ),
        average=Average(model, options.average) if options.average else None,
    )


def make_folder(folder: Path) -> None:
    """
    ### Make the run's folder

    A folder that exists holds another run, which must not be overwritten.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ExperimentError(
            f"{folder} exists already; choose another --name or another --runs, or go on "
            f"with the run in it: --resume {folder}"
        ) from error
    except OSError as error:
        raise ExperimentError(
            f"cannot make the folder {folder} ({error.strerror}); choose another "
            "with --runs"
        ) from error


def resume(folder: Path, state: State, record: dict[str, Any]) -> None:
    """
    ### Take up an earlier run

    Fills the state from the run's newest checkpoint. The record keeps the command that
    the run began with, and says where it went on.
    """
    newest = read_checkpoint(folder / "checkpoints", state)
    if state.epoch >= record["options"]["epochs"]:
        raise ExperimentError(
            f"the run in {folder} is finished; there is nothing to resume"
        )
    earlier = read_record(folder / "record.json")
    here = {"epoch": state.epoch, "step": state.step, "command": record["command"]}
    record["resumed"] = [*earlier["resumed"], here]
    record["command"], record["started"] = earlier["command"], earlier["started"]
    place = f"from {newest.name}" if newest else "from the start; it has no checkpoint"
    print(f"going on {place}, after {state.epoch} epochs and {state.step} steps")


def introduce(record: dict[str, Any]) -> None:
    """
    ### Say what will be trained
    """
    processes = record["hardware"]["processes"]
    together = f" by {processes} processes" if processes > 1 else ""
    print(
        f"{record['parameters']:,} parameters, {record['precision']} on "
        f"{record['hardware']['device']}{together}, {record['data']['train']:,} images "
        f"to train on, {record['data']['test']:,} held out",
        flush=True,
    )


def carry_out(
    setting: Setting, state: State, record: dict[str, Any], clock: float
) -> int:
    """
    ## From the first step to the last line

    However the training ends, the record says so and keeps what was done until then.
    Returns the exit code.
    """
    path, before = setting.folder / "record.json", state.seconds

    def report() -> None:
        state.seconds = round(before + time.perf_counter() - clock, 2)
        record["seconds"], record["epochs"] = state.seconds, state.epochs
        record["accuracy"] = state.epochs[-1]["accuracy"] if state.epochs else None
        if setting.team.leads:
            write_record(path, record)

    # Written at once, since the options in it are what a run is resumed with.
    report()
    code = 0
    try:
        stopped_by = train(setting, state, report)
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
    conclude(record, setting.folder)
    return code


def mistakes(setting: Setting, state: State) -> list[dict[str, int]]:
    """
    ### The mistakes

    Every held-out image that the trained model takes for something else, by its number
    among them, so that it can be looked at. Of many, the first thousand.
    """
    labels, found = setting.images.test.labels.cpu(), answers(setting, state)
    wrong = (found != labels).nonzero().flatten().tolist()
    return [
        {"image": image, "label": int(labels[image]), "answer": int(found[image])}
        for image in wrong[:1000]
    ]


def conclude(record: dict[str, Any], folder: Path) -> None:
    """
    ### Say how it ended

    The accuracy, and where the newest checkpoint and the record lie.
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
