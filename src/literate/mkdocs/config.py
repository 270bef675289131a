"""`mkdocs.yml` -> Project: the options of the plugin, checked and typed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from string import Formatter
from typing import Any

import yaml
from yaml_env_tag import construct_env_tag  # type: ignore[import-untyped]

from literate.base.errors import LiterateError, nearest
from literate.base.files import line_of, read_text
from literate.site.project import CONFIG, MAPS, Project


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
        words=tuple(_ui_strings(config)),
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


def _ui_strings(config: Any) -> Iterator[str]:
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
