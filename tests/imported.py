"""For the process that forks: what a run needs before it begins, and what of it is there then."""

import sys

import convmixer.runs.run  # noqa: F401

MODULES = sorted(sys.modules)
