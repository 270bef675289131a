"""The reference of the options is that of the options."""

import re

import pytest
import yaml
from support import CONFIG, ROOT

from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project
from literate.mkdocs.options import Options
from literate.mkdocs.reference import reference


def sections():
    """The name of each option of the reference, and what is said of it."""
    _, *parts = re.split(r"^## `(\w+)`$", reference(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_page_is_the_reference():
    page = (ROOT / "docs/options.md").read_text(encoding="utf-8")
    assert page == reference(), (
        "write it anew: python -m literate.mkdocs.reference > docs/options.md"
    )


def test_the_reference_names_every_option_in_order_with_its_default():
    options = dict(Options._schema)
    assert list(sections()) == list(options)
    for name, text in sections().items():
        default = re.search(r"by default `(.*)`", text)[1]
        assert yaml.safe_load(default) == options[name].default


@pytest.mark.parametrize("name", sections())
def test_the_example_of_an_option_is_valid(name, tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", sections()[name], re.DOTALL)
    settings = yaml.safe_load(example)
    assert list(settings) == [name]
    options = Options()
    options.load_dict(settings)
    failed, warnings = options.validate()
    assert not failed and not warnings
    assert settings[name] != dict(Options._schema)[name].default, "an example shows a choice"

    (tmp_path / "docs").mkdir()
    path = tmp_path / "mkdocs.yml"
    path.write_text(CONFIG.split("plugins:")[0] + yaml.dump({"plugins": [{"literate": settings}]}))
    read_project(path)  # the command knows the option as well


def test_an_option_that_is_not_in_the_reference_is_refused(tmp_path):
    (tmp_path / "docs").mkdir()
    path = tmp_path / "mkdocs.yml"
    path.write_text("site_name: x\nplugins:\n  - literate:\n      colour: red\n")
    with pytest.raises(LiterateError, match="no option 'colour'"):
        read_project(path)


@pytest.mark.parametrize(
    ("setting", "message"),
    {
        "sources: src/paper": "mkdocs.yml:4: the option `sources` of the plugin `literate` is the text 'src/paper'. Write a list",
        "languages: [1]": "mkdocs.yml:4: the option `languages` of the plugin `literate` holds `1`, no text. Write a text",
        "maps: [a]": "mkdocs.yml:4: the option `maps` of the plugin `literate` is a list. Write a text",
    }.items(),
)
def test_an_option_of_another_kind_is_one_clear_error(setting, message, tmp_path):
    (tmp_path / "docs").mkdir()
    path = tmp_path / "mkdocs.yml"
    path.write_text(f"site_name: x\nplugins:\n  - literate:\n      {setting}\n")
    with pytest.raises(LiterateError, match=re.escape(message)):
        read_project(path)
