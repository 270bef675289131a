"""What a page does with its names: in its code, and in the inline code of its notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from literate.base.cache import digest
from literate.notes.highlight import NameLink, Tokens, link_names
from literate.notes.note import Code, Math
from literate.notes.symbols import paired
from literate.site.links import relative_url
from literate.site.names import Destination, NameTable
from literate.site.page import Page
from literate.source.names import NameScope

#: What inline code that names something looks like: `width`, `nn.Conv2d`, `forward()`.
_NAMES = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(\(\))?")


class PaperSymbol(NamedTuple):
    """A symbol of the paper, as TeX and as MathML, and its name in the code.

    `bindings` are the numbers of what goes by that name on the page.
    """

    tex: str
    html: str
    name: str
    bindings: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PageNames:
    """The links of a page's identifiers.

    `links` has them by the numbers of names, None for a name of which nothing is known and that
    occurs once. `inline` has those of inline code, by its note's number and its text; `symbols` are
    the paper's, from the tables of its notes. Addresses are relative to the page, and so they are
    the same in every language.
    """

    page: Page
    links: tuple[NameLink | None, ...] = ()
    inline: Mapping[tuple[int, str], NameLink] = field(default_factory=dict)
    symbols: tuple[PaperSymbol, ...] = ()

    @cached_property
    def code(self) -> tuple[Tokens, ...]:
        """Each line of code, its identifiers linked."""
        return tuple(link_names(line, self.links) for line in self.page.code)

    @property
    def hrefs(self) -> Iterator[str]:
        """Where they lead."""
        yield from (link.href for link in (*self.links, *self.inline.values()) if link)

    @cached_property
    def outside(self) -> dict[str, NameLink]:
        """What its names lead to in other documentations, by address."""
        links = (*self.links, *self.inline.values())
        return {link.href: link for link in links if link and link.documentation}

    @cached_property
    def digest(self) -> str:
        """Names all of it, for the cache."""
        return digest(repr(self.links), repr(self.inline), repr(self.symbols))


def page_names(table: NameTable, page: Page, url_of: Callable[[str], str]) -> PageNames:
    """The links of a page's names; `url_of` gives the address of a page."""
    finder = _Finder(table, page, url_of)
    inline = dict(finder.inline())
    return PageNames(page, tuple(finder.links()), inline, tuple(finder.symbols(inline)))


class _Finder:
    def __init__(self, table: NameTable, page: Page, url_of: Callable[[str], str]) -> None:
        self.table = table
        self.page = page
        self.url_of = url_of
        self.names = page.names.names
        self.numbers = table.numbers(page) if page.is_annotated else []
        self.uses: Counter[int] = Counter()
        for name, number in zip(self.names, self.numbers, strict=True):
            self.uses[number] += name.uses
        #: What has an id of its own: the row of its note.
        self.rows = {section.definition for section in page.document.sections}

    def links(self) -> Iterator[NameLink | None]:
        for number, name in enumerate(self.names):
            destination = self.table.destination(self.page, name.path) if name.path else None
            binding = self._binding(number)
            if destination:
                yield self._link(destination, binding)
            else:
                yield None if binding is None else NameLink(binding=binding)

    def _binding(self, number: int) -> int | None:
        first = self.numbers[number]
        return first if self.uses[first] > 1 else None

    def _link(self, to: Destination, binding: int | None) -> NameLink:
        is_here = to.page == self.page.name and to.anchor in self.page.places
        anchor = to.anchor if is_here and to.anchor not in self.rows else ""
        return NameLink(to.name, self._address(to), anchor, binding, to.documentation)

    def _address(self, to: Destination) -> str:
        if to.url:
            return to.url
        mark = f"#{to.anchor}" if to.anchor else ""
        if to.page == self.page.name and mark:
            return mark
        return relative_url(self.url_of(to.page) + mark, self.url_of(self.page.name))

    # --- inline code of notes ---

    def inline(self) -> Iterator[tuple[tuple[int, str], NameLink]]:
        for index, note in enumerate(self.page.notes):
            texts = {item.text for item in note.inlines if isinstance(item, Code)} if note else ()
            for text in sorted(texts):
                if (match := _NAMES.fullmatch(text)) and (link := self._named(index, match)):
                    yield (index, text), link

    def symbols(self, inline: Mapping[tuple[int, str], NameLink]) -> Iterator[PaperSymbol]:
        """A table that has no such name in its scope speaks of those that notes give the symbol to.

        Where none does, it speaks of all that go by the name on the page.
        """
        for index, note in enumerate(self.page.notes):
            for symbol, code in paired(note) if note else ():
                link = inline.get((index, code.text))
                found: set[int | None] = (
                    {link.binding} if link else set(self._told(symbol, code.text, inline))
                )
                found = found or set(map(self._binding, self._spelled(code.text)))
                bindings = tuple(sorted(number for number in found if number is not None))
                yield PaperSymbol(symbol.tex, symbol.html, code.text, bindings)

    def _told(
        self, symbol: Math, text: str, inline: Mapping[tuple[int, str], NameLink]
    ) -> Iterator[int]:
        """The numbers of the names that a note speaks of beside the symbol."""
        for index, note in enumerate(self.page.notes):
            link = inline.get((index, text))
            if note is None or link is None or link.binding is None:
                continue
            if any(isinstance(item, Math) and item.tex == symbol.tex for item in note.inlines):
                yield link.binding

    def _spelled(self, text: str) -> Iterator[int]:
        """The numbers of the names that are spelled so and stand for something of the page's."""
        for number, name in enumerate(self.names):
            if name.text == text and (name.line or "(" in name.path):
                yield number

    def _named(self, index: int, match: re.Match[str]) -> NameLink | None:
        head, *rest = match[1].split(".")
        scopes = self._scopes(index) if self.page.is_annotated else []
        around = next((scope.path for scope in scopes if self._is_class(scope)), "")
        if head == "self" and around and rest:
            return self._of_path(".".join([f"{around}()", *rest]))
        for scope in scopes:
            number = self._in_scope(scope, head, is_own=scope is scopes[0])
            if number is not None:
                return self._of_name(number, rest)
            if self._is_class(scope) and (link := self._inherited(scope, head)):
                return None if rest else link
        return self._of_site(match[1], is_called=bool(match[2]))

    def _scopes(self, index: int) -> list[NameScope]:
        """The scopes that a note stands in, the innermost first."""
        line = self.page.document.sections[index].note[-1].number
        scopes = self.page.names.scopes
        return [it for it in scopes[::-1] if it.first <= line <= it.last or not it.path]

    def _is_class(self, scope: NameScope) -> bool:
        symbol = self.page.names.symbols.get(scope.path)
        return symbol is not None and symbol.kind == "class"

    def _in_scope(self, scope: NameScope, name: str, *, is_own: bool) -> int | None:
        """The number of what a scope calls so; a class's own note speaks of its constructor too."""
        if name in scope.names or not (is_own and self._is_class(scope)):
            return scope.names.get(name)
        constructor = f"{scope.path}.__init__"
        found = (it.names.get(name) for it in self.page.names.scopes if it.path == constructor)
        return next(found, None)

    def _inherited(self, scope: NameScope, name: str) -> NameLink | None:
        """What a class has from another one of ours."""
        to = self.table.destination(self.page, f"{scope.path}().{name}")
        return self._link(to, self._known.get((to.name, to.url))) if to and to.page else None

    def _of_name(self, number: int, rest: list[str]) -> NameLink | None:
        name = self.names[number]
        if rest:
            return self._of_path(".".join([name.value, *rest])) if name.value else None
        destination = self.table.destination(self.page, name.path) if name.path else None
        if destination:
            return self._link(destination, self._binding(number))
        return NameLink(name.text, f"#L{name.line}" if name.line else "", "", self._binding(number))

    def _of_path(self, path: str) -> NameLink | None:
        to = self.table.destination(self.page, path)
        return self._link(to, self._known.get((to.name, to.url))) if to else None

    def _of_site(self, text: str, *, is_called: bool) -> NameLink | None:
        to = self.table.named(text, is_sure=is_called)
        return self._link(to, self._known.get((to.name, to.url))) if to else None

    @cached_property
    def _known(self) -> dict[tuple[str, str], int | None]:
        """The numbers of the page's names by where they lead."""
        found: dict[tuple[str, str], int | None] = {}
        for number, name in enumerate(self.names):
            to = self.table.destination(self.page, name.path) if name.path else None
            if to:
                found.setdefault((to.name, to.url), self._binding(number))
        return found
