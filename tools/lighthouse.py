#!/usr/bin/env python3
"""Measure the built site as a phone sees it: Lighthouse's scores, bytes, what axe-core finds.

    make lighthouse                            every page, in every language
    make lighthouse ARGS="model/ zh/model/"    some of them

It fetches Lighthouse from npm into .cache/lighthouse/ the first time, drives Chromium, and leaves
its reports there. Performance is simulated, but still noisy where the machine is busy: a page
that is too slow is measured again, and the better of the two counts.
"""

from __future__ import annotations

import argparse
import gzip
import http.server
import json
import mimetypes
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache/lighthouse"
#: The last that runs on Node.js 20; each names its own rules, so that scores compare.
LIGHTHOUSE = "lighthouse@12.8.2"
GOALS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
#: Kilobytes that the page of the model may send: HTML, styles and scripts; that any may: fonts.
WEIGHED, TEXTS, FONTS = "model/", 85.0, 110.0
TEXT_KINDS = ("Document", "Stylesheet", "Script")
WIDTH = {"width": 412, "height": 823}


@dataclass(frozen=True, slots=True)
class Measured:
    """What one page got, and what of it is below the goals."""

    address: str
    scores: dict[str, int]
    bytes: Counter[str]
    shift: float
    faults: list[str]

    @property
    def texts(self) -> float:
        return sum(self.bytes[kind] for kind in TEXT_KINDS) / 1000

    def shortfalls(self) -> list[str]:
        """Each goal that is missed, and why."""
        missed = [
            f"{name} {self.scores[name]} < {goal}"
            for name, goal in GOALS.items()
            if self.scores[name] < goal
        ]
        if self.texts > TEXTS and self.address.endswith(WEIGHED):
            missed.append(f"HTML, styles and scripts {self.texts:.1f} kB > {TEXTS:.0f}")
        if self.bytes["Font"] > FONTS * 1000:
            missed.append(f"fonts {self.bytes['Font'] / 1000:.1f} kB > {FONTS:.0f}")
        if round(self.shift, 2) > 0:  # a letter that is a hair wider in its own font does not count
            missed.append(f"layout shift {self.shift:.4f}")
        return missed + self.faults


class Compressing(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as web servers do: texts with gzip, connections kept."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        text = kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))
        body = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind + "; charset=utf-8" * text)
        if text:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=31536000")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder."""
    handler = partial(Compressing, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def pages(site: Path) -> list[str]:
    """The addresses of all pages, without those that only lead on to another."""
    return sorted(
        address if (address := path.parent.relative_to(site).as_posix() + "/") != "./" else ""
        for path in site.rglob("index.html")
        if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")[:2000]
    )


def chromium() -> str:
    """Chromium's or Chrome's path."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    return found or sys.exit("Chromium is needed: install it, or name it in CHROMIUM")


def flags() -> list[str]:
    """Chromium's: root may not use its sandbox."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return ["--headless=new", "--disable-gpu", *["--no-sandbox"] * root]


def install() -> Path:
    """Lighthouse's command, fetched if it is not there."""
    command = CACHE / "node_modules/.bin/lighthouse"
    version = CACHE / "node_modules/lighthouse/package.json"
    if command.exists() and json.loads(version.read_text())["version"] == LIGHTHOUSE.split("@")[1]:
        return command
    npm = shutil.which("npm") or sys.exit("npm is needed, which comes with Node.js 20 or newer")
    print(f"Fetching {LIGHTHOUSE} from npm into {CACHE.relative_to(ROOT)}/ …")
    options = ["--prefix", str(CACHE), "--no-save", "--no-audit", "--no-fund", "--silent"]
    subprocess.run([npm, "install", *options, LIGHTHOUSE], check=True)
    return command


def lighthouse(command: Path, address: str, report: Path) -> dict[str, Any]:
    """Lighthouse's report of a page on its simulated phone."""
    arguments = [
        *(str(command), address, "--quiet", "--output=json", f"--output-path={report}"),
        *("--throttling-method=simulate", f"--only-categories={','.join(GOALS)}"),
        f"--chrome-flags={' '.join(flags())}",
    ]
    subprocess.run(
        arguments, check=True, timeout=300, env={**os.environ, "CHROME_PATH": chromium()}
    )
    return dict(json.loads(report.read_text(encoding="utf-8")))


def faults(report: dict[str, Any]) -> list[str]:
    """The audits that a page fails, other than the speeds, and where."""
    names = {
        audit["id"]
        for name in GOALS
        if name != "performance"
        for audit in report["categories"][name]["auditRefs"]
        if audit["weight"]
    }
    found = []
    for name in sorted(names):
        audit = report["audits"][name]
        if audit["score"] not in (None, 1):
            items = (audit.get("details") or {}).get("items", [])
            where = [str((item.get("node") or {}).get("snippet", "")) for item in items[:3]]
            found.append(" ".join([f"{name}: {audit['title']}", *where]))
    return found


def axe(browser: Any, address: str) -> list[str]:
    """What axe-core finds on a page, by day and by night."""
    from axe_playwright_python.sync_playwright import Axe

    found: dict[str, None] = {}
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport=WIDTH, color_scheme=scheme, bypass_csp=True)
        page.goto(address, wait_until="load")
        # All of the page, as a reader sees it who has come to the end.
        page.add_style_tag(content="* { content-visibility: visible !important }")
        page.evaluate("document.fonts.ready")
        for violation in Axe().run(page).response["violations"]:
            where = violation["nodes"][0]["html"][:160]
            found[f"axe ({scheme}): {violation['id']}: {where}"] = None
        page.close()
    return list(found)


def measure(address: str, report: dict[str, Any], found: list[str]) -> Measured:
    """A report in figures."""
    sent: Counter[str] = Counter()
    for request in report["audits"]["network-requests"]["details"]["items"]:
        kind = request.get("resourceType", "Other")  # a font counts without the server's headers
        sent[kind] += request["resourceSize" if kind == "Font" else "transferSize"]
    scores = {name: round(100 * (report["categories"][name]["score"] or 0)) for name in GOALS}
    shift = report["audits"]["cumulative-layout-shift"]["numericValue"]
    return Measured(address, scores, sent, shift, faults(report) + found)


def row(page: Measured) -> str:
    """A line of the table."""
    kinds = [page.bytes[kind] / 1000 for kind in (*TEXT_KINDS, "Font")]
    rest = sum(page.bytes.values()) / 1000 - sum(kinds)
    kinds.insert(3, page.texts)
    figures = [*(f"{page.scores[name]:4}" for name in GOALS)]
    figures += [f"{size:6.1f}" for size in (*kinds, rest)]
    return f"{page.address or './':34}{' '.join(figures)} {page.shift:7.4f}"


HEAD = f"{'page':34}perf a11y best  seo   HTML    CSS     JS    sum  fonts   rest   shift  (kB)"


def main() -> int:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="such as model/ (default: all)")
    parser.add_argument("--site", type=Path, default=ROOT / "site")
    options = parser.parse_args()
    every = pages(options.site)
    chosen = [name.strip("./") and name.strip("/") + "/" for name in options.pages] or every
    if unknown := sorted({*chosen} - {*every}):
        parser.error(f"no such page in {options.site}/: {', '.join(unknown)}")
    command = install()
    below = 0
    print(HEAD, flush=True)
    with served(options.site) as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags())
        for address in chosen:
            report = CACHE / f"{address.strip('/').replace('/', '-') or 'index'}.json"
            found = axe(browser, root + address)
            page = measure(address, lighthouse(command, root + address, report), found)
            if page.scores["performance"] < GOALS["performance"]:
                again = measure(address, lighthouse(command, root + address, report), found)
                page = max(page, again, key=lambda one: one.scores["performance"])
            missed = page.shortfalls()
            below += bool(missed)
            print(row(page), *(f"\n    {fault}" for fault in missed), sep="", flush=True)
        browser.close()
    print(f"{len(chosen) - below} of {len(chosen)} pages reach the goals")
    return int(below > 0)


if __name__ == "__main__":
    sys.exit(main())
