"""Runs the cells of notebooks as a kernel does: `from __future__` holds for the cells below it."""

import codeop
import json
import sys
from pathlib import Path

for name in sys.argv[1:]:
    compiled, names = codeop.Compile(), {"__name__": "__main__", "__builtins__": __builtins__}
    for number, cell in enumerate(json.loads(Path(name).read_text(encoding="utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            source = "".join(cell["source"]) + "\n"
            exec(compiled(source, f"{name}[{number}]", "exec"), names)
