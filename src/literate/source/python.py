"""Python source -> Document: which lines are notes, which are code, and what belongs together.

Docstrings are found by `ast`, comments by `tokenize` wherever a string goes on over lines; so a `#`
inside a string is a string, and a comment inside a signature does not cut the signature in two.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from textwrap import dedent

from literate.base.errors import LiterateError
from literate.source.comments import comment_spans, is_markdown_cell
from literate.source.docstring import continued, readable_docstring
from literate.source.document import Definition, Document, Line, NoteLines, Prose, Section
from literate.source.span import Span
from literate.source.statements import (
    DEFINITION,
    first_line,
    module_statements,
    relative_imports,
    statements,
)
from literate.source.tools import speaks_to_tool


def decode(data: bytes, path: str) -> tuple[str, str]:
    """Text and encoding of a Python file: UTF-8, a byte-order mark, or what line 1 or 2 declare."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:  # no encoding of texts, say
        line = 1
        if isinstance(error, UnicodeDecodeError):
            line += data.count(b"\n", 0, error.start)
        raise LiterateError(
            f"the text cannot be decoded: {error}",
            file=path,
            line=line,
            fix="Save the file as UTF-8, or declare its encoding on the first line",
        ) from None


def read_python(data: bytes, path: str) -> Document:
    """Take a Python source file apart.

    Raises `LiterateError` where the file cannot be decoded or does not parse.
    """
    text, encoding = decode(data, path)
    lines = list(io.StringIO(text, newline=""))
    tree = _parse(text, path)
    docstrings = list(_docstrings(tree, lines))
    taken = _headers(tree, lines).union(*(range(s.start, s.last + 1) for s in docstrings))
    comments = comment_spans(lines, taken, has_docstring=any(s.opens_module for s in docstrings))
    sections, opening = _assemble(lines, sorted([*docstrings, *comments], key=lambda n: n.start))
    return Document(
        path=path,
        encoding=encoding,
        sections=tuple(sections),
        definitions=tuple(_definitions(tree)),
        opening=opening,
        imports_end=_imports_end(tree),
        statements=tuple(module_statements(tree)),
        relative_imports=tuple(relative_imports(tree, lines)),
    )


@lru_cache(maxsize=2)
def syntax_tree(text: str) -> ast.Module:
    """The syntax tree. What Python warns of is the author's business when it runs, not now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _parse(text: str, path: str) -> ast.Module:
    try:
        return syntax_tree(text)
    except (RecursionError, MemoryError):
        raise too_deep(text, path) from None
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        what = getattr(error, "msg", None) or str(error)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise LiterateError(
            f"this is not Python {version}: {what}",
            file=path,
            line=line,
            fix="Fix the source, or build with a newer Python if it is written for one",
        ) from None


def too_deep(text: str, path: str) -> LiterateError:
    """The error of a source whose expressions or branches no recursion bears.

    Nobody says where; it is likely to be on the longest line.
    """
    lines = text.split("\n")
    line = max(range(len(lines)), key=lambda number: len(lines[number])) + 1
    fix = "Take what nests deep, or the long chain, apart"
    return LiterateError("this nests too deep to be read", file=path, line=line, fix=fix)


def _walk(tree: ast.AST, scope: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Classes and functions with their qualified names, in the order of the file.

    Only statements are entered: most of a tree is expressions, which hold no definitions.
    """
    for node in statements(tree):
        name = scope
        if isinstance(node, DEFINITION):
            name = f"{scope}.{node.name}" if scope else node.name
            yield name, node
        yield from _walk(node, name)


def _definitions(tree: ast.Module) -> Iterator[Definition]:
    """Classes, functions, and the constants of the module."""
    for name, node in _walk(tree):
        last = node.end_lineno or node.lineno
        yield Definition(name, node.lineno, node.col_offset, first_line(node), last)
    seen: set[str] = set()
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else ()
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id not in seen:
                seen.add(target.id)
                place = target.lineno, target.col_offset, statement.lineno
                last = statement.end_lineno or statement.lineno
                yield Definition(target.id, *place, last, is_constant=True)


def _headers(tree: ast.Module, source: list[str]) -> set[int]:
    """Lines of decorators and signatures: comments between them stay code."""
    lines: set[int] = set()
    for _, node in _walk(tree):
        body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
        end = _with_closing(_header_end(node, body[0]), body[0], source)
        lines.update(range(first_line(node), end + 1))
    return lines


def _header_end(node: ast.stmt, body: ast.stmt) -> int:
    """The last line on which the signature itself has something."""
    ends = [node.lineno]
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.arguments, ast.expr, ast.keyword)):
            ends += [
                part.end_lineno or 0
                for part in ast.walk(child)
                if isinstance(part, (ast.expr, ast.arg, ast.keyword))
            ]
    return min(max(ends), max(first_line(body) - 1, node.lineno))


def _with_closing(end: int, body: ast.stmt, lines: list[str]) -> int:
    """What is left of a signature below its last argument: `):`, and comments above that."""
    for number in range(first_line(body) - 1, end, -1):
        line = lines[number - 1].strip()
        if line and not line.startswith(("#", '"', "'")):
            return number
    return end


def _docstrings(tree: ast.Module, lines: list[str]) -> Iterator[Span]:
    """The docstrings, and the strings that some write a Markdown cell as."""
    cells = {number for number, line in enumerate(lines, 2) if is_markdown_cell(line)}
    scopes: list[tuple[str | None, ast.AST]] = [(None, tree), *_walk(tree)]
    for name, node in scopes:
        body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
        if not body or not isinstance(body[0], ast.Expr):
            continue
        value = body[0].value
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            continue
        if name is None and value.lineno in cells:
            continue
        if span := _docstring(value, lines):
            header = first_line(node) if isinstance(node, ast.stmt) else None
            yield replace(span, definition=name, header=header, opens_module=name is None)
    for statement in tree.body:
        match statement:
            case ast.Expr(ast.Constant(str()) as text) if text.lineno in cells:
                if span := _docstring(text, lines):
                    yield replace(span, continues=True)


def _docstring(value: ast.Constant, lines: list[str]) -> Span | None:
    """The raw text between the quotes, dedented; None where code shares its lines."""
    first, last = value.lineno, value.end_lineno or value.lineno
    raw = [line.rstrip("\r\n") for line in lines[first - 1 : last]]
    head = raw[0].encode()[: value.col_offset].decode()
    tail = raw[-1].encode()[value.end_col_offset :].decode()
    raw[-1] = raw[-1].encode()[: value.end_col_offset].decode()
    comment = tail.strip()
    if head.strip(" \t\f\ufeff") or (comment and not comment.startswith("#")):
        return None
    raw[0] = raw[0][len(head) :]
    opening = _opening_quotes(raw[0])
    quotes = opening.lstrip("rRuU")
    if not _is_one_string("\n".join(raw), quotes):
        return None
    raw[0] = raw[0][len(opening) :]
    raw[-1] = raw[-1][: -len(quotes)]
    is_raw = "r" in opening[:-1].lower()
    rows = list(zip(raw[1:], range(first + 1, last + 1), strict=True))
    rows = rows if is_raw else continued(rows)
    body = dedent("\n".join(text for text, _ in rows)).split("\n") if rows else []
    numbers = (first, *(number for _, number in rows))
    prose = Prose("\n".join([raw[0].strip(), *body]), numbers)
    prose = readable_docstring(prose, is_raw=is_raw)
    remark = comment[1:].strip()
    if remark and not speaks_to_tool(comment):
        prose = _join(prose, Prose(remark, (last,)))
    return Span(first, last, prose, head, opening)


def _is_one_string(text: str, quotes: str) -> bool:
    """Whether a string is not several of them, side by side."""
    if text.count(quotes) == 2:
        return True
    reader = iter(text.splitlines(keepends=True))
    tokens = tokenize.generate_tokens(lambda: next(reader, ""))
    return sum(token.type == tokenize.STRING for token in tokens) == 1


def _opening_quotes(text: str) -> str:
    prefix = text[: len(text) - len(text.lstrip("rRuU"))]
    rest = text[len(prefix) :]
    return prefix + (rest[:3] if rest[:3] in ('"""', "'''") else rest[:1])


def _assemble(lines: list[str], notes: list[Span]) -> tuple[list[Section], int | None]:
    """Give every line of the file to a section, as note or as code."""
    sections: list[Section] = []
    opening: int | None = None
    current = Section()
    numbered = [Line(number, text) for number, text in enumerate(lines, start=1)]

    def finish() -> None:
        if current != Section():
            sections.append(current)

    position = 1
    for note in notes:
        current = _add_code(current, numbered[position - 1 : note.start - 1])
        introduces = note.header is not None and current.prose and not current.code
        if opening == len(sections) or current.definition:  # a module's note is not a definition's
            introduces = False
        if not introduces and not note.continues:
            finish()
            current = Section()
        if note.opens_module:
            opening = len(sections)
        current = _add_code(current, numbered[note.start - 1 : note.first - 1])
        run = NoteLines(tuple(numbered[note.first - 1 : note.last]), note.indent, note.quotes)
        current = current._replace(
            written=(*current.written, run),
            prose=_join(current.prose, note.prose),
            definition=note.definition,
        )
        position = note.last + 1
    current = _add_code(current, numbered[position - 1 :])
    finish()
    return sections, opening


def _add_code(section: Section, code: list[Line]) -> Section:
    return section._replace(code=(*section.code, *code)) if code else section


def _join(first: Prose | None, second: Prose) -> Prose:
    """A comment directly above a documented definition is one note with its docstring."""
    if first is None:
        return second
    numbers = (*first.line_numbers, second.line_numbers[0], *second.line_numbers)
    return Prose(f"{first.text}\n\n{second.text}", numbers)


def _imports_end(tree: ast.Module) -> int:
    """The last line of the imports at the head of the module, 0 without any."""
    end = 0
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            end = node.end_lineno or node.lineno
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            break
    return end
