"""Make the fonts of the pages from the npm packages of STIX Two Text and Iosevka.

    npm pack @fontsource/stix-two-text@5.3.0 @fontsource/iosevka@5.3.0    and unpack both
    python tools/fonts.py STIX_FOLDER IOSEVKA_FOLDER

Needs fonttools and brotli (pip install 'fonttools[woff]'). Both fonts are under the SIL Open Font
License 1.1. Of the text font stays what its package has, without figures and fractions that no
page asks for; of the code font what code is written with: Latin, Greek, arrows and a few signs,
without ligatures, which would change what the file says; of its bold, which shows what is defined,
less still. All together they are to stay under 110 kB. The font of mathematics is the one that is
there, without kerning, which formulas do not use.
"""

import argparse
from pathlib import Path

from fontTools import subset

TO = Path(__file__).parents[1] / "src/literate/assets/literate"
STIX = {"400": "400-normal", "400i": "400-italic", "600": "600-normal"}
BOLD = (
    "U+20-7E,U+A0,U+B7,U+D7,U+391-3A1,U+3A3-3A9,U+3B1-3C9,U+2010-2015,U+2018-201E,U+2026,"
    "U+2190-2193,U+2212"
)
CODE = (
    "U+20-7E,U+A0-FF,U+131,U+152-153,U+391-3A1,U+3A3-3A9,U+3B1-3C9,U+2010-2015,U+2018-201E,"
    "U+2020-2022,U+2026,U+2032-2033,U+2190-2193,U+21A9-21AA,U+21B3,U+2212,U+2248,U+2260,U+2264-2265"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("stix", type=Path, help="folder of the package @fontsource/stix-two-text")
    parser.add_argument("iosevka", type=Path, help="folder of the package @fontsource/iosevka")
    parser.add_argument("--to", type=Path, default=TO, help="where the fonts go")
    asked = parser.parse_args()
    for name, style in STIX.items():
        source = asked.stix / f"files/stix-two-text-latin-{style}.woff2"
        make(source, asked.to / f"stix-two-text-{name}.woff2", "*", "kern,liga,ccmp,locl,mark,mkmk")
    for weight, signs in (("400", CODE), ("600", BOLD)):
        source = asked.iosevka / f"files/iosevka-latin-{weight}-normal.woff2"
        make(source, asked.to / f"iosevka-{weight}.woff2", signs, "ccmp,locl,mark,mkmk")
    make(TO / "stix-two-math.woff2", asked.to / "stix-two-math.woff2", "*", "")


def make(source: Path, target: Path, signs: str, features: str) -> None:
    """Write what of a font is asked for."""
    subset.main(
        [str(source), f"--unicodes={signs}", f"--layout-features={features}", "--flavor=woff2",
         "--no-hinting", "--desubroutinize", f"--output-file={target}"]
    )  # fmt: skip


if __name__ == "__main__":
    main()
