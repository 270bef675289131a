"""`mkdocs.yml` -> Project: read and checked by MkDocs, explained with file and line by us."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort, MkDocsException
from mkdocs.structure.files import InclusionLevel, get_files
from pathspec import GitIgnoreSpec, PathSpec

from literate.base.cache import digest
from literate.base.errors import LiterateError, nearest, raise_all
from literate.base.files import Place, SourceFile, is_within, path_from, strays
from literate.mkdocs.marks import Marks, not_yaml
from literate.mkdocs.option import QUOTE, described
from literate.mkdocs.options import DECLARED, Options
from literate.mkdocs.repository import files_address
from literate.site.project import CONFIG, Project, is_hidden
from literate.translation.message import Kind, Passage, plain_text

if TYPE_CHECKING:
    from mkdocs.config.base import ConfigErrors

os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")  # Material's banner
NAME = "literate"


def read_project(config_file: Path = Path(CONFIG)) -> Project:
    """The project that a `mkdocs.yml` describes; raises as `load` does."""
    return make_project(load(config_file))


def load(config_file: Path = Path(CONFIG), *, strict: bool = False) -> MkDocsConfig:
    """A configuration, as MkDocs reads it.

    Raises `LiterateError` where there is no such file, no plugin `literate` in it, or a value that
    MkDocs or the engine cannot work with; if `strict`, for what MkDocs warns of as well.
    """
    marks = Marks(config_file)
    try:
        with overheard():
            config = load_config(str(config_file), strict=strict)
    except Abort:
        with overheard():
            raise_all(list(_invalid(config_file, marks, strict=strict)))
        raise
    except MkDocsException as error:
        cause = error.__cause__
        raise cause if isinstance(cause, LiterateError) else LiterateError(str(error)) from None
    except ValueError as error:  # a date that there is not, say
        raise not_yaml(marks.place().file, error) from None
    if NAME not in config.plugins:
        raise marks.place("plugins").error(
            f"the plugin `{NAME}` is not in use", "Add it to `plugins`"
        )
    return config


@contextmanager
def overheard() -> Iterator[list[str]]:
    """What MkDocs warns of, and what it takes for an error: for us to say, not for its log."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)


def _invalid(config_file: Path, marks: Marks, *, strict: bool) -> Iterator[LiterateError]:
    """What is wrong with a configuration: `load_config` says it to its log alone."""
    config = MkDocsConfig(str(config_file.absolute()))
    with config_file.open("rb") as file:
        config.load_file(file)
    errors, warnings = config.validate()
    for key, problem in (*errors, *(warnings if strict else ())):
        yield marks.place(key).error(f"`{key}`: {problem}")


def check_options(config_file: Path, options: Options, errors: ConfigErrors) -> None:
    """Raise `LiterateError` for what is wrong with the plugin's options."""

    def place(name: str) -> Place:
        return Marks(config_file).place("plugins", NAME, name)

    for name in options.keys() - DECLARED.keys():
        raise place(name).error(
            f"the plugin `{NAME}` has no option {name!r}", nearest(str(name), DECLARED)
        )
    for name, error in errors:
        raise place(name).error(f"the option `{name}` of the plugin `{NAME}` {error}")


def make_project(config: MkDocsConfig, *, drafts: bool = False) -> Project:
    """The project of a configuration, with its drafts where they are asked for.

    Raises `LiterateError` for a value that MkDocs lets pass and the engine cannot work with.
    """
    marks = Marks(Path(config.config_file_path))
    _check_words(config, marks)
    root = Path(config.config_file_path).parent
    options: Options = config.plugins[NAME].config
    settings = ["site_dir", "theme", "theme.name", "theme.language"]
    project = Project(
        root=root,
        docs=Path(config.docs_dir),
        left_out=_left_out(config, drafts=drafts),
        words=tuple(_words(config, marks)),
        language=config.theme.get("language") or "en",
        site=Path(config.site_dir),
        repository=files_address(config.repo_url, root),
        places={setting: marks.place(*setting.split(".")) for setting in settings}
        | {name: marks.place("plugins", NAME, name) for name in DECLARED},
        key=digest(repr(sorted(options.items()))),
        **{name: option.typed(root, options[name]) for name, option in DECLARED.items()},
    )
    _check_strays(project)
    return replace(project, markdown=tuple(sorted(_markdown(config, drafts=drafts))))


def _check_strays(project: Project) -> None:
    """Raise where MkDocs would publish what is not the project's, or wait for it."""
    errors = []
    for path in strays(project.docs):
        file = SourceFile(path, path_from(project.root, path), project.roots)
        if not is_within(path, project.roots):
            errors.append(file.stray())
        elif not path.is_symlink() and not is_hidden(path.relative_to(project.docs)):
            errors.append(file.error("this is no regular file", fix="Remove it"))
    raise_all(errors)


def _markdown(config: MkDocsConfig, *, drafts: bool) -> Iterator[Path]:
    """The files of the Markdown pages, as MkDocs finds them."""
    with overheard():  # a build hears of it when MkDocs looks for them itself
        files = get_files(config)
    least = InclusionLevel.DRAFT if drafts else InclusionLevel.NOT_IN_NAV
    for file in files.documentation_pages(inclusion=lambda level: level.value >= least.value):
        if (
            file.inclusion.value
            > (InclusionLevel.EXCLUDED if drafts else InclusionLevel.DRAFT).value
        ):
            yield Path(file.abs_src_path or "")


def _left_out(config: MkDocsConfig, *, drafts: bool) -> PathSpec[Any] | None:
    """The pages that the configuration keeps out of the site, those made of Python among them."""
    patterns = [config.exclude_docs, None if drafts else config.draft_docs]
    known = [spec.patterns for spec in patterns if spec]
    return GitIgnoreSpec([pattern for spec in known for pattern in spec]) if known else None


def _check_words(config: MkDocsConfig, marks: Marks) -> None:
    """Raise for a label that is not text: YAML reads `2024` and `on` as something else."""
    for title, _ in labels(config.nav or ()):
        if not isinstance(title, str):
            raise marks.place_of(title, "nav").error(
                f"a label of `nav` is {described(title)}", QUOTE
            )
    language = config.theme.get("language")
    if language is not None and not isinstance(language, str):
        raise marks.place("theme", "language").error(
            f"`theme.language` is {described(language)}", QUOTE
        )
    for number, palette in enumerate(_palettes(config)):
        toggle = palette.get("toggle")
        label = toggle.get("name") if isinstance(toggle, dict) else None
        if toggle is not None and not (isinstance(label, str) and label):
            raise marks.place("theme", "palette", number, "toggle").error(
                "a palette's `toggle` has no `name`",
                "Write one, as in `name: Switch to dark mode`: screen readers say it",
            )


def _words(config: MkDocsConfig, marks: Marks) -> Iterator[Passage]:
    """Texts of the configuration that readers see, in the order of the page."""
    for name in ("site_name", "site_description", "copyright"):
        yield from _word(marks, config[name], Kind.CONFIG, name)
    for label, _ in labels(config.nav or ()):
        yield from _word(marks, label, Kind.NAV, "nav")
    for palette in _palettes(config):
        toggle = palette.get("toggle") or {}
        yield from _word(marks, toggle.get("name"), Kind.CONFIG, "theme", "palette")


def _word(marks: Marks, text: str | None, kind: Kind, *setting: str) -> Iterator[Passage]:
    """A text where it stands, or where its setting does if another plugin has put it there."""
    if text:
        place = marks.place_of(text, *setting)
        yield plain_text(text, place.file.shown, place.line or 1, kind, ".".join(setting))


def labels(nav: Any) -> Iterator[tuple[Any, Any]]:
    """(label, what it stands for) of every entry of the navigation that has a label."""
    for item in nav:
        if isinstance(item, dict):
            for label, value in item.items():
                yield label, value
                if isinstance(value, list):
                    yield from labels(value)


def _palettes(config: MkDocsConfig) -> list[Any]:
    palettes = config.theme.get("palette")
    return [p for p in palettes if isinstance(p, dict)] if isinstance(palettes, list) else []
