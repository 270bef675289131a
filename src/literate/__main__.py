"""`literate`, the command; `python -m literate` is the same."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the command, or say what it needs: the packages of the extra `site`."""
    try:
        from literate.cli import main
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error}. Install the extra `site`, as in: pip install 'convmixer[site]'.")
    main(prog_name="literate")


if __name__ == "__main__":
    run()
