"""Arguments and options that several commands take, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from comity.model.purpose import Purpose

__all__ = ["As", "Directory", "Json", "OnePurpose", "Purposes", "TokenFile", "example", "group"]

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", help="The node's directory.", show_default=False)
]

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]

As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="USER",
        help="Read as this user of the node, proved by the user's token.",
    ),
]

TokenFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="The file that holds the token; without it, COMITY_TOKEN does.",
    ),
]

OnePurpose = Annotated[
    Purpose | None,
    typer.Option(
        metavar="PURPOSE",
        help="What it is for; else the first purpose of the credential. One of: "
        + ", ".join(Purpose)
        + ".",
    ),
]

Purposes = Annotated[
    list[Purpose] | None,
    typer.Option(
        "--purpose",
        metavar="PURPOSE",
        help="A purpose of use; may be repeated. One of: " + ", ".join(Purpose) + ".",
    ),
]

_KEEP_LINES: Final = "\b"
"""At the start of a paragraph of help: its lines stay as they are written."""


def example(*lines: str) -> str:
    """The end of a command's help: how it is typed."""
    return "\n".join((_KEEP_LINES, "Example:", *(f"  {line}" for line in lines)))


def group(name: str, about: str) -> typer.Typer:
    """A command that only holds others, such as `user add` and `user list`."""
    return typer.Typer(name=name, help=about, no_args_is_help=True)
