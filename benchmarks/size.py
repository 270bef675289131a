"""How a site grows with its modules: bytes a page, memory, time and cache, in four languages.

    python benchmarks/size.py                  a table of 1,000 and of 2,000 modules
    python benchmarks/size.py 100 200 400      of other numbers
    python benchmarks/size.py --json           and one JSON object on the last line

The modules lie in one flat folder, which is the worst case for a navigation.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from corpus import LANGUAGES, translate
from engine import BUILD, peak_memory, seconds

#: What a page may hold beside its own content, in bytes.
GOAL = 10_000
_CONTENT = re.compile(r"<article\b.*</article>", re.DOTALL)
_MODULE = '''"""
---
title: Block {number}
summary: Block {number} of a long row of them.
---

# Block {number}

It mixes what [block {before}](block_{before:05}.html) has made, over $n = {number}$ channels:

$$y_i = x_i + f_{{{number}}}(x_i)$$
"""

from block_{before:05} import Block{before}


class Block{number}:
    """
    ## The block

    It holds `width` weights, and *adds* what it computes.
    """

    def __init__(self, width: int = {number}) -> None:
        # As many weights as channels, {number} of them.
        self.weights = [1.0] * width
        self.before = Block{before}

    def forward(self, values):
        """
        * `values` are those of block {before}
        * the result has the same length
        """
        # Weigh each value, then add it to itself.
        return [value + weight * value for value, weight in zip(values, self.weights)]
'''


@dataclass(frozen=True, slots=True)
class Size:
    """What a build of so many modules came to: bytes, and seconds."""

    modules: int
    pages: int
    over_content: int
    largest_over: int
    content: int
    site: int
    cache: int
    memory: int
    seconds: float
    again: float


#: Column -> its title, its unit, and how it is shown.
_COLUMNS = {
    "pages": ("pages", "", "{:,.0f}", 1),
    "content": ("own content of a page", "KB", "{:.1f}", 1e3),
    "over_content": ("a page over its content", "KB", "{:.1f}", 1e3),
    "largest_over": ("the largest such", "KB", "{:.1f}", 1e3),
    "site": ("site", "MB", "{:.1f}", 1e6),
    "cache": ("cache", "MB", "{:.1f}", 1e6),
    "memory": ("peak memory", "MiB", "{:.0f}", 2**20),
    "seconds": ("time", "s", "{:.1f}", 1),
    "again": ("time after one edit", "s", "{:.1f}", 1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", type=int, nargs="*", default=[1000, 2000])
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    sizes = []
    for modules in options.modules:
        with tempfile.TemporaryDirectory() as folder:
            sizes.append(measure(Path(folder), modules))
        print(f"{modules:,} modules: built", flush=True)
    show(sizes)
    if options.json:
        print(json.dumps([asdict(size) for size in sizes]))


def show(sizes: list[Size]) -> None:
    """The figures side by side, and beside each what it is of the first."""
    print(f"{'modules, in four languages':<32}" + "".join(f"{size.modules:>20,}" for size in sizes))
    for name, (title, unit, form, scale) in _COLUMNS.items():
        first = getattr(sizes[0], name)
        row = f"{f'{title}, {unit}' if unit else title:<32}"
        for size in sizes:
            value = getattr(size, name)
            ratio = f" ({value / first:.2f})" if size is not sizes[0] else ""
            row += f"{form.format(value / scale) + ratio:>20}"
        print(row)
    worst = max(size.over_content for size in sizes)
    verdict = "reached" if worst <= GOAL else "NOT reached"
    print(f"a page over its content: goal {GOAL / 1e3:.0f} KB, {verdict}")


def measure(folder: Path, modules: int) -> Size:
    write_project(folder, modules)
    start = time.perf_counter()
    peak = peak_memory(BUILD, folder, every=0.5)
    taken = time.perf_counter() - start
    edited = folder / "src/block_00002.py"
    edited.write_text(edited.read_text(encoding="utf-8").replace("long row", "row"), "utf-8")
    again = seconds(BUILD, folder)
    pages = list(_pages(folder / "site"))
    return Size(
        modules,
        len(pages),
        sum(over for over, _ in pages) // len(pages),
        max(over for over, _ in pages),
        sum(content for _, content in pages) // len(pages),
        _bytes(folder / "site"),
        _bytes(folder / ".cache"),
        peak,
        taken,
        again,
    )


def write_project(folder: Path, modules: int) -> None:
    """A site of so many small modules, in the languages of the benchmark."""
    for name in ("src", "docs"):
        (folder / name).mkdir()
    (folder / "docs/index.md").write_text("# Blocks\n\nA long row.\n", encoding="utf-8")
    for number in range(1, modules + 1):
        text = _MODULE.format(number=number, before=max(1, number - 1))
        (folder / f"src/block_{number:05}.py").write_text(text, encoding="utf-8")
    config = {
        "site_name": "Blocks",
        "theme": {"name": "material", "font": False},
        "plugins": [{"literate": {"sources": ["src"]}}],
    }
    (folder / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")
    translate(folder, tuple(LANGUAGES))
    shutil.rmtree(folder / ".cache", ignore_errors=True)


def _pages(site: Path) -> Iterator[tuple[int, int]]:
    """(bytes over its own content, bytes of the content) of each page."""
    for path in site.rglob("block_*/index.html"):
        html = path.read_text(encoding="utf-8")
        content = sum(len(found.encode()) for found in _CONTENT.findall(html))
        yield path.stat().st_size - content, content


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
