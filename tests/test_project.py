"""What the repository says of itself holds."""

import json
import re
import statistics
import tomllib
from importlib.util import find_spec

import pytest
from asserting import unsure_tests
from support import ROOT


def names_and_ranges(lines):
    return {line for line in lines if re.match(r"[a-z]", line)}


def test_requirements_are_those_of_the_package():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    wanted = names_and_ranges((ROOT / "requirements.txt").read_text().split("\n"))
    assert wanted == {*extras["site"], *extras["train"]}


def test_the_site_needs_no_torch():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    site, train = (
        [line for line in extras[kind] if line.startswith(("torch", "labml"))]
        for kind in ("site", "train")
    )
    assert site == [] != train


def test_the_figures_of_the_readme_are_those_of_the_records():
    paths = sorted((ROOT / "records/digits").glob("*.json"))
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    assert [record["options"]["seed"] for record in records] == [0, 1, 2, 3, 4]
    assert {record["status"] for record in records} == {"finished"}
    shares = [record["accuracy"] for record in records]
    seconds = [record["seconds"] for record in records]
    assert min(shares) >= 0.98
    assert max(seconds) < 60
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    mean = statistics.mean(shares)
    assert f"{mean:.2%}".replace("%", " %") in readme
    assert f"from {min(shares) * 100:.2f} % to {max(shares) * 100:.2f} %" in readme
    assert f"{statistics.mean(seconds):.1f} s in the mean, at most {max(seconds):.1f} s" in readme
    assert records[0]["versions"]["torch"] in readme


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_text_names_only_files_and_commands_that_are_there(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)\)", text)
    assert targets
    assert [t for t in targets if not (t.startswith("https://") or (ROOT / t).exists())] == []
    goals = re.findall(r"^(?:`|\w+=\S+ )?make (\w+)|`make (\w+)", text, re.M)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [goal for goal in map("".join, goals) if f"\n{goal}:" not in makefile] == []
    modules = re.findall(r"python -m ((?:convmixer|literate)(?:\.\w+)*)", text)
    assert [module for module in modules if not find_spec(module)] == []
    scripts = re.findall(r"python ((?:tools/|benchmarks/)?\w+\.py)", text)
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


def rows_of_the_architecture():
    """The cells of the table that says what to open for which change."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.split("\n") if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


@pytest.mark.parametrize("row", rows_of_the_architecture(), ids=lambda row: row[0][:40])
def test_the_architecture_names_files_and_what_is_in_them(row):
    places = [ROOT / "src/literate", ROOT / "src/convmixer", ROOT]
    words = re.findall(r"`([^`]+)`", " ".join(row[1:]))
    paths = [word for word in words if re.fullmatch(r"[\w/-]+\.(py|js|css|html)", word)]
    files = [place / path for path in paths for place in places if (place / path).is_file()]
    assert len(files) == len(paths) > 0 or "no code" in row
    texts = "".join(file.read_text(encoding="utf-8") for file in files)
    names = re.findall(r"(?:\.py`: |` and )`(\w+)`", " ".join(row[1:]))
    assert [name for name in names if not re.search(rf"^(def |    )?{name}\b", texts, re.M)] == []


def test_every_test_asserts_something_on_every_path():
    assert [*unsure_tests(ROOT / "tests")] == []


@pytest.mark.parametrize(
    ("body", "is_sure"),
    [
        ("assert x", True),
        ("assert all(y for y in x)", False),
        ("assert not any(y for y in x)", False),
        ("assert x and all(y for y in x)", True),
        ("assert z or all(y for y in x)", False),
        ("pass", False),
        ("if x:\n        assert y", False),
        ("if x:\n        assert y\n    else:\n        assert z", True),
        ("for y in x:\n        assert y", False),
        ("for y in sorted(x):\n        assert y", False),
        ("for y in x.items():\n        assert y", False),
        ("for y in []:\n        assert y", False),
        ("while x:\n        assert x", False),
        ("for y in [1, x]:\n        assert y", True),
        ("for y in (1, 2):\n        if x:\n            continue\n        assert y", False),
        ("for y in x:\n        if y:\n            continue\n    assert x", True),
        ("if x:\n        return\n    assert x", False),
        ("with pytest.raises(E):\n        f()", True),
        ("try:\n        f()\n    except E:\n        assert x", False),
        ("try:\n        f()\n    except E:\n        assert x\n    else:\n        assert y", True),
        ("def f():\n        return 1\n    assert f()", True),
        ("helper(x)", True),
        ("empty(x)", False),
    ],
)
def test_a_test_that_may_assert_nothing_is_found(tmp_path, body, is_sure):
    (tmp_path / "support.py").write_text("def helper(x):\n    assert x\n\ndef empty(x): ...\n")
    (tmp_path / "test_it.py").write_text(f"def test_it(x):\n    {body}\n")
    assert [*unsure_tests(tmp_path)] == ([] if is_sure else ["test_it.py:1: test_it"])
