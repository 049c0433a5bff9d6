"""What commands print: a JSON document for programs, sentences and tables for people.

Results go to standard output, messages to standard error. On a terminal tables are drawn by
rich; elsewhere they are plain columns that `grep` and `cut` can read.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from comity.errors import ComityError

__all__ = ["Part", "Table", "complain", "give", "plain", "remark", "write"]


class Table(NamedTuple):
    """Columns by name, and rows of as many texts."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


Part = str | Table
"""One piece of an answer for people."""


def give(document: Any, as_json: bool, words: Callable[[], Iterable[Part]]) -> None:  # noqa: ANN401
    """Print a command's answer: the document itself, or what it amounts to in words."""
    if as_json:
        write(_json(document))
        return
    for part in words():
        write(plain(part) if isinstance(part, str) else _drawn(part))


def write(text: str) -> None:
    """Print a text on standard output, as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def remark(text: str) -> None:
    """Tell people something beside the answer, on standard error."""
    sys.stderr.write(plain(text) + "\n")


def complain(error: ComityError, as_json: bool) -> None:
    """Say what went wrong, where, and what to do: for programs on standard output."""
    if as_json:
        write(_json({"error": error.as_dict()}))
        return
    remark(f"Error: {error.message}.")
    if error.where:
        remark(f"  where: {error.where}")
    if error.advice:
        remark(f"  what to do: {error.advice}")


def plain(text: str) -> str:
    """A text without what would steer a terminal: what others sent us may stand in it."""
    if text.isprintable():
        return text
    return "".join(
        c if c in _KEPT or unicodedata.category(c) not in _STEERING else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


_KEPT: Final = "\n\t"
_STEERING: Final = ("Cc", "Cf", "Cs", "Zl", "Zp")


def _json(document: Any) -> str:  # noqa: ANN401
    encoded = msgspec.json.encode(document)
    if sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=2)
    return encoded.decode()


def _drawn(table: Table) -> str:
    rows = [[" ".join(plain(cell).split()) for cell in row] for row in table.rows]
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        return _by_rich(table.columns, rows)
    lines = [list(table.columns), *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _by_rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = Console()
    with console.capture() as drawn:
        console.print(table)
    return drawn.get()
