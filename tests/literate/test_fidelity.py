"""The engine on code and maps that nobody here wrote: the standard library, and labml-nn."""

import os
import re
import shutil
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import ROOT, Project, ensure_forks, forks, labml_nn, write_labml_project

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.convert.forms import NoteText, pieces
from literate.convert.tangle import tangle
from literate.convert.weave import weave
from literate.site.page import load_page
from literate.source.python import read_python
from literate.translation.catalog_file import load_catalog
from literate.translation.lookup import Lookup
from literate.translation.segment import segments_of

LABML = labml_nn()
#: labml's own maps are not part of the project; what they are written in, ours are as well.
MAPS = ROOT.parent / "shared/labml"


LIBRARY = Path(sysconfig.get_path("stdlib"))
ANNOTATED = sorted(LABML.rglob("*.py"))
OWN_SOURCES = sorted((ROOT / "src").rglob("*.py"))
FOREIGN = sorted(p for p in LIBRARY.rglob("*.py") if "site-packages" not in p.parts)
LEFT_OUT = []
#: With EVERY_FILE=1 in the environment, all there is; else a quarter of the standard library's files
#: of ordinary length, and labml without its two largest folders.
if not os.environ.get("EVERY_FILE"):
    FOREIGN = [path for path in FOREIGN if path.stat().st_size < 20_000][::4]
    LEFT_OUT = ["transformers", "diffusion"]
#: What becomes a document besides.
WOVEN = {
    *ANNOTATED,
    *OWN_SOURCES,
    *sorted(LIBRARY.glob("*.py"))[::5],
    *LIBRARY.glob("asyncio/*.py"),
}
FILES = sorted({*WOVEN, *FOREIGN})


class Trip(NamedTuple):
    """How a file came back, and how many notes its document shows as prose."""

    outcome: str
    notes: int = 0


def round_trip(path: Path) -> Trip:
    data = path.read_bytes()
    try:
        document = read_python(data, str(path))
    except LiterateError as error:
        return Trip("refused" if error.line else f"{path}: no line")
    if document.encode() != data:
        return Trip(f"{path}: other bytes")
    if path not in WOVEN:
        return Trip("same")
    if tangle(weave(document), "page.md") != data:
        return Trip(f"{path}: the document gives other bytes")
    return Trip("woven", sum(isinstance(piece, NoteText) for piece in pieces(document)))


@pytest.fixture(scope="module")
def trips() -> dict[Path, Trip]:
    """Each file, once."""
    ensure_forks()
    with ProcessPoolExecutor(mp_context=forks) as pool:
        return dict(zip(FILES, pool.map(round_trip, FILES, chunksize=20), strict=True))


def test_every_source_comes_back_byte_for_byte(trips):
    assert len(ANNOTATED) > 200 and len(FOREIGN) > 300
    assert {trip.outcome for trip in trips.values()} <= {"same", "woven", "refused"}
    assert {trips[path].outcome for path in ANNOTATED} == {"woven"}
    # What CPython keeps to test its own parser's complaints with.
    assert sum(trip.outcome == "refused" for trip in trips.values()) < 20


def test_modules_that_others_wrote_become_documents_and_come_back(trips):
    assert len(WOVEN - {*ANNOTATED, *OWN_SOURCES}) > 50
    assert {trips[path].outcome for path in WOVEN} == {"woven"}
    assert sum(trip.notes for trip in trips.values()) > 5000


def test_labml_nn_is_built_and_its_links_arrive(tmp_path):
    shutil.copytree(MAPS, tmp_path / "maps") if MAPS.is_dir() else (tmp_path / "maps").mkdir()
    template = {"translations": "maps", "maps": "{page}.{language}.json", "languages": ["zh"]}
    write_labml_project(tmp_path, LEFT_OUT, **template)
    result = Project(tmp_path).run()
    assert result.returncode == 0, result.stderr
    pages = {
        path.parent: LexborHTMLParser(path.read_bytes())
        for path in (tmp_path / "site").rglob("index.html")
    }
    # In each language, a page of each file, and the list of all pages.
    assert len(pages) == 2 * (len(list((tmp_path / "sources").rglob("*.py"))) + 1) > 200
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
    assert followed > 10 * len(pages)
    assert "dead" not in result.stdout and "links lead nowhere" in result.stdout
    listed = Project(tmp_path).run("check").stdout
    assert re.search(r"^sources/labml_nn/\S+:\d+: the link .* leads", listed, re.MULTILINE)


OWN = ROOT / "tests/data/labml"
CORPORA = [(OWN, OWN), *([(LABML, MAPS)] if MAPS.is_dir() else [])]


@pytest.mark.parametrize(("sources", "maps"), CORPORA, ids=lambda folder: folder.name)
def test_maps_in_labmls_form_find_their_notes(sources, maps):
    found, missed = 0, []
    for path in sorted(maps.rglob("*.zh.json")):
        name = path.relative_to(maps).as_posix().removesuffix(".zh.json")
        source = sources / f"{name}.py"
        if not source.is_file():  # the README's map: its source is not in the wheel
            assert name == "readme" or name.endswith("/readme"), name
            continue
        catalog = Lookup(load_catalog(SourceFile(path, path.name)))
        page = load_page(name, SourceFile(source, name))
        for note in page.notes:
            blocks = segments_of(note.blocks) if note else ()
            if not any(block.has_words for block in blocks):
                continue
            parts = [catalog.block(block) for block in blocks if block.has_words]
            if catalog.note(blocks) or all(parts):
                found += 1
            else:
                missed.append(f"{name}: {note.html[:60]}")
        assert catalog.text(page.title) or sources != OWN
    share = found / (found + len(missed))
    print(f"{found} of {found + len(missed)} notes found: {share:.2%}")
    assert share >= (1 if sources == OWN else 0.995), missed


def test_what_labmls_form_says_stands_on_the_page():
    catalog = Lookup(load_catalog(SourceFile(OWN / "gates.zh.json", "gates.zh.json")))
    page = load_page("gates", SourceFile(OWN / "gates.py", "gates.py"))
    opening = catalog.note(segments_of(page.notes[0].blocks))
    assert "这是门的一个" in "".join(opening) and "<strong>粗体</strong>" in "".join(opening)
    used = {index for index, _ in catalog.used}
    for note in page.notes[1:]:
        catalog.note(segments_of(note.blocks))
    assert {index for index, _ in catalog.used} > used
    texts = {entry.source for entry, _ in catalog.obsolete()}
    assert texts == {page.title, page.summary}, "every other entry has served"
