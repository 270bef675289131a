"""`mkdocs.yml`: each way to spell it, and one clear message for each slip."""

import pytest
from support import CONFIG

from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project

OPTION = CONFIG + "      {}\n"
NO_SOURCES = CONFIG.replace("      sources: [src/paper]\n", "")
PALETTE = CONFIG.replace("  font: false\n", "  font: false\n  palette:\n    - {}\n")


def read(folder, text=CONFIG):
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "mkdocs.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_project(folder / "mkdocs.yml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mkdocs.yml:1: the configuration is empty"),
        ("# nothing\n", "mkdocs.yml:1: the configuration is empty"),
        ("- a\n- b\n", "mkdocs.yml:1: the configuration is a list"),
        ("words\n", "mkdocs.yml:1: the configuration is a text"),
        (CONFIG.encode() + b"# caf\xe9\n", "mkdocs.yml:12: the configuration is not UTF-8"),
        ("site_name: x\ncopyright: 2022-13-45\n", "mkdocs.yml: this is not YAML: month must be"),
        ("site_name: [", "mkdocs.yml:1: this is not YAML"),
        ("site_name: x\n", "mkdocs.yml: the plugin `literate` is not in use. Add it to `plugins`"),
        ("site_name: x\nplugins: []\n", "mkdocs.yml:2: the plugin `literate` is not in use"),
        ("site_name: x\nplugins:\n  - literate: [a]\n", "mkdocs.yml:2: `plugins`: Invalid config options for the 'literate' plugin."),
        (OPTION.format("languages: [no]"), "mkdocs.yml:12: the option `languages` of the plugin `literate` holds `false`"),
        (OPTION.format("languages: zh"), "mkdocs.yml:12: the option `languages` of the plugin `literate` is the text 'zh'"),
        (NO_SOURCES + "      sources: [null]\n", "mkdocs.yml:11: the option `sources` of the plugin `literate` holds empty"),
        (NO_SOURCES + "      sources: src\n", "mkdocs.yml:11: the option `sources` of the plugin `literate` is the text 'src'"),
        (OPTION.format("exclude: {a: b}"), "mkdocs.yml:12: the option `exclude` of the plugin `literate` is a mapping"),
        (OPTION.format("translations: 5"), "mkdocs.yml:12: the option `translations` of the plugin `literate` is `5`, no text"),
        (OPTION.format("maps: [a]"), "mkdocs.yml:12: the option `maps` of the plugin `literate` is a list"),
        (OPTION.format("maps: '{language}.json'"), "mkdocs.yml:12: the option `maps` of the plugin `literate` is '{language}.json'"),
        (OPTION.format("maps: '{language!x}/{page}'"), "mkdocs.yml:12: the option `maps` of the plugin `literate` is"),
        (OPTION.format("maps: '{language}/{page:>9}'"), "mkdocs.yml:12: the option `maps` of the plugin `literate` is"),
        (CONFIG.replace("Start:", "2024:"), "mkdocs.yml:4: a label of `nav` is `2024`, no text"),
        (CONFIG.replace("Start:", "On:"), "mkdocs.yml:4: a label of `nav` is `true`, no text"),
        (CONFIG.replace("Start:", "2024-01-02:"), "mkdocs.yml:4: a label of `nav` is `2024-01-02`, no text"),
        (CONFIG + "docs_dir: 5\n", "mkdocs.yml:12: `docs_dir`: Expected type: <class 'str'> but received: <class 'int'>"),
        ("nav: 5\n" + CONFIG.replace("nav:", "x:"), "mkdocs.yml:1: `nav`: Expected nav to be a list, got a int: 5"),
        (CONFIG.replace("font:", "language: no\n  font:"), "mkdocs.yml:8: `theme.language` is `false`, no text"),
        (PALETTE.format("toggle: {icon: a}"), "mkdocs.yml:10: a palette's `toggle` has no `name`"),
        (PALETTE.format("toggle: {name: on}"), "mkdocs.yml:10: a palette's `toggle` has no `name`"),
        ("INHERIT: base.yml\n", "mkdocs.yml:1: the configuration inherits from base.yml, which is not there"),
        ("INHERIT: mkdocs.yml\n", "mkdocs.yml:1: the configuration inherits from itself"),
    ],
)  # fmt: skip
def test_a_slip_names_its_line(tmp_path, text, message):
    with pytest.raises(LiterateError) as error:
        read(tmp_path, text)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_plugins_may_be_a_mapping(tmp_path):
    text = CONFIG.replace("  - literate:\n      sources", "  literate:\n      sources")
    assert read(tmp_path, text).sources == (tmp_path / "src/paper",)


@pytest.mark.parametrize("plugins", ["[literate]", "{literate: null}", "[literate: {}]"])
def test_a_plugin_without_options(tmp_path, plugins):
    assert read(tmp_path, f"site_name: x\nplugins: {plugins}\n").sources == ()


def test_a_configuration_may_inherit(tmp_path):
    (tmp_path / "base.yml").write_text(
        CONFIG.replace("name: material", "name: material\n  language: fr")
    )
    project = read(tmp_path, "INHERIT: base.yml\nsite_name: Another\ntheme: {font: false}\n")
    assert project.sources == (tmp_path / "src/paper",)
    assert project.language == "fr"
    words = {message.key for passage in project.words for message in passage.messages}
    assert "Another" in words and "A paper" not in words


def test_values_of_the_environment_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("FOLDER", "out")
    assert read(tmp_path, CONFIG + "site_dir: !ENV [FOLDER, site]\n").site == tmp_path / "out"
