"""What a page needs to know of its site to be put into a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from literate.notes.bibliography import Bibliography
from literate.notes.drawing import Drawing
from literate.site.about import About
from literate.site.local_page import SourceInfo
from literate.site.page_names import PageNames
from literate.translation.lookup import Lookup


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page needs to know of its site.

    `url` gives the address of a link's or an image's target, as it stands in the source, relative
    to the page, or None where it leads nowhere; `drawings` holds the SVG files by the same target;
    `names` says where its names lead, None where nobody looks at its code; `bibliography` holds
    what pages may cite; `source` tells of an annotated page's file, `abouts` of what its names
    stand for on other pages. `lookup` is of the page's catalog, `words` of the site's; both are
    None in the language of the source.
    """

    url: Callable[[str], str | None]
    drawings: Mapping[str, Drawing]
    names: PageNames | None = None
    lookup: Lookup | None = None
    words: Lookup | None = None
    bibliography: Bibliography = field(default_factory=dict)
    source_language: str = "en"
    source: SourceInfo | None = None
    abouts: Mapping[str, About] = field(default_factory=dict)
    #: The shapes of what lines make, by their numbers; what classes take and return, by their
    #: names; and of which configurations they are.
    shapes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    passes: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    configurations: tuple[str, ...] = ()
    #: The words of each note as the source has them, to stand behind translated ones.
    originals: Callable[[], Sequence[str]] = tuple
    #: Whether code and formulas stay Markdown, for `site/markdown.py`.
    is_plain: bool = False
