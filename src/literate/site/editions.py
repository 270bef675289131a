"""The pages of a site in all of its languages: made once, built in the cache, made by all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urljoin

from literate.base.cache import Cache, digest
from literate.base.errors import LiterateError, raise_all
from literate.base.parallel import map_on_cores
from literate.convert.notebook import notebook
from literate.site.about import About
from literate.site.layout import lay_out
from literate.site.local_page import Hero, TocEntry
from literate.site.markdown import markdown_address, page_markdown
from literate.site.page import Page
from literate.site.page_names import PageNames
from literate.site.quotes import Quotes
from literate.site.search import search_rows, search_sections
from literate.site.site import SITE_CATALOG, Site
from literate.site.ui import for_templates
from literate.site.usable import usable_catalog
from literate.source.frontmatter import Words
from literate.source.names import package_name
from literate.translation.lookup import Coverage, Lookup, coverage_of

#: Address of a page by its name, relative to the site's root, in one language.
Addresses = Callable[[str], str]


@dataclass(frozen=True)  # no slots: it is pickled, which takes longer with them
class PageInfo:
    """What a site needs to know of a page in a language; the page itself lies under `key`.

    `faults` is what is said of entries of its catalog that did not serve.
    """

    key: str
    words: Mapping[str, Words]
    coverage: Coverage
    has_notebook: bool
    description: str = ""
    faults: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title as templates and the navigation may show it."""
        return for_templates(str(self.words["title"]))

    @property
    def summary(self) -> str:
        return str(self.words.get("summary", ""))


@dataclass(frozen=True)  # no slots: it is pickled, which takes longer with them
class BuiltPage:
    """What the cache keeps of a page in a language."""

    info: PageInfo
    html: str
    toc: tuple[TocEntry, ...]
    search_rows: str
    notebook: str | None
    hero: Hero | None = None
    markdown: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """The site in one language.

    `root` is the address of the site. `words` looks up the words that stand on no page, and is
    None in the language of the sources; `digest` names their catalog's content, and `faults` says
    what of it did not serve.
    """

    language: str
    root: str
    addresses: Addresses
    words: Lookup | None = None
    digest: str = ""
    faults: tuple[str, ...] = ()


def make_editions(site: Site, root: str, address: Callable[[str, str], str]) -> dict[str, Edition]:
    """The site in each of its languages, the language of the sources first.

    `address` gives that of a page by its language and its name. Raises `LiterateError` where the
    catalog of the site's words is none, or would break a page.
    """
    source = site.project.language
    editions = {source: Edition(source, root, partial(address, source))}
    for language in site.languages:
        file = site.catalog_file(language, SITE_CATALOG)
        catalog, faults = usable_catalog(file)
        raise_all(faults if site.is_strict else [])
        words = Lookup(catalog)
        content = digest(file.content or b"")
        editions[language] = Edition(
            language, root, partial(address, language), words, content, tuple(map(str, faults))
        )
    return editions


def page_infos(
    site: Site, editions: Mapping[str, Edition], cache: Cache
) -> dict[tuple[str, str], PageInfo]:
    """The info of every page in every language, by (language, page).

    Raises `LiterateError` for catalogs that do not parse, and translations that would break a page.
    """
    errors: list[LiterateError] = []
    names = list(site.pages)
    infos: dict[tuple[str, str], PageInfo] = {}
    quotes = {language: _quotes(site, edition) for language, edition in editions.items()}
    made = map_on_cores(lambda name: _infos_of(site, name, editions, quotes, cache), names)
    for name, (results, faults) in zip(names, made, strict=True):
        infos |= {(language, name): info for language, info in results.items()}
        errors += faults
    raise_all(errors)
    return infos


def page_info(site: Site, name: str, edition: Edition, cache: Cache) -> PageInfo:
    """The info of a page in one language.

    Raises `LiterateError` for what is wrong with its catalog.
    """
    language = edition.language
    quotes = {language: _quotes(site, edition)}
    infos, errors = _infos_of(site, name, {language: edition}, quotes, cache)
    raise_all(errors)
    return infos[edition.language]


def _infos_of(
    site: Site,
    name: str,
    editions: Mapping[str, Edition],
    quotes: Mapping[str, Quotes],
    cache: Cache,
) -> tuple[dict[str, PageInfo], list[LiterateError]]:
    page = site.pages[name]
    # Pages link to one another alike in every language.
    first = next(iter(editions))
    names = site.names_of(page, editions[first].addresses)
    targets = quotes[first].targets(name, names.hrefs)
    common = digest(names.digest, *map(repr, _in_all_languages(site, page)))
    infos: dict[str, PageInfo] = {}
    errors: list[LiterateError] = []
    for language, edition in editions.items():
        key = digest(
            "local",
            common,
            quotes[language].key_of(name),
            edition.root,
            edition.digest,
            repr(site.addresses(page, edition.addresses)),
            quotes[language].key(targets),
        )
        built = cache.get(key)
        if isinstance(built, BuiltPage) and not (site.is_strict and built.info.faults):
            infos[language] = built.info
            continue
        source = infos.get(site.project.language)
        said = quotes[language].abouts(targets)
        made = _make(site, name, edition, names, key, quotes[language], said, source)
        if isinstance(made, BuiltPage):
            cache.put(key, made)
            infos[language] = made.info
        else:
            errors += made
    return infos, errors


def _in_all_languages(site: Site, page: Page) -> Iterator[object]:
    """What else than its file a page is made of."""
    yield site.project.language
    yield site.project.repository
    yield site.drawings_of(page)
    yield site.cited_by(page)
    yield site.shapes.of(page)
    yield site.shapes.passes(page)
    yield list(site.shapes.configurations)


def load_built(site: Site, name: str, edition: Edition, info: PageInfo, cache: Cache) -> BuiltPage:
    """A page out of the cache, or made anew where the cache has lost it."""
    built = cache.get(info.key)
    if isinstance(built, BuiltPage):
        return built
    names = site.names_of(site.pages[name], edition.addresses)
    quotes = _quotes(site, edition)
    said = quotes.abouts(quotes.targets(name, names.hrefs))
    made = _make(site, name, edition, names, info.key, quotes, said)
    assert isinstance(made, BuiltPage)  # it had no faults when its info was made
    return made


def _quotes(site: Site, edition: Edition) -> Quotes:
    return Quotes(site, edition.language, edition.addresses, edition.words)


def _make(
    site: Site,
    name: str,
    edition: Edition,
    names: PageNames,
    key: str,
    quotes: Quotes,
    said: Mapping[str, About],
    source: PageInfo | None = None,
) -> BuiltPage | list[LiterateError]:
    """The page in a language.

    `said` is what other pages say of what it links to; `source` is its info in the language of the
    sources, where it is known.
    """
    lookup, faults = quotes.catalog(name)
    if faults and site.is_strict:
        return faults
    book = _notebook(site, name, edition) if edition.words is None or source is None else None
    has_notebook = book is not None or (source is not None and source.has_notebook)
    page = site.localise(
        site.pages[name], edition.addresses, lookup, edition.words, names, has_notebook, said
    )
    coverage = coverage_of(site.passages(name), lookup) if lookup else Coverage()
    words = tuple(map(str, faults))
    info = PageInfo(key, page.words, coverage, has_notebook, page.description, words)
    book = book if edition.words is None else None
    html, toc = lay_out(page), tuple(page.toc)
    rows = search_rows(str(page.words["title"]), search_sections(page))
    markdown = _markdown(site, name, edition, lookup) if site.project.llms_txt else ""
    return BuiltPage(info, html, toc, rows, book, page.hero, markdown)


def _markdown(site: Site, name: str, edition: Edition, lookup: Lookup | None) -> str:
    """The page as Markdown, whose links lead to the Markdown of other pages."""
    address = partial(markdown_address, site.folder(edition.language))
    page = site.pages[name]
    return page_markdown(site.localise(page, address, lookup, edition.words, is_plain=True))


def _notebook(site: Site, name: str, edition: Edition) -> str | None:
    """The page's module as a notebook, whose links lead to the site; None if it cannot be one."""
    page = site.pages[name]
    if not page.is_annotated:
        return None
    addresses = site.addresses(page, edition.addresses)
    here = urljoin(edition.root, edition.addresses(name))
    try:
        return notebook(
            page.document,
            package=package_name(page.file),
            link=lambda target: urljoin(here, addresses.get(target) or target),
        )
    except LiterateError:  # its imports lead out of its package
        return None
