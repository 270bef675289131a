"""Nothing that stands in a note is wider than its column: it scrolls by itself, or is made to fit."""

import json

import pytest
from PIL import Image
from support import Project, built, served

FORMULA = r"L = \sum_{i=1}^{n} \log \frac{p_\theta(x_i)}{q(x_i \mid z_0)} + \lambda_1 " * 4
PARTS = [
    f"Inline ${FORMULA}$ here.",
    f"$$\n{FORMULA}\n$$",
    f"$$\n\\begin{{aligned}}\nL &= {FORMULA} \\\\ &= {FORMULA}\n\\end{{aligned}}\n$$",
    f"\\begin{{align}}\nL &= {FORMULA}\n\\end{{align}}",
    "| " + "column | " * 14 + "\n|" + " --- |" * 14 + "\n| " + "value | " * 14,
    f"| formula | code |\n| --- | --- |\n| ${FORMULA}$ | `{'c' * 120}` |",
    f"```\n{'y = f(a, b) + ' * 30}\n```",
    "![a picture](wide.png)",
    '<img src="wide.png" width="1600">',
    '<img src="wide.png" style="width: 1600px">',
    '<div style="width: 1600px">Words</div>',
    "<table><tr>" + "<td>cellvalue</td>" * 20 + "</tr></table>",
    f"<pre>{'p' * 150}</pre>",
    f"A {'W' * 90} word, https://example.org/{'a' * 120} and `{'c' * 120}`.",
]


def written():
    """Each part alone, in a list, a quotation, an admonition, and a footnote."""
    text = "\n\n".join(PARTS)
    inner = "\n".join(f"    {line}".rstrip() for line in text.split("\n"))
    quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    return f'{text}\n\n1.  One\n\n{inner}\n\n{quoted}\n\n!!! note "T"\n\n{inner}\n\nX[^a].\n\n[^a]: A\n\n{inner}\n'


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("wide"))
    text, heading = written(), f"## A {'W' * 90} ${FORMULA}$"
    project.write("docs/index.md", f"# A\n\n{text}\n\n{heading}\n")
    quoted = "\n".join(f"    {line}".rstrip() for line in f"{heading}\n\n{text}".split("\n"))
    project.write(
        "src/net.py",
        f'r"""\n# Net\n\n{text}\n"""\n\n\ndef f(x):\n    r"""\n{quoted}\n    """\n    return x\n',
    )
    for folder in ("docs", "src"):
        Image.new("RGB", (1800, 30)).save(project.root / folder / "wide.png")
    plugins = [{"literate": {"sources": ["src"]}}]
    theme = {"name": "material", "font": False}
    project.write("mkdocs.yml", json.dumps({"site_name": "A", "theme": theme, "plugins": plugins}))
    built(project, "site")
    with served(project.root / "site") as address:
        yield address


@pytest.mark.parametrize("name", ["", "net/"])
def test_nothing_in_a_note_widens_the_page(open_page, wide, name):
    page = open_page(name, site=wide)
    for width in (1440, 1024, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # At the side of the code, no note reaches into it.
        beyond = page.evaluate(
            """() => [...document.querySelectorAll(':is(.note, .lead) *')].filter(it =>
                it.clientWidth && it.scrollWidth > it.clientWidth + 8
                && getComputedStyle(it).overflowX === 'visible' && !it.closest('math, .md-typeset__scrollwrap')
            ).map(it => it.outerHTML.slice(0, 200))"""
        )
        assert beyond == []


@pytest.mark.parametrize("language", ["", "zh/"])
def test_what_stands_in_a_cell_is_whole(open_page, language):
    page = open_page(f"{language}results/")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator("td math").count() > 100
        cut = """cells => cells.filter(it => it.scrollWidth > it.clientWidth + 1
            || it.matches("code") && !/ /.test(it.textContent) && it.getClientRects().length > 1
        ).map(it => it.outerHTML)"""
        assert page.locator("td :is(math, code)").evaluate_all(cut) == []


@pytest.mark.parametrize("name", ["", "net/"])
def test_keys_scroll_a_wide_formula_and_a_wide_table(open_page, wide, name):
    page = open_page(name, site=wide, width=390)
    for kind in ("math", ".md-typeset__scrollwrap"):
        box = page.locator(f"article {kind}").nth(1)
        box.scroll_into_view_if_needed()
        page.wait_for_function("box => box.tabIndex === 0", arg=box.element_handle())
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
        assert box.evaluate("box => box === document.activeElement")
