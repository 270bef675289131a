"""Shapes as HTML: at the end of a line of code, and the choice of the configuration they are of.

They are drawn by the style sheet, from attributes: so they are no part of the code that a reader
copies or searches, and the choice needs no script.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from html import escape

#: The style sheet knows so many configurations.
MOST = 6


def shape_html(row: Sequence[str]) -> str:
    """The shape of what a line makes: in symbols, and in each configuration."""
    if not row:
        return ""
    names = ["symbols", *(f"in-{number}" for number in range(MOST))]
    pairs = zip(names, row, strict=False)
    attributes = "".join(f' data-{name}="{escape(text)}"' for name, text in pairs if text)
    return f'<span class="shape"{attributes}></span>'


def passes_html(passes: Sequence[Sequence[str]]) -> str:
    """What a class takes and returns."""
    return f'<p class="passes">{" → ".join(map(shape_html, passes))}</p>' if passes else ""


def choice_html(
    shapes: Collection[int], configurations: Iterable[str], word: Callable[[str], str]
) -> str:
    """The control that switches the configuration, on a page with shapes."""
    if not shapes:
        return ""
    values = {f"in-{number}": name for number, name in enumerate(configurations)}
    values["symbols"] = "in symbols"
    options = "".join(
        f'<label><input type="radio" name="shapes" value="{value}" autocomplete="off"'
        f"{' checked' if value == 'in-0' else ''}> {escape(word(name))}</label>"
        for value, name in values.items()
    )
    legend = escape(word("Shapes of tensors"))
    return f'<fieldset class="shape-choice"><legend>{legend}</legend>{options}</fieldset>'
