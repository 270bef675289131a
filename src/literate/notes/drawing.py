"""SVG drawings are part of the page: they take its colours, and their words are translated."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from xml.parsers import expat

from literate.base.files import SourceFile
from literate.notes.svg import SVG, XLINK, XML, clean
from literate.notes.svg_style import scoped

ET.register_namespace("", SVG.strip("{}"))
# HTML knows these two prefixes, and no others.
ET.register_namespace("xlink", XLINK.strip("{}"))
ET.register_namespace("xml", XML.strip("{}"))

#: Where one part of a drawing speaks of another.
_REFERENCE = re.compile(r"(\A#|url\(\s*[\"']?#)([^\s)\"']+)")
#: Attributes that hold ids without that sign.
_ID_LISTS = ("aria-labelledby", "aria-describedby")
#: Attributes in which `#abc` is a colour, not a part named `abc`.
_COLOURS = ("fill", "stroke", "color", "stop-color", "flood-color", "lighting-color")


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG file that has been seen to parse, and holds only what a page may take from it.

    `words` are the texts in it that are to be translated, with the line of the element of each.
    """

    text: str
    path: str = ""
    words: tuple[tuple[str, int], ...] = ()

    def html(self, translate: Callable[[str], str], label: str, prefix: str = "") -> str:
        """The drawing as an element of a page, its words translated, named for screen readers.

        `prefix` goes before its ids, so that no two drawings of a page share one; its style sheet
        reaches no other.
        """
        root = ET.fromstring(self.text)
        for element, attribute, text in list(_texts(root)):
            setattr(element, attribute, translate(" ".join(text.split())))
        _rename(root, prefix)
        _class_styles(root, prefix)
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
    if root.tag != f"{SVG}svg":
        raise file.error(
            "this is not an SVG drawing",
            line=1,
            fix=f'Start it with <svg xmlns="{SVG.strip("{}")}">',
        )
    lines = dict(zip(root.iter(), _lines(data), strict=True))
    clean(root)
    words = tuple((" ".join(text.split()), lines[element]) for element, _, text in texts)
    return Drawing(ET.tostring(root, encoding="unicode"), file.shown, words)


def _lines(data: bytes) -> list[int]:
    """The line on which each element starts: `ElementTree` does not say."""
    lines: list[int] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda *_: lines.append(parser.CurrentLineNumber)
    parser.Parse(data, True)
    return lines


def _rename(root: ET.Element, prefix: str) -> None:
    """Put a prefix before each id of a drawing, and wherever the drawing speaks of it."""
    ids = {name for element in root.iter() if (name := element.get("id"))}
    scope = f"{prefix}drawing"

    def renamed(name: str) -> str:
        return prefix + name if name in ids else name

    for element in root.iter():
        for attribute, value in element.items():
            if attribute == "id":
                element.set(attribute, renamed(value))
            elif attribute in _ID_LISTS:
                element.set(attribute, " ".join(renamed(name) for name in value.split()))
            elif attribute not in _COLOURS or not value.startswith("#"):
                element.set(attribute, _referring(value, renamed))
        if element.tag == f"{SVG}style":
            element.text = _referring(scoped(element.text or "", scope, renamed), renamed)
    root.set("class", f"{scope} {root.get('class', '')}".strip())


def _class_styles(root: ET.Element, prefix: str) -> None:
    """Turn style attributes into rules of classes, which say each style once.

    A page's policy names the one sheet of a drawing, where it would have to name each attribute.
    The rules outdo all others, as attributes do: ids that no element has weigh as much as ids.
    """
    names: dict[str, str] = {}
    for element in root.iter():
        if style := element.attrib.pop("style", ""):
            name = names.setdefault(style, f"{prefix}{len(names)}")
            element.set("class", f"{element.get('class', '')} {name}".strip())
    if names:
        rules = (f".{name}:not(#_#_) {{ {style} }}" for style, name in names.items())
        ET.SubElement(root, f"{SVG}style").text = " ".join(rules)


def _referring(text: str, renamed: Callable[[str], str]) -> str:
    return _REFERENCE.sub(lambda match: match[1] + renamed(match[2]), text)


def _texts(
    element: ET.Element, *, translated: bool = True
) -> Iterator[tuple[ET.Element, str, str]]:
    """Text nodes within `<text>`, `<title>` and `<desc>`: their element, attribute and text."""
    for child in element:
        wanted = translated and child.get("translate") != "no"
        if wanted and child.tag in (f"{SVG}text", f"{SVG}title", f"{SVG}desc"):
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
