"""The options of the plugin, declared once: types, defaults, checks, and the reference's texts."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from pathlib import Path
from string import Formatter
from typing import Any, Generic, TypeVar

from mkdocs.config.base import BaseConfigOption, Config, ValidationError

from literate.base.errors import nearest
from literate.site.project import MAPS

_Value = TypeVar("_Value")
#: Makes what `Project` holds of the project's folder and what stands in `mkdocs.yml`.
Typed = Callable[[Path, Any], Any]


class OptionError(ValidationError):
    """What is wrong with the value of an option, and what to do about it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.fix = fix


class Option(BaseConfigOption[_Value], Generic[_Value]):
    """An option with its text in the reference, Markdown that ends in an example."""

    kind: str

    def __init__(
        self, *, default: _Value, text: str, typed: Typed = lambda root, value: value
    ) -> None:
        super().__init__()
        self.text = cleandoc(text)
        self.default = default
        self.typed = typed

    @property
    def example(self) -> str:
        """The line of the example."""
        return self.text.rpartition("```yaml\n")[2].partition("\n")[0]

    def run_validation(self, value: object) -> _Value:
        """The value, or what stands for it where there is none."""
        return self.default if value is None else self.check(value)

    def check(self, value: Any) -> _Value:
        """Raise `OptionError` for a value of another kind."""
        raise NotImplementedError


class Text(Option[str]):
    """One text."""

    kind = "str"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise OptionError(f"is {described(value)}", f"Write a text, as in `{self.example}`")
        return value or self.default


class Texts(Option[list[str]]):
    """Several texts."""

    kind = "list[str]"

    def check(self, value: Any) -> list[str]:
        if not isinstance(value, list):
            raise OptionError(f"is {described(value)}", f"Write a list, as in `{self.example}`")
        for item in value:
            if not isinstance(item, str) or not item:
                raise OptionError(f"holds {described(item)}", QUOTE)
        return value


class Choice(Text):
    """One of a few texts, the first unless a project says otherwise."""

    def __init__(self, *choices: str, text: str) -> None:
        super().__init__(default=choices[0], text=text)
        self.choices = choices
        self.kind = " | ".join(f'"{choice}"' for choice in choices)

    def check(self, value: Any) -> str:
        text = super().check(value)
        if text not in self.choices:
            raise OptionError(f"is {text!r}", nearest(text, self.choices))
        return text


class MapPath(Text):
    """A path with {language} and {page} in it, plain, and no other name in braces."""

    def check(self, value: Any) -> str:
        text = super().check(value)
        try:
            fields = [field[1:] for field in Formatter().parse(text) if field[1] is not None]
        except ValueError:
            fields = []
        names = {name for name, _, _ in fields}
        if names != {"language", "page"} or any(field[1] or field[2] for field in fields):
            raise OptionError(
                f"is {text!r}", f"Write a path with {{language}} and {{page}}: `{self.example}`"
            )
        return text


QUOTE = "Write a text; YAML takes some words for others unless they stand in quotes, as in 'no'"


def described(value: Any) -> str:
    """A value of YAML as a message names it: what it was taken for."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "a mapping"
    return f"the text {value!r}" if isinstance(value, str) else f"`{str(value).lower()}`, no text"


class Options(Config):  # type: ignore[no-untyped-call]
    """These stand in `mkdocs.yml`, below the name of the plugin:

    ```yaml
    plugins:
      - literate:
          sources: [src/paper]
    ```

    Every path starts from the folder in which `mkdocs.yml` lies. From MkDocs' own settings, the
    engine takes `docs_dir`, the folder of the Markdown pages; `nav`, whose labels are translated;
    `theme.language`, the language that the sources are written in, which is English unless it says
    otherwise; and `site_url`, the address at which the site will be read.
    """

    sources = Texts(
        default=[],
        typed=lambda root, paths: tuple(root / path for path in paths),
        text="""Python files, or folders of them, that become annotated pages.

    The page of a file goes by the file's path within its folder: `src/paper/nets/unet.py` becomes
    `nets/unet/`, and `nav` names it as `nets/unet.md`. An `__init__.py` becomes the page of its
    folder.

    ```yaml
    sources: [src/paper, scripts/train.py]
    ```
    """,
    )
    exclude = Texts(
        default=[],
        typed=lambda root, patterns: tuple(patterns),
        text="""Patterns of files in those folders that become no page.

    They are written as in a `.gitignore` that lies in each folder of `sources`. A file that
    `sources` names itself is never left out.

    ```yaml
    exclude: [__init__.py, tests/]
    ```
    """,
    )
    translations = Text(
        default="translations",
        typed=lambda root, path: root / path,
        text="""The folder of the translations, with a folder for each language in it.

    A language's folder goes by its code, such as `de` or `pt-BR`, and holds its settings,
    `language.toml`, beside its maps. It need not exist for a site in one language.

    ```yaml
    translations: locale
    ```
    """,
    )
    maps = MapPath(
        default=MAPS,
        text="""Where in that folder the map of a page lies.

    `{language}` stands for the code of the language, `{page}` for the name of the page; both must
    occur. With a path of your own, a language needs no `language.toml`, if `languages` names it.

    ```yaml
    maps: "{page}.{language}.json"
    ```
    """,
    )
    languages = Texts(
        default=[],
        typed=lambda root, codes: tuple(codes),
        text="""The languages to build beside the language of the sources, in the order of the menu.

    Without it, every folder of `translations` is a language, in alphabetical order.

    ```yaml
    languages: [zh, de]
    ```
    """,
    )
    dead_links = Choice(
        "error",
        "report",
        text="""What a link that leads nowhere is.

    An `error` ends the build. With `report`, the words of the link stay and the command `check`
    lists it: for sources that are not yours to mend.

    ```yaml
    dead_links: report
    ```
    """,
    )
    bibliography = Text(
        default="",
        typed=lambda root, path: root / path if path else None,
        text="""A BibTeX file, whose entries pages cite as `[@key]`.

    What a page cites is listed at its end.

    ```yaml
    bibliography: docs/references.bib
    ```
    """,
    )


#: The options by name.
DECLARED: dict[str, Option[Any]] = {
    name: option for name, option in Options._schema if isinstance(option, Option)
}
