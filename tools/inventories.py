#!/usr/bin/env python3
"""Write the inventories of documentations whose own `objects.inv` is not at hand.

`inventories/NAME.toml` lists what a project documents, copied from the sources of its
documentation: each list says which file of theirs it is from, and how their site makes an address
of a name. A name that the installed package does not have is reported, and left out. So are the
members of a class, where `members` says that its page shows those that have a docstring. Under
`[aliases]` stand public names of what is documented by another one: the same object, or else it
is an error.

The result is what Sphinx would write for these names, as far as links need it. Where the network
allows, `build_site.py inventories --download` puts the project's own file in its place.

    python tools/inventories.py             writes inventories/*.inv
    python tools/inventories.py pytorch     only that one
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
import tomllib
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "inventories"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="the files of inventories/ to read; all of them")
    names = parser.parse_args(arguments).names
    missing = 0
    for path in [FOLDER / f"{name}.toml" for name in names] or sorted(FOLDER.glob("*.toml")):
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = dict(documented(listed))
        for name in sorted(name for name, entry in entries.items() if entry is None):
            print(f"{path.name}: {name} is not installed", file=sys.stderr)
            missing += 1
        known = {name: entry for name, entry in entries.items() if entry}
        head = (listed["project"], version(listed["package"]).partition("+")[0])
        path.with_suffix(".inv").write_bytes(inventory(*head, known))
        print(f"{path.with_suffix('.inv').name}: {len(known)} names of {' '.join(head)}")
    return 1 if missing else 0


def documented(listed: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """The kind and the address of each name; None where the installed package has no such thing."""
    found: dict[str, tuple[str, str]] = {}
    for page in listed["pages"]:
        for short in page["names"].split():
            name = page.get("prefix", "") + short
            thing = find(name)
            if thing is None:
                yield name, None
                continue
            address = page["address"].replace("$", name)
            found[name] = (kind(name, thing), address)
            if page.get("members") and inspect.isclass(thing):
                for member in members(thing):
                    value = inspect.getattr_static(thing, member)
                    place = address.partition("#")[0] + f"#{name}.{member}"
                    found[f"{name}.{member}"] = (
                        "property" if isinstance(value, property) else "method",
                        place,
                    )
    for alias, name in listed.get("aliases", {}).items():
        if find(alias) is None or find(alias) is not find(name):
            raise SystemExit(f"{alias} is not {name}")
        for other in [key for key in found if key == name or key.startswith(f"{name}.")]:
            found.setdefault(alias + other[len(name) :], found[other])
    yield from found.items()


def find(name: str) -> Any:
    """What a dotted name stands for in the installed packages, None without that."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            try:
                thing = inspect.getattr_static(thing, part, None) or getattr(thing, part, None)
            except Exception:
                return None
            if thing is None:
                return None
        return thing
    return None


def members(thing: type) -> Iterator[str]:
    """The public members that a class itself defines and describes."""
    for name, value in vars(thing).items():
        function = getattr(value, "__func__", value)
        is_member = callable(function) or isinstance(value, property)
        if is_member and function.__doc__ and not name.startswith("_"):
            yield name


def kind(name: str, thing: Any) -> str:
    """The role of a thing in Sphinx's domain of Python."""
    if inspect.ismodule(thing):
        return "module"
    if inspect.isclass(thing):
        return "exception" if issubclass(thing, BaseException) else "class"
    if inspect.isclass(find(name.rpartition(".")[0])):
        is_method = callable(getattr(thing, "__func__", thing))
        return "method" if is_method else "attribute"
    return "function" if callable(thing) else "data"


def inventory(project: str, number: str, entries: dict[str, tuple[str, str]]) -> bytes:
    """The bytes of an `objects.inv` of version 2, the same for the same names."""
    head = (
        f"# Sphinx inventory version 2\n# Project: {project}\n# Version: {number}\n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    lines = []
    for name, (role, address) in sorted(entries.items()):
        short = f"{address.removesuffix(name)}$" if address.endswith(name) else address
        lines.append(f"{name} py:{role} 1 {short} -\n")
    return head.encode() + zlib.compress("".join(lines).encode(), 9)


if __name__ == "__main__":
    raise SystemExit(main())
