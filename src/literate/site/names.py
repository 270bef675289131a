"""Where the names of all files lead: to a page of the site, to a documentation, or nowhere.

The path of a name of others is as in `torch.nn.Conv2d`; one of ours starts with the number of its
page, as `3:Net.forward`, and `3:` is the page's module. Both may go on with `()`, for an instance,
and end in `(width`, for a parameter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from literate.site.inventory import Documented
from literate.site.page import Page
from literate.source.values import Symbol

_SUPER = ".super()"


class Destination(NamedTuple):
    """Where a name leads: to an anchor of a page, or an address of a documentation.

    `name` is its qualified name.
    """

    name: str
    page: str = ""
    anchor: str = ""
    url: str = ""
    documentation: str = ""


class _Module(NamedTuple):
    """A module of the project; one whose file is no page has no places, only what it imports."""

    module: str
    page: str
    symbols: Mapping[str, Symbol]
    places: Mapping[str, str]


class NameTable:
    """Resolves paths over the files of a site.

    `packages` are the symbols of modules that are no pages, `documented` the names of others.
    """

    def __init__(
        self,
        pages: Mapping[str, Page],
        documented: Mapping[str, Documented],
        packages: Mapping[str, Mapping[str, Symbol]] | None = None,
    ) -> None:
        self.documented = documented
        self._pages = [
            _Module(page.module, page.name, page.names.symbols, page.places)
            for page in pages.values()
            if page.is_annotated
        ]
        self._number = {page.page: number for number, page in enumerate(self._pages)}
        self._pages += [_Module(name, "", it, {}) for name, it in (packages or {}).items()]
        count = Counter(page.module for page in self._pages)
        #: A name that two modules bear leads to neither.
        self._modules = {
            page.module: number
            for number, page in enumerate(self._pages)
            if count[page.module] == 1
        }
        self._known: dict[str, str] = {}

    def numbers(self, page: Page) -> list[int]:
        """For each of a page's names, the first that is the same thing."""
        found: dict[str, int] = {}
        paths = [self.canonical(page, name.path) if name.path else "" for name in page.names.names]
        for number, (name, path) in enumerate(zip(page.names.names, paths, strict=True)):
            if name.line and path:
                found.setdefault(path, number)
        numbers = []
        for number, (name, path) in enumerate(zip(page.names.names, paths, strict=True)):
            first = number
            if path and not name.line:
                first = found.setdefault(path, number)
                if page.names.names[first].text != name.text:
                    first = number
            numbers.append(first)
        return numbers

    def destination(self, page: Page, path: str) -> Destination | None:
        """Where a path of a page leads, None if nowhere that is certain."""
        path = self.canonical(page, path)
        number, colon, name = path.partition(":")
        if colon and "(" in name and int(number) == self._number[page.name]:
            return None  # a parameter: its function is before the reader's eyes
        return self._destination(path) if path else None

    def named(self, text: str, *, is_sure: bool) -> Destination | None:
        """What a text that is no name of its page names, if it is sure to name something.

        A dotted name is one of a documentation or of the site. A plain word is, if only one class
        is called so; or only one function, if it `is_sure` that it is a function's, or the word is
        none of the language.
        """
        if "." in text:
            path = self._canonical(text)
            if to := self._destination(path) if path else None:
                return to
        paths = self._by_name.get(text, ())
        if len(paths) != 1:
            return None
        symbol = self._symbol(paths[0])
        is_name = "." in text or "_" in text.strip("_") or text != text.lower()
        is_sure = is_sure or is_name or (symbol is not None and symbol.kind == "class")
        return self._destination(paths[0]) if is_sure else None

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """What a qualified name, without its module, may stand for."""
        found: dict[str, list[str]] = {}
        for number, page in enumerate(self._pages):
            for name in page.places:
                found.setdefault(name, []).append(f"{number}:{name}")
        return found

    def canonical(self, page: Page, path: str) -> str:
        """A path of a page as that of the thing itself, "" if it cannot be told."""
        return self._canonical(_of_page(self._number[page.name], path)) if path else ""

    def _destination(self, path: str) -> Destination | None:
        number, colon, name = path.partition(":")
        if not colon:
            return self._outside(path)
        page = self._pages[int(number)]
        if not name:
            return Destination(page.module, page.page) if page.page else None
        function = name.partition("(")[0]
        anchor = page.places.get(function)
        if anchor is None:
            return None
        return Destination(f"{page.module}.{function}", page.page, anchor)

    def _outside(self, path: str) -> Destination | None:
        owner, is_member, name = path.rpartition("().")
        if is_member:
            found = self.documented.get(_plain(owner))
            if found is None or not found.is_class:
                return None
            path = f"{owner}.{name}"
        path = _plain(path)
        found = self.documented.get(path)
        if found is None:
            return None
        return Destination(path, url=found.url, documentation=found.documentation)

    # --- paths ---

    def _canonical(self, path: str) -> str:
        known = self._known.get(path)
        if known is None:
            self._known[path] = ""  # a path may lead in a circle
            known = self._known[path] = self._resolve(path)
        return known

    def _resolve(self, path: str) -> str:
        if path.endswith(_SUPER):
            owner = self._canonical(path.removesuffix(_SUPER))
            return f"{owner}{_SUPER}" if owner else ""
        if path.endswith("()"):
            return self._called(self._canonical(path[:-2]))
        end = max(path.rfind(sign) for sign in ".:(")
        if end < 0:
            return f"{self._modules[path]}:" if path in self._modules else path
        sign, name = path[end], path[end + 1 :]
        if ":" in path and (symbol := self._symbol(path)) and symbol.kind != "import":
            return path
        if sign == ":":
            return self._of_module(int(path[:end]), name) if name else path
        base = self._canonical(path[:end])
        if not base:
            return ""
        return self._argument(base, name) if sign == "(" else self._member(base, name)

    def _of_module(self, number: int, name: str) -> str:
        page = self._pages[number]
        symbol = page.symbols.get(f".{name}")
        if symbol and symbol.kind == "import":
            return self._canonical(symbol.value)
        submodule = f"{page.module}.{name}"
        if symbol is None and submodule in self._modules:
            return f"{self._modules[submodule]}:"
        return f"{number}:{name}"

    def _member(self, base: str, name: str) -> str:
        if base.endswith(_SUPER):
            return self._inherited(base.removesuffix(_SUPER), name) or ""
        if base.endswith(":"):
            return self._of_module(int(base[:-1]), name)
        owner = base.removesuffix("()")
        if ":" not in owner:
            module = f"{base}.{name}"
            return f"{self._modules[module]}:" if module in self._modules else module
        symbol = self._symbol(owner)
        if symbol is None or symbol.kind == "function":
            return ""
        if symbol.kind == "class":
            return self._attribute(owner, name) or f"{owner}.{name}"
        value = self._value(owner, symbol) if owner == base else ""
        return self._member(value, name) if value else ""

    def _called(self, base: str) -> str:
        """What a call of something gives."""
        if ":" not in base:
            return f"{base}()" if base and not base.endswith("()") else ""
        symbol = None if base.endswith(("()", ":")) else self._symbol(base)
        if symbol is None:
            return ""
        if symbol.kind == "class":
            return f"{base}()"
        value = self._value(base, symbol)
        return value if symbol.kind == "function" or not value else self._called(value)

    def _argument(self, base: str, name: str) -> str:
        """The parameter that an argument of a call goes to."""
        if ":" not in base:
            return f"{base}({name}"
        symbol = None if base.endswith(("()", ":")) else self._symbol(base)
        if symbol is None:
            return ""
        if symbol.kind == "function":
            return f"{base}({name}" if name in symbol.parameters else ""
        return self._field(base, name) if symbol.kind == "class" else ""

    def _field(self, base: str, name: str) -> str:
        """The parameter of a constructor, written or made of the fields of a class."""
        for owner, symbol in self._ancestors(base):
            if self._symbol(f"{owner}.__new__"):
                return ""
            function = self._symbol(f"{owner}.__init__")
            if function:
                is_known = name in function.parameters
                return f"{owner}.__init__({name}" if is_known else ""
            if symbol.has_fields:
                return self._attribute(base, name) or ""
        return ""

    def _ancestors(self, owner: str) -> Iterator[tuple[str, Symbol]]:
        """A class and those of our classes that it is derived from, as long as all are known."""
        waiting, seen = [owner], set()
        while waiting:
            path = waiting.pop(0)
            symbol = self._symbol(path) if ":" in path else None
            if symbol is None or symbol.kind != "class" or path in seen:
                return
            seen.add(path)
            yield path, symbol
            waiting = [*self._bases(path, symbol), *waiting]

    def _attribute(self, owner: str, name: str) -> str | None:
        """An attribute of a class, or of those that it inherits from.

        "" if there is none, None where it may come from a class that is not known.
        """
        if self._symbol(f"{owner}.{name}"):
            return f"{owner}.{name}"
        return self._inherited(owner, name)

    def _inherited(self, owner: str, name: str) -> str | None:
        symbol = self._symbol(owner)
        if symbol is None or symbol.kind != "class":
            return None
        key = f"{owner}<{name}"
        if key in self._known:  # a class that is its own ancestor
            return None
        self._known[key] = ""
        try:
            for base in self._bases(owner, symbol):
                if ":" in base:
                    found = self._attribute(base, name)
                    if found is None or found:
                        return found
                elif f"{base}.{name}" in self.documented:
                    return f"{base}.{name}"
                elif _plain(base) not in self.documented:
                    return None
            return ""
        finally:
            del self._known[key]

    def _bases(self, owner: str, symbol: Symbol) -> list[str]:
        number = int(owner.partition(":")[0])
        return [self._canonical(_of_page(number, base)) for base in symbol.bases]

    def _symbol(self, path: str) -> Symbol | None:
        number, _, name = path.partition(":")
        return self._pages[int(number)].symbols.get(f".{name}")

    def _value(self, path: str, symbol: Symbol) -> str:
        number = int(path.partition(":")[0])
        return self._canonical(_of_page(number, symbol.value)) if symbol.value else ""


def _of_page(number: int, path: str) -> str:
    """A path as a page has it, as one of the whole site."""
    return f"{number}:{path[1:]}" if path.startswith(".") else path


def _plain(path: str) -> str:
    """A name as documentations have it."""
    return path.removeprefix("builtins.")
