"""What others bring, by the command line: labml's maps, a faulty tree, and the inputs beside us."""

import json
import re
import shutil

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import ROOT, Project, configure_labml_project, labml_nn

SHARED = ROOT.parent / "shared"
MAPS = SHARED / "labml"
FORM = {"translations": "maps", "maps": "{page}.{language}.json", "languages": ["zh"]}

PACKAGE = '"""\n---\ntitle: Gates\nsummary: A gate.\n---\n\n# Gates\n\nThese are *gates*.\n"""\n'
MODULE = '''"""
# A queue
"""


def pop(name):
    """
    ### Pop from a queue

    :param name: is the name of the queue
    :return: the value
    """
    return name
'''
QUEUE = {
    "<h1>A queue</h1>\n": "<h1>队列</h1>\n",
    "A queue": "队列",
    "<h3>Pop from a queue</h3>\n<ul><li><span translate=no>_^_0_^_</span>  is the name of the queue "
    "</li>\n<p><em>Returns</em>  the value</p></ul>\n": "<h3>出队</h3>\n<ul><li><span translate=no>"
    "_^_0_^_</span>是队列的名称</li>\n<p><em>返回</em>值</p></ul>\n",
}


def translated(project: Project, language: str = "zh") -> tuple[int, int, str]:
    """How many texts of how many, and all that `check` says, once the build has said the same."""
    build = project.run()
    assert build.returncode == 0, build.stderr
    said = project.run("check", language).stdout
    found = re.search(r"(\d+) of (\d+) texts translated \(([\d.]+ %)\)", said)
    assert f"{language} {found[3]})" in build.stdout
    return int(found[1]), int(found[2]), said


def test_maps_in_labmls_form_serve_packages_and_returns(tmp_path):
    project = Project(tmp_path)
    project.write("docs/.keep", "")
    project.write("sources/labml_nn/__init__.py", '"""\n# Papers\n"""\n')
    project.write("sources/labml_nn/gates/__init__.py", PACKAGE)
    project.write("sources/labml_nn/gates/queue.py", MODULE)
    project.write(
        "maps/__init__.zh.json", '{"<h1>Papers</h1>\\n": "<h1>论文</h1>\\n", "Papers": "论文"}'
    )
    gates = {
        "<h1>Gates</h1>\n<p>These are <em>gates</em>.</p>\n": "<h1>门</h1>\n<p>这些是<em>门</em>。</p>\n",
        "Gates": "门",
        "A gate.": "一个门。",
    }
    project.write("maps/gates/__init__.zh.json", json.dumps(gates))
    project.write("maps/gates/queue.zh.json", json.dumps(QUEUE))
    configure_labml_project(tmp_path, **FORM)
    count, total, said = translated(project)
    # Left are words that stand on no page: of the engine, and of the configuration.
    missing = [line for line in said.split("\n") if "missing: " in line]
    assert all("sources/" not in line for line in missing)
    assert count == 2 + 4 + 5 and total == count + len(missing)
    page = LexborHTMLParser(project.read("site/zh/gates/queue/index.html")).css_first("article")
    assert "返回" in page.text() and not page.css(".untranslated")


@pytest.mark.skipif(not MAPS.is_dir(), reason="labml's maps do not lie beside the project")
def test_labmls_maps_of_nine_folders_serve_almost_every_text(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("")
    for folder in sorted(path for path in MAPS.iterdir() if path.is_dir()):
        shutil.copytree(labml_nn() / folder.name, tmp_path / "sources/labml_nn" / folder.name)
    shutil.copy(labml_nn() / "__init__.py", tmp_path / "sources/labml_nn")
    shutil.copytree(MAPS, tmp_path / "maps")
    configure_labml_project(tmp_path, **FORM, exclude=["/__init__.py"])
    count, total, left = translated(Project(tmp_path))
    # The maps know nothing of the words that are ours, or the configuration's.
    own = sum(
        "missing: " in line and not line.strip().startswith("sources/") for line in left.split("\n")
    )
    print(f"{count} of {total - own} texts: {count / (total - own):.2%}; {own} words of the site")
    assert count / (total - own) >= 0.97
    # What is left: alternative texts of pictures, and five notes.
    notes = [line for line in left.split("\n") if "missing: <" in line and "sources/" in line]
    assert len(notes) <= 6
    pages = (LexborHTMLParser(path.read_bytes()) for path in (tmp_path / "site/zh").rglob("*.html"))
    shown = sum(len(page.css(".untranslated")) for page in pages)
    assert shown == len(notes), "what is counted is what is seen"


def test_a_tree_with_faulty_maps_is_built_and_every_fault_is_listed(tmp_path):
    project = Project(tmp_path)
    project.write("docs/index.md", "# T\n")
    for number in range(6):
        project.write(
            f"sources/labml_nn/m{number}.py", f'"""\n# M{number}\n\nSee `x{number}`.\n"""\n'
        )
        key = "<p>See <span translate=no>_^_0_^_</span>.</p>"
        entries = {key: "<p>看</p>", f"<h1>M{number}</h1>": f"<h1>模{number}</h1>"}
        project.write(f"maps/m{number}.zh.json", json.dumps(entries) if number else "{")
    configure_labml_project(tmp_path, **FORM)
    assert project.run().returncode == 1
    configure_labml_project(tmp_path, **FORM, faulty="report")
    build, check = project.run(), project.run("check")
    assert build.returncode == 0 and "6 faults" in build.stdout
    assert check.returncode == 1
    for number in range(1, 6):
        assert f"maps/m{number}.zh.json:1: the placeholder _^_0_^_ is lost" in check.stdout
        page = project.read(f"site/zh/m{number}/index.html")
        assert f"模{number}" in page and page.count('class="untranslated"') == 1
    assert "maps/m0.zh.json:1: the map is not JSON" in check.stdout
