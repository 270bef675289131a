"""Record the shapes that tensors have, line by line, into records/shapes.json.

The real models and the real augmentation run in three configurations, while every statement of
theirs that makes a tensor is looked at. Two more runs, with sizes that no two symbols share, tell
which number is which: `[B, h, H/p, W/p]`. The models run on fake tensors, which have a shape and
no numbers, so that the largest takes no longer than the smallest.

    python tools/shapes.py
"""

from __future__ import annotations

import ast
import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode

from convmixer.augment import Augmentation, BatchGenerator
from convmixer.baselines import MLPMixer
from convmixer.recipe import PRESETS, Options
from convmixer.variants import make_convmixer

ROOT = Path(__file__).parents[1]
FILE = ROOT / "records/shapes.json"
FILES = [
    ROOT / "src/convmixer" / f"{name}.py"
    for name in ("model", "augment", "baselines", "depthwise", "variants")
]
CONFIGURATIONS = {
    "ConvMixer-256/8, CIFAR-10": ("cifar10-100", 32, 10),
    "ConvMixer-1536/20, ImageNet": ("convmixer-1536-20", 224, 1000),
    "ConvMixer-64/4, digits": ("digits", 32, 10),
}

Shape = tuple[int, ...]
#: A file and the name of a function in it.
Function = tuple[str, str]


@dataclass
class Seen:
    """What one run has seen: of each function and line the shapes of what the line makes, as line 0
    those of its arguments; and of each function all shapes that any operation in it makes."""

    lines: dict[tuple[Function, int], set[tuple[Shape, ...]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    operations: dict[Function, set[Shape]] = field(default_factory=lambda: defaultdict(set))
    locals: dict[Function, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a run, and what they are called."""

    options: Options
    batch: int
    height: int
    width: int
    channels: int
    n_classes: int

    @property
    def symbols(self) -> dict[str, int]:
        options, patch = self.options, self.options.patch_size
        rows, columns = self.height // patch, self.width // patch
        return {
            "B": self.batch, "h": options.width, "d": options.depth, "k": options.kernel_size,
            "p": patch, "c": self.channels, "n": self.n_classes, "H": self.height,
            "W": self.width, "S": options.image_size, "T": rows * columns, "H/p": rows,
            "W/p": columns,
        }  # fmt: skip


def sizes_of(preset: str, side: int, n_classes: int) -> Sizes:
    options = replace(PRESETS[preset], image_size=side)
    return Sizes(options, 11, side, side, 3, n_classes)


def distinct(*sizes: int) -> Sizes:
    """Sizes for a run that tells the symbols apart."""
    batch, width, kernel, patch, rows, columns, side, channels, n_classes = sizes
    options = Options(
        width=width, depth=1, kernel_size=kernel, patch_size=patch, image_size=side * patch
    )
    return Sizes(options, batch, rows * patch, columns * patch, channels, n_classes)


SYMBOLIC = (distinct(17, 64, 5, 2, 37, 41, 43, 6, 13), distinct(19, 80, 7, 3, 47, 53, 59, 4, 23))


# --- the runs ---


def run(sizes: Sizes) -> None:
    """The models and the augmentation, once."""
    options, patch = sizes.options, sizes.options.patch_size
    torch.manual_seed(0)
    with FakeTensorMode():
        images = torch.zeros(sizes.batch, sizes.channels, sizes.height, sizes.width)
        make = partial(
            make_convmixer, options.width, options.depth, options.kernel_size, patch,
            sizes.n_classes, in_channels=sizes.channels,
        )  # fmt: skip
        for model in (make(), make(norm="layer", residual="both"), make(residual="none")):
            model(images)
        square = torch.zeros(sizes.batch, 3, options.image_size, options.image_size)
        MLPMixer(options, sizes.n_classes)(square)
    # Every change is switched on: how strong it is changes no shape.
    everything = replace(
        options, dataset="cifar10", shift=2, scale=0.5, flip=0.5, augment_operations=1,
        jitter=0.1, erasing=0.5,
    )  # fmt: skip
    batch = torch.zeros(sizes.batch, 3, options.image_size, options.image_size, dtype=torch.uint8)
    Augmentation(everything, [0.5] * 3, [0.5] * 3)(batch, BatchGenerator(sizes.batch))


# --- looking ---


def trace(work: Callable[[], None]) -> Seen:
    """The shapes of all tensors that the statements of the files make, while something runs."""
    seen = Seen()
    files = {str(path): path.relative_to(ROOT).as_posix() for path in FILES}
    now: dict[FrameType, ast.stmt | None] = {}

    def note(code: CodeType, line: int, values: list[Any]) -> None:
        shapes = tuple(tuple(it.shape) for it in values if isinstance(it, torch.Tensor))
        if any(shapes):
            seen.lines[(files[code.co_filename], code.co_qualname), line].add(shapes)

    def finish(frame: FrameType, value: object = None) -> None:
        statement = now.get(frame)
        if statement is not None:
            note(frame.f_code, statement.lineno, list(_made(statement, frame.f_locals, value)))

    def inside(frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            statement = statements(frame.f_code.co_filename).get(frame.f_lineno)
            if statement is not now.get(frame):
                finish(frame)
                now[frame] = statement
        elif event == "return":
            finish(frame, argument)
            now.pop(frame, None)
        return inside

    def entered(frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        if code.co_filename not in files or code.co_name.startswith("<"):
            return None
        seen.locals[files[code.co_filename], code.co_qualname] = frozenset(code.co_varnames)
        names = code.co_varnames[: code.co_argcount]
        note(code, 0, [frame.f_locals[name] for name in names])
        return inside

    with _tracing(entered), _Operations(files, seen):
        work()
    return seen


class _Operations(TorchFunctionMode):
    """Sees what every operation makes, and in which function of the files it does."""

    def __init__(self, files: Mapping[str, str], seen: Seen) -> None:
        super().__init__()
        self.files = files
        self.seen = seen

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), named: Any = None
    ) -> Any:
        made = function(*arguments, **(named or {}))
        frame: FrameType | None = sys._getframe(1)
        while frame and (
            frame.f_code.co_filename not in self.files or frame.f_code.co_name.startswith("<")
        ):
            frame = frame.f_back
        if frame:
            place = self.files[frame.f_code.co_filename], frame.f_code.co_qualname
            for one in made if isinstance(made, tuple) else [made]:
                if isinstance(one, torch.Tensor):
                    self.seen.operations[place].add(tuple(one.shape))
        return made


@contextmanager
def _tracing(function: Any) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(function)
    try:
        yield
    finally:
        sys.settrace(before)


@cache
def statements(path: str) -> dict[int, ast.stmt]:
    """The simple statement that each line of a file belongs to."""
    simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
    found: dict[int, ast.stmt] = {}
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, simple):
            found |= dict.fromkeys(range(node.lineno, (node.end_lineno or 0) + 1), node)
    return found


def _made(statement: ast.stmt, names: Mapping[str, Any], value: object) -> Iterator[Any]:
    """What a statement has made: the values of its targets, or what it returns."""
    match statement:
        case ast.Return():
            yield from value if isinstance(value, tuple) else [value]
        case ast.Assign(targets=targets):
            for node in (node for target in targets for node in ast.walk(target)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield names.get(node.id)
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            yield names.get(name)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method))):
            yield names.get(name) if method.endswith("_") else None


# --- writing down ---


def record() -> dict[str, Any]:
    """What `records/shapes.json` is to hold."""
    configurations = {name: sizes_of(*given) for name, given in CONFIGURATIONS.items()}
    batch = next(iter(configurations.values())).batch
    runs = [trace(partial(run, sizes)) for sizes in configurations.values()]
    told = [trace(partial(run, sizes)) for sizes in SYMBOLIC]
    symbols = {key for sizes in configurations.values() for key in sizes.symbols}
    files: dict[str, dict[str, Any]] = defaultdict(dict)
    texts = {path.relative_to(ROOT).as_posix(): path.read_text().split("\n") for path in FILES}
    for function in sorted({function for seen in runs for function in seen.locals}):
        file, name = function
        rows = {
            line: _row(function, line, runs, told, batch)
            for line in sorted({at for seen in runs for of, at in seen.lines if of == function})
        }
        takes, lines = rows.pop(0, []), _by_text(rows, texts[file])
        if takes or lines:
            own = {it for seen in runs for it in seen.locals.get(function, ())}
            passes = [_all(seen.operations[function], batch) for seen in runs]
            entry = {"own": sorted(own & symbols), "takes": takes, "lines": lines, "passes": passes}
            files[file][name] = entry
    named = {
        name: {key: size for key, size in sizes.symbols.items() if key.isalpha() and key != "B"}
        for name, sizes in configurations.items()
    }
    return {"configurations": named, "files": files}


def _row(
    function: Function, line: int, runs: list[Seen], told: list[Seen], batch: int
) -> list[str]:
    """The shapes of a line: in symbols, then in each configuration."""
    symbolic = _symbolic([_only(seen.lines.get((function, line))) for seen in told])
    found = (_only(seen.lines.get((function, line))) for seen in runs)
    return [symbolic, *(_joined([_written(shape, batch) for shape in it]) for it in found)]


def _by_text(rows: Mapping[int, list[str]], text: list[str]) -> dict[str, list[str]]:
    """The rows by the text of their lines, which stays what it is where lines are put in above."""
    lines: dict[str, list[str]] = {}
    for line, row in rows.items():
        same = lines.setdefault(text[line - 1].strip(), row)
        if same != row:  # two lines that read alike, and make different shapes
            lines[text[line - 1].strip()] = [""] * len(row)
    return {text: row for text, row in lines.items() if any(row)}


def _all(shapes: set[Shape], batch: int) -> str:
    """All shapes of a function, for its notes to be held against."""
    return _joined([_written(shape, batch) for shape in sorted(shapes)])


def _only(shapes: set[tuple[Shape, ...]] | None) -> tuple[Shape, ...]:
    """What a line makes, where that is always of the same shape."""
    return next(iter(shapes)) if shapes and len(shapes) == 1 else ()


def _written(shape: Shape, batch: int) -> list[str]:
    return ["B" if size == batch else str(size) for size in shape]


def _symbolic(runs: list[tuple[Shape, ...]]) -> str:
    """The shapes in symbols, "" where a size is none that has a name."""
    one, other = runs
    if not one or [*map(len, one)] != [*map(len, other)]:
        return ""
    shapes = [
        [_symbol(size, same) for size, same in zip(shape, alike, strict=True)]
        for shape, alike in zip(one, other, strict=True)
    ]
    return _joined(shapes) if all(all(shape) for shape in shapes) else ""


def _symbol(size: int, other: int) -> str:
    first, second = (sizes.symbols for sizes in SYMBOLIC)
    square = [
        math.prod((sizes.options.image_size // sizes.options.patch_size,) * 2) for sizes in SYMBOLIC
    ]
    if [size, other] == square:
        return "T"
    if size == other:
        return str(size)
    names = (name for name in first if (first[name], second[name]) == (size, other))
    return next(names, "")


def _joined(shapes: list[list[str]]) -> str:
    """Each shape once: two tensors of one shape are written as one."""
    return ", ".join(dict.fromkeys(f"[{', '.join(shape)}]" for shape in shapes if shape))


def as_json(value: Any, indent: str = "\n") -> str:
    """JSON with the shapes of a line of code on one line."""
    if not isinstance(value, dict) or not any(
        isinstance(it, (dict, list)) for it in value.values()
    ):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + " "
    parts = (f"{inner}{json.dumps(key)}: {as_json(it, inner)}" for key, it in value.items())
    return f"{{{','.join(parts)}{indent}}}"


def main() -> None:
    FILE.write_text(as_json(record()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
