"""What the libraries alone take for labml-nn, on all cores: the floor below any engine on top.

    python floor.py FILE…

Lexes each file with Pygments, parses it with `ast`, tokenizes it, and renders its notes with
markdown-it; nothing is put together or written.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from markdown_it import MarkdownIt
from pygments.lexers.python import PythonLexer

from literate.source.python import read_python


def work(name: str) -> int:
    data = Path(name).read_bytes()
    text = data.decode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(text)
    tokens = sum(1 for _ in tokenize.generate_tokens(io.StringIO(text).readline))
    tokens += sum(1 for _ in PythonLexer().get_tokens_unprocessed(text))
    markdown = MarkdownIt("commonmark").enable("table")
    for section in read_python(data, name).sections:
        if section.prose:
            tokens += len(markdown.render(section.prose.text))
    return tokens


if __name__ == "__main__":
    with ProcessPoolExecutor() as pool:
        list(pool.map(work, sys.argv[1:], chunksize=8))
