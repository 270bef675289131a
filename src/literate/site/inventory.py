"""What other documentations document: Sphinx's `objects.inv`, names of Python and their addresses.

The files come from strangers: they are data, of limited size, and nothing in them is run.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

from literate.base.files import SourceFile, write_whole
from literate.site.project import Documentation, Project

_HEAD = re.compile(
    rb"# Sphinx inventory version 2\n# Project: (?P<project>.*)\n# Version: (?P<version>.*)\n"
    rb"# .*zlib.*\n"
)
#: `torch.nn.Conv2d py:class 1 generated/torch.nn.Conv2d.html#$ -`
_ENTRY = re.compile(r"^(\S+) py:(\w+) -?\d+ (\S+) ", re.MULTILINE)
_SAFE = re.compile(r"[\w\-.~!$&'()*+,;=:@%/?#]+")
#: Bytes: CPython's, the largest of those that we know, has 0.15 MB, and 1.2 MB when unpacked.
_PACKED, _UNPACKED = 4_000_000, 40_000_000
_CLASSES = frozenset(["class", "exception"])


class Documented(NamedTuple):
    """A name that a documentation documents: its address, and what it is."""

    url: str
    documentation: str
    is_class: bool


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one documentation documents: (kind, address relative to the documentation's) by name."""

    version: str
    names: Mapping[str, tuple[str, str]]


def parse_inventory(data: bytes) -> Inventory:
    """The names of Python that an inventory lists; raises `ValueError` where it is none."""
    if len(data) > _PACKED:
        raise ValueError(f"it is larger than {_PACKED} bytes")
    head = _HEAD.match(data)
    if head is None:
        raise ValueError("it does not start as Sphinx's inventories of version 2 do")
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(data[head.end() :], _UNPACKED)
        if unpacking.unconsumed_tail:
            raise ValueError(f"it holds more than {_UNPACKED} bytes")
        if not unpacking.eof:
            raise ValueError("its end is missing")
        text = content.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    names: dict[str, tuple[str, str]] = {}
    for name, kind, address in _ENTRY.findall(text):
        if address.endswith("$"):
            address = address[:-1] + name
        if _SAFE.fullmatch(address) and not urlsplit(address).scheme:
            names.setdefault(name, (kind, address))
    return Inventory(head["version"].decode(errors="replace").strip(), names)


def load_inventory(file: SourceFile) -> Inventory:
    """An inventory of the project.

    Raises `FileNotFoundError` where there is no file, and `LiterateError` where it is none.
    """
    try:
        return parse_inventory(file.read_bytes("the inventory"))
    except ValueError as error:
        raise file.error(
            f"this is no inventory: {error}",
            fix="Fetch it again with `build_site.py inventories --download`",
        ) from None


def fetch_inventory(project: Project, documentation: Documentation) -> None:
    """Put a documentation's own inventory in the place of the file; raises `LiterateError`."""
    address = urljoin(documentation.url, "objects.inv")
    try:
        with urlopen(address, timeout=30) as answer:  # noqa: S310 - the option takes no other
            data = answer.read(_PACKED + 1)
        parse_inventory(data)
    except (OSError, ValueError, HTTPException) as error:
        raise project.error(
            "inventories", f"{address} gives no inventory: {error}", "Fix its `url`, or try later"
        ) from None
    documentation.inventory.parent.mkdir(parents=True, exist_ok=True)
    write_whole(documentation.inventory, data)


def documented(project: Project) -> dict[str, Documented]:
    """Every name that the project's documentations have; the first one's, where several do.

    Raises `LiterateError` where one has no inventory that can be read.
    """
    found: dict[str, Documented] = {}
    for name, url, path in project.inventories:
        try:
            inventory = load_inventory(project.file(path))
        except FileNotFoundError:
            raise project.error(
                "inventories",
                f"the inventory {project.shown(path)} does not exist",
                "Fetch it with `build_site.py inventories --download`",
            ) from None
        for qualified, (kind, address) in inventory.names.items():
            if qualified not in found:
                found[qualified] = Documented(url + address, name, kind in _CLASSES)
    return found
