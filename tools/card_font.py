"""Cut the font of the Chinese cards out of a whole one.

The font is Noto Sans SC, by the SIL Open Font License, as npm has it:

    npm pack @fontsource/noto-sans-sc@5.3.0
    tar -xzf fontsource-noto-sans-sc-5.3.0.tgz
    python tools/card_font.py package/files/noto-sans-sc-chinese-simplified-400-normal.woff

What stays are the 3,755 most common characters (level 1 of GB 2312), its punctuation, and what the
translations in translations/zh need beyond: so a new title rarely needs a new font. The build says
which characters are missing where it does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from fontTools import subset

ROOT = Path(__file__).parents[1]
FONT = ROOT / "fonts/noto-sans-sc.woff"
#: Rows of GB 2312: punctuation, Latin letters of full width, and the characters of level 1.
_ROWS = (0xA1, 0xA3, *range(0xB0, 0xD8))


def characters() -> str:
    """What the font is to have."""
    translated = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "translations/zh").rglob("*.json"))
    )
    return "".join(sorted({*_common(), *(c for c in translated if not c.isascii())}))


def _common() -> Iterator[str]:
    for row in _ROWS:
        for cell in range(0xA1, 0xFF):
            yield from bytes([row, cell]).decode("gb2312", "ignore")


def cut(whole: Path, font: Path) -> None:
    """Write the font with these characters and nothing else."""
    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, notdef_outline=True, name_IDs=["*"]
    )
    loaded = subset.load_font(str(whole), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters())
    subsetter.subset(loaded)
    subset.save_font(loaded, str(font), options)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("whole", type=Path, help="the whole font, WOFF, TrueType or OpenType")
    cut(parser.parse_args().whole, FONT)
