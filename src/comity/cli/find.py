"""`comity find`: what is known of a value or of some words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from comity.cli.handlings import handling_in_words
from comity.cli.opening import reader, settled
from comity.cli.options import As, Directory, Json, OnePurpose, TokenFile, example
from comity.cli.output import Part, Table, give

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(
    epilog=example(
        "comity find north malware.example",
        "comity find north loader campaign --as jo --token-file jo.token",
    ),
)
def find(
    directory: Directory,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="VALUE|WORDS", help="A value, an object's id, or words.", show_default=False
        ),
    ],
    *,
    as_user: As = None,
    token_file: TokenFile = None,
    purpose: OnePurpose = None,
    case: Annotated[
        str | None,
        typer.Option(help="The case or screening programme in which you ask.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what is known of a value or of some words.

    The newest comes first, each with its handling. Without --as it is what this member may read
    as an organisation, so nothing TLP:RED.
    """
    from comity.node.acts.find import find as act

    with settled(directory) as node:
        who = reader(node, as_user, token_file)
        answer = act(node, who, " ".join(words), purpose=purpose, case=case).value
    give(answer, as_json, lambda: _table(answer["found"]))


def _table(found: Sequence[Mapping[str, Any]]) -> Iterator[Part]:
    if not found:
        yield "Nothing that you may read."
        return
    yield Table(
        ("id", "what", "handling"),
        [(one["id"], _title(one["object"]), handling_in_words(one["handling"])) for one in found],
    )


def _title(document: Mapping[str, Any]) -> str:
    """What an object is called, or what it says, in its own words."""
    for field in ("name", "value", "pattern", "description"):
        if isinstance(document.get(field), str):
            return str(document[field])[:100]
    return str(document.get("type", ""))
