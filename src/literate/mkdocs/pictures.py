"""Pictures that a drawing holds, in files of their own: a page is read before they have come.

In a page, such a picture is text, a third longer than its file, which no packing makes smaller, and
each language has it once more.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Container, Iterator
from hashlib import sha256
from os.path import relpath
from pathlib import Path

from literate.base.files import files_below

#: A picture within a drawing, of the kinds that run nothing. Of a small one, the file would take
#: longer to ask for than to send.
_PICTURE = re.compile(
    r'(<image\b[^>]*? href=")data:image/(png|jpe?g|gif|webp|avif);base64,([A-Za-z0-9+/=\s]{600,})"'
)
_FOLDER = "literate/pictures"


def may_hold_pictures(html: str) -> bool:
    """Whether a page has to be read for its pictures."""
    return "<image" in html


def set_apart(folder: Path, without: Container[str] = ()) -> Iterator[str]:
    """Put the pictures within the drawings of a built site into files, one for all languages.

    Gives each page as it is then, but for those that are known to be `without` pictures.
    """
    for page in files_below(folder, ".html"):
        if page.relative_to(folder).as_posix() in without:
            continue
        html = page.read_text(encoding="utf-8", errors="surrogateescape")
        if not may_hold_pictures(html) or page.name == "404.html":  # which is shown at any address
            yield html
            continue

        def moved(match: re.Match[str], page: Path = page) -> str:
            try:
                path = _file(folder, match[2], b64decode(match[3]))
            except ValueError:  # what no browser shows either
                return match[0]
            return f'{match[1]}{Path(relpath(path, page.parent)).as_posix()}"'

        changed = _PICTURE.sub(moved, html)
        if changed != html:
            page.write_text(changed, encoding="utf-8", errors="surrogateescape")
        yield changed


def _file(folder: Path, kind: str, data: bytes) -> Path:
    """The file of a picture, named after what is in it."""
    path = folder / _FOLDER / f"{sha256(data).hexdigest()[:16]}.{kind}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path
