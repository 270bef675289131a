"""The engine on code and maps that nobody here wrote: the standard library, and labml-nn."""

import importlib.util
import os
import re
import shutil
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import ROOT, Project

from literate.catalog import load_catalog
from literate.errors import LiterateError
from literate.page import load_page, note_fragments
from literate.split import split

LABML = Path(importlib.util.find_spec("labml_nn").submodule_search_locations[0])
MAPS = ROOT.parent / "shared/labml"


def round_trip(path):
    """'same', 'refused' for what is not Python, or what went wrong."""
    data = path.read_bytes()
    try:
        document = split(data, str(path))
    except LiterateError as error:
        return "refused" if error.line else f"{path}: no line"
    return "same" if document.encode() == data else f"{path}: other bytes"


def test_every_source_comes_back_byte_for_byte():
    library = Path(sysconfig.get_path("stdlib"))
    files = [path for path in library.rglob("*.py") if "site-packages" not in path.parts]
    annotated = list(LABML.rglob("*.py"))
    assert len(annotated) > 200 and len(files) > 500
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(round_trip, [*annotated, *files], chunksize=20))
    assert set(results) <= {"same", "refused"}
    assert set(results[: len(annotated)]) == {"same"}
    # What CPython keeps to test its own parser's complaints with.
    assert results.count("refused") < 20


CONFIG = """\
site_name: labml-nn
theme:
  name: material
  font: false
  features: [navigation.prune]
plugins:
  - literate:
      sources: [sources/labml_nn]
      translations: maps
      maps: "{page}.{language}.json"
      languages: [zh]
      dead_links: report
"""


def test_labml_nn_is_built_whole_and_its_links_arrive(tmp_path):
    shutil.copytree(LABML, tmp_path / "sources/labml_nn", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(MAPS, tmp_path / "maps") if MAPS.is_dir() else (tmp_path / "maps").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    result = Project(tmp_path).run()
    assert result.returncode == 0, result.stderr
    pages = {
        path.parent: LexborHTMLParser(path.read_bytes())
        for path in (tmp_path / "site").rglob("index.html")
    }
    assert len(pages) == 2 * len(list(LABML.rglob("*.py")))
    anchors = {
        folder: {node.attributes["id"] for node in page.css("[id]")} | {None}
        for folder, page in pages.items()
    }
    followed = 0
    for folder, page in pages.items():
        for link in page.css("article a[href]"):
            target = urlsplit(link.attributes["href"])
            if target.scheme or target.netloc or not (target.path + target.fragment):
                continue
            there = Path(os.path.normpath(folder / unquote(target.path)))
            assert there in pages or there.is_file(), f"{folder}: {target.geturl()}"
            if there in pages:
                anchor = unquote(target.fragment) or None
                assert anchor in anchors[there], f"{folder}: {target.geturl()}"
                followed += 1
    assert followed > 5000
    assert "dead" not in result.stdout and "links lead nowhere" in result.stdout
    listed = Project(tmp_path).run("check").stdout
    assert re.search(r"^sources/labml_nn/\S+:\d+: the link .* leads", listed, re.MULTILINE)


@pytest.mark.skipif(not MAPS.is_dir(), reason="labml's maps are not part of the project")
def test_labmls_own_maps_find_their_notes():
    found, total = 0, 0
    for path in sorted(MAPS.rglob("*.zh.json")):
        name = path.relative_to(MAPS).as_posix().removesuffix(".zh.json")
        source = LABML / f"{name}.py"
        if not source.is_file():
            continue
        catalog = load_catalog(path, path.name)
        for note in load_page(name, source, name).notes:
            blocks = note_fragments(note) if note else ()
            if not any(block.has_words for block in blocks):
                continue
            total += 1
            parts = [catalog.block(block) for block in blocks if block.has_words]
            found += bool(catalog.note(blocks)) or all(parts)
    assert total > 1000
    print(f"{found} of {total} notes found: {found / total:.2%}")
    assert found / total >= 0.995, f"{found} of {total}"
