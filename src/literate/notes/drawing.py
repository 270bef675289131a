"""SVG drawings are part of the page: they take its colours, and their words are translated."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from xml.parsers import expat

from literate.base.files import SourceFile

_SVG = "{http://www.w3.org/2000/svg}"
ET.register_namespace("", _SVG.strip("{}"))
# HTML knows these two prefixes, and no others.
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
ET.register_namespace("xml", "http://www.w3.org/XML/1998/namespace")

#: Where one part of a drawing speaks of another: in an attribute, and in a style sheet.
_REFERENCE = re.compile(r"(\A#|url\(\s*[\"']?#)([^\s)\"']+)")
_SELECTOR = re.compile(r"(#)([^\s)\"'{,.:>+~\[]+)")
#: Attributes that hold ids without that sign.
_ID_LISTS = ("aria-labelledby", "aria-describedby")
#: Attributes in which `#abc` is a colour, not a part named `abc`.
_COLOURS = ("fill", "stroke", "color", "stop-color", "flood-color", "lighting-color")


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG file that has been seen to parse.

    `words` are the texts in it that are to be translated, with the line of the element of each.
    """

    text: str
    path: str = ""
    words: tuple[tuple[str, int], ...] = ()

    def html(self, translate: Callable[[str], str], label: str, prefix: str = "") -> str:
        """The drawing as an element of a page, its words translated, named for screen readers.

        `prefix` goes before its ids, so that no two drawings of a page share one.
        """
        root = ET.fromstring(self.text)
        for element, attribute, text in list(_texts(root)):
            setattr(element, attribute, translate(" ".join(text.split())))
        if prefix:
            _rename_ids(root, prefix)
        root.set("role", "img")
        root.set("aria-label", label)
        return ET.tostring(root, encoding="unicode")


def load_drawing(file: SourceFile) -> Drawing:
    """Read an SVG file, in whatever encoding it declares.

    Raises `LiterateError` where it cannot be read, is not well-formed, or is not a drawing.
    """
    data = file.read_bytes("the drawing")
    try:
        root = ET.fromstring(data)
        texts = list(_texts(root))
    except (ET.ParseError, ValueError, LookupError) as error:
        raise file.error(
            f"the drawing is not well-formed: {error}",
            line=getattr(error, "position", (1, 0))[0],
            fix="Fix the XML, or save it as UTF-8",
        ) from None
    except RecursionError:
        raise file.error("the drawing is nested too deep", fix="Ungroup what it holds") from None
    if root.tag != f"{_SVG}svg":
        raise file.error(
            "this is not an SVG drawing",
            line=1,
            fix=f'Start it with <svg xmlns="{_SVG.strip("{}")}">',
        )
    lines = dict(zip(root.iter(), _lines(data), strict=True))
    words = tuple((" ".join(text.split()), lines[element]) for element, _, text in texts)
    return Drawing(ET.tostring(root, encoding="unicode"), file.shown, words)


def _lines(data: bytes) -> list[int]:
    """The line on which each element starts: `ElementTree` does not say."""
    lines: list[int] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: lines.append(parser.CurrentLineNumber)
    parser.Parse(data, True)
    return lines


def _rename_ids(root: ET.Element, prefix: str) -> None:
    """Put a prefix before each id of a drawing, and wherever the drawing speaks of it."""
    ids = {name for element in root.iter() if (name := element.get("id"))}

    def renamed(name: str) -> str:
        return prefix + name if name in ids else name

    def references(pattern: re.Pattern[str], text: str) -> str:
        return pattern.sub(lambda match: match[1] + renamed(match[2]), text)

    for element in root.iter():
        for attribute, value in element.items():
            if attribute == "id":
                element.set(attribute, renamed(value))
            elif attribute in _ID_LISTS:
                element.set(attribute, " ".join(renamed(name) for name in value.split()))
            elif attribute not in _COLOURS or not value.startswith("#"):
                element.set(attribute, references(_REFERENCE, value))
        if element.tag == f"{_SVG}style" and element.text:
            element.text = references(_SELECTOR, element.text)


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
