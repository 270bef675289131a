"""SVG drawings stand in the page itself: they take its colours, and their words are translated."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from literate.errors import LiterateError

_SVG = "{http://www.w3.org/2000/svg}"
ET.register_namespace("", _SVG.strip("{}"))


@dataclass(frozen=True, slots=True)
class Drawing:
    """The text of an SVG file that has been seen to parse."""

    text: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the drawing that are to be translated, in order, each once."""
        root = ET.fromstring(self.text)
        return tuple(dict.fromkeys(" ".join(text.split()) for _, _, text in _texts(root)))

    def html(self, translate: Callable[[str], str], label: str) -> str:
        """The drawing as an element of a page, its words translated, named for screen readers."""
        root = ET.fromstring(self.text)
        for element, attribute, text in list(_texts(root)):
            setattr(element, attribute, translate(" ".join(text.split())))
        root.set("role", "img")
        root.set("aria-label", label)
        return ET.tostring(root, encoding="unicode")


def load_drawing(path: Path, shown: str) -> Drawing:
    """Read an SVG file.

    Raises `LiterateError` where it is not well-formed.
    """
    text = path.read_text(encoding="utf-8")
    try:
        ET.fromstring(text)
    except ET.ParseError as error:
        raise LiterateError(
            f"the drawing is not well-formed: {error}",
            file=shown,
            line=error.position[0],
            fix="Mend the XML",
        ) from None
    return Drawing(text)


def _texts(
    element: ET.Element, *, translated: bool = True
) -> Iterator[tuple[ET.Element, str, str]]:
    """Text nodes within `<text>`, `<title>` and `<desc>`: their element, attribute and text."""
    for child in element:
        wanted = translated and child.get("translate") != "no"
        if wanted and child.tag in (f"{_SVG}text", f"{_SVG}title", f"{_SVG}desc"):
            for part in child.iter():
                if part.text and part.text.strip() and part.get("translate") != "no":
                    yield part, "text", part.text
                if part is not child and part.tail and part.tail.strip():
                    yield part, "tail", part.tail
        else:
            yield from _texts(child, translated=wanted)


def image_html(source: str, alt: str, attributes: str = "") -> str:
    """An image that is not a drawing."""
    return f'<img src="{escape(source)}" alt="{escape(alt)}"{attributes} loading="lazy">'
