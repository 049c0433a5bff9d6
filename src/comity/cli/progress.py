"""What people see while something long runs, and what they are told when they stop it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from comity.cli.output import complain
from comity.errors import ComityError

__all__ = ["INTERRUPTED", "interrupted", "progress"]

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 and the number of SIGINT, as shells count."""


@contextmanager
def progress(doing: str) -> Iterator[Callable[[int], None]]:
    """A line on standard error that counts objects; nothing where that is no terminal.

    What it gives is called with how many more there are.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} objects"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        # How many there will be is not known before the last one is read.
        task = shown.add_task(doing, total=None)
        yield lambda more: shown.advance(task, more)


def interrupted(kept: str, advice: str, as_json: bool) -> NoReturn:
    """Say what is kept of what Ctrl-C broke off, and end."""
    complain(ComityError(f"interrupted: {kept}", code="interrupted", advice=advice), as_json)
    raise typer.Exit(INTERRUPTED)
