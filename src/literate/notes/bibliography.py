"""A BibTeX file -> the papers that pages may cite, and how they are written out."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from string import ascii_lowercase

from babel import Locale
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import (
    parse_single_name_into_parts,
    split_multiple_persons_names,
)
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry
from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]

from literate.base.errors import LiterateError
from literate.base.files import SourceFile
from literate.notes.mathml import to_mathml

#: Where an entry says in what it appeared, the most telling first.
_VENUES = ("journal", "booktitle", "howpublished", "publisher", "school", "institution")
_MATH = re.compile(r"(?<!\\)\$([^$]+)\$")
_SENTENCE_END = re.compile(r"[.?!](?:<[^>]*>)*$")
_ACCENT = re.compile(r"(?<!\{)(\\[A-Za-z]+\{[^{}]*\})")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")


@dataclass(frozen=True, slots=True)
class Author:
    """A person, or a body that has a family name only."""

    given: str
    family: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper, ready to be shown: `title` is HTML, everything else plain text.

    `links` are the texts and addresses of where it can be read. The list of authors is open
    (`and_others`) where the entry ends in `and others`. `language` is the code of the language of
    the paper, where the entry says it.
    """

    key: str
    authors: tuple[Author, ...]
    and_others: bool
    title: str
    venue: str
    year: str
    links: tuple[tuple[str, str], ...]
    language: str = ""

    @property
    def names(self) -> str:
        """The names as a citation has them: `Trockman & Kolter`, `He et al.`."""
        families = [author.family for author in self.authors]
        if not families:
            return re.sub(r"<[^>]*>", "", self.title)
        if len(families) > 2 or self.and_others:
            return f"{families[0]} et al."
        return " & ".join(families)

    @property
    def order(self) -> tuple[str, str, str]:
        """References are sorted by names, then years, then titles."""
        families = " ".join(author.family for author in self.authors) or self.names
        return families.casefold(), self.year, self.title


#: Key -> reference.
Bibliography = Mapping[str, Paper]


def load_bibliography(file: SourceFile) -> Bibliography:
    """Read a BibTeX file.

    Raises `FileNotFoundError` where it is not there, and `LiterateError` where it is not UTF-8 or
    not BibTeX, has a key twice, or an entry without a title.
    """
    text = file.read_text("the bibliography")
    # What the parser would log is raised here, as one error.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    try:
        library = parse_string(text.replace("\r\n", "\n"))
    except RecursionError:
        lines = text.split("\n")
        line = max(range(len(lines)), key=lambda number: lines[number].count("{")) + 1
        raise file.error("the entry nests too deep", line=line, fix="Remove braces") from None
    for block in library.failed_blocks:
        raise _failure(block, file)
    return {entry.key: _paper(entry, file) for entry in library.entries}


def labels(references: Iterable[Paper]) -> dict[str, str]:
    """Key -> `Trockman & Kolter, 2022`; papers of one name and year get a letter each."""
    alike: dict[tuple[str, str], list[str]] = {}
    for reference in sorted(references, key=lambda reference: reference.order):
        alike.setdefault((reference.names, reference.year), []).append(reference.key)
    return {
        key: f"{names}, {year or 'n.d.'}{_letter(i) if len(keys) > 1 else ''}"
        for (names, year), keys in alike.items()
        for i, key in enumerate(keys)
    }


def paper_html(reference: Paper, label: str) -> str:
    """An entry of the list of references."""
    people = [f"{a.given} {a.family}".strip() for a in reference.authors]
    authors = ", ".join([*people, *(["et al."] if reference.and_others else [])])
    year = label.rpartition(", ")[2]
    parts = [f"{escape(authors)} ({escape(year)})" if authors else f"({escape(year)})"]
    parts.append(f"<cite>{reference.title}</cite>")
    if reference.venue:
        parts.append(escape(reference.venue))
    parts += [
        f'<a href="{escape(address)}">{escape(text)}</a>' for text, address in reference.links
    ]
    return " ".join(part if _SENTENCE_END.search(part) else f"{part}." for part in parts)


def _letter(index: int) -> str:
    return ascii_lowercase[index] if index < len(ascii_lowercase) else f"-{index + 1}"


def _failure(block: Block, file: SourceFile) -> LiterateError:
    line = (block.start_line or 0) + 1
    if isinstance(block, DuplicateBlockKeyBlock):
        first = (block.previous_block.start_line or 0) + 1
        return file.error(
            f"the key {block.key!r} stands here and on line {first}",
            line=line,
            fix="Give one of the two another key",
        )
    if isinstance(block, DuplicateFieldKeyBlock):
        fields = ", ".join(sorted(block.duplicate_keys))
        message = f"the entry has more than one {fields}"
        return file.error(message, line=line, fix="Keep one")
    reason = getattr(getattr(block, "error", None), "abort_reason", "") or "it does not parse"
    return file.error(
        f"this entry is not BibTeX: {reason.strip().rstrip('.').lower()}",
        line=line,
        fix="Check the braces, quotes and commas",
    )


def _paper(entry: Entry, file: SourceFile) -> Paper:
    line = (entry.start_line or 0) + 1
    fields = {field.key.lower(): str(field.value) for field in entry.fields}
    if not fields.get("title", "").strip():
        raise file.error(f"the entry {entry.key!r} has no title", line=line, fix="Add a `title`")
    try:
        # The parser loses `\v` of `\v{S}` after an `and`, but not of `{\v{S}}`.
        people = _ACCENT.sub(r"{\1}", fields.get("author") or fields.get("editor") or "")
        raw = split_multiple_persons_names(people)
        authors = [_author(name) for name in raw if name.strip() != "others"]
        title = _rich(fields["title"])
    except Exception as error:  # the decoder of LaTeX fails in many ways
        raise file.error(
            f"the entry {entry.key!r} cannot be read: {error}",
            line=line,
            fix="Fix its names or its title",
        ) from None
    return Paper(
        key=entry.key,
        authors=tuple(authors),
        and_others="others" in (name.strip() for name in raw),
        title=title,
        venue=next((_plain(fields[name]) for name in _VENUES if fields.get(name)), ""),
        year=_plain(fields.get("year") or fields.get("date", "")[:4]),
        links=tuple(_links(fields)),
        language=_language(fields.get("langid") or fields.get("language") or ""),
    )


@cache
def _language(name: str) -> str:
    """The code of a language that goes by its code or, as babel in LaTeX has it, by its name."""
    name = name.strip().lower()
    known = {label.lower(): code for code, label in Locale("en").languages.items()}
    aliases = {"ngerman": "de", "american": "en", "british": "en", "usenglish": "en"}
    code = known.get(name) or aliases.get(name) or name.replace("_", "-")
    return code if re.fullmatch(r"[a-z]{2,3}(?:-\w+)*", code) else ""


def _author(name: str) -> Author:
    parts = parse_single_name_into_parts(name)
    family = " ".join([*parts.von, *parts.last])
    return Author(_plain(" ".join(parts.first)), _plain(" ".join([family, *parts.jr])))


def _links(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """DOI, arXiv, or any other address of the entry: each once."""
    if doi := re.sub(r"^(https?://(dx\.)?doi\.org/|doi:)", "", fields.get("doi", "").strip()):
        yield f"doi:{doi}", f"https://doi.org/{doi}"
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").lower()
    found = _ARXIV.fullmatch(fields.get("eprint", "").strip()) if kind == "arxiv" else None
    if found:
        yield f"arXiv:{found[0]}", f"https://arxiv.org/abs/{found[0]}"
    url = _plain(fields.get("url", ""))
    named = (found is not None and found[0] in url) or (doi and doi in url)
    if url.startswith(("http://", "https://")) and not named:
        yield url.partition("://")[2].rstrip("/"), url


def _plain(latex: str) -> str:
    """LaTeX's accents, commands and braces as the characters that they stand for."""
    return " ".join(_decoder().latex_to_text(latex).split())


def _rich(latex: str) -> str:
    """A title as HTML: its equations converted, the rest plain."""
    parts = _MATH.split(latex)
    texts = [escape(_decoder().latex_to_text(text), quote=False) for text in parts[::2]]
    parts[::2] = texts
    parts[1::2] = [to_mathml(expression, display=False) for expression in parts[1::2]]
    return " ".join("".join(parts).split())


@lru_cache(maxsize=1)
def _decoder() -> LatexNodes2Text:
    return LatexNodes2Text(keep_comments=True)
