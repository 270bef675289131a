"""The picture of a page that is shown where somebody shares its address: a card with its title."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
_MARGIN = 80
_WIDTH = SIZE[0] - 2 * _MARGIN
_ASSETS = Path(__file__).parents[1] / "assets/literate"
#: The engine's own faces; a character that they lack is looked for in the project's fonts.
_REGULAR, _ITALIC, _BOLD = (
    _ASSETS / f"stix-two-text-{name}.woff2" for name in ("400", "400i", "600")
)
_PAPER = (0xFD, 0xFC, 0xF9)
_INKS = {
    "ink": (0x1F, 0x1D, 0x1A),
    "soft": (0x63, 0x5E, 0x56),
    "where": (0x0B, 0x66, 0x5D),
    "space": (0x0D, 0x85, 0x78),
    "channels": (0xD9, 0x77, 0x06),
}
#: Each ink has so many steps from the paper's colour to its own in the palette.
_STEPS = 32
#: Sizes of a title, of which the first that needs no more lines than this is taken.
_TITLE_SIZES, _TITLE_LINES = (88, 76, 64, 54), 3
_SUMMARY_SIZE, _SUMMARY_LINES = 36, 2
_PATCH, _GAP = 40, 10


@dataclass(frozen=True, slots=True)
class Card:
    """The words of a card."""

    title: str
    summary: str
    site_name: str
    is_rtl: bool = False


class MissingGlyphsError(Exception):
    """No font has some of a card's characters: the exception's only argument."""


def draw_card(card: Card, fonts: Sequence[Path] = ()) -> bytes:
    """A card as a PNG, the same bytes for the same words.

    Raises `MissingGlyphsError` for characters that neither the engine's fonts nor these have.
    """
    words = card.title + card.summary + card.site_name
    missing = sorted({c for c in words if not any(_shows(str(p), c) for p in (_REGULAR, *fonts))})
    if missing:
        raise MissingGlyphsError("".join(missing))
    painter = _Painter(tuple(fonts), card.is_rtl)
    painter.mark(_MARGIN, 70)
    painter.lines([card.site_name], 70, _Style(_BOLD, 34, "where"), indent=66)
    bottom = painter.title(card.title, 165)
    painter.summary(card.summary, bottom + 18)
    painter.strip(card.title)
    return painter.png()


@dataclass(frozen=True, slots=True)
class _Style:
    face: Path
    size: int
    ink: str


class _Painter:
    """Paints in a palette's numbers: a card has five inks, and a small file."""

    def __init__(self, fonts: tuple[Path, ...], is_rtl: bool) -> None:
        self._fonts = fonts
        self._is_rtl = is_rtl
        self._image = Image.new("L", SIZE, 0)
        self._draw = ImageDraw.Draw(self._image)

    def title(self, text: str, top: int) -> int:
        for size in _TITLE_SIZES:
            style = _Style(_REGULAR, size, "ink")
            lines = list(self._broken(text, style))
            if len(lines) <= _TITLE_LINES:
                break
        return self.lines(_shortened(lines, _TITLE_LINES), top, style)

    def summary(self, text: str, top: int) -> None:
        # What the italic lacks, such as Chinese, has none.
        has_italic = all(_shows(str(_ITALIC), character) for character in text)
        style = _Style(_ITALIC if has_italic else _REGULAR, _SUMMARY_SIZE, "soft")
        lines = list(self._broken(text, style))
        self.lines(_shortened(lines, _SUMMARY_LINES), top, style)

    def lines(self, lines: Sequence[str], top: int, style: _Style, indent: int = 0) -> int:
        """Set lines from a height on. Returns the height below them."""
        height = round(style.size * 1.22)
        for line in lines:
            strip = Image.new("L", (_WIDTH - indent, height))
            self._set(ImageDraw.Draw(strip), line, style, _WIDTH - indent)
            first = _first_of(style.ink)
            strip = strip.point(
                [first + level * _STEPS // 256 if level else 0 for level in range(256)]
            )
            self._image.paste(strip, (_MARGIN if self._is_rtl else _MARGIN + indent, top))
            top += height
        return top

    def mark(self, left: int, top: int) -> None:
        """The engine's mark: nine patches, a row for space, a column for channels."""
        side, gap = 12, 3
        if self._is_rtl:
            left = SIZE[0] - left - 3 * side - 2 * gap
        for row in range(3):
            for column in range(3):
                x, y = left + column * (side + gap), top + 1 + row * (side + gap)
                ink = "space" if row == 1 else "channels" if column == 1 else "ink"
                self._square(x, y, side, ink, 1 if ink != "ink" else 0.2)
        x = y = side + gap
        corners = [(x, y + side - 1), (x + side - 1, y), (x + side - 1, y + side - 1)]
        moved = [(left + x, top + 1 + y) for x, y in corners]
        self._draw.polygon(moved, fill=_number("channels", 1))

    def strip(self, text: str) -> None:
        """A row of patches along the foot, no two pages' alike."""
        count = (_WIDTH + _GAP) // (_PATCH + _GAP)
        noise = blake2b(text.encode(), digest_size=count + 1).digest()
        middle = 2 + noise[-1] % (count - 4)
        for i in range(count):
            ink = "channels" if i == middle else "space" if abs(i - middle) <= 2 else "ink"
            tone = {"channels": 1.0, "space": 0.45}.get(ink, 0.06) + noise[i] / 255 * 0.2
            self._square(_MARGIN + i * (_PATCH + _GAP), SIZE[1] - 90, _PATCH, ink, min(tone, 1))

    def png(self) -> bytes:
        self._image.putpalette(_palette())
        data = io.BytesIO()
        self._image.save(data, "PNG", compress_level=3)
        return data.getvalue()

    def _square(self, x: int, y: int, side: int, ink: str, tone: float) -> None:
        self._draw.rectangle((x, y, x + side - 1, y + side - 1), fill=_number(ink, tone))

    def _set(self, draw: ImageDraw.ImageDraw, line: str, style: _Style, width: int) -> None:
        """Draw a line: each run of characters in the first font that has them."""
        x = float(width if self._is_rtl else 0)
        for font, run in self._runs(line, style):
            anchor, way = ("rs", -1) if self._is_rtl else ("ls", 1)
            draw.text((x, round(style.size * 0.92)), run, font=font, fill=255, anchor=anchor)
            x += way * font.getlength(run)

    def _runs(self, text: str, style: _Style) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        faces = (style.face, *self._fonts)

        def face(character: str) -> Path:
            return next((path for path in faces if _shows(str(path), character)), style.face)

        for path, characters in groupby(text, face):
            # The square characters of Chinese look larger than Latin letters of the same size.
            size = style.size if path == style.face else round(style.size * 0.9)
            yield _font(str(path), size), "".join(characters)

    def _length(self, text: str, style: _Style) -> float:
        return sum(font.getlength(run) for font, run in self._runs(text, style))

    def _pieces(self, text: str, style: _Style) -> Iterator[str]:
        """What may not be broken, unless it is wider than the card."""
        for piece in _PIECE.findall(text):
            yield from piece if self._length(piece.rstrip(), style) > _WIDTH else [piece]

    def _broken(self, text: str, style: _Style) -> Iterator[str]:
        """The lines that a text takes."""
        line = ""
        for piece in self._pieces(text, style):
            if line and self._length((line + piece).rstrip(), style) > _WIDTH:
                yield line.rstrip()
                line = ""
            line += piece
        if line:
            yield line.rstrip()


# A line may end after a space, or between two characters of a script that is written without any:
# not before what closes, and not after what opens.
_OPENING, _CLOSING = "（《〈「『【“‘", "，。、；：！？）》〉」』】”’…"
_UNSPACED = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_PIECE = re.compile(
    rf"[{_OPENING}]*(?:[{_UNSPACED}]|[^\s{_UNSPACED}{_OPENING}]+)[{_CLOSING}]*\s*|\S+\s*"
)


def _shortened(lines: list[str], most: int) -> list[str]:
    return (
        lines
        if len(lines) <= most
        else [*lines[: most - 1], lines[most - 1].rstrip(",.，。") + "…"]
    )


def _number(ink: str, tone: float) -> int:
    return _first_of(ink) + round(tone * (_STEPS - 1))


def _first_of(ink: str) -> int:
    """The palette's number for an ink's first step, which is the paper's colour."""
    return list(_INKS).index(ink) * _STEPS


@cache
def _palette() -> bytes:
    return bytes(
        round(paper + (own - paper) * step / (_STEPS - 1))
        for ink in _INKS.values()
        for step in range(_STEPS)
        for paper, own in zip(_PAPER, ink, strict=True)
    )


@cache
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def _shows(path: str, character: str) -> bool:
    """Whether a font has a character: one that it lacks looks like any other that it lacks."""
    return character.isspace() or _drawn(path, character) != _drawn(path, "\U0010ffff")


@cache
def _drawn(path: str, character: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((8, 8), character, font=_font(path, 24), fill=255)
    return image.tobytes()
