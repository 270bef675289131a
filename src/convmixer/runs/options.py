r"""
---
title: Options of a run
summary: Options read from the command line or from an earlier run, and checked.
---

# Options of a run

[The recipe](../recipe.py) declares the options. They are [read](#parse) from the
command line, or taken from [an earlier run](#options_of), and [checked](#check), all
before PyTorch is imported.
"""

import argparse
import importlib.util
import json
import math
from dataclasses import asdict, fields, make_dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from convmixer.command_line import read
from convmixer.errors import ExperimentError
from convmixer.recipe import (
    CIFAR10_25,
    CONVMIXER_1536_20,
    PRESETS,
    AugmentationOptions,
    DataOptions,
    ModelOptions,
    Options,
    RunOptions,
    StartOptions,
    TrainingOptions,
)

# What may change when a run is resumed: where it runs, not what it computes.
PLACE = {
    "resume",
    "data_dir",
    "download",
    "device",
    "compile",
    "memory_format",
    "accumulate",
    "threads",
    "workers",
    "log_every",
    "tensorboard",
}

# The options by their groups, as `--help` shows them
GROUPS = {
    "start": StartOptions,
    "data": DataOptions,
    "model": ModelOptions,
    "training": TrainingOptions,
    "augmentation": AugmentationOptions,
    "run": RunOptions,
}
Grouped = make_dataclass("Grouped", list(GROUPS.items()))


def parse(arguments: list[str]) -> Options:
    """
    ## Read the command line

    [The command line](../command_line.py) is made from [the
    options](../recipe.py#Options). Arguments that cannot be parsed end the program
    here, with exit code 2.
    """
    # Preset, data set and an earlier run decide the defaults, so they are read first.
    # Unknown arguments are left for the real parser to report.
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--preset", "--dataset", "--resume"):
        first.add_argument(name, nargs="?")
    asked = first.parse_known_args(arguments)[0]

    earlier = options_of(Path(asked.resume)) if asked.resume else None
    suitable = [CIFAR10_25, CONVMIXER_1536_20]
    of_data_set = {options.dataset: options for options in suitable}
    default = earlier or PRESETS.get(asked.preset)
    default = default or of_data_set.get(asked.dataset, Options())
    values = vars(default)
    parts = {
        name: kind(**{field.name: values[field.name] for field in fields(kind)})
        for name, kind in GROUPS.items()
    }
    found = read(
        Grouped,
        arguments,
        prog="python -m convmixer.experiment",
        description=Options.__doc__,
        default=Grouped(**parts),
    )
    options = Options(
        **{k: v for part in vars(found).values() for k, v in vars(part).items()}
    )
    if earlier:
        same_run(options, earlier)
    return options


def options_of(folder: Path) -> Options:
    """
    ### The options of an earlier run

    * `folder` is the run's folder, which may have been moved since

    The run keeps the number of threads that was chosen when it began, since with
    another the weights end up slightly different. Raises an `ExperimentError` if the
    folder holds no run.
    """
    path = folder / "record.json"
    try:
        record = json.loads(read_regular(path))
        stored, hardware = record["options"], record.get("hardware", {})
        # JSON has no paths, and knows nothing of types.
        if not stored:
            raise ValueError("it has no options")
        kinds = get_type_hints(Options)
        for name, value in stored.items():
            kind = kinds[name]
            if not is_of(kind, value):
                raise ValueError(f"its {name} is {value!r:.99}")
            if kind in (Path, Path | None) and value is not None:
                stored[name] = Path(value)
        if hardware.get("device") == "cpu" and not stored["threads"]:
            stored["threads"] = int(hardware["threads"])
        options = Options(**stored)
    except OSError as error:
        raise ExperimentError(
            f"--resume {folder}: {path} cannot be read ({error.strerror}); name the "
            "folder of a run, such as runs/NAME"
        ) from error
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise ExperimentError(
            f"--resume {folder}: {path} is no record of a run that this version can go "
            f"on with ({error})"
        ) from error
    place = folder.absolute()
    # Downloading is up to the person at the terminal, not to a file.
    return replace(
        options, resume=folder, runs=folder.parent, name=place.name, download=False
    )


def read_regular(path: Path) -> str:
    """
    Returns the text of a file. Anything else in its place, such as a pipe, could be
    waited for without end.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is no regular file")
    return path.read_text(encoding="utf-8")


def is_of(kind: Any, value: Any) -> bool:
    """
    Whether a value of JSON is of the type of an option. Integers must fit into 64 bits,
    as they have to in PyTorch.
    """
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind in (Path, str, Path | None):
        missing = value is None and kind == Path | None
        return missing or (isinstance(value, str) and "\0" not in value)
    kinds = (int, float) if kind is float else (kind,)
    return type(value) in kinds and -(2**63) < value < 2**63


def plain(options: Options) -> dict[str, Any]:
    """
    ### Options as plain types

    Returns the options in types that JSON, labml and checkpoints can hold.
    """
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(options).items()
    }


def same_run(options: Options, earlier: Options) -> None:
    """
    ### Check that it is still the same run

    Raises an `ExperimentError` for an option that differs from the run's own: with it,
    the rest of the run would no longer match its beginning.
    """
    for field in fields(Options):
        given, before = getattr(options, field.name), getattr(earlier, field.name)
        if given != before and field.name not in PLACE:
            raise ExperimentError(
                f"--{option(field.name)} {given} with --resume, but the run began with "
                f"{before}; leave it out, or start a run of its own"
            )


def option(name: str) -> str:
    """
    An option's name as it is typed.
    """
    return name.replace("_", "-")


def check(options: Options) -> None:
    """
    ## Check the options of a run

    A value of the right type can still make no sense. Raises an `ExperimentError` for
    the first bad one.
    """
    sizes = ["width", "depth", "kernel_size", "patch_size", "image_size"]
    for name in (*sizes, "epochs", "batch_size", "log_every"):
        require(options, name, 1, math.inf, "at least 1")
    for name in ("seed", "split_seed"):
        require(options, name, 0, 2**32 - 1, "from 0 to 2**32 - 1")
    for name in ("workers", "threads", "shift", "augment_operations", "weight_decay"):
        require(options, name, 0, math.inf, "at least 0")
    for name in ("clip", "mixup", "cutmix", "epsilon"):
        require(options, name, 0, math.inf, "at least 0")
    for name in ("flip", "erasing", "jitter", "label_smoothing"):
        require(options, name, 0, 1, "from 0 to 1")
    require(options, "augment_magnitude", 0, 30, "from 0 to 30")
    most, words = options.batch_size, "the images in a batch"
    require(options, "accumulate", 1, most, f"from 1 to {most}, {words},")
    # Python's smallest number above 0, and its largest below 1
    above, below = math.ulp(0), math.nextafter(1, 0)
    require(options, "learning_rate", above, math.inf, "more than 0")
    require(options, "scale", above, 1, "more than 0 and at most 1")
    require(options, "average", 0, below, "at least 0 and less than 1")
    triangle = options.schedule == "triangle"
    latest, words = (0.8, "0.8, where its tail begins") if triangle else (below, "1")
    require(options, "warmup", 0, latest, f"from 0 to {words}")

    if options.dataset != "imagefolder":
        require(options, "image_size", 32, 32, "32, the size of its images")
    if options.image_size % options.patch_size:
        raise ExperimentError(
            f"--patch-size must be a divisor of {options.image_size}, the side of an "
            f"image, not {options.patch_size}"
        )
    # The name becomes a folder, which must be inside the folder of all runs.
    if options.name not in ("", Path(options.name).name) or options.name == "..":
        raise ExperimentError(
            f"--name must be a name without folders, not {options.name}"
        )
    # A run that resumes has its weights in a checkpoint.
    if options.weights and not options.resume and not options.weights.exists():
        raise ExperimentError(f"--weights {options.weights}: there is no such file")
    if options.tensorboard and not importlib.util.find_spec("tensorboard"):
        raise ExperimentError("--tensorboard needs a package: pip install tensorboard")
    if options.download and options.dataset != "cifar10":
        raise ExperimentError("only CIFAR-10 has a --download; add --dataset cifar10")


def require(options: Options, name: str, least: float, most: float, what: str) -> None:
    """
    Raises an error that names the option as it is typed, the values it may have, and
    the one it has.
    """
    value: Any = getattr(options, name)
    if not (least <= value <= most and math.isfinite(value)):
        raise ExperimentError(f"--{option(name)} must be {what}, not {value}")
