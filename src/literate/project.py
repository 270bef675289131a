"""Where a project keeps what its site is made of: the options of the plugin, typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

import pathspec
import yaml

from literate.errors import LiterateError, nearest

#: Where a map lies unless the project says otherwise: a folder a language.
MAPS = "{language}/{page}.json"
#: The results of earlier builds, in the project's folder.
CACHE = Path(".cache/literate")


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of a project, and the words that its configuration shows to readers.

    `sources` are Python files, or folders of them; `exclude` are patterns as in `.gitignore`,
    relative to the source folder. `languages` are the folders of `translations` to build, all if
    it is empty. `maps` says where in `translations` the map of a page in a language lies.
    `dead_links` says whether a link that leads nowhere is an `error`, or only to `report`. `words`
    are the site's name, its navigation and the like: the texts that stand in the configuration
    instead of on a page. `bibliography` is a BibTeX file, if there is one.
    """

    root: Path
    docs: Path
    sources: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    translations: Path = Path("translations")
    maps: str = MAPS
    languages: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    dead_links: str = "error"
    bibliography: Path | None = None

    def shown(self, path: Path) -> str:
        """The path as messages show it: relative to the project, with forward slashes."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return path.as_posix()

    def map_path(self, language: str, page: str) -> Path:
        """The file of a page's map."""
        return self.translations / self.maps.format(language=language, page=page)

    def pages(self) -> Iterator[Path]:
        """The Markdown pages."""
        yield from sorted(self.docs.rglob("*.md"))

    def source_files(self) -> Iterator[tuple[Path, Path]]:
        """(source folder, file) of each Python file that becomes a page."""
        excluded = pathspec.GitIgnoreSpec.from_lines(self.exclude)
        for source in self.sources:
            if source.is_file():
                yield source.parent, source
                continue
            if not source.is_dir():
                raise LiterateError(
                    f"the source folder {self.shown(source)} does not exist",
                    file="mkdocs.yml",
                    fix="Mend `sources` of the plugin `literate`",
                )
            for path in sorted(source.rglob("*.py")):
                if not excluded.match_file(path.relative_to(source).as_posix()):
                    yield source, path

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


def page_name(path: Path) -> str:
    """The name of the page that a file becomes; the path is relative to its source folder."""
    return path.with_name("index" if path.name == "__init__.py" else path.stem).as_posix()


def read_project(config_file: Path) -> Project:
    """The project that a `mkdocs.yml` describes.

    Raises `LiterateError` where there is no such file, or no plugin `literate` in it.
    """
    try:
        config = yaml.load(config_file.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    except FileNotFoundError:
        raise LiterateError(
            "there is no mkdocs.yml here", fix="Run this in the folder of a project"
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise LiterateError(
            f"this is not YAML: {getattr(error, 'problem', error)}",
            file=config_file.name,
            line=mark.line + 1 if mark else 1,
        ) from None
    for plugin in config.get("plugins") or ():
        if plugin == "literate" or (isinstance(plugin, dict) and "literate" in plugin):
            options = {} if plugin == "literate" else plugin["literate"] or {}
            _check_options(options, config_file)
            return make_project(config_file.parent, config, options)
    raise LiterateError(
        "the plugin `literate` is not in use", file=config_file.name, fix="Add it to `plugins`"
    )


def make_project(root: Path, config: Any, options: Any) -> Project:
    """The project that a configuration and the plugin's options make.

    `config` and `options` are mappings: a parsed `mkdocs.yml`, or what MkDocs made of it.
    """
    maps = options.get("maps") or MAPS
    if _fields(maps) != {"language", "page"}:
        raise LiterateError(
            f"the option `maps` of the plugin `literate` is {maps!r}",
            file="mkdocs.yml",
            fix="Write a path with {language} and {page} in it, as in '{page}.{language}.json'",
        )
    bibliography = options.get("bibliography")
    return Project(
        root=root,
        docs=root / (config.get("docs_dir") or "docs"),
        sources=tuple(root / source for source in options.get("sources") or ()),
        exclude=tuple(options.get("exclude") or ()),
        translations=root / (options.get("translations") or "translations"),
        maps=maps,
        languages=tuple(options.get("languages") or ()),
        words=tuple(_words(config)),
        dead_links=_choice(options, "dead_links", ("error", "report")),
        bibliography=root / bibliography if bibliography else None,
    )


def _choice(options: Any, name: str, choices: tuple[str, ...]) -> str:
    """One of the values that an option may have; the first unless the project says otherwise."""
    value = options.get(name) or choices[0]
    if value not in choices:
        raise LiterateError(
            f"the option `{name}` of the plugin `literate` is {value!r}",
            file="mkdocs.yml",
            fix=nearest(str(value), choices),
        )
    return str(value)


def _fields(template: str) -> set[str]:
    """The names in braces of a template; none at all if it is malformed."""
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError:
        return set()


_LISTS = ("sources", "exclude", "languages")
_TEXTS = ("translations", "maps", "dead_links", "bibliography")


def _check_options(options: Any, config_file: Path) -> None:
    for name, value in options.items():
        line = line_of(config_file, f"{name}:")
        if name not in (*_LISTS, *_TEXTS):
            raise LiterateError(
                f"the plugin `literate` has no option {name!r}",
                file=config_file.name,
                line=line,
                fix=nearest(name, (*_LISTS, *_TEXTS)),
            )
        if value is not None and not _is_of_kind(name, value):
            raise LiterateError(
                f"the option {name!r} of the plugin `literate` is {value!r}",
                file=config_file.name,
                line=line,
                fix="Write a list, as in [a, b]" if name in _LISTS else "Write a text",
            )


def _is_of_kind(option: str, value: Any) -> bool:
    if option in _TEXTS:
        return isinstance(value, str)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def line_of(file: Path, words: str) -> int:
    """The first line of a file that holds the words."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if words in line), 1)


def _words(config: Any) -> Iterator[str]:
    """Texts of the configuration that readers see, each once, in the order of the page."""
    words = [config.get("site_name"), config.get("site_description"), config.get("copyright")]
    words += _labels(config.get("nav") or ())
    for palette in _palettes(config.get("theme")):
        words.append((palette.get("toggle") or {}).get("name"))
    yield from dict.fromkeys(str(word) for word in words if word)


def _labels(nav: Any) -> Iterator[str]:
    for item in nav:
        if isinstance(item, dict):
            for label, value in item.items():
                yield label
                if isinstance(value, list):
                    yield from _labels(value)


def _palettes(theme: Any) -> list[Any]:
    palettes = theme.get("palette") if hasattr(theme, "get") else None
    return palettes if isinstance(palettes, list) else []


class _Loader(yaml.SafeLoader):
    """YAML with the tags that MkDocs and its users add (`!ENV`, `!!python/name:…`) left aside."""


_Loader.add_multi_constructor("", lambda loader, suffix, node: None)
