"""The command line: parse, call the node, print. One module a verb; `program.py` joins them."""

from comity.cli.program import app

__all__ = ["app"]
