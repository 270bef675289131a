"""Entries of the navigation that name a module by its file."""

import pytest
from mkdocs.config import load_config
from support import CONFIG

from literate.base.errors import LiterateError
from literate.mkdocs.navigation import check_navigation


@pytest.mark.parametrize("path", ["../src/paper/net.py", "net.py"])
def test_a_module_in_the_navigation_goes_by_the_name_of_its_page(project, path):
    project.write("mkdocs.yml", CONFIG.replace("net.md", path))
    config = load_config(str(project.root / "mkdocs.yml"))
    with pytest.raises(LiterateError) as error:
        check_navigation(project.load(), config)
    said = f"the navigation names {path!r}, which is no page. Did you mean 'net.md'?"
    assert said in str(error.value)


def test_a_module_within_the_docs_folder_may_be_a_file(project):
    project.write("docs/example.py", "x = 1\n")
    project.write("mkdocs.yml", CONFIG.replace("net.md", "example.py"))
    config = load_config(str(project.root / "mkdocs.yml"))
    assert check_navigation(project.load(), config) is None
