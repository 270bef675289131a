"""labml-nn as a site: 221 annotated files that nobody here wrote, and maps for them."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path

from literate.project import read_project
from literate.report import write_map
from literate.site import load_site

#: A language of the benchmark -> the letters that its made-up words are written in.
LANGUAGES = {
    "zh": "的是在有人我他这中大来上国",
    "ja": "あいうえおかきくけこさしす",
    "de": "etaoinsrhlduc",
}

_CONFIG = """\
site_name: labml-nn
theme:
  name: material
  font: false
  features: [navigation.prune]
plugins:
  - literate:
      sources: [{sources}]
      dead_links: report
      languages: [{languages}]
"""
_UNTOUCHED = re.compile(r"<span translate=no>.*?</span>|<[^>]*>|&\w+;|[^\W\d_]+")


def labml_nn() -> Path:
    """The sources of the installed labml-nn, which is not imported."""
    spec = importlib.util.find_spec("labml_nn")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("labml-nn is not installed: pip install -e '.[train]'")
    return Path(spec.submodule_search_locations[0])


def make_project(folder: Path, languages: tuple[str, ...] = (), copies: int = 1) -> Path:
    """A site of labml-nn, `copies` times over, translated whole into made-up words."""
    names = [f"labml_nn_{number}" if number else "labml_nn" for number in range(copies)]
    for name in names:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(labml_nn(), folder / "sources" / name, ignore=ignored)
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# labml-nn\n", encoding="utf-8")
    config = folder / "mkdocs.yml"
    config.write_text(_CONFIG.format(sources="sources", languages=""), encoding="utf-8")
    if languages:
        for language in languages:
            (folder / "translations" / language).mkdir(parents=True)
            settings = folder / "translations" / language / "language.toml"
            settings.write_text(f'name = "{language}"\n', encoding="utf-8")
        _translate(config, languages)
        names_of = ", ".join(languages)
        config.write_text(_CONFIG.format(sources="sources", languages=names_of), encoding="utf-8")
    return folder


def _translate(config: Path, languages: tuple[str, ...]) -> None:
    site = load_site(read_project(config))
    for name, page in site.pages.items():
        catalog = site.catalog(languages[0], name)
        local = site.localise(page, lambda _: "", catalog, None, page.code)
        for language in languages:
            entries = {item.key: _made_up(item.key, LANGUAGES[language]) for item in local.missing}
            write_map(site.project.map_path(language, name), entries)


def _made_up(key: str, letters: str) -> str:
    """Each word of a key in other letters; its tags and placeholders as they are."""

    def word(match: re.Match[str]) -> str:
        text = match[0]
        if not text[0].isalpha():
            return text
        start = sum(map(ord, text))
        return "".join(letters[(start + 7 * i) % len(letters)] for i in range(len(text)))

    return _UNTOUCHED.sub(word, key)
