"""The reference of the plugin's options, made of what they are declared as.

`python -m literate.mkdocs.reference > docs/options.md` writes it.
"""

from __future__ import annotations

import json
import sys
from inspect import cleandoc

from literate.mkdocs.options import DECLARED, Options

_HEAD = """\
---
# Written by `python -m literate.mkdocs.reference`, from src/literate/mkdocs/options.py.
title: Options
summary: Every option of the plugin, with its type, its default and an example.
hide: [navigation]
---

# Options
"""


def reference() -> str:
    """The page, in Markdown."""
    sections = []
    for name, option in DECLARED.items():
        default = json.dumps(option.default, ensure_ascii=False)
        kind = f"Type `{option.kind}`, by default `{default}`."
        sections.append(f"## `{name}`\n\n{kind}\n\n{option.text}\n")
    return "\n".join([_HEAD, f"{cleandoc(Options.__doc__ or '')}\n", *sections])


if __name__ == "__main__":
    sys.stdout.write(reference())
