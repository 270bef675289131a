"""Errors for people: the file, the line, what was found and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process


class LiterateError(Exception):
    """An error that the author, the translator or the configuration made.

    Its text is one line, `FILE:LINE: message. Fix.`, ready to be shown to a person.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        fix: str | None = None,
    ) -> None:
        self.message = message
        self.file = file
        self.line = line
        self.fix = fix
        place = "" if file is None else file if line is None else f"{file}:{line}"
        text = f"{place}: {message}" if place else message
        super().__init__(printable(" ".join(_sentence(part) for part in (text, fix) if part)))


#: Blanks that are no characters to Python, and harm no terminal.
_BLANKS = "\n\t\u00a0\u3000"


def printable(text: str) -> str:
    """The text with what a terminal might obey written out: names in files may be anyone's."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _BLANKS else repr(c)[1:-1] for c in text)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


class ManyErrors(LiterateError):
    """Several errors of one build, so that an author can fix them all at once."""

    def __init__(self, errors: Iterable[LiterateError]) -> None:
        self.errors = tuple(errors)
        Exception.__init__(self, "\n".join(str(error) for error in self.errors))


def raise_all(errors: list[LiterateError]) -> None:
    """Raise the errors that were collected, if there are any."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ManyErrors(errors)


#: More than these nobody reads.
_FEW = 16


def nearest(word: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """`Did you mean …?` for the known word most like `word`; otherwise the known words.

    `also` are words that may be meant, but are too many to be listed.
    """
    choices = sorted(known)
    match = process.extractOne(word, [*choices, *also], scorer=fuzz.ratio, score_cutoff=50)
    if match:
        return f"Did you mean {match[0]!r}?"
    if len(choices) > _FEW:
        return f"None of the {len(choices)} that are known is like it"
    return f"Known are: {', '.join(choices)}" if choices else "There are none"
