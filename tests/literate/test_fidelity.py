"""The engine on code and maps that nobody here wrote: the standard library, and labml-nn."""

import importlib.util
import sysconfig
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from support import ROOT

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
    assert found / total >= 0.995, f"{found} of {total}"
