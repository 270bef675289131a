"""The results page says what the records say."""

import json
import re
import shutil
from pathlib import Path

import figures
import numpy as np
import pytest

from convmixer.comparison import ROWS, SPLITS

ROOT = Path(__file__).parents[2]
DRAWINGS = ["comparison", "curves", "kernels", "mistakes"]
NUMBER = r"-?\d+(?:\.\d+)?"


@pytest.fixture
def copy(tmp_path):
    """A copy of records and page, to make anew."""
    shutil.copytree(ROOT / "records", tmp_path / "records")
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "results.md", tmp_path / "docs")
    return tmp_path


def make(copy: Path) -> int:
    page = copy / "docs" / "results.md"
    return figures.main(["--records", str(copy / "records"), "--page", str(page)])


def drawing(root: Path, name: str) -> str:
    return (root / "docs" / "figures" / f"{name}.svg").read_text(encoding="utf-8")


def differs(one: str, other: str) -> bool:
    """Whether two drawings show something else. Rounding may differ between versions."""
    if re.sub(NUMBER, "0", one) != re.sub(NUMBER, "0", other):
        return True
    values = (np.array(re.findall(NUMBER, text), float) for text in (one, other))
    return not np.allclose(*values, atol=0.02)


def test_page_and_drawings_are_those_of_the_records(copy):
    before = (copy / "docs" / "results.md").read_text(encoding="utf-8")
    assert make(copy) == 0
    assert (copy / "docs" / "results.md").read_text(encoding="utf-8") == before
    for name in DRAWINGS:
        assert not differs(drawing(copy, name), drawing(ROOT, name)), f"{name}.svg is stale"


def change(path: Path, edit) -> None:
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))


def test_another_record_makes_other_figures(copy):
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
    for split, folder in zip(SPLITS, ("digits", "writers"), strict=True):
        records = [json.loads(p.read_text()) for p in (ROOT / "records" / folder).glob("*.json")]
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


def test_drawings_take_the_colours_of_the_page_and_leave_numbers_alone():
    for name in DRAWINGS:
        text = drawing(ROOT, name)
        assert "currentColor" in text
        assert figures.PAGE not in text
        for attributes, words in re.findall(r"<text ([^>]*)>([^<]*)</text>", text):
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
