"""Comments as notes: runs of lines that hold nothing else, without what is only drawn around them.

A banner is a heading, and so is the title of a cell or a region. A script's metadata is none.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from literate.source.document import Prose
from literate.source.markup import shown_names, with_doctests
from literate.source.span import Span
from literate.source.tools import CellMark, cell_mark, speaks_to_tool

_SIGNS = r"#=\-*~_+─━═"
#: A line that is drawn, and a title that is drawn around.
_RULE = re.compile(rf"(?:#+\s+)?[#+*]?([{_SIGNS}])\1{{3,}}(?:[#+*]|\s+#+)?")
_SHORT_RULE = re.compile(r"([=\-*~#])\1\1+")
_DECORATED = re.compile(
    rf"(?:#+\s+)?(?:[{_SIGNS}]{{4,}}\s*|[{_SIGNS}]{{2,}}\s+)(?P<title>[^{_SIGNS}\s].*?)"
    rf"(?:\s*[{_SIGNS}]{{4,}}|\s+[{_SIGNS}]{{2,}})(?:\s+#+)?"
)
_BOXED = re.compile(r"[#|*]\s+(?P<title>\S.*?)\s+[#|*]|#+\s+(?P<right>\S.*)|(?P<left>\S.*?)\s+#+")
_LONG_MARK = re.compile(r"#{6,}\s*(?P<title>[^#\s].*?)\s*#*")

#: What may stand before a comment that has its line to itself.
_BLANKS = " \t\f\ufeff"
#: What makes front matter of lines between `---`: jupytext's fields, or the engine's.
_HEADER_FIELD = re.compile(r"^(?:jupyter|jupytext|title|summary):", re.MULTILINE)


@dataclass(slots=True)
class _Run:
    """Comment lines below one another: their numbers, their column, their texts without `#`."""

    column: int
    mark: CellMark | None = None
    numbers: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def comment_spans(lines: list[str], taken: Set[int], *, has_docstring: bool) -> list[Span]:
    """The runs of lines that hold nothing but a comment, and are not `taken`.

    In a module without a docstring, the first Markdown cell opens the page, with the front matter
    above it.
    """
    spans = [_span(run, lines) for run in _runs(lines, taken)]
    if not has_docstring:
        return _opened(spans, lines)
    return [replace(s, prose=_silent(s.prose)) if _is_header(s) else s for s in spans]


def is_markdown_cell(line: str) -> bool:
    """Whether a line of a file says that what follows is Markdown."""
    text = line.strip()
    mark = cell_mark(text, has_regions=False) if text.startswith("#") else None
    return mark is not None and mark.is_markdown


def _runs(lines: list[str], taken: Set[int]) -> Iterator[_Run]:
    found = list(_comments(lines, taken))
    has_regions = any(re.match(r"#\s*endregion\b", text) for _, _, text in found)
    run: _Run | None = None
    in_script = False
    for number, column, text in found:
        if number in taken:
            continue
        if in_script or re.fullmatch(r"# /// [\w-]+\s*", text):  # metadata, as PEP 723 has it
            in_script = text.rstrip() != "# ///"
            continue
        if speaks_to_tool(text) and not cell_mark(text, has_regions=has_regions):
            continue
        mark = cell_mark(text, has_regions=has_regions)
        is_below = run and number == run.numbers[-1] + 1 and column == run.column
        if run is None or mark or not is_below or _closes_header(run):
            if run:
                yield run
            run = _Run(column, mark)
        run.numbers.append(number)
        run.texts.append("" if mark else text[1:].removeprefix(" ").rstrip())
    if run:
        yield run


def _comments(lines: list[str], taken: Set[int]) -> Iterator[tuple[int, int, str]]:
    """Line, column and text of each comment that has its line to itself."""
    free = [(number, line) for number, line in enumerate(lines, 1) if number not in taken]
    for number, column, text in _tokens(lines) if any(map(_may_go_on, free)) else _signs(free):
        is_coding = number <= 2 and tokenize.cookie_re.match(text)
        if not (is_coding and "coding" in text):
            yield number, column, text


def _may_go_on(numbered: tuple[int, str]) -> bool:
    """Whether a string may go on from a line to the next, where a # starts no comment."""
    line = numbered[1]
    return '"""' in line or "'''" in line or line.endswith(("\\\n", "\\\r\n", "\\\r"))


def _signs(free: list[tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """The comments of lines on which no string goes on."""
    for number, line in free:
        text = line.lstrip(_BLANKS)
        if text.startswith("#"):
            yield number, len(line) - len(text), text.rstrip("\r\n")


def _tokens(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """The comments of any lines. Python tells them apart, and takes its time."""
    reader = iter(lines)
    for token in tokenize.generate_tokens(lambda: next(reader, "")):
        if token.type == tokenize.COMMENT:
            number, column = token.start
            if not token.line[:column].strip(_BLANKS):
                yield number, column, token.string


def _closes_header(run: _Run) -> bool:
    """Whether a run is front matter, and whole: what follows is another note."""
    texts = run.texts
    is_closed = len(texts) > 2 and texts[0] == texts[-1] == "---"
    return is_closed and any(_HEADER_FIELD.match(text) for text in texts)


def _is_header(span: Span) -> bool:
    return span.prose.text.startswith("---\n") and bool(_HEADER_FIELD.search(span.prose.text))


def _silent(prose: Prose) -> Prose:
    """A note of which readers see nothing."""
    return Prose("\n" * (len(prose.line_numbers) - 1), prose.line_numbers)


def _span(run: _Run, lines: list[str]) -> Span:
    prose = Prose("\n".join(run.texts), tuple(run.numbers))
    is_header = _closes_header(run)
    if not (run.mark and run.mark.is_markdown) and not is_header:
        prose = _undecorated(prose, 3 if run.column else 2)
        if run.mark and run.mark.title:
            heading = f"{'#' * run.mark.level} {run.mark.title}"
            prose = Prose(f"{heading}\n{prose.text}", (run.numbers[0], *prose.line_numbers))
    prose = prose if is_header else shown_names(with_doctests(prose))
    first = run.numbers[0]
    return Span(first, run.numbers[-1], prose, lines[first - 1][: run.column])


def _undecorated(prose: Prose, level: int) -> Prose:
    """The prose without rules of signs; a title between them, or above one, is a heading."""
    rows = [row.strip() for row in prose.text.split("\n")]
    is_rule = _rules(rows)
    is_boxed = any(rule and "#" in row for rule, row in zip(is_rule, rows, strict=True))
    shown = []
    for i, row in enumerate(prose.text.split("\n")):
        title = _title(rows[i], is_boxed=is_boxed)
        if is_rule[i]:
            shown.append("")
        elif title and (title != rows[i] or _is_single(i, is_rule, rows)):
            is_text = is_boxed and not _is_single(i, is_rule, rows)
            shown.append(title if is_text else f"{'#' * level} {title}")
        else:
            shown.append(row)
    return prose._replace(text="\n".join(shown))


def _rules(rows: Sequence[str]) -> list[bool]:
    """Which lines are drawn: a short one only where it stands on both sides of a title."""
    is_rule = [_RULE.fullmatch(row) is not None for row in rows]
    for i in range(len(rows) - 2):
        above, below = (_SHORT_RULE.fullmatch(rows[j]) for j in (i, i + 2))
        if above and below and above[1] == below[1] and rows[i + 1]:
            is_rule[i] = is_rule[i + 2] = True
    return is_rule


def _title(row: str, *, is_boxed: bool) -> str:
    """A line without the signs on its sides; the whole line where there are none."""
    for pattern in (_DECORATED, _LONG_MARK, *([_BOXED] if is_boxed else [])):
        if match := pattern.fullmatch(row):
            return match["title"] or match["right"] or match["left"]
    return row


def _is_single(index: int, is_rule: Sequence[bool], rows: Sequence[str]) -> bool:
    """Whether a line is all that stands between two rules, or above one."""
    is_first = index == 0 or is_rule[index - 1] or not rows[index - 1]
    return is_first and index + 1 < len(rows) and is_rule[index + 1]


def _opened(spans: list[Span], lines: list[str]) -> list[Span]:
    """The spans, the first of which opens the module if it is front matter or a Markdown cell."""
    if not spans:
        return spans
    first, *rest = spans
    above = (line.strip() for line in lines[: first.first - 1])
    if any(line and not line.startswith("#") for line in above):
        return spans
    is_header = _is_header(first)
    if not is_header and not is_markdown_cell(lines[first.first - 1]):
        return spans
    opened = replace(first, opens_module=True)
    if is_header and rest and is_markdown_cell(lines[rest[0].first - 1]):
        between = lines[first.last : rest[0].first - 1]
        if not any(line.strip() for line in between):
            rest[0] = replace(rest[0], continues=True)
    return [opened, *rest]
