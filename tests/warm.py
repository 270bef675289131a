"""For the process that forks: what a process does at its first build is done for all forks."""

import tempfile
from pathlib import Path

from support import built, small_project

with tempfile.TemporaryDirectory() as _folder:
    built(small_project(Path(_folder)), "site")
