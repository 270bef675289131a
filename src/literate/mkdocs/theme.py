"""What the engine needs of the theme: that it is Material, and speaks the site's languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from babel import negotiate_locale

from literate.base.errors import LiterateError, nearest, raise_all
from literate.site.page import Page
from literate.site.project import Project

_LANGUAGES = "partials/languages"


def check_theme(project: Project, name: str | None, folders: Sequence[Path]) -> None:
    """Raise `LiterateError` unless the theme, whose templates are in the folders, is Material."""
    if not _known(folders):
        raise project.error(
            "theme.name",
            f"the theme is {name or 'none'!r}",
            "Write `theme: {name: material}`: the pages are made for Material for MkDocs",
        )


def check_languages(project: Project, languages: Iterable[str], folders: Sequence[Path]) -> None:
    """Raise `LiterateError` for a language that the theme does not speak."""
    known = _known(folders)
    for code in (project.language, *languages):
        if code not in known:
            close = negotiate_locale([code], known, sep="-")
            is_source = code == project.language
            where = "`theme.language`" if is_source else "its folder, and `languages`,"
            raise project.error(
                "theme.language" if is_source else "languages",
                f"the theme has no words for the language {code!r}",
                f"Call it {close!r} in {where} as the theme does"
                if close
                else nearest(code, known),
            )


#: Field of the front matter -> where in the theme the file is that it names.
_FILES = {"template": "{}", "icon": ".icons/{}.svg"}


def check_templates(pages: Iterable[Page], folders: Sequence[Path]) -> None:
    """Raise `LiterateError` for a page whose front matter names what the theme does not have."""
    errors = []
    for page in pages:
        for field, place in _FILES.items():
            name = page.front.fields.get(field)
            if name is not None and not _has(folders, place.format(name)):
                errors.append(
                    LiterateError(
                        f"the theme has no {field} {name!r}",
                        file=page.path,
                        line=page.front.lines.get(field),
                        fix="Name one that lies in the theme or in `theme.custom_dir`",
                    )
                )
    raise_all(errors)


def _has(folders: Sequence[Path], name: str) -> bool:
    """Whether the theme has a file, by a name that Jinja takes: one that leads nowhere else."""
    parts = name.split("/")
    if "\0" in name or "\\" in name or {"", ".", ".."} & set(parts):
        return False
    return any(folder.joinpath(*parts).is_file() for folder in folders)


def _known(folders: Sequence[Path]) -> list[str]:
    paths = (path for folder in folders for path in (folder / _LANGUAGES).glob("*.html"))
    return sorted({path.stem for path in paths})
