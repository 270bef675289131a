"""Read every page and every language's settings, and follow every link."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from literate.base.cache import NO_CACHE, Cache
from literate.base.errors import LiterateError, nearest, raise_all
from literate.base.files import SourceFile
from literate.base.parallel import map_on_cores
from literate.notes.bibliography import Bibliography, load_bibliography
from literate.site.inventory import documented
from literate.site.links import Links
from literate.site.page import Page, find_page, load_page
from literate.site.project import MAPS, Project, page_name
from literate.site.shapes import Shapes, load_shapes
from literate.site.site import SITE_CATALOG, Site
from literate.source.names import module_name, read_names
from literate.source.python import read_python
from literate.source.values import Symbol
from literate.translation.language import Language, known_language, load_language

_Loaded = TypeVar("_Loaded", bound="Page | None")


def load_site(project: Project, cache: Cache = NO_CACHE) -> Site:
    """Read every page, every language's settings, and follow every link.

    Raises `LiterateError`, or `ManyErrors` with all of them, where something is wrong.
    """
    errors: list[LiterateError] = []
    pages = _load_pages(project, cache, errors)
    languages = _load_languages(project)
    errors += _in_the_way(pages, languages)
    faults = [fault for page in pages.values() for fault in page.faults]
    raise_all([*errors, *(() if project.shows_faults else faults)])
    if "index" not in pages:
        raise LiterateError(
            "there is no first page", file=project.shown(project.docs), fix="Write index.md there"
        )
    bibliography: Bibliography = {}
    if file := project.bibliography:
        try:
            bibliography = load_bibliography(project.file(file))
        except FileNotFoundError:
            raise project.error(
                "bibliography",
                f"the bibliography {project.shown(file)} does not exist",
                "Fix `bibliography` of the plugin `literate`",
            ) from None
    if project.paper and project.paper not in bibliography:
        raise project.error(
            "paper",
            f"the paper {project.paper!r} is not in the bibliography",
            nearest(project.paper, bibliography),
        )
    shapes = Shapes()
    if record := project.shapes:
        try:
            shapes = load_shapes(project.file(record))
        except FileNotFoundError:
            raise project.error(
                "shapes",
                f"the record {project.shown(record)} does not exist",
                "Fix `shapes` of the plugin `literate`, or record them",
            ) from None
    for font in project.card_fonts:
        if not font.is_file():
            raise project.error(
                "card_fonts",
                f"the font {project.shown(font)} does not exist",
                "Fix `card_fonts` of the plugin `literate`",
            )
    links = Links(project, pages, bibliography)
    for page in pages.values():
        links.follow(page)
    links.raise_errors()
    return Site(
        project,
        pages,
        languages,
        links.targets,
        links.drawings,
        links.assets,
        bibliography,
        tuple(links.dead),
        (*faults, *links.faults),
        documented(project),
        dict(_packages(project, pages.values())),
        shapes,
    )


def _load_pages(project: Project, cache: Cache, errors: list[LiterateError]) -> dict[str, Page]:
    sources: dict[str, SourceFile] = {}
    for name, path in _page_files(project):
        if name in sources or name == SITE_CATALOG:
            other = sources[name].shown if name in sources else "the site's words"
            errors.append(
                project.file(path).error(
                    f"the page {name!r} is also made of {other}",
                    fix="Rename one, or add it to `exclude`",
                )
            )
        else:
            sources[name] = project.file(path)

    def attempt(
        load: Callable[[str, SourceFile, Cache], _Loaded], name: str
    ) -> _Loaded | LiterateError:
        try:
            return load(name, sources[name], cache)
        except LiterateError as error:
            return error
        except OSError as error:  # a link in a loop, or a file that has vanished since
            return sources[name].unreadable(error, "the file")

    def made(name: str) -> Page | LiterateError | str | None:
        page = attempt(load_page, name)
        return page.digest if isinstance(page, Page) and cache.has(page.digest) else page

    # Pages are read from the cache here, even those that a worker has just put there: to send them
    # over, it would have to pickle them again.
    results = {name: attempt(find_page, name) for name in sources}
    new = [name for name, result in results.items() if result is None]
    for name, result in zip(new, map_on_cores(made, new), strict=True):
        known = cache.get(result) if isinstance(result, str) else result
        results[name] = known or attempt(load_page, name)
    errors += [result for result in results.values() if isinstance(result, LiterateError)]
    return {name: result for name, result in results.items() if isinstance(result, Page)}


def _page_files(project: Project) -> Iterator[tuple[str, Path]]:
    """(name of the page, file) for every file that makes a page."""
    for path in project.pages():
        yield page_name(path.relative_to(project.docs)), path
    for folder, path in project.source_files():
        yield page_name(path.relative_to(folder)), path


def _in_the_way(
    pages: Mapping[str, Page], languages: Mapping[str, Language]
) -> Iterator[LiterateError]:
    """Pages at the place of a language's pages."""
    for name, page in pages.items():
        folder = name.partition("/")[0]
        if folder in languages:
            yield LiterateError(
                f"the page {name!r} stands where the pages in {folder!r} will",
                file=page.path,
                fix=f"Rename {folder!r}; translations come from maps",
            )


def _packages(
    project: Project, pages: Iterable[Page]
) -> Iterator[tuple[str, Mapping[str, Symbol]]]:
    """The symbols of the packages that pages are in and that are none themselves."""
    known = {page.file for page in pages}
    for folder in sorted({path.parent for path in known if path.suffix == ".py"}):
        file = folder / "__init__.py"
        if file.is_file() and file not in known:
            module = module_name(file)
            with suppress(LiterateError, OSError):  # it is not shown: its faults are not ours
                document = read_python(project.file(file).read_bytes("it"), project.shown(file))
                yield module, read_names(document, module)[0].symbols


def _load_languages(project: Project) -> dict[str, Language]:
    """The languages that are named, or all that have a folder with a `language.toml`."""
    folder = project.translations
    known = sorted(p.parent.name for p in folder.glob("[!.]*/language.toml"))
    if not project.languages:
        for path in sorted(folder.glob("[!.]*/")):
            if path.name not in known:  # a folder of catalogs without its settings
                load_language(project.file(path / "language.toml"))
    languages = {}
    for code in project.languages or known:
        if code == project.language:
            raise project.error(
                "theme.language",
                f"{code!r} is the language of the sources, and one to translate them into",
                f"Set `theme.language` to what the sources are written in, or remove "
                f"{project.shown(folder / code)} and its mention in `languages`",
            )
        if code in known:
            languages[code] = load_language(project.file(folder / code / "language.toml"))
        elif project.maps != MAPS:
            try:
                languages[code] = known_language(code)
            except LiterateError as error:
                raise project.error("languages", error.message, error.fix) from None
        else:
            raise project.error("languages", f"unknown language {code!r}", nearest(code, known))
    return languages
