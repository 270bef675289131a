"""What a user would pick instead: the same notes, code and languages, built by other tools.

Both take Markdown, which `weave` writes. MkDocs with mkdocs-static-i18n has a file for each
language; Sphinx reads the same file once a language, with a catalog of gettext's.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from corpus import LANGUAGES, made_up

from literate.convert.weave import weave
from literate.mkdocs.config import read_project
from literate.site.load import load_site

#: Of Markdown, what is no word: front matter, code, formulas, targets, tags; and then the words.
_UNTOUCHED = re.compile(
    r"\A---\n.*?^---$|^(`{3,}).*?^\1$|\$\$.*?\$\$|`[^`\n]*`|\$[^$\n]*\$|\]\([^)]*\)|<!--.*?-->|<[^>]*>"
    r"|https?://\S+|[^\W\d_]+",
    re.DOTALL | re.MULTILINE,
)
_FORMULA = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)
#: The domain of the only catalog.
_DOMAIN = "pages"
_SPHINX = [sys.executable, "-m", "sphinx", "-q", "-j", "auto"]
_CONF = f"""project = "labml-nn"
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "amsmath"]
locale_dirs = ["locale"]
gettext_compact = "{_DOMAIN}"
gettext_auto_build = False
"""


def check() -> None:
    """Raise where the peers are not installed."""
    missing = [
        name for name in ("mkdocs_static_i18n", "myst_parser", "sphinx") if not find_spec(name)
    ]
    if missing:
        raise SystemExit(
            f"{', '.join(missing)}: not installed. Run: pip install -e '.[site,test,bench]'"
        )


def woven(project: Path) -> dict[str, str]:
    """The Markdown of each page of a project, by its name."""
    pages = load_site(read_project(project / "mkdocs.yml")).pages.items()
    return {
        name: weave(page.document).decode("utf-8-sig")
        if page.is_annotated
        else page.document.source
        for name, page in pages
    }


def write_mkdocs(folder: Path, pages: dict[str, str]) -> Path:
    """A project for MkDocs, Material and mkdocs-static-i18n."""
    for name, text in pages.items():
        _write(folder / f"docs/en/{name}.md", text)
        for code, letters in LANGUAGES.items():
            _write(folder / f"docs/{code}/{name}.md", made_up(text, letters, _UNTOUCHED))
    languages = [{"locale": "en", "name": "English", "default": True}]
    languages += [{"locale": code, "name": code} for code in LANGUAGES]
    config = {
        "site_name": "labml-nn",
        "theme": {"name": "material", "font": False, "features": ["navigation.prune"]},
        "plugins": ["search", {"i18n": {"docs_structure": "folder", "languages": languages}}],
        "markdown_extensions": [
            "tables",
            "pymdownx.superfences",
            {"pymdownx.arithmatex": {"generic": True}},
        ],
    }
    _write(folder / "mkdocs.yml", json.dumps(config))
    return folder


def write_sphinx(folder: Path, pages: dict[str, str]) -> Path:
    """A project for Sphinx with MyST, and a catalog for each language."""
    for name, text in pages.items():
        _write(folder / f"{name}.md", text)
    _write(folder / "index.md", "# labml-nn\n\n```{toctree}\n:glob:\n\nlabml_nn/**\n```\n")
    _write(folder / "conf.py", _CONF)
    catalogs = folder / "catalogs"
    subprocess.run(
        [*_SPHINX, "-b", "gettext", str(folder), str(catalogs)], check=True, capture_output=True
    )
    with (catalogs / f"{_DOMAIN}.pot").open("rb") as file:
        template = read_po(file)
    # A translator leaves them out; the catalog has them as texts.
    formulas = {"".join(it.split()) for text in pages.values() for it in _FORMULA.findall(text)}
    for code, letters in LANGUAGES.items():
        for message in template:
            text = str(message.id)
            is_formula = "".join(text.split()) in formulas
            message.string = "" if is_formula else made_up(text, letters, _UNTOUCHED)
        place = folder / "locale" / code / "LC_MESSAGES"
        place.mkdir(parents=True)
        with (place / f"{_DOMAIN}.mo").open("wb") as file:
            write_mo(file, template)
    shutil.rmtree(catalogs)
    return folder


def mkdocs_build(project: Path) -> list[list[str]]:
    """The commands that build a project of `write_mkdocs` afresh."""
    shutil.rmtree(project / "site", ignore_errors=True)
    return [[sys.executable, "-m", "mkdocs", "build", "--quiet"]]


def sphinx_build(project: Path) -> list[list[str]]:
    """The commands that build a project of `write_sphinx` afresh: one a language."""
    shutil.rmtree(project / "_build", ignore_errors=True)
    return [
        [*_SPHINX, "-b", "html", "-D", f"language={code}", ".", f"_build/{code}"]
        for code in ("en", *LANGUAGES)
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
