"""Whether a build would change anything: what went into the last one, and what came out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from literate.base.cache import digest

_ENVIRONMENT = re.compile(r"!ENV\s+(\[[^\]]*\]|\S+)")


class Stamp:
    """The file that remembers the last build of a project.

    A build that does not know all of its inputs, since other plugins or hooks take part in it,
    notes none: the next one then always builds.
    """

    def __init__(self, folder: Path) -> None:
        self._inputs = folder / "inputs.json"
        self._built = folder / "built.json"

    def note_inputs(self, paths: Iterable[Path]) -> None:
        """Remember the files and folders that the build reads."""
        self._inputs.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")

    def forget(self) -> None:
        """Whatever comes next is built."""
        for path in (self._inputs, self._built):
            path.unlink(missing_ok=True)

    def write(self, site: Path, summary: str, *, started: float) -> None:
        """Remember what came out, unless something that went in has changed on the way."""
        inputs = self._known_inputs()
        if inputs and not any(path.stat().st_mtime >= started - 1 for path in _files(inputs)):
            built = {"in": _content(inputs), "out": _listing(site), "summary": summary}
            self._built.write_text(json.dumps(built), encoding="utf-8")

    def summary(self, site: Path) -> str | None:
        """The last build's summary, if that build is what a new one would be."""
        try:
            built = json.loads(self._built.read_text(encoding="utf-8"))
            same = built["out"] == _listing(site) and built["in"] == _content(self._known_inputs())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return str(built["summary"]) if same else None

    def _known_inputs(self) -> list[Path]:
        try:
            return [Path(path) for path in json.loads(self._inputs.read_text(encoding="utf-8"))]
        except (OSError, ValueError):
            return []


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from (Path(folder, name) for name in sorted(names) if name[-4:] != ".pyc")
        elif path.is_file():
            yield path


def _content(paths: Iterable[Path]) -> str:
    """A hash of the files' names and bytes, and of the environment that a configuration reads."""
    parts: list[str | bytes] = []
    for path in _files(paths):
        data = path.read_bytes()
        parts += [str(path), data]
        if path.suffix in (".yml", ".yaml"):
            for expression in _ENVIRONMENT.findall(data.decode("utf-8", "replace")):
                names = re.findall(r"\w+", expression)
                parts += [f"{name}={os.environ.get(name)}" for name in names]
    return digest(*parts)


def _listing(site: Path) -> str:
    """A hash of the names, sizes and times of the files of a built site."""
    stats = ((path, path.stat()) for path in _files([site]))
    rows = [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats]
    return digest(*rows)
