"""labml-nn as a site: 221 annotated files that nobody here wrote, and maps for them."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

# The tests and the benchmarks make the same sites, and drive the same browser.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support import write_labml_project

from literate.mkdocs.config import read_project
from literate.site.load import load_site
from literate.translation.catalog_file import write_catalog

#: A language of the benchmark -> the letters that its made-up words are written in.
LANGUAGES = {
    "zh": "的是在有人我他这中大来上国",
    "ja": "あいうえおかきくけこさしす",
    "de": "etaoinsrhlduc",
}

#: Of the HTML of a note, what is no word, and then the words.
_UNTOUCHED = re.compile(r"<span translate=no>.*?</span>|<[^>]*>|&\w+;|[^\W\d_]+")


def make_project(folder: Path, languages: tuple[str, ...] = (), copies: int = 1) -> Path:
    """A site of labml-nn, `copies` times over, translated whole into made-up words."""
    folder.mkdir()
    write_labml_project(folder, sources=["sources"])
    for number in range(1, copies):
        shutil.copytree(folder / "sources/labml_nn", folder / "sources" / f"labml_nn_{number}")
    (folder / "docs" / "index.md").write_text("# labml-nn\n", encoding="utf-8")
    if languages:
        translate(folder, languages)
    return folder


def translate(folder: Path, languages: tuple[str, ...]) -> None:
    """Translate all notes of a project into made-up words."""
    for language in languages:
        (folder / "translations" / language).mkdir(parents=True)
        settings = folder / "translations" / language / "language.toml"
        settings.write_text(f'name = "{language}"\n', encoding="utf-8")
    site = load_site(read_project(folder / "mkdocs.yml"))
    for name in site.pages:
        keys = [message.key for message in site.messages(name)]
        for language in languages:
            entries = {key: made_up(key, LANGUAGES[language]) for key in keys}
            write_catalog(site.project.catalog_path(language, name), entries)


def made_up(text: str, letters: str, kept: re.Pattern[str] = _UNTOUCHED) -> str:
    """Each word of a text in other letters; what else the pattern finds stays as it is."""

    def word(match: re.Match[str]) -> str:
        found = match[0]
        if not found[0].isalpha():
            return found
        start = sum(map(ord, found))
        return "".join(letters[(start + 7 * i) % len(letters)] for i in range(len(found)))

    return kept.sub(word, text)
