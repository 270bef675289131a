"""What of a project's files a browser would run if somebody opened them by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, InclusionLevel

from literate.notes.svg_file import disarmed

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from literate.site.project import Project


def disarm(files: Files, project: Project, config: MkDocsConfig) -> None:
    """Have drawings published that draw and do no more.

    Raises `LiterateError` for one that is not well-formed.
    """
    for drawing in [file for file in files if file.src_uri.lower().endswith(".svg")]:
        path = Path(drawing.abs_src_path or "")
        if not drawing.abs_src_path or any(map(path.is_relative_to, config.theme.dirs)):
            continue  # it was made here, or is the theme's
        if drawing.inclusion == InclusionLevel.EXCLUDED:
            continue
        file = project.file(path)
        data = file.read_bytes("the drawing")
        safe = disarmed(data, file)
        if safe != data:
            files.remove(drawing)
            files.append(File.generated(config, drawing.src_uri, content=safe))
