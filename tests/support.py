"""Small projects to build, and the browser to look at them with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = "---\ntitle: Overview\nsummary: What this is.\n---\n\n# Overview\n\nSee [the code](../src/paper/net.py#Net.forward).\n"
SOURCE = '''"""
---
title: The net
---

# The net

Words about $h$.
"""

import math


class Net:
    """
    ## A net

    It has `h` units.
    """

    def forward(self, x):
        # Double the input.
        return 2 * x
'''
CONFIG = """site_name: A paper
site_url: https://paper.example/
nav:
  - Start: index.md
  - Net: net.md
theme:
  name: material
  font: false
plugins:
  - literate:
      sources: [src/paper]
"""


class Project:
    """A project on disk, and the commands run in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`build_site.py` as a user runs it."""
        command = [sys.executable, str(ROOT / "build_site.py"), *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=120)

    def files(self) -> dict[str, bytes]:
        folder = self.root / "site"
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }


def find_chromium() -> str | None:
    """A Chromium of this machine's, or the one that CHROMIUM names."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("CHROMIUM") or next((path for path in found if path), None)
