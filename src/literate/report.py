"""How far the translations have come, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rapidfuzz import fuzz, process

from literate.catalog import Catalog
from literate.edition import Record
from literate.errors import LiterateError
from literate.files import write_whole
from literate.fragment import canonical, parse
from literate.lint import Fault, lint
from literate.localise import LocalPage, Missing
from literate.site import SITE_MAP, Site


@dataclass(slots=True)
class Coverage:
    """How many of the texts that have words are translated."""

    total: int = 0
    missing: list[Missing] = field(default_factory=list)

    def add(self, page: LocalPage | Record) -> None:
        self.total += page.total
        self.missing += page.missing

    def add_words(self, words: Iterable[str], catalog: Catalog) -> None:
        for word in words:
            self.total += 1
            if catalog.text(word) is None:
                self.missing.append(Missing("mkdocs.yml", 1, word))
                catalog.asked.append(word)

    @property
    def percent(self) -> float:
        return 100.0 if not self.total else 100 * (1 - len(self.missing) / self.total)

    def __str__(self) -> str:
        # Rounded down: only the whole is 100 %.
        return f"{int(self.percent * 10) / 10:g} %"


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
class Stale:
    """A key that no note has any more, and the missing key most like it."""

    file: str
    line: int
    key: str
    nearest: str | None


@dataclass(frozen=True, slots=True)
class LanguageReport:
    """The state of one language's maps."""

    code: str
    coverage: Coverage
    stale: tuple[Stale, ...]
    faults: tuple[tuple[str, Fault], ...]
    errors: tuple[LiterateError, ...]


def check_language(site: Site, code: str) -> LanguageReport:
    """Look at every map of a language."""
    coverage = Coverage()
    stale: list[Stale] = []
    faults: list[tuple[str, Fault]] = []
    errors: list[LiterateError] = []
    for name in (SITE_MAP, *site.pages):
        try:
            catalog = site.catalog(code, name)
        except LiterateError as error:
            errors.append(error)
            continue
        here = _page_coverage(site, name, catalog)
        coverage.total += here.total
        coverage.missing += here.missing
        stale += _stale(catalog, here.missing)
        for entry in catalog.entries:
            faults += [(catalog.path, fault) for fault in lint(entry, site.languages[code])]
    return LanguageReport(code, coverage, tuple(stale), tuple(faults), tuple(errors))


def _stale(catalog: Catalog, missing: Iterable[Missing]) -> Iterator[Stale]:
    wanted = {_words(item.key): item.key for item in missing}
    for entry, block in catalog.stale():
        close = process.extractOne(block.text, wanted.keys(), scorer=fuzz.ratio, score_cutoff=50)
        key = entry.source if len(entry.source_blocks) == 1 else block.html
        yield Stale(catalog.path, entry.line, key, wanted[close[0]] if close else None)


def _words(key: str) -> str:
    return " ".join(block.text for block in parse(key))


def _page_coverage(site: Site, name: str, catalog: Catalog) -> Coverage:
    """What a map covers of its page, or of the words that stand on no page."""
    coverage = Coverage()
    if name == SITE_MAP:
        coverage.add_words(site.words, catalog)
    else:
        page = site.pages[name]
        coverage.add(site.localise(page, lambda _: "", catalog, None, page.code))
    return coverage


def extract_language(site: Site, code: str) -> int:
    """Write the missing keys of a language into its maps, each with an empty translation.

    Keys come in the order of the page; what a map held stays in it. Returns their number. Nothing
    is written if a map cannot be read: `LiterateError`.
    """
    names = (SITE_MAP, *site.pages)
    catalogs = {name: site.catalog(code, name) for name in names}
    added = 0
    for name, catalog in catalogs.items():
        missing = [item.key for item in _page_coverage(site, name, catalog).missing]
        new = _unlike(missing, catalog.waiting)
        if new:
            added += len(new)
            known = {entry.source: entry.translation for entry in catalog.entries}
            held = {*known, *catalog.waiting}
            asked = [key for key in catalog.asked if key in held or key in new]
            ordered = dict.fromkeys([*asked, *known, *catalog.waiting], "")
            write_map(site.project.map_path(code, name), ordered | known)
    return added


def _unlike(keys: Iterable[str], held: Iterable[str]) -> set[str]:
    """The keys that a translation of no other would serve, as one does where only links differ."""
    forms = {canonical(parse(key)) for key in held}
    new: set[str] = set()
    for key in keys:
        form = canonical(parse(key))
        if form not in forms:
            forms.add(form)
            new.add(key)
    return new


def write_map(path: Path, entries: Mapping[str, str]) -> None:
    """Write a map as translators read it, and nothing by halves."""
    text = json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
    write_whole(path, text.encode())
