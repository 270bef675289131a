"""An SVG file that is opened by itself, under no page's policy: a picture, and no program.

More may stay than in a drawing that is part of a page: what moves, what other programs note for
themselves, and HTML as a label. A file with nothing to take out stays as it is, to the byte.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from literate.base.files import SourceFile
from literate.notes.svg import XML, fetches

_RUNS = frozenset(
    ["script", "handler", "listener", "iframe", "frame", "object", "embed", "applet", "link",
     "meta", "base", "form", "audio", "video", "source", "template", "portal"]
)  # fmt: skip
_ANIMATIONS = frozenset(["animate", "set", "animateTransform", "animateMotion", "discard"])
_ADDRESSES = frozenset(
    ["href", "src", "srcset", "data", "poster", "action", "formaction", "background", "ping"]
)
#: What a drawing may refer to but for its links: a part of itself, and a picture that it holds.
_OWN = re.compile(r"#\S*|data:image/(?:png|jpe?g|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*")
_LINK = re.compile(r"(?:#|https?:|mailto:|[\w./-]+(?:[?#]|\Z))\S*|\Z", re.IGNORECASE)
_SHEET_FETCHES = re.compile(
    r"@import|url\(\s*(?!\s*[\"']?\s*(?:#|data:))|image-set\(|expression\(|\\", re.IGNORECASE
)
_ODD = re.compile(
    rb"""<\?xml-stylesheet|<!ENTITY|\0|\A\s*<\?xml[^>]*?encoding\s*=\s*["'](?!utf-8["'])""",
    re.IGNORECASE,
)


def disarmed(data: bytes, file: SourceFile) -> bytes:
    """The file without what runs or is fetched from elsewhere.

    Raises `LiterateError` where it is not well-formed: a browser runs what stands before the fault.
    """
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError, RecursionError) as error:
        raise file.error(
            f"the drawing is not well-formed: {error}",
            line=getattr(error, "position", (1, 0))[0],
            fix="Fix the XML, or save it as UTF-8",
        ) from None
    # A style sheet of XML may be a program; and what is written in a way that browsers may read
    # otherwise than this reader is written anew.
    changed = bool(_ODD.search(data))
    for element in list(root.iter()):
        for child in list(element):
            if _runs(child):
                element.remove(child)
                changed = True
        for name, value in element.items():
            if not _is_kept(element.tag, name, value):
                del element.attrib[name]
                changed = True
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) if changed else data


def _runs(element: ET.Element) -> bool:
    if not isinstance(element.tag, str):
        return False
    name = _local(element.tag)
    if name in _ANIMATIONS:
        target = _local(element.get("attributeName", "").rpartition(":")[2])
        return target in _ADDRESSES or target.lower().startswith("on")
    return name.lower() in _RUNS or (
        name.lower() == "style" and bool(_SHEET_FETCHES.search("".join(element.itertext())))
    )


def _is_kept(tag: str, name: str, value: str) -> bool:
    local = _local(name)
    if local.lower().startswith("on") or name == f"{XML}base" or local == "srcdoc":
        return False
    if local in _ADDRESSES:
        is_link = local == "href" and _local(tag) == "a"
        return bool((_LINK if is_link else _OWN).fullmatch(value.strip()))
    return not fetches(value)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
