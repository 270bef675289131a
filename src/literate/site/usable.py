"""What of a catalog may go into pages: all but the entries that would break one."""

from __future__ import annotations

from dataclasses import replace

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.translation.catalog import Catalog
from literate.translation.catalog_file import load_catalog
from literate.translation.checks import breaking_faults


def usable_catalog(file: SourceFile) -> tuple[Catalog, list[LiterateError]]:
    """The catalog without its faulty entries, and what is wrong with those.

    One that cannot be read at all is empty.
    """
    errors: list[LiterateError] = []
    try:
        catalog = load_catalog(file, errors)
    except LiterateError as error:
        return Catalog(error.file or ""), [error]
    usable = []
    for entry in catalog.entries:
        faults = list(breaking_faults(entry))
        errors += [
            LiterateError(fault.problem, file=catalog.path, line=entry.line, fix=fault.fix)
            for fault in faults
        ]
        if not faults:
            usable.append(entry)
    is_whole = len(usable) == len(catalog.entries)
    return catalog if is_whole else replace(catalog, entries=tuple(usable)), errors
