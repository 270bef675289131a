"""Notes beside code, as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from literate.base.html import tags
from literate.site.page import Page
from literate.source.document import Line


def lay_out(
    page: Page, notes: Sequence[str], code: Sequence[str], word: Callable[[str], str]
) -> str:
    """The body of an annotated page.

    `notes` are the HTML of each section's note, `code` that of each line; `word` translates the
    engine's own.
    """
    return "\n".join(_Layout(page, code, word).run(notes))


@dataclass(frozen=True, slots=True)
class _Layout:
    page: Page
    code: Sequence[str]
    word: Callable[[str], str]
    _defined: set[str] = field(default_factory=set)

    def run(self, notes: Sequence[str]) -> Iterator[str]:
        """The opening as an article, then a row a section: note beside code."""
        document = self.page.document
        opening = document.opening
        yield '<div class="annotated">'
        for index, section in enumerate(document.sections):
            if index != opening:
                yield self._row(notes[index], section.code, section.definition)
                continue
            yield f'<div class="opening">{notes[index]}</div>'
            imports = [line for line in section.code if line.number <= document.imports_end]
            rest = section.code[len(imports) :]
            if any(line.text.strip() for line in rest):
                yield self._imports(imports)
                yield self._row("", rest, None)
            else:
                yield self._imports(section.code)
        yield "</div>"

    def _imports(self, code: tuple[Line, ...] | list[Line]) -> str:
        if not code:
            return ""
        if not any(line.text.strip() for line in code):
            return f'<div class="code" hidden>{self._code(code)}</div>'
        summary = escape(self.word("Imports"))
        body = f'<div class="code highlight">{self._code(code)}</div>'
        return f'<details class="imports"><summary>{summary}</summary>{body}</details>'

    def _row(self, note: str, code: tuple[Line, ...], definition: str | None) -> str:
        anchor = ""
        if definition and definition not in self._defined:  # a property is defined twice
            self._defined.add(definition)
            # An author's own anchor goes first.
            if all(tag.get("id") != definition for tag in tags(note, "id")):
                anchor = f' id="{escape(definition)}"'
        kind = "" if note else " code-only" if code else ""
        note_html = f'<div class="note">{note}</div>' if note else ""
        code_html = f'<div class="code highlight">{self._code(code)}</div>' if code else ""
        return f'<section class="row{kind}"{anchor}>{note_html}{code_html}</section>'

    def _code(self, code: tuple[Line, ...] | list[Line]) -> str:
        rows = []
        for line in code:
            ending = line.text[len(line.text.rstrip("\r\n")) :].replace("\r", "&#13;")
            html = self.code[line.number - 1]
            # A class may be called L5: its name goes before the fifth line's.
            anchor = f"L{line.number}"
            given = "" if anchor in self.page.anchors else f'id="{anchor}" '
            rows.append(f'<span {given}data-n="{line.number}">{html}{ending}</span>')
        return f'<pre tabindex="0"><code>{"".join(rows)}</code></pre>'
