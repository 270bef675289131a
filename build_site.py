#!/usr/bin/env python3
"""Build, preview and check the site. `python build_site.py --help` says how."""

from literate.cli import main

if __name__ == "__main__":
    main(prog_name="build_site.py")
