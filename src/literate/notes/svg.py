"""What of an SVG file may become part of a page: shapes and words, and no more.

A drawing may come from a stranger. What runs, what is fetched, and what would show outside the
drawing is left out; so is what other programs note in their files for themselves.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
XML = "{http://www.w3.org/XML/1998/namespace}"
_NAMES = [
    "svg", "g", "defs", "symbol", "use", "switch", "view", "a", "title", "desc", "style", "image",
    "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
    "textPath", "marker", "pattern", "clipPath", "mask", "linearGradient", "radialGradient",
    "stop", "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite",
    "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight",
    "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur",
    "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting",
    "feSpotLight", "feTile", "feTurbulence"
]  # fmt: skip
_ELEMENTS = frozenset(SVG + name for name in _NAMES)
#: Classes that place something on the page, over all else.
_OF_THE_THEME = "md-"
_HREFS = ("href", f"{XLINK}href")
#: A picture within the file. SVG is left out, for it would be a drawing that nobody looked at.
_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*")
_ADDRESS = re.compile(r"(?:#|https?://)\S*", re.IGNORECASE)
_FETCHES = re.compile(
    r"url\(\s*(?![\"']?\s*#)|image(?:-set)?\(|@import|expression\(|javascript:|\\", re.IGNORECASE
)
#: What a style attribute may say: how a shape is painted, not where on the page it is.
_PAINT = re.compile(
    r"(?:-inkscape-)?(?:fill|stroke|stop|flood|lighting|marker|font|text|letter|word|color|opacity|"
    r"clip|mask|filter|paint|shape|image-rendering|dominant|alignment|baseline|vector|transform|"
    r"display|visibility|white-space|writing|direction|unicode|line-height|mix-blend|isolation|"
    r"d$|x$|y$|r$|cx$|cy$|rx$|ry$|width$|height$|max-width$|overflow$|--)[\w-]*"
)


def clean(element: ET.Element) -> None:
    """Leave out what no page may take from a drawing; the words around it stay."""
    for name, value in element.items():
        if not _is_kept(element.tag, name, value):
            del element.attrib[name]
    if style := element.get("style"):
        element.set("style", painted(style))
    if classes := element.get("class"):
        own = (name for name in classes.split() if not name.lower().startswith(_OF_THE_THEME))
        element.set("class", " ".join(own))
    for child in list(element):
        if child.tag in _ELEMENTS:
            clean(child)
        else:
            element.remove(child)


def _is_kept(tag: str, name: str, value: str) -> bool:
    if name in _HREFS:
        if tag == f"{SVG}image":
            return bool(_PICTURE.fullmatch(value.strip()))
        pattern = _ADDRESS if tag == f"{SVG}a" else re.compile(r"#\S*")
        return bool(pattern.fullmatch(value.strip()))
    if name.startswith("{"):
        return name.startswith(XML) and not name.endswith("}base")
    return not name.lower().startswith("on") and name != "tabindex" and not fetches(value)


def fetches(value: str) -> bool:
    """Whether a value of CSS, or of an attribute that takes CSS, may fetch or run something."""
    return bool(_FETCHES.search(value))


def painted(declarations: str) -> str:
    """Declarations of CSS, those that move an element or fetch something left out."""
    kept = []
    for declaration in declarations.split(";"):
        name, colon, value = declaration.partition(":")
        if colon and _PAINT.fullmatch(name.strip().lower()) and not fetches(value):
            kept.append(f"{name.strip()}: {' '.join(value.split())}")
    return "; ".join(kept)
