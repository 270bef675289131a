"""The whole site: every page, every language, every link followed."""

from __future__ import annotations

import os.path
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from literate.bibliography import Bibliography, Reference, load_bibliography
from literate.cache import NO_CACHE, Cache
from literate.catalog import Catalog, load_catalog
from literate.drawing import Drawing, load_drawing
from literate.errors import LiterateError, nearest, raise_all
from literate.files import unreadable
from literate.highlight import link_names
from literate.language import Language, known_language, load_language
from literate.localise import (
    WORDS,
    LocalPage,
    Surroundings,
    localise,
    page_words,
    relative_url,
)
from literate.names import NameUse
from literate.note import Citation
from literate.page import Page, load_page
from literate.parallel import each
from literate.project import CONFIG, MAPS, MARKDOWN, Project, is_hidden, line_of, page_name

#: The map, beside those of the pages, of the words that stand on no page.
SITE_MAP = "site"
#: What a page may have for itself, named in its front matter by the path from the docs folder on.
OWN_FILES = {"script": ".js", "style": ".css"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: a page (and an anchor on it), a file that the site serves, or nowhere."""

    page: str | None = None
    asset: str | None = None
    anchor: str = ""

    @property
    def is_dead(self) -> bool:
        return self.page is None and self.asset is None


@dataclass(frozen=True)
class Site:
    """All that the site shows. `assets` maps an address to the file that is served there."""

    project: Project
    pages: Mapping[str, Page]
    languages: Mapping[str, Language]
    targets: Mapping[tuple[str, str], Target]
    drawings: Mapping[tuple[str, str], Drawing]
    assets: Mapping[str, Path]
    bibliography: Bibliography = field(default_factory=dict)
    #: What is said of each link that leads nowhere, where the project only wants that reported.
    dead_links: tuple[LiterateError, ...] = ()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that stand on no page: the configuration's and the engine's."""
        needed = (word for page in self.pages.values() for word in page_words(page))
        return tuple(dict.fromkeys((*self.project.words, *WORDS, *needed)))

    @property
    def inputs(self) -> list[Path]:
        """The files and folders that the site is made of."""
        project = self.project
        folders = [project.docs, *project.sources, project.translations]
        files = [project.bibliography] if project.bibliography else []
        return [*folders, *files, *self.assets.values()]

    def page_of(self, path: Path) -> str | None:
        """The page that a file, or its map, belongs to; "" for a map of the site's words."""
        return self._pages_by_file.get(path)

    @cached_property
    def _pages_by_file(self) -> dict[Path, str]:
        files = {page.file.resolve(): name for name, page in self.pages.items()}
        for language in self.languages:
            for name in self.pages:
                files[self.project.map_path(language, name).resolve()] = name
        return files

    def refreshed(self, name: str, cache: Cache) -> Site | None:
        """This site with one page read anew; None where other pages may change with it.

        Raises `LiterateError` for what is wrong with the page.
        """
        old = self.pages[name]
        page = load_page(name, old.file, old.path, cache)
        if _outline(page) != _outline(old):
            return None
        links = _Links(self.project, self.pages, self.bibliography)
        links.follow(page)
        links.raise_errors()
        if links.assets.items() - self.assets.items():
            return None
        kept = {place: to for place, to in self.targets.items() if place[0] != name}
        drawn = {place: it for place, it in self.drawings.items() if place[0] != name}
        return replace(
            self,
            pages={**self.pages, name: page},
            targets=kept | links.targets,
            drawings=drawn | links.drawings,
        )

    @cached_property
    def _modules(self) -> dict[str, str]:
        """Module -> page. A name that two modules bear leads to neither."""
        annotated = [page for page in self.pages.values() if page.is_annotated]
        count = Counter(page.module for page in annotated)
        return {page.module: page.name for page in annotated if count[page.module] == 1}

    def catalog(self, language: str, name: str) -> Catalog:
        """The map of a page, a fresh one each time: a catalog remembers what it served.

        Raises `LiterateError` where the file is no map.
        """
        path = self.project.map_path(language, name)
        return load_catalog(path, self.project.shown(path))

    def map_bytes(self, language: str, name: str) -> bytes:
        """The content of a page's map, nothing where there is none."""
        path = self.project.map_path(language, name)
        try:
            return path.read_bytes()
        except OSError:
            return b""

    def localise(
        self,
        page: Page,
        url_of: Callable[[str], str],
        catalog: Catalog | None = None,
        words: Catalog | None = None,
        code: tuple[str, ...] | None = None,
    ) -> LocalPage:
        """A page in the language of a map.

        `url_of` gives the address of a page in that language, relative to the site's root; `code`
        is what `linked_code` gives, where that is at hand.
        """
        addresses, drawings, cited = self.surroundings(page, url_of)
        around = Surroundings(
            url=lambda raw: addresses.get(raw, raw),
            drawings=drawings,
            code=self.linked_code(page, url_of) if code is None else code,
            catalog=catalog,
            words=words,
            bibliography=cited,
            source_language=self.project.language,
        )
        return localise(page, around)

    def surroundings(
        self, page: Page, url_of: Callable[[str], str]
    ) -> tuple[dict[str, str | None], dict[str, Drawing], dict[str, Reference]]:
        """Where a page's links lead, None where nowhere; what drawings it shows, what it cites.

        A target that is not here leads to another site, and stays as it is.
        """
        here = url_of(page.name)
        addresses: dict[str, str | None] = {}
        drawings: dict[str, Drawing] = {}
        for raw in page.targets:
            target = self.targets.get((page.name, raw))
            if target is None:
                continue
            addresses[raw] = self._address(target, page.name, here, url_of)
            if (page.name, raw) in self.drawings:
                drawings[raw] = self.drawings[page.name, raw]
        keys = [key for citation in page.citations() for key in citation.keys]
        return addresses, drawings, {key: self.bibliography[key] for key in keys}

    def _address(
        self, target: Target, page: str, here: str, url_of: Callable[[str], str]
    ) -> str | None:
        if target.is_dead:
            return None
        mark = f"#{target.anchor}" if target.anchor else ""
        if target.page == page and mark:
            return mark
        address = quote(target.asset or "") or (url_of(target.page) if target.page else "")
        return relative_url(address + mark, here)

    def linked_code(self, page: Page, url_of: Callable[[str], str]) -> tuple[str, ...]:
        """The HTML of each of a page's lines of code, its names linked."""
        links = self.name_links(page, url_of)
        return tuple(link_names(line, links.__getitem__) for line in page.code)

    def name_links(self, page: Page, url_of: Callable[[str], str]) -> tuple[str | None, ...]:
        """For each of a page's names, the attributes of the link that it becomes, if it does."""
        documented = {section.definition for section in page.document.sections}
        here = url_of(page.name)
        own_anchors: set[str] = set()

        def attributes(use: NameUse) -> str | None:
            name = page.name if use.module is None else self._modules.get(use.module)
            if name is None or use.name not in self.pages[name].definitions:
                return None
            if name != page.name:
                return f'href="{relative_url(f"{url_of(name)}#{use.name}", here)}"'
            href = f'href="#{use.name}"'
            if not use.is_definition or use.name in documented or use.name in own_anchors:
                return href
            own_anchors.add(use.name)
            return f'{href} id="{use.name}"'

        return tuple(attributes(use) for use in page.uses)


def _outline(page: Page) -> object:
    """What other pages show of a page, and where their links may lead on it."""
    return page.title, page.summary, page.meta, page.anchors, page.definitions, page.module


def load_site(project: Project, cache: Cache = NO_CACHE) -> Site:
    """Read every page, every language's settings, and follow every link.

    Raises `LiterateError`, or `ManyErrors` with all of them, where something is wrong.
    """
    errors: list[LiterateError] = []
    pages = _load_pages(project, cache, errors)
    languages = _load_languages(project)
    errors += _in_the_way(pages, languages)
    raise_all(errors)
    if "index" not in pages:
        raise LiterateError(
            "there is no first page", file=project.shown(project.docs), fix="Write index.md there"
        )
    bibliography: Bibliography = {}
    if file := project.bibliography:
        bibliography = load_bibliography(file, project.shown(file))
    links = _Links(project, pages, bibliography)
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
    )


def _load_pages(project: Project, cache: Cache, errors: list[LiterateError]) -> dict[str, Page]:
    sources: dict[str, Path] = {}
    for name, path in _page_files(project):
        if name in sources or name == SITE_MAP:
            other = project.shown(sources[name]) if name in sources else "the site's words"
            errors.append(
                LiterateError(
                    f"the page {name!r} is also made of {other}",
                    file=project.shown(path),
                    fix="Rename one, or add it to `exclude`",
                )
            )
        else:
            sources[name] = path

    def load(name: str) -> Page | LiterateError:
        try:
            return load_page(name, sources[name], project.shown(sources[name]), cache)
        except LiterateError as error:
            return error
        except OSError as error:  # a link in a loop, or a file that has vanished since
            return unreadable(error, project.shown(sources[name]), "the file")

    pages: dict[str, Page] = {}
    for name, loaded in zip(sources, each(load, list(sources)), strict=True):
        if isinstance(loaded, Page):
            pages[name] = loaded
        else:
            errors.append(loaded)
    return pages


def _page_files(project: Project) -> Iterator[tuple[str, Path]]:
    """(name of the page, file) for every file that makes a page."""
    for path in project.pages():
        yield page_name(path.relative_to(project.docs)), path
    for folder, path in project.source_files():
        yield page_name(path.relative_to(folder)), path


def _in_the_way(
    pages: Mapping[str, Page], languages: Mapping[str, Language]
) -> Iterator[LiterateError]:
    """Pages that stand where those of a language will."""
    for name, page in pages.items():
        folder = name.partition("/")[0]
        if folder in languages:
            yield LiterateError(
                f"the page {name!r} stands where the pages in {folder!r} will",
                file=page.path,
                fix=f"Rename {folder!r}; translations come from maps",
            )


def _load_languages(project: Project) -> dict[str, Language]:
    """The languages that are named, or all that have a folder with a `language.toml`."""
    folder = project.translations
    known = sorted(p.parent.name for p in folder.glob("[!.]*/language.toml"))
    if not project.languages:
        for path in sorted(folder.glob("[!.]*/")):
            if path.name not in known:  # a folder of maps without its settings
                load_language(path, project.shown(path))
    languages = {}
    for code in project.languages or known:
        if code == project.language:
            raise LiterateError(
                f"{code!r} is the language of the sources, and one to translate them into",
                file=CONFIG,
                line=line_of(project.root / CONFIG, "language:"),
                fix=f"Set `theme.language` to what the sources are written in, or remove "
                f"{project.shown(folder / code)} and its mention in `languages`",
            )
        if code in known:
            languages[code] = load_language(folder / code, project.shown(folder / code))
        elif project.maps != MAPS:
            languages[code] = known_language(code)
        else:
            raise LiterateError(
                f"unknown language {code!r}", file="mkdocs.yml", fix=nearest(code, known)
            )
    return languages


class _Links:
    """Follows the links of pages, and collects those that lead nowhere."""

    def __init__(
        self, project: Project, pages: Mapping[str, Page], bibliography: Bibliography
    ) -> None:
        self.project = project
        self.pages = pages
        self.bibliography = bibliography
        self.by_path = {page.path: page for page in pages.values()}
        self.targets: dict[tuple[str, str], Target] = {}
        self.drawings: dict[tuple[str, str], Drawing] = {}
        self.assets: dict[str, Path] = {}
        self.errors: list[LiterateError] = []
        self.dead: list[LiterateError] = []
        self._relative: dict[str, list[str]] = {}

    @cached_property
    def names(self) -> dict[str, dict[str, Target]]:
        return _names(self.pages)

    def raise_errors(self) -> None:
        dead = self.dead if self.project.dead_links == "error" else []
        raise_all([*self.errors, *dead])

    def follow(self, page: Page) -> None:
        for note in page.notes:
            for link in note.links if note else ():
                self._collect(page, link.target, link.line)
        for citation in page.citations():
            self._cite(page, citation)
        for key, ending in OWN_FILES.items():
            if key in page.meta:
                self._take(page, key, ending)
        for figure in page.figures():
            target = self._collect(page, figure.target, figure.line)
            if target and target.asset and figure.target.endswith(".svg"):
                try:
                    file = self.assets[target.asset]
                    drawing = load_drawing(file, self.project.shown(file))
                    self.drawings[page.name, figure.target] = drawing
                except LiterateError as error:
                    self.errors.append(error)

    def _take(self, page: Page, key: str, ending: str) -> None:
        """Serve a script or a style sheet that a page's front matter names for itself."""
        docs, name = _absolute(self.project.docs), page.meta[key]
        known = {
            path.relative_to(docs).as_posix(): path
            for path in sorted(docs.rglob(f"*{ending}"))
            if not is_hidden(path.relative_to(docs))
        }
        if isinstance(name, str) and name in known:
            self.assets[name] = known[name]
            return
        lines = page.document.source.splitlines()
        self.errors.append(
            LiterateError(
                f"the {key} {name!r} is no {ending} file of {self.project.shown(docs)}",
                file=page.path,
                line=next((n for n, line in enumerate(lines, 1) if f"{key}:" in line), 1),
                fix=nearest(str(name), known),
            )
        )

    def _cite(self, page: Page, citation: Citation) -> None:
        for key in citation.keys:
            if key not in self.bibliography:
                self.errors.append(
                    LiterateError(
                        f"the citation [@{key}] is not in the bibliography",
                        file=page.path,
                        line=citation.line,
                        fix=nearest(key, self.bibliography)
                        if self.project.bibliography
                        else "Name a BibTeX file as `bibliography` of the plugin `literate`",
                    )
                )

    def _collect(self, page: Page, raw: str, line: int) -> Target | None:
        try:
            target = self._resolve(page, raw, line)
        except LiterateError as error:
            self.dead.append(error)
            target = Target()
        if target is not None:
            self.targets[page.name, raw] = target
        return target

    def _resolve(self, page: Page, raw: str, line: int) -> Target | None:
        """A target within the site, or None for an address elsewhere."""
        raw = unescape(raw)
        parts = urlsplit(raw)
        if parts.scheme or parts.netloc:
            return None
        path, anchor = unquote(parts.path), unquote(parts.fragment)
        there = page if not path else self._page(page, path)
        if there is not None:
            if anchor and anchor not in there.anchors and not _is_line(there, anchor):
                raise LiterateError(
                    f"the link {raw!r} leads to an anchor that {there.path} does not have",
                    file=page.path,
                    line=line,
                    fix=nearest(anchor, there.anchors),
                )
            return Target(page=there.name, anchor=anchor)
        try:
            asset = self._asset(page, path)
        except ValueError as error:
            raise LiterateError(
                f"the link {raw!r} {error}",
                file=page.path,
                line=line,
                fix="Put the file into the docs folder, or link to where it is published",
            ) from None
        if asset is None and not anchor and (named := self._named(page, path, line)):
            return named
        if asset is None:
            raise LiterateError(
                f"the link {raw!r} leads nowhere",
                file=page.path,
                line=line,
                fix=nearest(path, self._reachable(page), self.names),
            )
        return Target(page=None, asset=asset, anchor=anchor)

    def _page(self, page: Page, path: str) -> Page | None:
        """A page by its source file, or by its address as in `../gan/index.html`."""
        folder, here = posixpath.dirname(page.path), posixpath.dirname(page.name)
        if path.startswith("/"):
            folder, here, path = self.project.shown(self.project.docs), "", path.lstrip("/")
        joined = posixpath.normpath(posixpath.join(folder, path))
        if joined in self.by_path:
            return self.by_path[joined]
        name = posixpath.normpath(posixpath.join(here, path))
        name = name.removesuffix(".html").removesuffix(".md")
        return self.pages.get(name) or self.pages.get(posixpath.normpath(f"{name}/index"))

    def _asset(self, page: Page, path: str) -> str | None:
        """The address of a file that the site serves.

        Raises `ValueError` where it is one that the site may not serve, or MkDocs would not.
        """
        folder = self.project.docs if path.startswith("/") else page.file.parent
        file = _absolute(folder / path.lstrip("/"))
        if not file.is_file():
            return None
        address = self._address(file)
        if self.assets.setdefault(address, file) != file:
            raise ValueError(f"is served where {self.project.shown(self.assets[address])} is")
        return address

    def _named(self, page: Page, name: str, line: int) -> Target | None:
        """What Python knows by a name: the page's own definition, or the only other one."""
        if name in page.definitions:
            return Target(page=page.name, anchor=name)
        found = self.names.get(name, {})
        if len(found) > 1:
            raise LiterateError(
                f"the name {name!r} stands for {' and '.join(map(repr, found))}",
                file=page.path,
                line=line,
                fix="Write the one that you mean",
            )
        return next(iter(found.values()), None)

    def _address(self, file: Path) -> str:
        """A file's path within the docs, or else within the project or its source folder.

        So no two files share an address, and no file elsewhere on the disk is published.
        """
        sources = (source if source.is_dir() else source.parent for source in self.project.sources)
        roots = (self.project.docs, self.project.root, *(source.parent for source in sources))
        for root in map(_absolute, roots):
            if file.is_relative_to(root):
                relative = file.relative_to(root)
                break
        else:
            raise ValueError("leads out of the project")
        if is_hidden(relative):
            raise ValueError("leads to a hidden file, which no site serves")
        if relative.suffix in MARKDOWN:
            raise ValueError("leads to a Markdown file that is no page")
        return relative.as_posix()

    def _reachable(self, page: Page) -> list[str]:
        """How other pages are written in a link of this one."""
        here = posixpath.dirname(page.path)
        if here not in self._relative:
            self._relative[here] = [posixpath.relpath(path, here or ".") for path in self.by_path]
        return self._relative[here]


def _names(pages: Mapping[str, Page]) -> dict[str, dict[str, Target]]:
    """Each name of a module or a definition -> the qualified names that it may stand for.

    A definition goes by its own name (`Class.method` for a method), and by that with any number
    of the packages before it.
    """
    names: dict[str, dict[str, Target]] = {}
    for page in pages.values():
        if not page.is_annotated:
            continue
        module = page.module
        names.setdefault(module, {})[module] = Target(page=page.name)
        packages = module.split(".")
        for definition in page.document.definitions:
            target = Target(page=page.name, anchor=definition.name)
            for i in range(len(packages) + 1):
                name = ".".join([*packages[i:], definition.name])
                names.setdefault(name, {})[f"{module}.{definition.name}"] = target
    return names


def _absolute(path: Path) -> Path:
    """The path without `..`; symbolic links stay, for what they lead to is the author's will."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is_line(page: Page, anchor: str) -> bool:
    """`#L12` is the page's twelfth line of code."""
    if not page.is_annotated or not anchor.startswith("L") or not anchor[1:].isdigit():
        return False
    sections = page.document.sections
    return any(line.number == int(anchor[1:]) for section in sections for line in section.code)
