"""What Python's authors write in their notes, and Markdown reads otherwise: names and doctests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from literate.source.document import Prose

#: Code, formulas, tags and addresses: what looks like a name in them stays as it is.
_KEPT = r"(?P<kept>(`+)(?!`).*?(?<!`)\2(?!`)|\$\$?[^$\n]+\$\$?|<[^<>\n]*>)"
_DUNDER = re.compile(rf"{_KEPT}|(?<![\w\\])__(?=[a-z])(?P<name>[a-z0-9]+(?:_[a-z0-9]+)*)__(?!\w)")
_PROMPT = re.compile(r"(?P<indent>\s*)>>>(?: |$)")
_ITEM = re.compile(r"\s*(?:[*+-]|\d+[.)]) ")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")


def past_front_matter(prose: Prose) -> tuple[Prose, Prose] | None:
    """The YAML that a text begins with, up to its closing line, and the rest; None without any."""
    lines = prose.text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None or lines[start].strip() != "---":
        return None
    end = next((n for n in range(start + 1, len(lines)) if lines[n].strip() == "---"), None)
    if end is None or end + 1 == len(lines):
        return None
    numbers = prose.line_numbers
    return (
        Prose("\n".join(lines[: end + 1]), numbers[: end + 1]),
        Prose("\n".join(lines[end + 1 :]), numbers[end + 1 :]),
    )


def shown_names(prose: Prose) -> Prose:
    """`__init__` is a name, and no `init` in bold."""
    return _outside_code(_DUNDER, _shown, prose) if "__" in prose.text else prose


def _shown(match: re.Match[str]) -> str:
    return match["kept"] or rf"\_\_{match['name']}\_\_"


#: Sphinx's roles and links: what they say, without their names.
_ROLE = re.compile(
    r"(?P<kept>(?<!`)(``+)(?!`).*?(?<!`)\2(?!`))"
    r"|(?<![\w:`]):(?P<role>[a-z]+(?:[:-][a-z]+)*):`(?P<said>[^`\n]+)`"
    r"|(?<![\w`])`(?P<words>[^`<>\n]+?)\s*<(?P<url>https?://[^`<>\s]+)>`__?(?!\w)"
)


def without_roles(prose: Prose) -> Prose:
    """The prose with the roles of Sphinx, as in :class:`~a.Net`, as code, formulas and links."""
    return _outside_code(_ROLE, _said, prose) if "`" in prose.text else prose


def _outside_code(
    pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str], prose: Prose
) -> Prose:
    lines = [
        line if is_code else pattern.sub(instead, line)
        for line, is_code in fenced(prose.text.split("\n"))
    ]
    return Prose("\n".join(lines), prose.line_numbers)


def _said(match: re.Match[str]) -> str:
    if match["kept"]:
        return match["kept"]
    if match["url"]:
        return f"[{match['words']}]({match['url']})"
    said = match["said"]
    if match["role"] == "math":
        return f"${said.strip()}$"
    if title := re.fullmatch(r"(.+?)\s*<[^<>]+>", said):
        return title[1]
    return f"`{said.rpartition('.')[2] if said.startswith('~') else said.lstrip('!')}`"


def fenced(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a fenced block of code."""
    fence = ""
    for line in lines:
        match = _FENCE.match(line)
        if fence:
            yield line, True
            if match and match[1].startswith(fence) and not line.strip(" `~"):
                fence = ""
        else:
            fence = match[1] if match else ""
            yield line, match is not None


def with_doctests(prose: Prose) -> Prose:
    """The prose with each example of an interpreter's session as a block of code."""
    if ">>>" not in prose.text:
        return prose
    rows = [
        (line, number, is_code)
        for (line, is_code), number in zip(
            fenced(prose.text.split("\n")), prose.line_numbers, strict=True
        )
    ]
    made: list[tuple[str, int]] = []
    position = 0
    while position < len(rows):
        line, number, is_code = rows[position]
        prompt = None if is_code else _PROMPT.match(line)
        if prompt is None:
            made.append((line, number))
            position += 1
            continue
        end = _session_end([row[0] for row in rows], position, prompt["indent"])
        indent = _indent_within([row[0] for row in made], prompt["indent"])
        inner = [row[0].removeprefix(prompt["indent"]) for row in rows[position:end]]
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", "\n".join(inner))), default=0))
        made.append((f"{indent}{fence}pycon", number))
        made += [
            ((indent + text).rstrip(), row[1])
            for text, row in zip(inner, rows[position:end], strict=True)
        ]
        made.append((indent + fence, rows[end - 1][1]))
        position = end
    return Prose("\n".join(text for text, _ in made), tuple(number for _, number in made))


def _session_end(lines: Sequence[str], start: int, indent: str) -> int:
    """The line after an example, and after those that follow it with but a blank between."""
    end = start
    while end < len(lines):
        line = lines[end]
        if not line.strip():
            following = next((n for n in range(end, len(lines)) if lines[n].strip()), len(lines))
            if following == len(lines) or not lines[following].startswith(f"{indent}>>>"):
                break
            end = following
        elif not line.startswith(indent):
            break
        end += 1
    return end


def _indent_within(above: Sequence[str], indent: str) -> str:
    """The indentation of a block: none that Markdown takes for code, unless of a list's item."""
    least = len(indent)
    for line in reversed(above):
        width = len(line) - len(line.lstrip())
        if line.strip() and width < least:
            if _ITEM.match(line):
                return indent
            least = width
    return "" if len(indent) > 3 else indent
