"""What is wrong with a translation, beyond its being there."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from selectolax.lexbor import LexborHTMLParser

from literate.notes.placeholder import markup, numbers, placeholder, sign
from literate.translation.catalog import Entry
from literate.translation.language import Language
from literate.translation.sanitise import TAGS
from literate.translation.segment import TEXT, Segment, parse

_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an entry."""

    entry: Entry
    problem: str
    fix: str


def check_entry(entry: Entry, language: Language) -> list[Fault]:
    """All that is wrong with one entry."""
    return [*breaking_faults(entry), *_strays(entry), *_wording(entry, language)]


def breaking_faults(entry: Entry) -> Iterator[Fault]:
    """What would damage the page, or cannot serve it.

    That is placeholders and links that the source does not have, and another block than its one.
    """
    source, translation = markup(entry.source), markup(entry.translation)
    if source == translation or sorted(source) == sorted(translation):
        return  # the very same tags: there is nothing to look for
    for fault in (*_placeholders(entry), *_links(entry), *_tags(entry)):
        yield Fault(entry, *fault)
    if len(entry.source_blocks) == 1 and not entry.is_parallel:
        yield _unlike(entry)


def _unlike(entry: Entry) -> Fault:
    source, translation = _kinds(entry.source_blocks), _kinds(entry.all_blocks)
    return Fault(
        entry,
        f"the source has {source}, the translation has {translation}",
        "Give the translation the same blocks in the same order.",
    )


def _placeholders(entry: Entry) -> Iterator[tuple[str, str]]:
    wanted = Counter(numbers(entry.source))
    found = Counter(numbers(entry.translation))
    for number in sorted(wanted | found):
        name = sign(number)
        if not found[number]:
            yield f"the placeholder {name} is lost", f"Put {name} back, span and all."
        elif not wanted[number]:
            yield f"the placeholder {name} is not in the source", f"Remove {name}."
        elif found[number] > wanted[number]:
            yield f"the placeholder {name} is doubled", f"Keep one {name}."
    kept = sum(len(block.placeholders) for block in entry.all_blocks)
    if found == wanted and kept != sum(len(block.placeholders) for block in entry.source_blocks):
        yield (
            "a placeholder has lost its span",
            f"Write it as {placeholder(0)}, with its own number.",
        )


def _links(entry: Entry) -> Iterator[tuple[str, str]]:
    wanted = Counter(link for block in entry.source_blocks for link in block.links)
    found = Counter(link for block in parse(entry.translation) for link in block.links)
    for link in found - wanted:
        yield f"the link to {link!r} is not in the source", "Link to what the source links to."
    for link in wanted - found:
        yield f"the link to {link!r} is lost", "Put the link back."


def _tags(entry: Entry) -> Iterator[tuple[str, str]]:
    for tag in sorted(_tags_of(entry.translation) - _tags_of(entry.source) - TAGS):
        yield f"the tag <{tag}> may not stand in a translation", "Remove it."


def _tags_of(html: str) -> set[str]:
    root = LexborHTMLParser(html, is_fragment=True).root
    return {str(node.tag) for node in root.traverse() if node.is_element_node} if root else set()


def _strays(entry: Entry) -> Iterator[Fault]:
    """Text that has fallen out of its tags, and blocks that the source does not have."""
    blocks = entry.all_blocks
    if not any(block.kind == TEXT for block in entry.source_blocks):
        for block in blocks:
            if block.kind == TEXT:
                yield Fault(
                    entry,
                    f"the text {block.text.strip()!r} stands outside any tag",
                    "Move it into the paragraph that it belongs to, or remove it.",
                )
    if len(entry.source_blocks) > 1 and not entry.is_parallel:
        yield _unlike(entry)


def _kinds(blocks: Sequence[Segment]) -> str:
    return " ".join(block.kind for block in blocks) or "nothing"


def _wording(entry: Entry, language: Language) -> Iterator[Fault]:
    source = " ".join(block.text for block in entry.source_blocks)
    text = " ".join(block.text for block in entry.all_blocks)
    for word, better in language.avoid.items():
        if word in text:
            yield Fault(entry, f"{word!r} is a word to avoid", f"Write {better!r}.")
    for term, accepted in language.glossary.items():
        used = re.search(rf"(?<!\w){re.escape(term)}(?:s|es)?(?!\w)", source, re.IGNORECASE)
        if used and not any(word.casefold() in text.casefold() for word in accepted):
            yield Fault(
                entry,
                f"the term {used[0]!r} is not translated as the glossary says",
                f"Write {' or '.join(repr(word) for word in accepted)}.",
            )
    if not _is_latin(text):
        yield from _foreign_words(entry, source, text, language)


def _foreign_words(entry: Entry, source: str, text: str, language: Language) -> Iterator[Fault]:
    """In another script, a Latin word that the source does not have is a slip."""
    known = set(_LATIN_WORD.findall(source)) | language.names
    folded = {word.casefold() for word in known}
    for word in dict.fromkeys(_LATIN_WORD.findall(text)):
        if word.casefold() not in folded:
            close = get_close_matches(word, known, n=1)
            fix = f"Is it {close[0]!r}?" if close else "Translate it, or add it to `names`."
            yield Fault(entry, f"the word {word!r} is not in the source", fix)


def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    latin = sum(unicodedata.name(character, "").startswith("LATIN") for character in letters)
    return latin == len(letters)
