"""LaTeX to MathML, when the site is built: browsers and screen readers read it as it is."""

from __future__ import annotations

import re
from functools import lru_cache

from math_core import LatexError, LatexToMathML

# What papers write and `math-core` knows under another name.
_ALIASES = (
    (re.compile(r"\\pmb(?![a-zA-Z])"), r"\\boldsymbol"),
    (re.compile(r"\\(begin|end)\{(align|equation|gather)\}"), r"\\\1{\2*}"),
)
_converter = LatexToMathML(fancy_error=False)


@lru_cache(maxsize=4096)
def to_mathml(latex: str, *, display: bool) -> str:
    """The expression as a `<math>` element.

    Raises `ValueError` with the converter's own words where the expression does not convert.
    """
    for pattern, replacement in _ALIASES:
        latex = pattern.sub(replacement, latex)
    try:
        return _converter.convert_with_local_state(latex.strip(), displaystyle=display)
    except LatexError as error:
        raise ValueError(" ".join(str(error).split())) from None
