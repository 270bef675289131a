"""Where a project keeps what its site is made of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pathspec

from literate.base.errors import LiterateError, nearest
from literate.base.files import Place, SourceFile, path_from, real_path, shown_from
from literate.translation.message import Passage

CONFIG = "mkdocs.yml"
_CONFIG = Place(SourceFile(Path(CONFIG), CONFIG))

#: Where a catalog lies unless the project says otherwise: a folder a language.
MAPS = "{language}/{page}.json"
#: The results of earlier builds, in the project's folder.
CACHE = Path(".cache/literate")


class Documentation(NamedTuple):
    """A documentation of others: its name, its address, and the file of its inventory."""

    name: str
    url: str
    inventory: Path


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of a project, and the words that its configuration shows to readers.

    `markdown` are the pages below `docs`; `sources` are Python files, or folders of them; `exclude`
    are patterns as in `.gitignore`, relative to the source folder, and `left_out` those of pages as
    `nav` calls them, such as `model.md`. `languages` are the folders of
    `translations` to build, all if it is empty. `maps` says where in `translations` the catalog of
    a page in a language lies. `dead_links` says whether a link that leads nowhere is an `error`, or
    only to `report`, `faulty` the same of a translation and of what a note holds. `words` are the
    site's name, its navigation and the like: the texts that stand in the configuration instead of
    on a page. `bibliography` is a BibTeX file, if there is one, and `paper` the key of what the
    site explains. `shapes` is a record of the shapes of tensors. `cards` says whether there are
    pictures for sharing, drawn with `card_fonts`; `llms_txt` whether pages are served as Markdown
    too. `inventories` are the documentations that names of others lead to, `pictures_from` other
    sites whose pictures the pages may show.
    `language` is what the sources are written in, `site` the folder that the site is built into.
    `repository` is the address at which the files of the commit that is built are shown, if the
    configuration names a repository. `places` says where settings stand; `key` names the values of
    all options, for the cache.
    """

    root: Path
    docs: Path
    markdown: tuple[Path, ...] = ()
    sources: tuple[Path, ...] = ()
    left_out: pathspec.PathSpec[Any] | None = None
    exclude: tuple[str, ...] = ()
    translations: Path = Path("translations")
    maps: str = MAPS
    languages: tuple[str, ...] = ()
    words: tuple[Passage, ...] = ()
    dead_links: str = "error"
    faulty: str = "error"
    bibliography: Path | None = None
    inventories: tuple[Documentation, ...] = ()
    paper: str = ""
    shapes: Path | None = None
    cards: bool = False
    card_fonts: tuple[Path, ...] = ()
    pictures_from: tuple[str, ...] = ()
    llms_txt: bool = False
    language: str = "en"
    site: Path = Path("site")
    repository: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)
    key: str = ""

    @property
    def shows_faults(self) -> bool:
        """Whether what is wrong with a note is shown as it is written, and only reported."""
        return "report" in (self.faulty, self.dead_links)

    def shown(self, path: Path) -> str:
        """The path as messages show it: relative to the project, with forward slashes."""
        return shown_from(self.root, path)

    def file(self, path: Path) -> SourceFile:
        """A file of the project, which has to lie in it."""
        real, (root, *_) = real_path(path), self.roots
        if real.is_relative_to(root):
            shown = real.relative_to(root).as_posix()
        elif any(map(real.is_relative_to, self.roots)):
            shown = path.as_posix()
        else:
            shown = path_from(self.root, path)
        return SourceFile(path, shown, self.roots)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The project's folder, and those elsewhere that its configuration names."""
        named = [self.docs, self.translations, *self.sources, *self.card_fonts]
        named += [documentation.inventory for documentation in self.inventories]
        named += [path for path in (self.bibliography, self.shapes) if path]
        return _roots(self.root, tuple(named))

    def error(self, setting: str, message: str, fix: str | None = None) -> LiterateError:
        """What is wrong with a setting, such as `sources` or `theme.language`."""
        return self.places.get(setting, _CONFIG).error(message, fix)

    def catalog_path(self, language: str, page: str) -> Path:
        """The file of a page's catalog: for an `__init__.py`, by that name if it lies there."""
        path = self.translations / self.maps.format(language=language, page=page)
        folder, slash, name = page.rpartition("/")
        if name != "index" or path.exists():
            return path
        by_file = self.maps.format(language=language, page=f"{folder}{slash}__init__")
        other = self.translations / by_file
        return other if other.exists() else path

    def pages(self) -> Iterator[Path]:
        """The Markdown pages.

        Raises `LiterateError` for a page that MkDocs would build past the engine.
        """
        for path in self.markdown:
            if path.suffix != ".md":
                raise self.file(path).error(
                    f"the page ends in {path.suffix}",
                    fix=f"Call it {path.with_suffix('.md').name}",
                )
            yield path

    def source_files(self) -> Iterator[tuple[Path, Path]]:
        """(source folder, file) of each Python file that becomes a page."""
        excluded = pathspec.GitIgnoreSpec.from_lines(self.exclude)
        for source in self.sources:
            if source.is_file():
                if not self._is_left_out(source.parent, source):
                    yield source.parent, source
                continue
            if not source.is_dir():
                raise self.error(
                    "sources",
                    f"the source folder {self.shown(source)} does not exist",
                    "Fix `sources` of the plugin `literate`",
                )
            for path in sorted(source.rglob("*.py")):
                is_excluded = excluded.match_file(path.relative_to(source).as_posix())
                if not is_excluded and not self._is_left_out(source, path):
                    yield source, path

    def _is_left_out(self, folder: Path, path: Path) -> bool:
        return self.leaves_out(f"{page_name(path.relative_to(folder))}.md")

    def leaves_out(self, page: str) -> bool:
        """Whether a page, as `nav` calls it, is kept out of the site."""
        return self.left_out is not None and self.left_out.match_file(page)

    def source_of(self, page: str) -> Path:
        """The Python file that a page is made of.

        Raises `LiterateError` where there is no such page, or it is made of Markdown.
        """
        markdown = {page_name(path.relative_to(self.docs)) for path in self.pages()}
        sources = {page_name(path.relative_to(root)): path for root, path in self.source_files()}
        if page in sources:
            return sources[page]
        if page in markdown:
            raise LiterateError(
                f"the page {page!r} is Markdown already", fix="Name a page that is made of Python"
            )
        raise LiterateError(f"there is no page {page!r}", fix=nearest(page, sources))


@cache
def _roots(root: Path, named: tuple[Path, ...]) -> tuple[Path, ...]:
    """The real folders. A name that stays in the project is no leave to go where a link leads."""
    project = Path(os.path.abspath(root))  # noqa: PTH100
    parts = [Path(os.path.abspath(part)) for part in named]  # noqa: PTH100
    outside = [part for part in parts if not part.is_relative_to(project)]
    return (real_path(project), *map(real_path, outside))


def page_name(path: Path) -> str:
    """The name of the page that a file becomes; the path is relative to its source folder."""
    return path.with_name("index" if path.name == "__init__.py" else path.stem).as_posix()


#: What MkDocs takes for pages.
MARKDOWN = {".md", ".markdown", ".mdown", ".mkdn", ".mkd"}


def is_hidden(path: Path) -> bool:
    """Whether a path has a part that starts with a dot, which MkDocs leaves out of a site."""
    return any(part.startswith(".") and part != ".." for part in path.parts)
