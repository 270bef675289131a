"""Inventories are read as Sphinx writes them, and what is none is one clear error."""

import importlib.util
import tomllib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CONFIG, ROOT, Project, served

from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project
from literate.site.inventory import documented, parse_inventory

HEAD = (
    b"# Sphinx inventory version 2\n# Project: P\n# Version: 1.2\n"
    b"# The remainder of this file is compressed using zlib.\n"
)


def inventory(text, head=HEAD):
    return head + zlib.compress(text.encode())


def test_names_of_python_are_read_and_no_others():
    found = parse_inventory(
        inventory(
            "p.Net py:class 1 api.html#$ -\n"
            "p.f py:function 1 api.html#f A title of its own\n"
            "p.f py:method 1 other.html#$ -\n"
            "a label std:label -1 page.html#a-label A label\n"
            "p.bad py:data 1 javascript:alert(1) -\n"
            'p.worse py:data 1 a.html#"><script> -\n'
        )
    )
    assert found.version == "1.2"
    assert found.names == {"p.Net": ("class", "api.html#p.Net"), "p.f": ("function", "api.html#f")}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "does not start"),
        (b"<!doctype html>", "does not start"),
        (HEAD, "its end is missing"),
        (HEAD + b"no zlib", "incorrect header"),
        (inventory("a" * 1000)[:-3], "its end is missing"),
        (HEAD + zlib.compress(b"\xff"), "codec can't decode"),
        (inventory("a" * 41_000_000), "it holds more than"),
        (HEAD + b"0" * 5_000_000, "it is larger than"),
    ],
)
def test_what_is_none_says_why(data, reason):
    with pytest.raises(ValueError, match=reason):
        parse_inventory(data)


@given(st.binary())
def test_no_bytes_crash(data):
    for candidate in (data, HEAD + data, HEAD + zlib.compress(data)):
        try:
            parse_inventory(candidate)
        except ValueError as error:
            assert str(error)
        else:
            assert candidate.startswith(HEAD)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "mkdocs.yml:12: the inventory p.inv does not exist. Fetch it"),
        (b"<html>", "p.inv: this is no inventory: it does not start"),
    ],
)
def test_a_project_without_its_inventory_says_so(tmp_path, content, message):
    (tmp_path / "docs").mkdir()
    option = '      inventories: {P: {url: "https://p.example/", file: p.inv}}\n'
    (tmp_path / "mkdocs.yml").write_text(CONFIG + option)
    if content is not None:
        (tmp_path / "p.inv").write_bytes(content)
    with pytest.raises(LiterateError) as error:
        documented(read_project(tmp_path / "mkdocs.yml"))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "value",
    [
        "{P: p.inv}",
        "{P: {file: p.inv}}",
        '{P: {url: "https://p.example/", file: 5}}',
        '{P: {url: "https://p.example", file: p.inv}}',
        '{P: {url: "file:///etc/", file: p.inv}}',
        "{1: {url: 'https://p.example/', file: p.inv}}",
    ],
)
def test_an_option_written_in_another_way_is_one_clear_error(tmp_path, value):
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text(CONFIG + f"      inventories: {value}\n")
    with pytest.raises(LiterateError, match="the option `inventories` of the plugin"):
        read_project(tmp_path / "mkdocs.yml")


def test_our_own_inventories_document_what_our_pages_use():
    found = documented(read_project(ROOT / "mkdocs.yml"))
    addresses = {
        "torch.nn.Conv2d": "https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html#torch.nn.Conv2d",
        "torch.Tensor.view": "https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html#torch.Tensor.view",
        "torch.nn.Module.parameters": "https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters",
        "torchvision.transforms.v2.MixUp": "https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.MixUp.html#torchvision.transforms.v2.MixUp",
        "numpy.arange": "https://numpy.org/doc/stable/reference/generated/numpy.arange.html#numpy.arange",
        "pathlib.Path": "https://docs.python.org/3/library/pathlib.html#pathlib.Path",
        "len": "https://docs.python.org/3/library/functions.html#len",
    }
    assert {name: found[name].url for name in addresses} == addresses


@pytest.fixture(scope="module")
def tool():
    """`tools/inventories.py`."""
    spec = importlib.util.spec_from_file_location("inventories", ROOT / "tools/inventories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTED = {
    "pages": [
        {"prefix": "json.", "address": "api/$.html#$", "names": "dumps nothing", "source": "a.rst"},
        {"address": "api.html#module-$", "names": "json", "source": "b.rst"},
        {"address": "$.html#$", "names": "json.JSONDecoder", "members": True, "source": "c.rst"},
    ],
    "aliases": {"json.decoder.JSONDecoder": "json.JSONDecoder"},
}


def test_a_list_of_names_becomes_an_inventory_of_what_is_installed(tool):
    entries = dict(tool.documented(LISTED))
    assert entries.pop("json.nothing") is None
    found = parse_inventory(tool.inventory("P", "1.2", entries))
    assert found.version == "1.2"
    assert found.names == entries
    assert found.names["json.dumps"] == ("function", "api/json.dumps.html#json.dumps")
    assert found.names["json"] == ("module", "api.html#module-json")
    decode = ("method", "json.JSONDecoder.html#json.JSONDecoder.decode")
    assert found.names["json.JSONDecoder.decode"] == decode
    assert found.names["json.decoder.JSONDecoder.decode"] == decode


def test_an_alias_of_another_thing_is_refused(tool):
    with pytest.raises(SystemExit, match=r"json\.loads is not json\.dumps"):
        dict(tool.documented(LISTED | {"aliases": {"json.loads": "json.dumps"}}))


@pytest.mark.parametrize("name", ["pytorch", "torchvision", "numpy"])
def test_an_inventory_is_of_the_names_that_are_listed(name):
    folder = ROOT / "inventories"
    listed = tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))
    known = {
        page.get("prefix", "") + short
        for page in listed["pages"]
        for short in page["names"].split()
    }
    known |= listed.get("aliases", {}).keys()
    found = parse_inventory((folder / f"{name}.inv").read_bytes()).names
    # What is more are members of classes that are listed.
    assert {
        entry for entry in found.keys() - known if entry.rpartition(".")[0] not in known
    } == set()
    assert len(found) > 0.9 * len(known)


@pytest.fixture
def fetching(tmp_path):
    """A project whose documentation is served beside it."""
    served_folder = tmp_path / "served"
    served_folder.mkdir()
    (tmp_path / "docs").mkdir()
    with served(served_folder) as address:
        option = f'      inventories: {{P: {{url: "{address}", file: kept/p.inv}}}}\n'
        (tmp_path / "mkdocs.yml").write_text(CONFIG + option)
        yield Project(tmp_path), served_folder


def test_the_command_fetches_an_inventory_when_told_to(fetching):
    project, folder = fetching
    (folder / "objects.inv").write_bytes(inventory("p.f py:function 1 a.html#$ -\n"))
    result = project.run("inventories")
    assert (result.returncode, project.root.joinpath("kept").exists()) == (1, False)
    result = project.run("inventories", "--download")
    assert result.stdout == "P 1.2: 1 names, kept/p.inv\n"
    assert project.run("inventories", "P").stdout == result.stdout


def test_an_inventory_cannot_command_the_terminal(fetching):
    project, _ = fetching
    data = inventory("p.f py:function 1 a.html#$ -\n").replace(b"1.2", b"\x1b]0;mine\x07")
    (project.root / "kept").mkdir()
    (project.root / "kept/p.inv").write_bytes(data)
    said = project.run("inventories").stdout
    assert said == "P \\x1b]0;mine\\x07: 1 names, kept/p.inv\n"


@pytest.mark.parametrize("data", [None, b"<!doctype html>"])
def test_what_is_fetched_and_is_none_replaces_nothing(fetching, data):
    project, folder = fetching
    project.write("kept/p.inv", "old")
    if data is not None:
        (folder / "objects.inv").write_bytes(data)
    result = project.run("inventories", "--download")
    assert result.returncode == 1
    assert "objects.inv gives no inventory: " in result.stderr
    assert project.read("kept/p.inv") == "old"
