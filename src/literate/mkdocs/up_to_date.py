"""Whether a build would change anything: what went into the last one, and what came out."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from literate.base.cache import digest
from literate.base.seal import seal, unseal

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
        _write(self._inputs, [str(path) for path in paths])

    def forget(self) -> None:
        """Whatever comes next is built."""
        for path in (self._inputs, self._built):
            path.unlink(missing_ok=True)

    def write(self, site: Path, summary: str, *, started: float) -> None:
        """Remember what came out, unless something that went in has changed on the way."""
        inputs = self._known_inputs()
        if inputs and not any(_stat(path).st_mtime >= started - 1 for path in _files(inputs)):
            built = {
                "site": str(site),
                "in": self._content(inputs),
                "out": _listing(site),
                "summary": summary,
            }
            _write(self._built, built)

    def built(self) -> tuple[Path, str] | None:
        """The last build's site and summary, if that build is what a new one would be."""
        try:
            built = _read(self._built)
            site = Path(built["site"])
            same = built["out"] == _listing(site)
            same = same and built["in"] == self._content(self._known_inputs())
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return (site, str(built["summary"])) if same else None

    def _known_inputs(self) -> list[Path]:
        try:
            return [Path(path) for path in _read(self._inputs)]
        except (OSError, ValueError):
            return []

    def _content(self, paths: Iterable[Path]) -> str:
        """A hash of the files' names and bytes, and of the environment that a configuration reads.

        In it is where this folder lies, for that of a project that was copied speaks of another.
        """
        parts: list[str | bytes] = [str(self._built.absolute())]
        for path in _files(paths):
            data = Path(path).read_bytes()
            parts += [path, data]
            if path.endswith((".yml", ".yaml")):
                for expression in _ENVIRONMENT.findall(data.decode("utf-8", "replace")):
                    names = re.findall(r"\w+", expression)
                    parts += [f"{name}={os.environ.get(name)}" for name in names]
        return digest(*parts)


def _write(path: Path, value: object) -> None:
    path.write_bytes(seal(path.name, json.dumps(value).encode()))


def _read(path: Path) -> Any:
    """What `_write` wrote; raises `ValueError` where that was nobody of this user's."""
    content = unseal(path.name, path.read_bytes() if path.is_file() else b"")
    if content is None:
        raise ValueError(f"{path} is not sealed")
    return json.loads(content)


def _files(paths: Iterable[Path]) -> Iterator[str]:
    """The files, and those in the folders: thousands, of which no path is made."""
    for path in paths:
        if path.is_dir():
            for folder, _, names in os.walk(path):
                yield from (f"{folder}/{name}" for name in sorted(names) if name[-4:] != ".pyc")
        elif path.is_file():
            yield str(path)


def _stat(path: str) -> os.stat_result:
    return os.stat(path)  # noqa: PTH116


def _listing(site: Path) -> str:
    """A hash of the names, sizes and times of the files of a built site."""
    stats = ((path, _stat(path)) for path in _files([site.resolve()]))
    rows = [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats]
    return digest("\0".join(rows))
