"""How long a site takes: ours against pycco, on labml-nn's files, alternately, in one run.

    python benchmarks/engine.py            a table
    python benchmarks/engine.py --json     and one JSON object on the last line
    python benchmarks/engine.py --peers    beside what a user would pick instead (`.[bench]`)
    python benchmarks/engine.py --stages   where the time goes, on one core

pycco (PyPI, `pycco -p`) makes one page a file, in one language, without navigation or search.
The peers make the same four languages of the same notes: see benchmarks/peers.py.
"""

from __future__ import annotations

import argparse
import json
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import peers
from corpus import LANGUAGES, make_project
from support import labml_nn

#: Ratio -> the goal that it should stay below.
GOALS = {
    "english / pycco": 0.85,
    "four languages / pycco": 1.3,
    "unchanged / pycco": 0.15,
    "twice the files / once": 2.1,
}
#: What a build consists of -> the function that does it.
STAGES = {
    "take the sources apart": ("literate/source/python.py", "read_python"),
    "find out what the identifiers stand for": ("literate/source/names.py", "read_names"),
    "find out where the names lead": ("literate/site/page_names.py", "page_names"),
    "colour the code (Pygments)": ("literate/notes/highlight.py", "highlight_lines"),
    "render the notes (markdown-it, math-core)": ("literate/notes/render.py", "render_note"),
    "follow the links": ("literate/site/links.py", "follow"),
    "read the maps": ("literate/translation/catalog_file.py", "load_catalog"),
    "translate the pages": ("literate/site/localise.py", "localise"),
    "lay out the pages": ("literate/site/layout.py", "lay_out"),
    "make the notebooks": ("literate/convert/notebook.py", "notebook"),
    "cut the pages for search": ("literate/site/search.py", "search_sections"),
    "write the search indexes": ("literate/site/search.py", "search_index"),
    "fill Material's templates (Jinja)": ("jinja2/environment.py", "render"),
    "  of which the navigation": ("material/templates/partials/nav.html", "root"),
    "keep what was made (cache)": ("literate/base/cache.py", "put"),
    "MkDocs: copy and write files": ("mkdocs/structure/files.py", "copy_static_files"),
}
_QUIET = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
_FLOOR = [sys.executable, str(Path(__file__).with_name("floor.py"))]
BUILD = [sys.executable, "-m", "literate"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, after one to warm up")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--peers", action="store_true", help="time MkDocs with i18n, and Sphinx")
    parser.add_argument("--stages", action="store_true", help="only show where the time goes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.stages:
            show_stages(make_project(Path(folder) / "four", tuple(LANGUAGES)))
        else:
            if options.peers:
                peers.check()
            others = measured_peers if options.peers else lambda folder: {}
            compare(Path(folder), options.rounds, others, as_json=options.json)


#: What measures something: the seconds of one time.
Measure = Callable[[], float]


def measured_peers(folder: Path) -> dict[str, Measure]:
    """The peers, each with four languages."""
    pages = peers.woven(make_project(folder / "woven"))
    mkdocs = peers.write_mkdocs(folder / "mkdocs", pages)
    sphinx = peers.write_sphinx(folder / "sphinx", pages)
    return {
        "MkDocs, Material, i18n": lambda: sum(
            seconds(command, mkdocs) for command in peers.mkdocs_build(mkdocs)
        ),
        "Sphinx, gettext": lambda: sum(
            seconds(command, sphinx) for command in peers.sphinx_build(sphinx)
        ),
    }


def compare(
    folder: Path, rounds: int, others: Callable[[Path], dict[str, Measure]], *, as_json: bool
) -> None:
    projects = {
        "english": make_project(folder / "english"),
        "four": make_project(folder / "four", tuple(LANGUAGES)),
        "twice": make_project(folder / "twice", copies=2),
        "empty": make_project(folder / "empty"),
        "empty, four": make_project(folder / "empty-four", tuple(LANGUAGES)),
    }
    for name in ("empty", "empty, four"):
        for path in (projects[name] / "sources").rglob("*.py"):
            path.write_text('"""# Nothing"""\n', encoding="utf-8")
        for path in (projects[name] / "translations").rglob("*.json"):
            path.unlink()
    files = sorted(str(path) for path in labml_nn().rglob("*.py"))
    pycco = [sys.executable, "-m", "pycco.main", "-p", "-d", str(folder / "pycco"), *files]
    of_peers = others(folder)
    measured: dict[str, Measure] = {
        "pycco": lambda: seconds(pycco, folder),
        "english": lambda: clean_build(projects["english"]),
        "twice": lambda: clean_build(projects["twice"]),
        "four": lambda: clean_build(projects["four"]),
        "unchanged": lambda: seconds(BUILD, projects["four"]),
        "libraries": lambda: seconds([*_FLOOR, *files], folder),
        "empty": lambda: clean_build(projects["empty"]),
        "empty, four": lambda: clean_build(projects["empty, four"]),
        **of_peers,
    }
    times: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(rounds + 1):
        for name, measure in measured.items():
            taken = measure()
            if number:
                times[name].append(taken)
    ratios = {
        "english / pycco": _ratio(times["english"], times["pycco"]),
        "four languages / pycco": _ratio(times["four"], times["pycco"]),
        "unchanged / pycco": _ratio(times["unchanged"], times["pycco"]),
        "twice the files / once": _ratio(times["twice"], times["english"]),
    }
    shutil.rmtree(projects["four"] / ".cache")
    peak = peak_memory(BUILD, projects["four"])
    print(f"labml-nn, {len(files)} files; medians of {rounds} rounds, seconds")
    for name, values in times.items():
        print(f"  {name:<24}{statistics.median(values):8.2f}   ({_spread(values)})")
    print(f"  {'peak memory, four':<24}{peak / 2**20:8.0f} MiB, all processes together")
    print("ratios")
    for name, value in ratios.items():
        verdict = "reached" if value <= GOALS[name] else "NOT reached"
        print(f"  {name:<24}{value:8.2f}   goal {GOALS[name]:.2f}, {verdict}")
    print("floors: the libraries on bare text, and MkDocs with Material on pages that are empty")
    for name, pages in (("english", "empty"), ("four languages", "empty, four")):
        floor = [a + b for a, b in zip(times["libraries"], times[pages], strict=True)]
        print(f"  {name + ' / pycco':<24}{_ratio(floor, times['pycco']):8.2f}")
    if of_peers:
        print("peers: four languages of ours, as a share of theirs")
    for name in of_peers:
        print(f"  {name:<24}{_ratio(times['four'], times[name]):8.2f}")
    if as_json:
        result = {
            name: {"value": round(value, 4), "goal": GOALS[name], "better": "lower"}
            for name, value in ratios.items()
        }
        print(json.dumps(result))


def show_stages(project: Path) -> None:
    """What a build of four languages spends its time on, on one core, by module and function."""
    code = (
        "import cProfile, os, pstats, sys\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from mkdocs.__main__ import cli\n"
        "profile = cProfile.Profile()\n"
        "try: profile.runcall(cli, ['build', '--quiet'])\n"
        "except SystemExit: pass\n"
        "profile.dump_stats('stages')\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True, env=_QUIET)
    stats = pstats.Stats(str(project / "stages")).get_stats_profile()
    print(f"{stats.total_tt:.1f} s on one core, under a profiler that makes all of it slower")
    for title, (file, function) in STAGES.items():
        for place, (_, _, _, taken, _) in pstats.Stats(str(project / "stages")).stats.items():
            if place[0].endswith(file) and place[2] == function:
                print(f"  {title:<44}{taken:7.2f} s  {taken / stats.total_tt:6.1%}")


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds' ratios: what slows a round down slows both."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def clean_build(project: Path) -> float:
    """Seconds of a build that knows nothing of earlier ones."""
    shutil.rmtree(project / ".cache", ignore_errors=True)
    shutil.rmtree(project / "site", ignore_errors=True)
    return seconds(BUILD, project)


def seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if result.returncode:
        raise SystemExit(f"{' '.join(command[:4])} failed:\n{result.stdout}{result.stderr}")
    return taken


def peak_memory(command: list[str], folder: Path, every: float = 0.05) -> int:
    """The most bytes that a command and its children held at one time, shared pages once.

    It looks `every` so many seconds, which takes time from a long build.
    """
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(_proportional_size, _family(process.pid))))
        time.sleep(every)
    return peak


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _proportional_size(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(row.split()[1]) * 1024 for row in text.split("\n") if row[:4] == "Pss:"), 0)


if __name__ == "__main__":
    main()
