"""The options that make a handling, and the reading of their words."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from comity.errors import InputError, UsageError
from comity.model.kind import Kind
from comity.model.marking import Code
from comity.model.time import Micros, parse_time

__all__ = [
    "AUTO",
    "Caveats",
    "Codes",
    "Expires",
    "KindWord",
    "Orcon",
    "PapLabel",
    "Persons",
    "Recipients",
    "TlpLabel",
    "read_expiry",
    "read_kind",
]

AUTO: Final = "auto"
"""The kind that says: what each line shows."""

TlpLabel = Annotated[
    str | None, typer.Option(metavar="LABEL", help="red, amber+strict, amber, green or clear.")
]
Recipients = Annotated[
    list[str] | None, typer.Option(metavar="MEMBER", help="Only to this member; may be repeated.")
]
Persons = Annotated[
    list[str] | None,
    typer.Option(metavar="USER", help="Who may read what is TLP:RED; may be repeated."),
]
Orcon = Annotated[bool, typer.Option("--orcon", help="Nobody but us hands it on.")]
PapLabel = Annotated[
    str | None,
    typer.Option(metavar="LABEL", help="Permissible actions: red, amber, green or clear."),
]
Codes = Annotated[
    list[Code] | None,
    typer.Option(
        metavar="CODE", help="A handling code, H0 to H3; may be repeated.", case_sensitive=False
    ),
]
Caveats = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="A text that readers must observe; may be repeated."),
]
KindWord = Annotated[
    str,
    typer.Option(metavar="KIND", help=f"What a list or CSV holds: {', '.join(Kind)}, {AUTO}."),
]
Expires = Annotated[
    str | None,
    typer.Option(metavar="DATE", help="When it ends, UTC: 2026-12-31 or 2026-12-31T12:00:00Z."),
]


def read_kind(word: str) -> Kind | None:
    """The kind that a word means, None for `auto`; raises UsageError (`unknown-kind`)."""
    if word == AUTO:
        return None
    try:
        return Kind(word)
    except ValueError:
        raise UsageError(
            f"{word!r} is no kind", code="unknown-kind", advice=f"Use {AUTO} or {', '.join(Kind)}."
        ) from None


def read_expiry(word: str) -> Micros:
    """The instant that a date means; raises UsageError (`bad-timestamp`): no input is at fault."""
    try:
        return parse_time(word)
    except InputError as why:
        raise UsageError(why.message, code=why.code, advice=why.advice) from None
