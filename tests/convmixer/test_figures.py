"""The results page says what the records say."""

import json
import re
import shutil
from pathlib import Path

import figures
import numpy as np
import plots
import pytest
from support import ROOT

from convmixer.comparison import ROWS, SPLITS

DRAWINGS = [
    "cifar10-comparison",
    "cifar10-confusion",
    "cifar10-curves",
    "cifar10-long",
    "cifar10-mistakes",
    "cifar10-weights",
    "comparison",
    "curves",
    "kernels",
    "mistakes",
]
NUMBER = r"-?\d+(?:\.\d+)?"


@pytest.fixture
def copy(tmp_path):
    """A copy of records and page, to make anew."""
    shutil.copytree(ROOT / "records", tmp_path / "records")
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "results.md", tmp_path / "docs")
    return tmp_path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The page and the drawings, made anew in a folder that has none."""
    folder = tmp_path_factory.mktemp("drawn")
    shutil.copy(ROOT / "docs" / "results.md", folder)
    arguments = ["--records", str(ROOT / "records"), "--page", str(folder / "results.md")]
    assert figures.main(arguments) == 0
    return folder


def make(copy: Path) -> int:
    page = copy / "docs" / "results.md"
    return figures.main(["--records", str(copy / "records"), "--page", str(page)])


def drawing(root: Path, name: str) -> str:
    return (root / "docs" / "figures" / f"{name}.svg").read_text(encoding="utf-8")


def numbered(text: str) -> str:
    """Gives all that has a name in a drawing a number instead, in the order of the text."""
    names = dict.fromkeys(re.findall(r' id="([^"]*)"', text))
    places = {name: str(place) for place, name in enumerate(names)}
    return re.sub(
        r'( id="|href="#|url\(#)([^")]*)', lambda found: found[1] + places[found[2]], text
    )


def differs(one: str, other: str) -> bool:
    """
    Whether two drawings show something else. Rounding may differ between versions, and with it
    the names that matplotlib makes up, in which there are digits.
    """
    one, other = numbered(one), numbered(other)
    if re.sub(NUMBER, "0", one) != re.sub(NUMBER, "0", other):
        return True
    values = (np.array(re.findall(NUMBER, text), float) for text in (one, other))
    return not np.allclose(*values, atol=0.02)


def test_what_matplotlib_calls_the_parts_of_a_drawing_makes_no_difference():
    one = '<path id="m1e5" d="M 1 2"/><use href="#m1e5"/><g clip-path="url(#p0a)"/><a id="p0a"/>'
    other = one.replace("m1e5", "mfe07").replace("p0a", "p999")
    assert not differs(one, other)
    assert differs(one, one.replace("M 1", "M 3"))
    assert differs(one, one.replace('href="#m1e5"', 'href="#p0a"'))


def test_the_same_records_give_the_same_bytes(drawn, copy):
    assert make(copy) == 0
    for made in drawn.rglob("*.*"):
        assert (copy / "docs" / made.relative_to(drawn)).read_bytes() == made.read_bytes()
    assert sorted(path.stem for path in drawn.rglob("*.svg")) == DRAWINGS


@pytest.fixture
def digits_alone(monkeypatch):
    """Only the drawings of the digits are made, which take half as long."""
    monkeypatch.setattr(figures.cifar10_figures, "drawings", lambda records: {})


def test_a_place_that_cannot_be_written_is_one_error(copy, digits_alone, capsys):
    (copy / "docs" / "figures").rmdir()
    (copy / "docs" / "figures").write_text("")
    assert make(copy) == 2
    assert re.fullmatch(r"error: .*figures.*\n", capsys.readouterr().err)


def test_the_numbers_of_the_page_are_those_of_the_records(drawn):
    assert (drawn / "results.md").read_bytes() == (ROOT / "docs" / "results.md").read_bytes()


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_drawings_are_those_of_the_records(drawn, name):
    made = (drawn / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    assert not differs(made, drawing(ROOT, name)), f"{name}.svg is stale"


def change(path: Path, edit) -> None:
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def test_another_record_makes_other_figures(copy, digits_alone):
    """The check above can fail: for the table, the curves, the mistakes and the comparison."""
    before = (copy / "docs" / "results.md").read_text(encoding="utf-8")

    def worse(record):
        record["accuracy"] = record["epochs"][-1]["accuracy"] = 0.5
        record["mistakes"].append({"image": 3, "label": 4, "answer": 9})

    change(copy / "records" / "writers" / "seed-0.json", worse)
    change(
        copy / "records" / "comparison.json",
        lambda record: record["rows"]["ViT"]["runs"][0].update(accuracy=0.1),
    )
    assert make(copy) == 0
    assert (copy / "docs" / "results.md").read_text(encoding="utf-8") != before
    for name in ("comparison", "curves", "mistakes"):
        assert differs(drawing(copy, name), drawing(ROOT, name))


def test_the_curve_goes_through_the_records_figures():
    text = drawing(ROOT, "curves")
    for split, folder in (("random", "digits"), ("writers", "writers")):
        records = [json.loads(p.read_text()) for p in (ROOT / "records" / folder).glob("*.json")]
        assert len(records) == 5
        for name in ("loss", "accuracy"):
            path = re.search(rf'id="{name}-{split}">\s*<path d="([^"]*)"', text)[1]
            points = np.array(re.findall(NUMBER, path), float).reshape(-1, 2)
            values = np.mean([[e[name] for e in r["epochs"]] for r in records], axis=0)
            assert len(points) == len(values)
            # Drawn heights and figures lie on one line, which goes down as figures go up.
            slope, start = np.polyfit(values, points[:, 1], 1)
            assert slope < 0
            np.testing.assert_allclose(values * slope + start, points[:, 1], atol=0.01)


def test_every_row_of_the_comparison_is_on_the_page():
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    record = json.loads((ROOT / "records" / "comparison.json").read_text())
    assert list(record["rows"]) == list(ROWS)
    for name, row in record["rows"].items():
        assert row["options"] == ROWS[name]
        seeds = {split: [] for split in SPLITS}
        for run in row["runs"]:
            seeds[run["split"]].append(run["seed"])
        assert all(found == list(range(5)) for found in seeds.values())
        assert f"| {name} | ${row['runs'][0]['parameters']:,}$".replace(",", "{,}") in page


def test_the_digits_are_read_as_the_experiment_must():
    """At least 99 % in the mean of five seeds, each in less than 30 seconds."""
    records = [json.loads(p.read_text()) for p in (ROOT / "records" / "digits").glob("seed-*.json")]
    assert sorted(record["options"]["seed"] for record in records) == list(range(5))
    assert np.mean([record["accuracy"] for record in records]) >= 0.99
    assert max(record["seconds"] for record in records) < 30


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_takes_the_colours_of_the_page_and_leaves_numbers_alone(name):
    text = drawing(ROOT, name)
    assert "currentColor" in text
    assert plots.PAGE not in text
    texts = re.findall(r"<text ([^>]*)>([^<]*)</text>", text)
    assert texts
    for attributes, words in texts:
        assert ('translate="no"' in attributes) == bool(re.fullmatch(r"[-−→\d., ]+", words))


def test_a_row_that_the_page_does_not_have_is_an_error(copy, capsys):
    page = copy / "docs" / "results.md"
    page.write_text(page.read_text(encoding="utf-8").replace("| ViT |", "| VIT |"))
    assert make(copy) == 2
    assert "error: the page has no row 'ViT' in its tables" in capsys.readouterr().err
    assert list((copy / "docs" / "figures").iterdir()) == []


def test_missing_records_are_one_error(copy, capsys):
    shutil.rmtree(copy / "records" / "writers")
    assert make(copy) == 2
    assert re.fullmatch(
        r"error: there is no record seed-\*\.json in .*writers\n", capsys.readouterr().err
    )
