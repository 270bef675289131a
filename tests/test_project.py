"""What the repository says of itself holds."""

import re
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
