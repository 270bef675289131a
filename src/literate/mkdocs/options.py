"""The options of the plugin, with the texts of their reference."""

from __future__ import annotations

from mkdocs.config import config_options as c
from mkdocs.config.base import Config

from literate.site.project import MAPS


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

    sources = c.ListOfItems(c.Type(str), default=[])
    """Python files, or folders of them, that become annotated pages.

    The page of a file goes by the file's path within its folder: `src/paper/nets/unet.py` becomes
    `nets/unet/`, and `nav` names it as `nets/unet.md`. An `__init__.py` becomes the page of its
    folder.

    ```yaml
    sources: [src/paper, scripts/train.py]
    ```
    """
    exclude = c.ListOfItems(c.Type(str), default=[])
    """Patterns of files in those folders that become no page.

    They are written as in a `.gitignore` that lies in each folder of `sources`. A file that
    `sources` names itself is never left out.

    ```yaml
    exclude: [__init__.py, tests/]
    ```
    """
    translations = c.Type(str, default="translations")
    """The folder of the translations, with a folder for each language in it.

    A language's folder goes by its code, such as `de` or `pt-BR`, and holds its settings,
    `language.toml`, beside its maps. It need not exist for a site in one language.

    ```yaml
    translations: locale
    ```
    """
    maps = c.Type(str, default=MAPS)
    """Where in that folder the map of a page lies.

    `{language}` stands for the code of the language, `{page}` for the name of the page; both must
    occur. With a path of your own, a language needs no `language.toml`, if `languages` names it.

    ```yaml
    maps: "{page}.{language}.json"
    ```
    """
    languages = c.ListOfItems(c.Type(str), default=[])
    """The languages to build beside the language of the sources, in the order of the menu.

    Without it, every folder of `translations` is a language, in alphabetical order.

    ```yaml
    languages: [zh, de]
    ```
    """
    dead_links = c.Choice(("error", "report"), default="error")
    """What a link that leads nowhere is.

    An `error` ends the build. With `report`, the words of the link stay and the command `check`
    lists it: for sources that are not yours to mend.

    ```yaml
    dead_links: report
    ```
    """
    bibliography = c.Type(str, default="")
    """A BibTeX file, whose entries pages cite as `[@key]`.

    What a page cites is listed at its end.

    ```yaml
    bibliography: docs/references.bib
    ```
    """
