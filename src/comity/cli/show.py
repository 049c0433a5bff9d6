"""`comity show`: one object, whole, with its handling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
import typer

from comity.cli.handlings import handling_in_words
from comity.cli.opening import reader, settled
from comity.cli.options import As, Directory, Json, OnePurpose, TokenFile, example
from comity.cli.output import give

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(epilog=example("comity show north indicator--6f1c2f7e-..."))
def show(
    directory: Directory,
    object_id: Annotated[str, typer.Argument(metavar="ID", help="The object's STIX id.")],
    *,
    as_user: As = None,
    token_file: TokenFile = None,
    purpose: OnePurpose = None,
    as_json: Json = False,
) -> None:
    """Show one object, whole, with its handling.

    Of several versions it is the newest that you may read.
    """
    from comity.node.acts.find import show as act

    with settled(directory) as node:
        who = reader(node, as_user, token_file)
        answer = act(node, who, object_id, purpose=purpose).value
    give(answer, as_json, lambda: _words(answer))


def _words(answer: Mapping[str, Any]) -> Iterator[str]:
    yield f"{answer['id']}, version {answer['modified']}"
    yield handling_in_words(answer["handling"])
    yield ""
    yield msgspec.json.format(msgspec.json.encode(answer["object"]), indent=2).decode()
