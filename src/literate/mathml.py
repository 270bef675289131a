"""LaTeX to MathML, when the site is built: browsers and screen readers read it as it is."""

from __future__ import annotations

import re
from functools import lru_cache

from math_core import LatexError, LatexToMathML

from literate.colour import css_colour, readable

# What papers write and `math-core` knows under another name.
_ALIASES = (
    (re.compile(r"\\pmb(?![a-zA-Z])"), r"\\boldsymbol"),
    (re.compile(r"\\(begin|end)\{(align|equation|gather)\}"), r"\\\1{\2*}"),
    # Sizes of text, which have none in an expression.
    (re.compile(r"\\(?:tiny|small|normalsize|large|Large|LARGE|huge|Huge)(?![a-zA-Z])"), ""),
)
_converter = LatexToMathML(fancy_error=False)
_COLOUR = re.compile(r"(?<=color\{)\s*([A-Za-z]+)\s*(?=\})")
_STYLE = re.compile(r'style="color:(#[0-9A-Fa-f]{6});"')
#: Colours of math-core's, which stand for those of CSS while an expression is converted.
_STAND_INS = (
    "red", "green", "blue", "cyan", "magenta", "yellow", "orange", "purple", "brown", "teal",
    "violet", "lime", "olive", "pink",
)  # fmt: skip


@lru_cache(maxsize=4096)
def to_mathml(latex: str, *, display: bool) -> str:
    """The expression as a `<math>` element.

    Raises `ValueError` with the converter's own words where the expression does not convert.
    """
    for pattern, replacement in _ALIASES:
        latex = pattern.sub(replacement, latex)
    try:
        return (_coloured if _COLOUR.search(latex) else _convert)(latex, display)
    except LatexError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _convert(latex: str, display: bool) -> str:
    return _converter.convert_with_local_state(latex.strip(), displaystyle=display)


def _coloured(latex: str, display: bool) -> str:
    """An expression with colours, by any name that CSS has, made readable in either scheme."""
    names = dict.fromkeys(name for name in _COLOUR.findall(latex) if css_colour(name))
    free = (name for name in _STAND_INS if name not in _COLOUR.findall(latex) or name in names)
    stand_ins = dict(zip(names, free, strict=False))
    values = {_value(stand_in): css_colour(name) for name, stand_in in stand_ins.items()}

    def stand_in(match: re.Match[str]) -> str:
        return stand_ins.get(match[1]) or str(match[1])

    def style(match: re.Match[str]) -> str:
        return f'style="color:{readable(values.get(match[1]) or match[1])}"'

    return _STYLE.sub(style, _convert(_COLOUR.sub(stand_in, latex), display))


@lru_cache
def _value(name: str) -> str:
    """The value that math-core gives to a colour of its own."""
    match = _STYLE.search(_convert(rf"\textcolor{{{name}}}{{x}}", False))
    assert match, name
    return match[1]
