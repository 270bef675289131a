"""How far the translations have come, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from literate.base.errors import LiterateError
from literate.site.editions import Edition, PageInfo
from literate.site.site import SITE_CATALOG, Site
from literate.site.usable import usable_catalog
from literate.translation.catalog import Catalog
from literate.translation.catalog_file import write_catalog
from literate.translation.checks import Fault, check_entry
from literate.translation.lookup import Coverage, Lookup, coverage_of
from literate.translation.message import Message
from literate.translation.segment import identity_of, parse


def edition_coverage(
    site: Site, editions: Mapping[str, Edition], infos: Mapping[tuple[str, str], PageInfo]
) -> dict[str, Coverage]:
    """The coverage of each language that the site is translated into."""
    return {
        language: sum(
            (infos[language, name].coverage for name in site.pages),
            coverage_of(site.passages(SITE_CATALOG), edition.words),
        )
        for language, edition in editions.items()
        if edition.words is not None
    }


def summary_line(
    pages: int, source_language: str, coverage: Mapping[str, Coverage], seconds: float
) -> str:
    """The last line of a build: pages, languages, coverage and seconds."""
    languages = len(coverage) + 1
    covered = ", ".join(f"{code} {share}" for code, share in coverage.items())
    parts = [
        f"{pages} page{'s' * (pages != 1)}",
        f"{languages} language{'s' * (languages != 1)} ({source_language}"
        + (f"; translated: {covered})" if covered else ")"),
        f"{seconds:.1f} s",
    ]
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Obsolete:
    """A key that no note has any more, and the missing key most like it."""

    file: str
    line: int
    key: str
    nearest: str | None


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """The state of one language's catalogs."""

    code: str
    coverage: Coverage
    obsolete: tuple[Obsolete, ...]
    faults: tuple[tuple[str, Fault], ...]
    errors: tuple[LiterateError, ...]


def check_language(site: Site, code: str) -> LanguageReport:
    """Look at every catalog of a language."""
    coverage = Coverage()
    obsolete: list[Obsolete] = []
    faults: list[tuple[str, Fault]] = []
    errors: list[LiterateError] = []
    for name in (SITE_CATALOG, *site.pages):
        try:
            lookup = Lookup(site.catalog(code, name, errors))
        except LiterateError as error:
            errors.append(error)
            lookup = Lookup(Catalog(error.file or ""))
        # What readers see, which may be less than what is asked for.
        here = coverage_of(
            site.passages(name), Lookup(usable_catalog(site.catalog_file(code, name))[0])
        )
        coverage += here
        asked = coverage_of(site.passages(name), lookup)
        obsolete += _obsolete(lookup, asked.missing)
        for entry in lookup.catalog.entries:
            found = check_entry(entry, site.languages[code])
            faults += [(lookup.catalog.path, fault) for fault in found]
    return LanguageReport(code, coverage, tuple(obsolete), tuple(faults), tuple(errors))


def _obsolete(lookup: Lookup, missing: Iterable[Message]) -> Iterator[Obsolete]:
    wanted = {_text_of(message.key): message.key for message in missing}
    for entry, block in lookup.obsolete():
        close = process.extractOne(block.text, wanted.keys(), scorer=fuzz.ratio, score_cutoff=50)
        key = entry.source if len(entry.source_blocks) == 1 else block.html
        nearest = wanted[close[0]] if close else None
        yield Obsolete(lookup.catalog.path, entry.line, key, nearest)


def _text_of(key: str) -> str:
    return " ".join(block.text for block in parse(key))


def extract_language(site: Site, code: str) -> int:
    """Write the missing keys of a language into its catalogs, each with an empty translation.

    Keys come in the order of the page; what a catalog held stays in it. Returns their number.
    Nothing is written if a catalog cannot be read: `LiterateError`.
    """
    names = (SITE_CATALOG, *site.pages)
    lookups = {name: Lookup(site.catalog(code, name)) for name in names}
    added = 0
    for name, lookup in lookups.items():
        catalog = lookup.catalog
        held = {entry.source: entry.translation for entry in catalog.entries}
        held |= dict.fromkeys(catalog.untranslated, "")
        known = {identity_of(key): key for key in held}
        missing = coverage_of(site.passages(name), lookup).missing
        new = {m.identity: m.key for m in missing if m.identity not in known}
        if new:
            added += len(new)
            spelt = known | new
            requested = [spelt[form] for form in lookup.requested if form in spelt]
            ordered = dict.fromkeys([*requested, *held], "")
            write_catalog(site.project.catalog_path(code, name), ordered | held)
    return added
