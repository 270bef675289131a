"""Where the project's repository shows its files, at the commit that is built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

#: What stands between a repository and a commit, by the host; GitHub's and Forgejo's is `blob`.
_PARTS = {"gitlab": "-/blob", "bitbucket": "src", "codeberg": "src/commit"}


def files_address(repo_url: str | None, root: Path) -> str:
    """The address that a file's path from the project's folder on is added to, "" without one.

    Where git does not know the commit, it is that of the repository's main branch.
    """
    if not repo_url:
        return ""
    host = urlsplit(repo_url).netloc
    part = next((part for name, part in _PARTS.items() if name in host), "blob")
    commit, folder = _checked_out(root)
    return f"{repo_url.rstrip('/')}/{part}/{commit}/{folder}"


def _checked_out(root: Path) -> tuple[str, str]:
    """The commit, and the project's folder within the repository."""
    command = ["git", "rev-parse", "HEAD", "--show-prefix"]
    try:
        found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "HEAD", ""
    commit, folder, *_ = found.stdout.split("\n")
    return commit, folder
