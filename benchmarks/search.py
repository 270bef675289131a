"""What search finds, how soon, and for how many bytes: in a real browser, on served sites.

    python benchmarks/search.py [--json]

For each site and language, queries are drawn from the notes: words, identifiers and phrases of
English; two to six characters of Chinese. Each goes through the very worker that readers use. What
it finds is held against plain substring search over the text of the built pages, notes and code.
Words of English are also asked for with two neighbouring letters exchanged: the first result should
then hold the word as it was.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser
from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support import ASK_WORKER, chromium, playwright, served, write_labml_project  # noqa: E402

from literate.site.search import index_address  # noqa: E402

WORKER = "literate/search-worker.js"
COLD_STARTS = 7
#: What a page shows of others, or of itself a second time: search finds what is quoted where it
#: stands.
QUOTED = ".gloss, .names, .contents, .original, .headerlink, .footnote-backref, .file, .meta"

#: From the first key in the box to the first result on the screen; nothing is fetched before.
FIRST_RESULT = """query => new Promise(resolve => {
    const box = document.querySelector(".md-search__input");
    const list = document.querySelector(".md-search-result__list");
    box.focus();
    setTimeout(() => {
        const start = performance.now();
        new MutationObserver(() => list.children.length && requestAnimationFrame(() =>
            resolve(performance.now() - start))).observe(list, { childList: true });
        box.value = query;
        box.dispatchEvent(new KeyboardEvent("keyup"));
    }, 100);
})"""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one site in one language."""

    pages: int
    queries: int
    recall: float
    precision: float
    mistyped: float
    answer_ms: float
    answer_p95_ms: float
    first_ms: float
    first_slowest_ms: float
    bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=200, help="for each site and language")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--maps", type=Path, default=ROOT.parent / "shared/labml", help="labml-nn's maps"
    )
    parser.add_argument("--json", action="store_true", help="all figures as JSON on the last line")
    options = parser.parse_args()
    results: dict[str, Measured] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        playwright() as driver,
        chromium(driver) as browser,
    ):
        sites = {
            "own": own_site(Path(folder) / "own"),
            "labml_nn": labml_site(Path(folder) / "labml", options.maps),
        }
        for name, site in sites.items():
            for language in ("en", "zh"):
                if (site / index_address(language)).is_file():
                    draw = random.Random(options.seed)  # noqa: S311
                    results[f"{name} {language}"] = measure(
                        browser, site, language, draw, options.queries
                    )
    print_table(results)
    if options.json:
        print(json.dumps(figures(results)))


# --- the sites ---


def own_site(folder: Path) -> Path:
    return build(ROOT, folder)


def labml_site(folder: Path, maps: Path) -> Path:
    """All of labml-nn, with its Chinese maps if they are there."""
    folder.mkdir()
    template = {"translations": str(maps), "maps": "{page}.{language}.json", "languages": ["zh"]}
    write_labml_project(folder, **(template if maps.is_dir() else {}))
    return build(folder, folder / "site")


def build(project: Path, site: Path) -> Path:
    code = "from mkdocs.__main__ import cli; cli()"
    arguments = ["build", "--quiet", "--site-dir", str(site)]
    environment = {"PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=project, env=environment, check=True
    )
    return site


# --- what the pages say ---


def folded(text: str) -> str:
    plain = re.sub("[\u00ad\u2060-\u2064\ufe00-\ufe0f]", "", text)  # nobody types them
    return " ".join(unicodedata.normalize("NFKC", plain).casefold().split())


def read_pages(site: Path, language: str) -> tuple[dict[str, str], list[str], list[str]]:
    """The text of each page by its address, the texts of the notes, and the code within them."""
    texts, notes, names = {}, [], []
    for file in sorted(site.rglob("index.html")):
        tree = LexborHTMLParser(file.read_bytes())
        article = tree.css_first("article")
        if tree.css_first("html").attributes["lang"] != language or article is None:
            continue
        if file.parent.name == "contents":  # it lists the titles of the others
            continue
        for node in article.css(f"{QUOTED}, .shape-choice, annotation, style, template, [hidden]"):
            node.decompose()
        for node in article.css("td, th, text"):
            node.insert_after(" ")  # what stands in two cells is not one word
        address = file.parent.relative_to(site).as_posix()
        texts["" if address == "." else f"{address}/"] = folded(article.text())
        for node in article.css(".untranslated"):
            node.decompose()
        notes += [node.text() for node in article.css("p, li, h1, h2, h3, h4, td")]
        names += [node.text().strip() for node in article.css(":is(p, li, td) > code")]
    return texts, notes, [name for name in names if re.search(r"\w{3}", name)]


def draw_query(draw: random.Random, language: str, notes: list[str], names: list[str]) -> str:
    if language == "zh":
        runs = re.findall(r"[\u4e00-\u9fff]{2,}", draw.choice(notes))
        run = draw.choice(runs) if runs else ""
        length = draw.randint(2, 6)
        start = draw.randint(0, max(0, len(run) - length))
        return run[start : start + length]
    kind = draw.choice(("word", "phrase", "name"))
    if kind == "name":
        return draw.choice(names)
    words = draw.choice(notes).split()
    length = 1 if kind == "word" else draw.randint(2, 4)
    start = draw.randint(0, max(0, len(words) - length))
    query = " ".join(words[start : start + length])
    return query if re.search(r"[A-Za-z]{3}", query) else ""


# --- measuring ---


def measure(
    browser: Browser, site: Path, language: str, draw: random.Random, count: int
) -> Measured:
    texts, notes, names = read_pages(site, language)
    queries: list[str] = []
    while len(queries) < count:
        query = draw_query(draw, language, notes, names)
        if query and query not in queries:
            queries.append(query)
    with served(site) as base:
        start = base + next(iter(texts))
        page = browser.new_page()
        page.goto(start)
        answers = page.evaluate(ASK_WORKER, [f"{base}{WORKER}#{language}", queries])
        right = misspelt(draw, notes, count, " ".join(texts.values()))
        guesses = page.evaluate(ASK_WORKER, [f"{base}{WORKER}#{language}", [*right]])
        page.close()
        firsts = [first_result(browser, start, query[0]) for query in queries[:COLD_STARTS]]
    recalls, shown = [], 0
    for query, answer in zip(queries, answers, strict=True):
        expected = {address for address, text in texts.items() if folded(query) in text}
        found = {best["location"].split("#")[0] for best, *_ in answer["items"]}
        missed = expected - found
        recalls.append(1 - len(missed) / len(expected) if expected else 1.0)
        if missed:
            print(f"  {language} {query!r}: not found on {', '.join(sorted(missed))}")
        shown += bool(answer["items"]) and contains(answer["items"][0][0], query)
    guessed = sum(
        bool(guess["items"]) and contains(guess["items"][0][0], word)
        for word, guess in zip(right.values(), guesses, strict=True)
    )
    times = [answer["ms"] for answer in answers[1:]]  # the first one fetched the index
    return Measured(
        pages=len(texts),
        queries=count,
        recall=statistics.mean(recalls),
        precision=shown / count,
        mistyped=guessed / len(right),
        answer_ms=statistics.median(times),
        answer_p95_ms=statistics.quantiles(times, n=20)[-1],
        first_ms=statistics.median(firsts),
        first_slowest_ms=max(firsts),
        bytes=sum((site / path).stat().st_size for path in (WORKER, index_address(language))),
    )


def misspelt(draw: random.Random, notes: list[str], count: int, text: str) -> dict[str, str]:
    """Words with two neighbouring letters exchanged, which no page holds -> as they are."""
    words = sorted({word for note in notes for word in re.findall(r"[A-Za-z]{5,}", note)})
    found: dict[str, str] = {}
    for word in draw.sample(words, min(count, len(words))):
        at = draw.randrange(1, len(word) - 1)
        wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if folded(wrong) not in text:
            found[wrong] = word
    return found


def first_result(browser: Browser, address: str, key: str) -> float:
    """In a browser that has been nowhere yet."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    ms = page.evaluate(FIRST_RESULT, key)
    context.close()
    return float(ms)


def contains(best: dict[str, str], query: str) -> bool:
    """Whether the result itself, as it is shown, holds the query."""
    html = LexborHTMLParser(f"{best['title']} {best['text']}")
    return folded(query) in folded(html.text())


# --- showing ---


def print_table(results: dict[str, Measured]) -> None:
    print(
        f"{'':14} {'pages':>5} {'queries':>7} {'recall':>7} {'first right':>11} "
        f"{'mistyped':>8} "
        f"{'answer: median':>14} {'95 %':>8} {'first key: median':>17} {'slowest':>8} "
        f"{'fetched':>9}"
    )
    for name, m in results.items():
        print(
            f"{name:14} {m.pages:5} {m.queries:7} {m.recall:7.4f} {m.precision:11.4f} "
            f"{m.mistyped:8.4f} "
            f"{m.answer_ms:11.1f} ms {m.answer_p95_ms:5.1f} ms {m.first_ms:14.0f} ms "
            f"{m.first_slowest_ms:5.0f} ms {m.bytes / 1000:6.1f} KB"
        )
    print("fetched: worker and index as files; the index is gzip, the worker is not.")


def figures(results: dict[str, Measured]) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for name, m in results.items():
        key = name.replace(" ", "_")
        rows = [("recall", m.recall, 0.98, "higher"), ("first_right", m.precision, 0.95, "higher"),
                ("mistyped", m.mistyped, 0.9, "higher"),
                ("first_key_median_ms", m.first_ms, 300, "lower")]  # fmt: skip
        if name.startswith("own"):
            rows.append(("bytes", m.bytes, 60_000, "lower"))
        for what, value, goal, better in rows:
            found[f"search_{key}_{what}"] = {"value": value, "goal": goal, "better": better}
    return found


if __name__ == "__main__":
    main()
