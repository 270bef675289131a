"""A page as Markdown, in any language, for programs that read: its notes, and the code in turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from literate.notes.plain import code_fence, code_span
from literate.site.local_page import LocalPage, Row

#: Stands around what is Markdown already: see `PageContext.is_plain`.
MARK = "x-markdown"
_UNSEEN = {"script", "style", "template", "svg", "canvas", "button", "input", "select", "option"}
_BLOCKS = {
    "p", "ul", "ol", "pre", "table", "blockquote", "figure", "hr", "details", "div", "section",
    "h1", "h2", "h3", "h4", "h5", "h6", "summary", "figcaption", "dl", "dt", "dd",
}  # fmt: skip


def markdown_address(folder: str, name: str) -> str:
    """Where the Markdown of a page is served, in the folder of its language."""
    return f"{folder}{name}.md"


def marked(markdown: str) -> str:
    """HTML that stands for a piece of Markdown."""
    return f"<{MARK}>{escape(markdown, quote=False)}</{MARK}>"


def page_markdown(page: LocalPage) -> str:
    """A page that was localised plain."""
    html = "".join(piece for row in page.rows for piece in _row(row))
    if heading := page.references_heading:
        papers = "".join(f"<li>{paper.html}</li>" for paper in page.references)
        html += f"{heading.html}<ul>{papers}</ul>"
    return to_markdown(html)


def _row(row: Row) -> Iterator[str]:
    yield from (block.html for block in row.blocks)
    yield from (
        f'<div class="footnote-text" id="{note.number}">{note.html}</div>' for note in row.footnotes
    )
    code = "".join(line.text for line in row.code).replace("\r\n", "\n").strip("\n")
    if code:
        yield marked(code_fence(code, "python"))


def to_markdown(html: str) -> str:
    """HTML as Markdown."""
    body = LexborHTMLParser(html).body
    return "\n\n".join(_blocks(body)) + "\n" if body else ""


def _blocks(node: LexborNode) -> Iterator[str]:
    """The blocks that a node holds, what stands between them as paragraphs."""
    inline: list[str] = []
    for child in node.iter(include_text=True):
        if _is_block(child):
            yield from _paragraph(inline)
            inline = []
            yield from filter(None, _block(child))
        else:
            inline.append(_inline(child))
    yield from _paragraph(inline)


def _paragraph(inline: Iterable[str]) -> Iterator[str]:
    if text := "".join(inline).strip():
        yield text


def _is_block(node: LexborNode) -> bool:
    if node.tag == MARK:
        return node.text().startswith(("```", "$$"))
    return node.tag in _BLOCKS


def _block(node: LexborNode) -> Iterator[str]:
    tag, kind = node.tag or "", node.attributes.get("class") or ""
    if "hidden" in node.attributes:
        return
    if tag == MARK:
        yield node.text().strip()
    elif tag == "hr":
        yield "---"
    elif tag == "pre":
        yield code_fence(node.text())
    elif tag == "table":
        yield "\n".join(_table(node))
    elif tag in ("ul", "ol"):
        yield _list(node, is_ordered=tag == "ol")
    elif tag[0] == "h":
        yield f"{'#' * int(tag[1])} {_content(node).strip()}"
    elif tag in ("summary", "dt") or kind == "admonition-title":
        yield f"**{_content(node).strip()}**"
    elif tag == "p":
        yield _content(node).strip()
    elif tag == "blockquote" or kind.startswith("admonition"):
        yield _each_line("> ", "\n\n".join(_blocks(node)))
    elif kind == "footnote-text":
        number, text = node.attributes["id"], "\n\n".join(_blocks(node))
        yield _hanging(f"[^{number}]: ", text)
    else:
        yield from _blocks(node)


def _list(node: LexborNode, *, is_ordered: bool) -> str:
    items = [list(_blocks(item)) for item in node.iter() if item.tag == "li"]
    first = int(node.attributes.get("start") or 1) if is_ordered else 0
    marks = [f"{first + i}. " if is_ordered else "* " for i in range(len(items))]
    between = "\n\n" if any(len(item) > 1 for item in items) else "\n"
    return between.join(
        _hanging(mark, "\n\n".join(item)) for mark, item in zip(marks, items, strict=True)
    )


def _table(node: LexborNode) -> Iterator[str]:
    for number, row in enumerate(node.css("tr")):
        cells = [_content(cell).strip().replace("|", "\\|") for cell in row.iter()]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "| --- " * len(cells) + "|"


def _content(node: LexborNode) -> str:
    return "".join(map(_inline, node.iter(include_text=True)))


def _inline(node: LexborNode) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", node.text()))
    if tag == MARK:
        return node.text()
    if tag in _UNSEEN or "hidden" in node.attributes:
        return ""
    if tag == "code":
        return code_span(node.text())
    if write := _INLINES.get(tag):
        return write(node)
    return _content(node)


def _link(node: LexborNode) -> str:
    address, kind = node.attributes.get("href"), node.attributes.get("class") or ""
    if kind == "footnote-backref":
        return ""
    return f"[{_content(node)}]({address})" if address else _content(node)


def _raised(node: LexborNode) -> str:
    is_mark = node.attributes.get("class") == "mark"
    return f"[^{node.text().strip()}]" if is_mark else _content(node)


_INLINES: dict[str, Callable[[LexborNode], str]] = {
    "a": _link,
    "b": lambda node: f"**{_content(node)}**",
    "br": lambda node: "\\\n",
    "em": lambda node: f"*{_content(node)}*",
    "i": lambda node: f"*{_content(node)}*",
    "img": lambda node: f"![{node.attributes.get('alt') or ''}]({node.attributes.get('src')})",
    "strong": lambda node: f"**{_content(node)}**",
    "sup": _raised,
}
_SPECIAL = re.compile(r"([\\`*<\[])")


def _hanging(mark: str, text: str) -> str:
    return mark + text.replace("\n", "\n" + " " * len(mark)).replace(" " * len(mark) + "\n", "\n")


def _each_line(mark: str, text: str) -> str:
    return "\n".join((mark + line).rstrip() for line in text.split("\n"))
