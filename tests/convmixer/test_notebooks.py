"""The modules as notebooks: each runs from top to bottom."""

from nursery import Program
from support import ROOT

from literate.convert.notebook import notebook
from literate.source.names import module_name
from literate.source.python import read_python

#: Not what looks beside its `__file__` when it is imported: a notebook has none.
RUNNABLE = [
    path
    for path in sorted((ROOT / "src").rglob("*.py"))
    if path.stem not in ("__init__", "cards", "plugin", "options", "preview")
]


def test_notebooks_run_from_top_to_bottom(tmp_path, monkeypatch):
    names = []
    for path in RUNNABLE:
        package = module_name(path).rpartition(".")[0]
        text = notebook(read_python(path.read_bytes(), path.name), package=package)
        names.append(f"{module_name(path)}.ipynb")
        (tmp_path / names[-1]).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, _, errors = Program(names, module="kernel").wait()
    assert code == 0, errors
    assert {path.name for path in tmp_path.iterdir()} == set(names)
