"""Makes the fonts of the pages from the npm packages of STIX Two Text and Iosevka.

    npm pack @fontsource/stix-two-text@5.3.0 @fontsource/iosevka@5.3.0    and unpack both
    python tools/fonts.py STIX_FOLDER IOSEVKA_FOLDER

Needs fonttools and brotli (pip install 'fonttools[woff]'). Both fonts are under the SIL Open Font
License 1.1. The text font comes as it is; of the code font stays what code is written with: Latin,
Greek, arrows and a few signs, without ligatures, which would change what the file says.
"""

import argparse
import shutil
from pathlib import Path

from fontTools import subset

TO = Path(__file__).parents[1] / "src/literate/assets/literate"
STIX = {"400": "400-normal", "400i": "400-italic", "600": "600-normal"}
IOSEVKA = ("400", "600")
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
        shutil.copy(source, asked.to / f"stix-two-text-{name}.woff2")
    for weight in IOSEVKA:
        source = asked.iosevka / f"files/iosevka-latin-{weight}-normal.woff2"
        target = asked.to / f"iosevka-{weight}.woff2"
        subset.main(
            [str(source), f"--unicodes={CODE}", "--layout-features=ccmp,locl,mark,mkmk",
             "--flavor=woff2", "--no-hinting", "--desubroutinize", f"--output-file={target}"]
        )  # fmt: skip


if __name__ == "__main__":
    main()
