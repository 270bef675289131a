"""Where each link leads: a page, an anchor, a file, or nowhere."""

from __future__ import annotations

import os.path
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from literate.base.errors import LiterateError, nearest, raise_all
from literate.base.files import is_within
from literate.notes.bibliography import Bibliography
from literate.notes.drawing import Drawing, load_drawing
from literate.notes.note import Citation
from literate.site.page import Page
from literate.site.project import MARKDOWN, Project, is_hidden

#: What a page may have for itself, named in its front matter by the path from the docs folder on.
OWN_FILES = {"script": ".js", "style": ".css"}

#: So many of the things that a name may stand for are listed.
_FEW = 3
_NO_LINK = "Put it in backticks if it is no link; `dead_links: report` shows such links as text"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads: a page (and an anchor on it), a file that the site serves, or nowhere."""

    page: str | None = None
    asset: str | None = None
    anchor: str = ""

    @property
    def is_dead(self) -> bool:
        return self.page is None and self.asset is None


class Links:
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
        #: What can be shown as it is written.
        self.faults: list[LiterateError] = []
        self.dead: list[LiterateError] = []
        self._relative: dict[str, list[str]] = {}

    @cached_property
    def names(self) -> dict[str, dict[str, Target]]:
        return _names(self.pages)

    def raise_errors(self) -> None:
        dead = self.dead if self.project.dead_links == "error" else []
        faults = [] if self.project.shows_faults else self.faults
        raise_all([*self.errors, *faults, *dead])

    def follow(self, page: Page) -> None:
        for link in page.links():
            self._collect(page, link.target, link.line)
        for citation in page.citations:
            self._cite(page, citation)
        for key, ending in OWN_FILES.items():
            if key in page.front.fields:
                self._take(page, key, ending)
        for figure in page.figures():
            target = self._collect(page, figure.target, figure.line)
            if target and target.asset and figure.target.endswith(".svg"):
                try:
                    drawing = load_drawing(self.project.file(self.assets[target.asset]))
                    self.drawings[page.name, figure.target] = drawing
                except LiterateError as error:
                    self.faults.append(error)

    def _take(self, page: Page, key: str, ending: str) -> None:
        """Serve a script or a style sheet that a page's front matter names for itself."""
        docs, name = _absolute(self.project.docs), page.front.fields[key]
        known = {
            path.relative_to(docs).as_posix(): path
            for path in sorted(docs.rglob(f"*{ending}"))
            if not is_hidden(path.relative_to(docs))
        }
        if name in known:
            self.assets[name] = known[name]
            return
        self.errors.append(
            LiterateError(
                f"the {key} {name!r} is no {ending} file of {self.project.shown(docs)}",
                file=page.path,
                line=page.front.lines.get(key),
                fix=nearest(name, known),
            )
        )

    def _cite(self, page: Page, citation: Citation) -> None:
        for key in citation.keys:
            if key not in self.bibliography:
                self.faults.append(
                    LiterateError(
                        f"the citation [@{key}] is not in the bibliography",
                        file=page.path,
                        line=citation.line,
                        fix=(
                            nearest(key, self.bibliography)
                            if self.project.bibliography
                            else "Name a BibTeX file as `bibliography` of the plugin `literate`; "
                            "put in backticks what is no citation"
                        ),
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
                    f"the link {_as_written(raw)!r} leads to an anchor that {there.path} "
                    "does not have",
                    file=page.path,
                    line=line,
                    fix=nearest(anchor, there.anchors),
                )
            return Target(page=there.name, anchor=anchor)
        try:
            asset = self._asset(page, path)
        except ValueError as error:
            raise LiterateError(
                f"the link {_as_written(raw)!r} {error}",
                file=page.path,
                line=line,
                fix="Put the file into the docs folder, or link to where it is published",
            ) from None
        if asset is None and not anchor and (named := self._named(page, path, line)):
            return named
        if asset is None:
            raise LiterateError(
                f"the link {_as_written(raw)!r} leads nowhere",
                file=page.path,
                line=line,
                fix=self._advice(page, path, parts.fragment),
            )
        return Target(page=None, asset=asset, anchor=anchor)

    def _advice(self, page: Page, path: str, anchor: str) -> str:
        """What the author of a link that leads nowhere may have meant."""
        if anchor and self._page(page, f"{path}#{anchor}"):
            return f"In a link, # starts an anchor: write {_spelt(f'{path}#{anchor}')!r}"
        close = nearest(path, self._reachable(page), self.names)
        if close.endswith("?"):
            return close
        return f"{close}. {_NO_LINK}"

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
        try:
            if not file.is_file():
                return None
        except OSError:  # no name that a file can have
            return None
        if not is_within(file, self.project.roots):
            raise ValueError("leads out of the project")
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
            shown = list(map(repr, found))
            if len(found) > _FEW:
                shown = [", ".join(shown[:_FEW]), f"{len(found) - _FEW} more"]
            raise LiterateError(
                f"the name {name!r} stands for {' and '.join(shown)}",
                file=page.path,
                line=line,
                fix=f"Write the one that you mean. {_NO_LINK}",
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
            paths = (posixpath.relpath(path, here or ".") for path in self.by_path)
            self._relative[here] = list(map(_spelt, paths))
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


def _as_written(target: str) -> str:
    """A target of a link without what Markdown has escaped in it: `a[b]` is `a%5Bb%5D` there."""
    return re.sub(r"(?:%(?!2[35]|3F)[0-9A-F]{2})+", lambda match: unquote(match[0]), target)


def _spelt(path: str) -> str:
    """A path as a link has to spell it."""
    return path.replace("%", "%25").replace("#", "%23").replace("?", "%3F")


def _absolute(path: Path) -> Path:
    """The path without `..`; symbolic links stay: a file goes by the name that it has here."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def _is_line(page: Page, anchor: str) -> bool:
    """`#L12` is the page's twelfth line of code."""
    if not page.is_annotated or not anchor.startswith("L") or not anchor[1:].isdigit():
        return False
    sections = page.document.sections
    return any(line.number == int(anchor[1:]) for section in sections for line in section.code)


@lru_cache(maxsize=8192)  # each language of a page asks for the same
def relative_url(target: str, base: str) -> str:
    """The way from one address of the site to another, both relative to the site's root."""
    path, mark, fragment = target.partition("#")
    if path == base:
        return f"#{fragment}" if mark else posixpath.basename(path) or "./"
    folder = posixpath.dirname(base)
    url = posixpath.relpath(f"/{path}", f"/{folder}")  # from a root: else it asks where we are
    if (path.endswith("/") or not path) and url != ".":
        url += "/"
    return ("./" if url == "." else url) + mark + fragment
