"""The engine on code and maps that nobody here wrote: the standard library, and labml-nn."""

import os
import re
import shutil
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from links import check_links
from selectolax.lexbor import LexborHTMLParser
from support import ROOT, Built, Project, ensure_forks, forks, labml_nn, write_labml_project

from literate.base.cache import Cache
from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.convert.forms import NoteText, pieces
from literate.convert.tangle import tangle
from literate.convert.weave import weave
from literate.mkdocs.config import read_project
from literate.site.load import load_site
from literate.site.page import load_page
from literate.site.project import CACHE
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
#: What becomes a document besides.
MODULES = [*sorted(LIBRARY.glob("*.py"))[::4], *LIBRARY.glob("asyncio/*.py")]
#: With EVERY_FILE=1 in the environment, all there is; else an eighth of the standard library's files
#: and those of its modules that are of ordinary length, and labml is built without its largest folders.
if not os.environ.get("EVERY_FILE"):
    FOREIGN = [path for path in FOREIGN if path.stat().st_size < 20_000][::8]
    MODULES = [path for path in MODULES if path.stat().st_size < 20_000]
    LEFT_OUT = ["/transformers", "/diffusion", "/gan", "/rl"]
WOVEN = {*ANNOTATED, *OWN_SOURCES, *MODULES}
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
    assert len(ANNOTATED) > 200 and len(FOREIGN) > 150
    assert {trip.outcome for trip in trips.values()} <= {"same", "woven", "refused"}
    assert {trips[path].outcome for path in ANNOTATED} == {"woven"}
    # What CPython keeps to test its own parser's complaints with.
    assert sum(trip.outcome == "refused" for trip in trips.values()) < 20


def test_modules_that_others_wrote_become_documents_and_come_back(trips):
    assert len(WOVEN - {*ANNOTATED, *OWN_SOURCES}) > 40
    assert {trips[path].outcome for path in WOVEN} == {"woven"}
    assert sum(trip.notes for trip in trips.values()) > 5000


@pytest.fixture(scope="module")
def labml(tmp_path_factory):
    """labml-nn as a site, and what the command said."""
    root = tmp_path_factory.mktemp("labml")
    shutil.copytree(MAPS, root / "maps") if MAPS.is_dir() else (root / "maps").mkdir()
    inventories = {
        name: {"url": f"https://{name}.example/", "file": f"{ROOT}/inventories/{name}.inv"}
        for name in ("pytorch", "python")
    }
    write_labml_project(
        root,
        inventories=inventories,
        exclude=LEFT_OUT,
        translations="maps",
        maps="{page}.{language}.json",
        languages=["zh"],
    )
    project = Project(root)
    return Built(project, project.run())


def test_labml_nn_is_built_and_its_links_arrive(labml):
    project, result = labml
    assert result.returncode == 0, result.stderr
    site = project.root / "site"
    pages = {path.parent: LexborHTMLParser(path.read_bytes()) for path in site.rglob("index.html")}
    # In each language, a page of each file, and the list of all pages.
    assert (
        len(pages)
        == 2 * (len(list(read_project(project.root / "mkdocs.yml").source_files())) + 1)
        > 200
    )
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
    listed = project.run("check").stdout
    assert re.search(r"^sources/labml_nn/\S+:\d+: the link .* leads", listed, re.MULTILINE)


def test_every_name_of_labml_leads_somewhere(labml):
    """In all of its folders; the pages that have been built come out of the cache."""
    project = read_project(labml.project.root / "mkdocs.yml")
    cache = Cache(project.root / CACHE, project.key)
    inside, outside = check_links(load_site(replace(project, exclude=()), cache))
    assert inside > 3000
    assert outside > 3000


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
