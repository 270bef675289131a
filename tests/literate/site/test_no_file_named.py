"""What is too large, too deep or too strange is one line that names its file and line."""

import pytest
from support import CONFIG, Project

from literate.base.cache import NO_CACHE
from literate.base.errors import LiterateError
from literate.mkdocs.config import read_project
from literate.site.editions import make_editions, page_infos
from literate.site.load import load_site

PAPERS = CONFIG.replace("[src/paper]", "[src/paper]\n      bibliography: docs/r.bib")
DIGITS = "9" * 5000
HEX = "0x" + "f" * 5000
TIMES = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))
LAUGHS = f"---\na0: &a0 [b]\n{TIMES}\n---\n# A"
CASES = {
    "the number of a map": ("translations/zh/net.json", f'{{\n"a": {DIGITS}}}', 2),
    "the depth of a map": ("translations/zh/net.json", '{"a": ' + "[" * 99_999, 1),
    "the number of a language": ("translations/zh/language.toml", f'name = "x"\nreviewed = {DIGITS}', 2),
    "the name of a language that is a number": ("translations/zh/language.toml", f"\nname = {HEX}", 2),
    "the depth of a language": ("translations/zh/language.toml", 'name = "x"\nnames = ' + "[" * 9999, 2),
    "the name of a language": ("translations/zh/language.toml", 'name = "\\u001b[2J"', 1),
    "the number of front matter": ("docs/index.md", f"---\nx: {DIGITS}\n---\n# A", 1),
    "the title of front matter that is a number": ("docs/index.md", f"---\ntitle: {HEX}\n---\n# A", 1),
    "the number of front matter in sixties": ("docs/index.md", f"---\nx: 1{':10' * 4000}\n---\n# A", 1),
    "the depth of front matter": ("docs/index.md", "---\nx: " + "[" * 9999, 1),
    "front matter that repeats itself": ("docs/index.md", LAUGHS, 1),
    "front matter that holds itself": ("docs/index.md", "---\na: &a [*a]\n---\n# A", 1),
    "a list that is a number": ("docs/index.md", "---\nhide: 1\n---\n# A", 2),
    "the depth of a formula": ("docs/index.md", "# A\n\n$" + "{" * 9999 + "}" * 9999 + "$", 3),
    "the depth of emphasis": ("docs/index.md", "# A\n\n" + "*" * 9999 + "a" + "*" * 9999, 3),
    "the depth of HTML": ("docs/index.md", "# A\n\n" + "<div>" * 3000 + "a" + "</div>" * 3000, 3),
    "a name that no file can have": ("docs/index.md", f"# A\n\n[a]({'a' * 5000})", 3),
    "a name that ends early": ("docs/index.md", "# A\n\n![a](%00.svg)", 3),
    "a chain of names": ("src/paper/net.py", "x = 1\na" + ".b" * 9999, 2),
    "a chain of calls": ("src/paper/net.py", "x = 1\na" + "()" * 3000, 2),
    "a sum": ("src/paper/net.py", "x = 1\na = 1" + "+1" * 5000, 2),
    "branches": ("src/paper/net.py", "if 1: pass\n" + "elif 1: pass\n" * 3000, 2),
    "a number of Python": ("src/paper/net.py", f"x = 1\na = {DIGITS}", 2),
    "an encoding of no text": ("src/paper/net.py", "# coding: rot13\nx = 1", 1),
    "braces of BibTeX": ("docs/r.bib", "@a{a, title={" + "{" * 9999 + "}" * 9999 + "}}", 1),
    "commands of BibTeX": ("docs/r.bib", "@a{a, title={" + "\\emph{" * 999 + "}" * 999 + "}}", 1),
    "a link of BibTeX beside math": ("docs/r.bib", "\n@a{a, title={\\href{}{} and $x$}}", 2),
    "the depth of a setting": ("mkdocs.yml", f"{CONFIG}extra:\n  a: {'[' * 60}{']' * 60}\n", 13),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line"), CASES.values(), ids=CASES.keys())
def test_the_file_and_the_line_are_named(project: Project, name, text, line):
    if name.endswith(".bib"):
        project.write("mkdocs.yml", PAPERS)
    project.write(name, text)
    with pytest.raises(LiterateError) as error:
        site = load_site(read_project(project.root / "mkdocs.yml"))
        page_infos(site, make_editions(site, "", lambda *place: "/".join(place)), NO_CACHE)
    first = str(error.value).split("\n")[0]
    assert first.startswith((f"{name}:{line}: ", f"{project.root / name}:{line}: ")), first[:200]
