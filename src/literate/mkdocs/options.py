"""The options of the plugin, each declared once, with its text in the reference."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

from mkdocs.config.base import Config

from literate.mkdocs.option import Option
from literate.site.project import MAPS, Documentation


def _names_map(path: str) -> bool:
    """Whether a path holds {language} and {page}, plain, and no other name in braces."""
    try:
        fields = [field[1:] for field in Formatter().parse(path) if field[1] is not None]
    except ValueError:
        return False
    plain = not any(spec or conversion for _, spec, conversion in fields)
    return plain and {name for name, _, _ in fields} == {"language", "page"}


def _are_documentations(value: dict[Any, Any]) -> bool:
    """Whether each name has the address of a documentation, and the file of its inventory."""
    return all(
        isinstance(name, str)
        and isinstance(entry, dict)
        and entry.keys() == {"url", "file"}
        and all(isinstance(part, str) and part for part in entry.values())
        and re.fullmatch(r"https?://[^\s\"<>]+/", entry["url"])
        for name, entry in value.items()
    )


class Options(Config):  # type: ignore[no-untyped-call]
    """The options are set in `mkdocs.yml`, under the name of the plugin:

    ```yaml
    plugins:
      - literate:
          sources: [src/paper]
    ```

    Paths are relative to the folder of `mkdocs.yml`. Of MkDocs' own settings, the engine uses
    `docs_dir`, the folder of the Markdown pages; `nav`, whose labels are translated;
    `theme.language`, the language that the sources are written in, English by default; and
    `site_url`, the address at which the site will be published. `exclude_docs` and `draft_docs`
    keep pages out, whatever they are made of, as `nav` calls them; `edit_uri` leads to the file
    behind a page. `markdown_extensions` are not used, and neither is the plugin `search`: the
    search is built in.
    """

    sources = Option(
        default=[],
        typed=lambda root, paths: tuple(root / path for path in paths),
        text="""Python files, or folders of them, that become annotated pages.

    A page is named after its file's path within the folder: with the example below,
    `src/paper/nets/unet.py` becomes `nets/unet/`, which `nav` calls `nets/unet.md`. An
    `__init__.py` becomes the page of its folder.

    ```yaml
    sources: [src/paper, scripts/train.py]
    ```
    """,
    )
    exclude = Option(
        default=[],
        text="""Patterns of files in those folders to leave out of the site.

    They work as in a `.gitignore` in each folder of `sources`. A file that `sources` itself names
    is never left out.

    ```yaml
    exclude: [__init__.py, tests/]
    ```
    """,
    )
    translations = Option(
        default="translations",
        typed=lambda root, path: root / path,
        text="""The folder of the translations, with a folder for each language.

    A language's folder is named by its code, such as `de` or `pt-BR`, and holds its settings,
    `language.toml`, and its maps. A site in one language does not need one.

    ```yaml
    translations: locale
    ```
    """,
    )
    maps = Option(
        default=MAPS,
        check=_names_map,
        text="""The path of a page's map in that folder.

    `{language}` stands for the code of the language, `{page}` for the name of the page; both must
    occur. With a path of your own, a language that `languages` names needs no `language.toml`. The
    page of a folder is called `index`; the map of its `__init__.py` may go by `__init__` as well.

    ```yaml
    maps: "{page}.{language}.json"
    ```
    """,
    )
    languages = Option(
        default=[],
        text="""The languages to translate the site into, in the order of the menu.

    By default, every folder of `translations` is a language, in alphabetical order.

    ```yaml
    languages: [zh, de]
    ```
    """,
    )
    dead_links = Option(
        default="error",
        choices=("error", "report"),
        text="""What to do about a broken link.

    With `error`, it stops the build. With `report`, the page shows its text without a link, and the
    command `check` lists it. This is for sources that you cannot change. What else in them nobody
    can show, such as a formula that does not convert, is then shown as it is written.

    ```yaml
    dead_links: report
    ```
    """,
    )
    faulty = Option(
        default="error",
        choices=("error", "report"),
        text="""What to do about a translation that would break its page, or a faulty note.

    With `error`, it stops the build. With `report`, the page shows the text in the language of the
    sources, marked as not translated, and the command `check` lists the fault. What a note holds
    and nobody can show (a formula that does not convert, a footnote that is not defined, a citation
    that is not in the bibliography) is shown as it is written. This is for maps and sources of
    others; a preview always works like this.

    ```yaml
    faulty: report
    ```
    """,
    )
    bibliography = Option(
        default="",
        typed=lambda root, path: root / path if path else None,
        text="""A BibTeX file. Pages cite its entries as `[@key]`.

    Each page lists what it cites at its end.

    ```yaml
    bibliography: docs/references.bib
    ```
    """,
    )
    inventories = Option(
        default={},
        check=_are_documentations,
        typed=lambda root, entries: tuple(
            Documentation(name, entry["url"], root / entry["file"])
            for name, entry in entries.items()
        ),
        text="""Documentations of others that the names in the code lead to.

    Each has a name, an address that ends in `/`, and the file of its inventory: the `objects.inv`
    that Sphinx writes beside the pages. The command `inventories --download` fetches it; a build
    never does. Where two documentations have a name, it leads to the first one.

    ```yaml
    inventories: {Python: {url: "https://docs.python.org/3/", file: inventories/python.inv}}
    ```
    """,
    )
    paper = Option(
        default="",
        text="""The key of the paper that the site explains, in the bibliography.

    Search engines, and others that read the data of a page, then know what it is based on. The
    site's own authors are MkDocs' `site_author`.

    ```yaml
    paper: goodfellow2014
    ```
    """,
    )
    shapes = Option(
        default="",
        typed=lambda root, path: root / path if path else None,
        text="""A record of the shapes that tensors have, to be shown at the ends of lines of code.

    It is JSON that a script of the project writes while it runs the code. `configurations` maps
    each name to its symbols and their sizes, as in `{"ConvMixer-256/8": {"h": 256, "p": 2}}`.
    `files` maps the path of a file to its functions by name, and each function to `lines`: the text
    of a line of code, and its shape in symbols and in each configuration, as in
    `"x = self.embed(x)": ["[B, h, H/p, W/p]", "[B, 256, 16, 16]"]`. `takes` is such a list for the
    arguments, `passes` has for each configuration all shapes that come up, and `own` the symbols
    that mean something else in the function.

    Readers choose the configuration. The command `check` reports a note in a function that names a
    shape `[B, …]` which nothing in that function has.

    ```yaml
    shapes: records/shapes.json
    ```
    """,
    )
    cards = Option(
        default=False,
        text="""Whether each page has a picture that is shown where its address is shared.

    It is a PNG of 1200 by 630 pixels with the page's title and summary, one in each language. The
    cards are made where `site_url` is an address that others can reach, not for a preview on this
    machine. They add about a tenth to the time of a clean build, and nothing to the next builds, as
    long as the words on them stay the same.

    ```yaml
    cards: true
    ```
    """,
    )
    card_fonts = Option(
        default=[],
        typed=lambda root, paths: tuple(root / path for path in paths),
        text="""Fonts for the characters of cards that the engine's own font lacks.

    The engine's has the Latin letters. Each file is a TrueType, OpenType or WOFF font; the first
    that has a character draws it. Where none has, the page has the card of the language of the
    sources, and the build says what is missing.

    ```yaml
    card_fonts: [fonts/noto-sans-sc.woff]
    ```
    """,
    )
    llms_txt = Option(
        default=False,
        text="""Whether each page is also served as Markdown, for programs that read.

    The page `net/` is then at `net.md` as well, with the code in it, in each language; the page
    names it as its alternate. `llms.txt` lists all of them. This adds about a tenth to the time of
    a clean build.

    ```yaml
    llms_txt: true
    ```
    """,
    )
    pictures_from = Option(
        default=[],
        check=lambda site: bool(re.fullmatch(r"https?://[\w.-]+(?::\d+)?", site)),
        text="""Other sites whose pictures, films and sounds the pages may show.

    By default, a reader's browser asks no other site for anything: the content security policy of
    each page forbids it.

    ```yaml
    pictures_from: ["https://pictures.example.org"]
    ```
    """,
    )


#: The options by name.
DECLARED = {name: option for name, option in Options._schema if isinstance(option, Option)}
