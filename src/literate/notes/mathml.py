"""LaTeX to MathML, when the site is built: browsers and screen readers read it as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache
from html import escape, unescape

import webcolors  # type: ignore[import-untyped]
from math_core import LatexError, LatexToMathML

#: The page behind the words in the light and in the dark scheme, and the contrast that WCAG asks.
_LIGHT, _DARK = "#ffffff", "#1e2129"
_CONTRAST = 4.5


def css_colour(name: str) -> str | None:
    """The hexadecimal value of a colour that CSS has a name for."""
    try:
        return str(webcolors.name_to_hex(name))
    except ValueError:
        return None


def readable(colour: str) -> str:
    """A CSS colour of the same hue that stands out from the page in either scheme."""
    return f"light-dark({_stand_out(colour, _LIGHT)},{_stand_out(colour, _DARK)})"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG reckons it, from 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _stand_out(colour: str, page: str) -> str:
    hue, lightness, saturation = rgb_to_hls(*_rgb(colour))
    step = -0.02 if page == _LIGHT else 0.02
    while contrast(colour, page) < _CONTRAST:
        lightness = min(max(lightness + step, 0.0), 1.0)
        colour = _hex(hls_to_rgb(hue, lightness, saturation))
    return colour


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = webcolors.hex_to_rgb(colour)
    return red / 255, green / 255, blue / 255


def _hex(rgb: tuple[float, float, float]) -> str:
    red, green, blue = (round(255 * part) for part in rgb)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# What papers write and `math-core` knows under another name.
_ALIASES = (
    (re.compile(r"\\pmb(?![a-zA-Z])"), r"\\boldsymbol"),
    (re.compile(r"\\(begin|end)\{(align|equation|gather)\}"), r"\\\1{\2*}"),
    # Sizes of text, which have none in an expression.
    (re.compile(r"\\(?:tiny|small|normalsize|large|Large|LARGE|huge|Huge)(?![a-zA-Z])"), ""),
)
_LONGEST = 10_000
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
    if len(latex) > _LONGEST:  # the converter's recursion would end the process
        raise ValueError(f"it has over {_LONGEST:,} characters")
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


#: What stands in `\text{…}`, without the blanks around it.
_WORDS = re.compile(r"(?<=<mtext>)(\s*)([^<]*?)(\s*)(?=</mtext>)")


def words_in(mathml: str) -> tuple[str, ...]:
    """The texts within a formula, such as the label under a brace."""
    return tuple(_plain(found[2]) for found in _WORDS.finditer(mathml))


def with_words(mathml: str, text: Callable[[str], str]) -> str:
    """A formula with other texts in it."""
    return _WORDS.sub(lambda it: it[1] + escape(text(_plain(it[2])), quote=False) + it[3], mathml)


def _plain(words: str) -> str:
    """Words whose blanks are such as anyone types."""
    return " ".join(unescape(words).split())


@lru_cache
def _value(name: str) -> str:
    """The value that math-core gives to a colour of its own."""
    match = _STYLE.search(_convert(rf"\textcolor{{{name}}}{{x}}", False))
    assert match, name
    return match[1]
