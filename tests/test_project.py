"""What the repository says of itself holds."""

import json
import re
import statistics
import tomllib

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
    assert not any(name.startswith(("torch", "labml")) for name in extras["site"])


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


def test_the_readme_names_only_files_that_are_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("https://") or (ROOT / target).exists(), target
