"""Where a project keeps what its site is made of: the options of the plugin, typed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from string import Formatter
from typing import Any

import pathspec
import yaml
from yaml_env_tag import construct_env_tag  # type: ignore[import-untyped]

from literate.errors import LiterateError, nearest
from literate.files import read_text

CONFIG = "mkdocs.yml"

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
    instead of on a page. `bibliography` is a BibTeX file, if there is one. `language` is what the
    sources are written in, `site` the folder that the site is built into.
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
    language: str = "en"
    site: Path = Path("site")

    def shown(self, path: Path) -> str:
        """The path as messages show it: relative to the project, with forward slashes."""
        try:
            return _real(path).relative_to(_real(self.root)).as_posix()
        except ValueError:
            return path.as_posix()

    def map_path(self, language: str, page: str) -> Path:
        """The file of a page's map."""
        return self.translations / self.maps.format(language=language, page=page)

    def pages(self) -> Iterator[Path]:
        """The Markdown pages: what is hidden is none, as MkDocs has it.

        Raises `LiterateError` for a page that MkDocs would build past the engine.
        """
        for path in sorted(self.docs.rglob("*.m*")):
            if path.suffix not in MARKDOWN or is_hidden(path.relative_to(self.docs)):
                continue
            if path.suffix != ".md":
                raise LiterateError(
                    f"the page ends in {path.suffix}",
                    file=self.shown(path),
                    fix=f"Call it {path.with_suffix('.md').name}",
                )
            yield path

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


#: What MkDocs takes for pages.
MARKDOWN = {".md", ".markdown", ".mdown", ".mkdn", ".mkd"}


def is_hidden(path: Path) -> bool:
    """Whether a path has a part that starts with a dot, which MkDocs leaves out of a site."""
    return any(part.startswith(".") and part != ".." for part in path.parts)


def _real(path: Path) -> Path:
    """The path without symbolic links, where they lead anywhere: unlike `resolve`, it says nothing
    of a loop."""
    return Path(os.path.realpath(path))


def read_project(config_file: Path) -> Project:
    """The project that a `mkdocs.yml` describes.

    Raises `LiterateError` where there is no such file, no plugin `literate` in it, or a value that
    the engine cannot work with.
    """
    config = _read_config(config_file)
    plugins = config.get("plugins") or ()
    for plugin in plugins.items() if isinstance(plugins, dict) else plugins:
        name, options = _named(plugin)
        if name == "literate":
            if not isinstance(options, dict):
                raise LiterateError(
                    f"the options of the plugin `literate` are {_kind(options)}",
                    file=config_file.name,
                    line=line_of(config_file, "literate:"),
                    fix="Write `option: value` lines",
                )
            _check_names(options, config_file)
            return make_project(config_file.parent, config, options)
    raise LiterateError(
        "the plugin `literate` is not in use", file=config_file.name, fix="Add it to `plugins`"
    )


def _named(plugin: Any) -> tuple[Any, Any]:
    """A plugin of the configuration, in any of its spellings, and its options."""
    if isinstance(plugin, dict):
        plugin = next(iter(plugin.items()), ("", None))
    name, options = plugin if isinstance(plugin, tuple) else (plugin, None)
    return name, {} if options is None else options


def config_files(config_file: Path) -> list[Path]:
    """A configuration, and those that it inherits from."""
    return [file for file, _ in _lineage(config_file)]


def _read_config(config_file: Path) -> dict[str, Any]:
    """A configuration, upon those that it inherits from."""
    return reduce(_merged, [config for _, config in reversed(_lineage(config_file))])


def _lineage(file: Path, heirs: tuple[Path, ...] = ()) -> list[tuple[Path, dict[str, Any]]]:
    """A configuration, the one that its `INHERIT` names, and so on."""
    try:
        config = yaml.load(read_text(file, file.name, "the configuration"), _Loader)  # noqa: S506
    except FileNotFoundError:
        raise _no_config(file, heirs) from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise LiterateError(
            f"this is not YAML: {getattr(error, 'problem', error)}",
            file=file.name,
            line=mark.line + 1 if mark else None,
            fix="Mend it; quote a value that holds a colon",
        ) from None
    if not isinstance(config, dict):
        raise LiterateError(
            f"the configuration is {_kind(config)}",
            file=file.name,
            line=1,
            fix="Write `key: value` lines; `site_name` and `plugins` are the least",
        )
    if "INHERIT" not in config:
        return [(file, config)]
    parent = (file.parent / str(config["INHERIT"])).absolute()
    if parent in (file.absolute(), *heirs):
        raise LiterateError(
            "the configuration inherits from itself",
            file=file.name,
            line=line_of(file, "INHERIT:"),
            fix="Name another file in `INHERIT`",
        )
    return [(file, config), *_lineage(parent, (file.absolute(), *heirs))]


def _no_config(file: Path, heirs: tuple[Path, ...]) -> LiterateError:
    if not heirs:
        return LiterateError(
            "there is no mkdocs.yml here", fix="Run this in the folder of a project"
        )
    return LiterateError(
        f"the configuration inherits from {file.name}, which is not there",
        file=heirs[0].name,
        line=line_of(heirs[0], "INHERIT:"),
        fix="Mend `INHERIT`",
    )


def _merged(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """The child's values over the parent's, mapping by mapping, as MkDocs does it."""
    both = parent | child
    for key in parent.keys() & child.keys():
        if isinstance(parent[key], dict) and isinstance(child[key], dict):
            both[key] = _merged(parent[key], child[key])
    return both


def make_project(root: Path, config: Any, options: Any) -> Project:
    """The project that a configuration and the plugin's options make.

    `config` and `options` are mappings: a parsed `mkdocs.yml`, or what MkDocs made of it. Raises
    `LiterateError` for a value that the engine cannot work with.
    """
    _check_options(options, root / CONFIG)
    _check_words(config, root / CONFIG)
    bibliography = options.get("bibliography")
    return Project(
        root=root,
        docs=root / (config.get("docs_dir") or "docs"),
        sources=tuple(root / source for source in options.get("sources") or ()),
        exclude=tuple(options.get("exclude") or ()),
        translations=root / (options.get("translations") or "translations"),
        maps=options.get("maps") or MAPS,
        languages=tuple(options.get("languages") or ()),
        words=tuple(_words(config)),
        dead_links=options.get("dead_links") or DEAD_LINKS[0],
        bibliography=root / bibliography if bibliography else None,
        language=_theme(config).get("language") or "en",
        site=root / (config.get("site_dir") or "site"),
    )


def _is_template(text: str) -> bool:
    """Whether a text holds {language} and {page}, plain, and no other name in braces."""
    try:
        fields = [field[1:] for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:
        return False
    return {name for name, _, _ in fields} == {"language", "page"} and not any(
        spec or conversion for _, spec, conversion in fields
    )


_LISTS = {"sources": "src/paper", "exclude": "__init__.py", "languages": "zh"}
_TEXTS = {
    "translations": "translations",
    "maps": MAPS,
    "dead_links": "report",
    "bibliography": "docs/references.bib",
}
#: What may become of a link that leads nowhere; the first unless a project says otherwise.
DEAD_LINKS = ("error", "report")


def _check_names(options: dict[str, Any], config_file: Path) -> None:
    known = {*_LISTS, *_TEXTS}
    for name in options:
        if name not in known:
            raise LiterateError(
                f"the plugin `literate` has no option {name!r}",
                file=config_file.name,
                line=line_of(config_file, f"{name}:"),
                fix=nearest(str(name), known),
            )


def _check_options(options: Any, config_file: Path) -> None:
    def fail(name: str, found: str, fix: str) -> LiterateError:
        return LiterateError(
            f"the option `{name}` of the plugin `literate` {found}",
            file=CONFIG,
            line=line_of(config_file, f"{name}:"),
            fix=fix,
        )

    for name, example in _LISTS.items():
        value = options.get(name)
        if value is not None and not isinstance(value, list):
            raise fail(name, f"is {_kind(value)}", f"Write a list, as in `{name}: [{example}]`")
        for item in value or ():
            if not isinstance(item, str) or not item:
                raise fail(name, f"holds {_kind(item)}", _QUOTE)
    for name, example in _TEXTS.items():
        text = options.get(name)
        if text is not None and not isinstance(text, str):
            raise fail(name, f"is {_kind(text)}", f"Write a text, as in `{name}: '{example}'`")
    maps = options.get("maps")
    if maps and not _is_template(maps):
        raise fail(
            "maps",
            f"is {maps!r}",
            "Write a path with {language} and {page} in it, as in '{page}.{language}.json'",
        )
    dead_links = options.get("dead_links")
    if dead_links and dead_links not in DEAD_LINKS:
        raise fail("dead_links", f"is {dead_links!r}", nearest(dead_links, DEAD_LINKS))


_QUOTE = "Write a text; YAML takes some words for others unless they stand in quotes, as in 'no'"


def _kind(value: Any) -> str:
    """A value of YAML as a message names it: what it was taken for."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"the text {value!r}" if isinstance(value, str) else f"`{str(value).lower()}`, no text"


def _check_words(config: Any, config_file: Path) -> None:
    """Raise for a label that is no text: YAML takes `2024`, `on` and the like for other things."""

    def fail(what: str, fix: str, words: str) -> LiterateError:
        line = line_of(config_file, words)
        return LiterateError(what, file=CONFIG, line=line, fix=fix)

    for name in ("docs_dir", "site_dir"):
        if not isinstance(config.get(name) or "", str):
            raise fail(f"`{name}` is {_kind(config[name])}", "Write a path", f"{name}:")
    nav = config.get("nav")
    if nav is not None and not isinstance(nav, list):
        raise fail(f"`nav` is {_kind(nav)}", "Write a list of pages", "nav:")
    for title, target in _labels(nav or ()):
        if not isinstance(title, str):
            words = target if isinstance(target, str) else f"{title}:"
            raise fail(f"a label of `nav` is {_kind(title)}", _QUOTE, words)
    language = _theme(config).get("language")
    if language is not None and not isinstance(language, str):
        raise fail(f"`theme.language` is {_kind(language)}", _QUOTE, "language:")
    for palette in _palettes(config):
        toggle = palette.get("toggle")
        label = toggle.get("name") if isinstance(toggle, dict) else None
        if toggle is not None and not (isinstance(label, str) and label):
            raise fail(
                "a palette's `toggle` has no `name`",
                "Write one, as in `name: Switch to dark mode`: screen readers say it",
                "toggle:",
            )


def line_of(file: Path, words: str) -> int | None:
    """The first line of a file that holds the words outside a comment."""
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if words in line.partition("#")[0]), None)


def _words(config: Any) -> Iterator[str]:
    """Texts of the configuration that readers see, each once, in the order of the page."""
    words = [config.get("site_name"), config.get("site_description"), config.get("copyright")]
    words += [label for label, _ in _labels(config.get("nav") or ())]
    words += [(palette.get("toggle") or {}).get("name") for palette in _palettes(config)]
    yield from dict.fromkeys(str(word) for word in words if word)


def _labels(nav: Any) -> Iterator[tuple[Any, Any]]:
    """(label, what it stands for) of every entry of the navigation that has a label."""
    for item in nav:
        if isinstance(item, dict):
            for label, value in item.items():
                yield label, value
                if isinstance(value, list):
                    yield from _labels(value)


def _theme(config: Any) -> Any:
    """The settings of the theme: none where it is nothing but a name."""
    theme = config.get("theme")
    return theme if hasattr(theme, "get") else {}


def _palettes(config: Any) -> list[Any]:
    palettes = _theme(config).get("palette")
    return [p for p in palettes if isinstance(p, dict)] if isinstance(palettes, list) else []


class _Loader(yaml.SafeLoader):
    """YAML with `!ENV`, as MkDocs has it; other tags (`!!python/name:…`) are left aside."""


_Loader.add_constructor("!ENV", construct_env_tag)
_Loader.add_multi_constructor("", lambda loader, suffix, node: None)
