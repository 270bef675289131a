"""Shapes of tensors beside code: where a record puts them, and what it says against notes."""

import json
from functools import partial

import pytest
from selectolax.lexbor import LexborHTMLParser
from support import SOURCE

from literate.base.errors import LiterateError
from literate.site.layout import lay_out
from literate.site.shapes import _dimensions, _fits

CODE = SOURCE.replace(
    "        # Double the input.\n        return 2 * x\n",
    """        # It stays `[B, h, H/p, W/p]`.
        x = self.embed(x)
        # The sequence, `[B, T, h]`, of any `[B, q, q]`
        return self.head(x)

    def other(self, x):
        return 2 * x
""",
)
RECORD = {
    "configurations": {"small": {"h": 8, "p": 2, "H": 6, "W": 4, "T": 6}, "large": {"h": 9, "p": 1, "H": 5, "W": 7, "T": 35}},
    "files": {
        "src/paper/net.py": {
            "Net.forward": {
                "own": [],
                "takes": ["[B, 3, H, W]", "[B, 3, 6, 4]", "[B, 3, 5, 7]"],
                "lines": {
                    "x = self.embed(x)": ["[B, h, H/p, W/p]", "[B, 8, 3, 2]", "[B, 9, 5, 7]"],
                    "return self.head(x)": ["", "[B, 10], [4]", "[B, 11], [4]"],
                },
                "passes": ["[B, 6, 8], [B, 2, 2]", "[B, 35, 9], [B, 3, 3]"],
            }
        }
    },
}  # fmt: skip


def shaped(project, code=CODE, record=RECORD):
    project.write("src/paper/net.py", code)
    project.write("records/shapes.json", json.dumps(record))
    if "shapes" not in project.read("mkdocs.yml"):
        project.write(
            "mkdocs.yml", project.read("mkdocs.yml") + "      shapes: records/shapes.json\n"
        )
    return project.load()


def lines_of(code):
    return {line.strip(): number for number, line in enumerate(code.split("\n"), 1)}


def test_a_line_has_the_shape_that_is_recorded_of_its_function_and_text(project):
    site = shaped(project)
    at = lines_of(CODE)
    assert site.shapes.of(site.pages["net"]) == {
        at["x = self.embed(x)"]: ("[B, h, H/p, W/p]", "[B, 8, 3, 2]", "[B, 9, 5, 7]"),
        at["return self.head(x)"]: ("", "[B, 10], [4]", "[B, 11], [4]"),
    }
    assert site.shapes.of(site.pages["index"]) == {} and site.wrong_shapes == []
    moved = shaped(project, CODE.replace("import math", "import math\nimport os\n"))
    assert list(moved.shapes.of(moved.pages["net"])) == [
        number + 2 for number in site.shapes.of(site.pages["net"])
    ]


def test_a_class_shows_what_it_takes_and_returns_below_its_formulas(project):
    code = CODE.replace("## A net", "## A net\n\nWords.\n\n$$a = b$$")
    site = shaped(project, code)
    html = lay_out(site.localise(site.pages["net"], str))
    (passes,) = LexborHTMLParser(html).css(".board .passes")
    assert [it.attributes["data-in-1"] for it in passes.css(".shape")] == [
        "[B, 3, 5, 7]",
        "[B, 11], [4]",
    ]


@pytest.mark.parametrize("wrong", ["[B, T, q, h]", "[B, h, T]", "[B, 9, 3, 2]", "[B, q, r]"])
def test_a_shape_in_a_note_that_nothing_has_is_a_fault_on_its_line(project, wrong):
    code = CODE.replace("[B, T, h]", wrong)
    record = json.loads(json.dumps(RECORD))
    if wrong == "[B, q, r]":  # of two names, any two numbers: what is wrong is the other one
        code = code.replace("`[B, q, q]`", "`[B, T + 1, h]`")
    (fault,) = shaped(project, code, record).wrong_shapes
    line = lines_of(code)[
        f"# The sequence, `{wrong}`, of any " + code.partition("of any ")[2].partition("\n")[0]
    ]
    assert (fault.file, fault.line) == ("src/paper/net.py", line)
    assert "no tensor of 'Net.forward' has that shape" in fault.message
    assert "[B, h, H/p, W/p]" in fault.fix


def test_check_reports_it_and_fails(project):
    shaped(project, CODE.replace("[B, T, h]", "[B, h, T]"))
    result = project.run("check")
    assert result.returncode == 1
    assert "src/paper/net.py:24: the note says `[B, h, T]`" in result.stdout
    shaped(project)
    assert project.run("check").returncode == 0


def test_a_symbol_that_means_something_else_in_a_function_is_none_there(project):
    record = json.loads(json.dumps(RECORD))
    record["files"]["src/paper/net.py"]["Net.forward"]["own"] = ["h"]
    code = CODE.replace("[B, T, h]", "[B, h]")
    assert shaped(project, code, record).wrong_shapes == []
    assert len(shaped(project, code).wrong_shapes) == 1


def test_a_recorded_line_that_is_gone_asks_for_a_new_record(project):
    (fault,) = shaped(project, CODE.replace("self.embed(x)", "self.embedding(x)")).wrong_shapes
    assert fault.file == "records/shapes.json"
    assert "no line `x = self.embed(x)` in 'Net.forward'" in fault.message


@pytest.mark.parametrize(
    ("wanted", "found", "fits"),
    [
        ("[B, h]", "[B, 8]", True),
        ("[B, h]", "[B, 9]", False),
        ("[B, h]", "[8, B]", False),
        ("[B, 2*h - 1]", "[B, 15]", True),
        ("[B, h/p, h//p]", "[B, 4, 4]", True),
        ("[B, a, a]", "[B, 3, 3]", True),
        ("[B, a, a]", "[B, 3, 4]", False),
        ("[B, a + 1]", "[B, 3]", True),
        ("[B]", "[B, 8]", False),
        ("[B, h]", "[B, B]", False),
        ("[B, a]", "[B, B]", False),
        # What is no number that a tensor could have may be anything.
        (f"[B, {'9' * 4000}*{'9' * 4000}]", "[B, 3]", True),
        (f"[B, {'-' * 20_000}h]", "[B, 3]", True),
        (f"[B, {'h+' * 20_000}h]", "[B, 3]", True),
    ],
)
def test_words_fit_numbers(wanted, found, fits):
    assert _fits(_dimensions(wanted), _dimensions(found), {"h": 8, "p": 2}) == fits


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.pop("files"),
        lambda record: record.update(configurations=[]),
        lambda record: record["configurations"]["small"].update(h="wide"),
        lambda record: record["files"]["src/paper/net.py"]["Net.forward"].pop("own"),
        lambda record: record["files"]["src/paper/net.py"]["Net.forward"]["takes"].pop(),
    ],
)
def test_what_is_no_record_is_one_clear_error(project, change):
    record = json.loads(json.dumps(RECORD))
    change(record)
    with pytest.raises(LiterateError, match=r"^records/shapes.json: this is no record of shapes"):
        shaped(project, record=record)


@pytest.mark.parametrize(
    "text", ["[" * 99_999, '{"configurations": {"a": {"h": 1e999}}}', "9" * 5000]
)
def test_nor_is_what_no_script_would_write(project, text):
    shaped(project)
    project.write("records/shapes.json", text)
    with pytest.raises(LiterateError, match=r"^records/shapes.json: this is no record of shapes"):
        project.load()


def test_a_record_that_is_not_there_is_an_error_on_the_line_of_the_option(project):
    read = partial(project.write, "mkdocs.yml")
    read(project.read("mkdocs.yml") + "      shapes: no.json\n")
    with pytest.raises(LiterateError, match=r"mkdocs.yml:12: the record no.json does not exist"):
        project.load()
