"""The whole site: every page, every language, every link followed."""

from __future__ import annotations

import os.path
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from literate.catalog import Catalog, load_catalog
from literate.drawing import Drawing, load_drawing
from literate.errors import LiterateError, nearest, raise_all
from literate.files import unreadable
from literate.highlight import highlight_lines
from literate.language import Language, known_language, load_language
from literate.lint import breaking_faults
from literate.localise import WORDS, LocalPage, Surroundings, localise, relative_url
from literate.names import module_name, name_targets
from literate.page import Page, load_page
from literate.project import CONFIG, MAPS, MARKDOWN, Project, is_hidden, line_of

#: The map, beside those of the pages, of the words that stand on no page.
SITE_MAP = "site"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: a page (and an anchor on it), or a file that the site serves."""

    page: str | None
    asset: str | None = None
    anchor: str = ""


@dataclass(frozen=True)
class Site:
    """All that the site shows. `assets` maps an address to the file that is served there."""

    project: Project
    pages: Mapping[str, Page]
    languages: Mapping[str, Language]
    targets: Mapping[tuple[str, str], Target]
    drawings: Mapping[tuple[str, str], Drawing]
    assets: Mapping[str, Path]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that stand on no page: the configuration's and the engine's."""
        return tuple(dict.fromkeys((*self.project.words, *WORDS)))

    @cached_property
    def _modules(self) -> dict[str, str]:
        """Module -> page. A name that two modules bear leads to neither."""
        annotated = [page for page in self.pages.values() if page.is_annotated]
        count = Counter(module_name(page.file) for page in annotated)
        names = {module_name(page.file): page.name for page in annotated}
        return {module: name for module, name in names.items() if count[module] == 1}

    @cached_property
    def _name_targets(self) -> dict[str, dict[tuple[int, int], tuple[str, str]]]:
        defined = {name: page.definitions for name, page in self.pages.items()}
        return {
            name: name_targets(page.document, page.file, name, self._modules, defined)
            for name, page in self.pages.items()
            if page.is_annotated
        }

    @cached_property
    def _maps(self) -> dict[tuple[str, str], Catalog]:
        return {}

    def catalog(self, language: str, name: str) -> Catalog:
        """The map of a page. Each call gives a fresh one: a catalog remembers what it served.

        Raises `LiterateError` where the file is no map.
        """
        if (language, name) not in self._maps:
            path = self.project.map_path(language, name)
            self._maps[language, name] = load_catalog(path, self.project.shown(path))
        loaded = self._maps[language, name]
        return Catalog(loaded.path, loaded.entries, loaded.waiting)

    def localise(
        self,
        page: Page,
        url_of: Callable[[str], str],
        catalog: Catalog | None = None,
        words: Catalog | None = None,
    ) -> LocalPage:
        """A page in the language of a map.

        `url_of` gives the address of a page in that language, relative to the site's root.
        """
        here = url_of(page.name)

        def url(raw: str) -> str:
            target = self.targets.get((page.name, raw))
            if target is None:
                return raw
            address = target.asset or (url_of(target.page) if target.page else "")
            if target.page == page.name and target.anchor:
                return f"#{target.anchor}"
            return relative_url(address + (f"#{target.anchor}" if target.anchor else ""), here)

        return localise(
            page,
            Surroundings(
                url=url,
                drawings={raw: d for (name, raw), d in self.drawings.items() if name == page.name},
                code=self._code(page, url_of) if page.is_annotated else (),
                catalog=catalog,
                words=words,
                source_language=self.project.language,
            ),
        )

    def _code(self, page: Page, url_of: Callable[[str], str]) -> tuple[str, ...]:
        documented = {section.definition for section in page.document.sections}
        links = {}
        for position, (name, anchor) in self._name_targets[page.name].items():
            href = f"#{anchor}"
            if name != page.name:
                href = relative_url(f"{url_of(name)}#{anchor}", url_of(page.name))
            links[position] = f'href="{href}"'
            is_own = name == page.name and anchor not in documented
            line = next((d.line for d in page.document.definitions if d.name == anchor), 0)
            if is_own and line == position[0]:
                links[position] += f' id="{anchor}"'
        return tuple(highlight_lines([line.text for line in page.document.lines], links))


def load_site(project: Project) -> Site:
    """Read every page, every language's settings, and follow every link.

    Raises `LiterateError`, or `ManyErrors` with all of them, where something is wrong.
    """
    errors: list[LiterateError] = []
    pages = _load_pages(project, errors)
    languages = _load_languages(project)
    errors += _in_the_way(pages, languages)
    raise_all(errors)
    if "index" not in pages:
        raise LiterateError(
            "there is no first page", file=project.shown(project.docs), fix="Write index.md there"
        )
    links = _Links(project, pages)
    for page in pages.values():
        links.follow(page)
    raise_all(links.errors)
    return Site(project, pages, languages, links.targets, links.drawings, links.assets)


def check_maps(site: Site) -> None:
    """Read every map of every language.

    Raises `LiterateError` for maps that do not parse, and translations that would break a page.
    """
    errors: list[LiterateError] = []
    for language in site.languages:
        for name in (SITE_MAP, *site.pages):
            try:
                catalog = site.catalog(language, name)
            except LiterateError as error:
                errors.append(error)
                continue
            for entry in catalog.entries:
                for fault in breaking_faults(entry):
                    errors.append(
                        LiterateError(
                            fault.message, file=catalog.path, line=entry.line, fix=fault.fix
                        )
                    )
    raise_all(errors)


def _load_pages(project: Project, errors: list[LiterateError]) -> dict[str, Page]:
    files = [(path.relative_to(project.docs), path) for path in project.pages()]
    files += [(path.relative_to(folder), path) for folder, path in project.source_files()]
    pages: dict[str, Page] = {}
    for relative, path in files:
        name = relative.with_suffix("").as_posix()
        if path.name == "__init__.py":
            name = relative.with_name("index").as_posix()
        shown = project.shown(path)
        try:
            if name in pages or name == SITE_MAP:
                other = pages[name].path if name in pages else "the map of the site's words"
                raise LiterateError(
                    f"the page {name!r} is also made of {other}",
                    file=shown,
                    fix="Rename one, or add it to `exclude`",
                )
            pages[name] = load_page(name, path, shown)
        except LiterateError as error:
            errors.append(error)
        except OSError as error:  # a link in a loop, or a file that has vanished since
            errors.append(unreadable(error, shown, "the file"))
    return pages


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

    def __init__(self, project: Project, pages: Mapping[str, Page]) -> None:
        self.project = project
        self.pages = pages
        self.by_path = {page.path: page for page in pages.values()}
        self.targets: dict[tuple[str, str], Target] = {}
        self.drawings: dict[tuple[str, str], Drawing] = {}
        self.assets: dict[str, Path] = {}
        self.errors: list[LiterateError] = []

    def follow(self, page: Page) -> None:
        for note in page.notes:
            for link in note.links if note else ():
                self._collect(page, link.target, link.line)
        for figure in page.figures():
            target = self._collect(page, figure.target, figure.line)
            if target and target.asset and figure.target.endswith(".svg"):
                file = self.assets[target.asset]
                drawing = load_drawing(file, self.project.shown(file))
                self.drawings[page.name, figure.target] = drawing

    def _collect(self, page: Page, raw: str, line: int) -> Target | None:
        try:
            target = self._resolve(page, raw, line)
        except LiterateError as error:
            self.errors.append(error)
            return None
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
        if asset is None:
            raise LiterateError(
                f"the link {raw!r} leads nowhere",
                file=page.path,
                line=line,
                fix=nearest(path, self._reachable(page)),
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
        return self.pages.get(name.removesuffix(".html").removesuffix(".md"))

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
        here = posixpath.dirname(page.path)
        return [posixpath.relpath(path, here or ".") for path in self.by_path]


def _absolute(path: Path) -> Path:
    """The path without `..`; symbolic links stay, for what they lead to is the author's will."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is_line(page: Page, anchor: str) -> bool:
    """`#L12` is the page's twelfth line of code."""
    if not page.is_annotated or not anchor.startswith("L") or not anchor[1:].isdigit():
        return False
    sections = page.document.sections
    return any(line.number == int(anchor[1:]) for section in sections for line in section.code)
