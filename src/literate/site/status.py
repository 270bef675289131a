"""How far the translations have come, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from literate.base.errors import LiterateError
from literate.site.editions import Edition, PageInfo
from literate.site.localise import LocalPage, MissingMessage
from literate.site.site import SITE_CATALOG, Site
from literate.translation.catalog import Catalog
from literate.translation.catalog_file import write_catalog
from literate.translation.checks import Fault, check_message
from literate.translation.segment import key_of, parse


@dataclass(slots=True)
class Coverage:
    """How many of the texts that have words are translated."""

    total: int = 0
    missing: list[MissingMessage] = field(default_factory=list)

    def add(self, page: LocalPage | PageInfo) -> None:
        self.total += page.message_count
        self.missing += page.missing

    def add_words(self, words: Iterable[str], catalog: Catalog) -> None:
        for word in words:
            self.total += 1
            if catalog.text(word) is None:
                self.missing.append(MissingMessage("mkdocs.yml", 1, word))
                catalog.requested.append(word)

    @property
    def percent(self) -> float:
        return 100.0 if not self.total else 100 * (1 - len(self.missing) / self.total)

    def __str__(self) -> str:
        # Rounded down: only the whole is 100 %.
        return f"{int(self.percent * 10) / 10:g} %"


def edition_coverage(
    site: Site, editions: Mapping[str, Edition], infos: Mapping[tuple[str, str], PageInfo]
) -> dict[str, Coverage]:
    """The coverage of each language that the site is translated into."""
    coverage = {}
    for language, edition in editions.items():
        if edition.words is not None:
            coverage[language] = Coverage()
            for name in site.pages:
                coverage[language].add(infos[language, name])
            coverage[language].add_words(site.words, edition.words)
    return coverage


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
            catalog = site.catalog(code, name)
        except LiterateError as error:
            errors.append(error)
            continue
        here = _page_coverage(site, name, catalog)
        coverage.total += here.total
        coverage.missing += here.missing
        obsolete += _obsolete(catalog, here.missing)
        for message in catalog.messages:
            faults += [
                (catalog.path, fault) for fault in check_message(message, site.languages[code])
            ]
    return LanguageReport(code, coverage, tuple(obsolete), tuple(faults), tuple(errors))


def _obsolete(catalog: Catalog, missing: Iterable[MissingMessage]) -> Iterator[Obsolete]:
    wanted = {_text_of(item.key): item.key for item in missing}
    for message, block in catalog.obsolete():
        close = process.extractOne(block.text, wanted.keys(), scorer=fuzz.ratio, score_cutoff=50)
        key = message.source if len(message.source_blocks) == 1 else block.html
        yield Obsolete(catalog.path, message.line, key, wanted[close[0]] if close else None)


def _text_of(key: str) -> str:
    return " ".join(block.text for block in parse(key))


def _page_coverage(site: Site, name: str, catalog: Catalog) -> Coverage:
    """What a catalog covers of its page, or of the words that stand on no page."""
    coverage = Coverage()
    if name == SITE_CATALOG:
        coverage.add_words(site.words, catalog)
    else:
        page = site.pages[name]
        coverage.add(site.localise(page, lambda _: "", catalog, None, page.code))
    return coverage


def extract_language(site: Site, code: str) -> int:
    """Write the missing keys of a language into its catalogs, each with an empty translation.

    Keys come in the order of the page; what a catalog held stays in it. Returns their number.
    Nothing is written if a catalog cannot be read: `LiterateError`.
    """
    names = (SITE_CATALOG, *site.pages)
    catalogs = {name: site.catalog(code, name) for name in names}
    added = 0
    for name, catalog in catalogs.items():
        missing = [item.key for item in _page_coverage(site, name, catalog).missing]
        new = _unlike(missing, catalog.untranslated)
        if new:
            added += len(new)
            known = {message.source: message.translation for message in catalog.messages}
            held = {*known, *catalog.untranslated}
            requested = [key for key in catalog.requested if key in held or key in new]
            ordered = dict.fromkeys([*requested, *known, *catalog.untranslated], "")
            write_catalog(site.project.catalog_path(code, name), ordered | known)
    return added


def _unlike(keys: Iterable[str], held: Iterable[str]) -> set[str]:
    """The keys that a translation of no other would serve, as one does where only links differ."""
    forms = {key_of(parse(key)) for key in held}
    new: set[str] = set()
    for key in keys:
        form = key_of(parse(key))
        if form not in forms:
            forms.add(form)
            new.add(key)
    return new
