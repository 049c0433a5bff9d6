"""`comity peer`: make other members known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from comity.cli.opening import secret_in, settled
from comity.cli.options import Directory, Json, example, group
from comity.cli.output import give
from comity.errors import UsageError

__all__ = ["verb"]

verb = group("peer", "Other members: who they are, where their nodes answer.")


@verb.command(
    "add",
    epilog=example(
        "comity peer add south http://127.0.0.1:8701 --member north.json --token-file token.txt",
    ),
)
def add(
    directory: Directory,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where its node answers.")],
    *,
    member: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Its card: what its `comity member show --json` prints."),
    ],
    token: Annotated[
        str | None,
        typer.Option(metavar="T", help="The token that it made for us. Others may see arguments."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file that holds the token.")
    ] = None,
    community: Annotated[
        list[str] | None,
        typer.Option(metavar="C", help="A community it belongs to, in our eyes; may be repeated."),
    ] = None,
    client_of: Annotated[
        str | None, typer.Option(metavar="MEMBER", help="The member whose client it is.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make another member known, or change its entry; its node need not answer now.

    A token that is not given anew is kept.
    """
    from comity.node.acts.members import add_peer, read_card_file

    if token is not None and token_file is not None:
        raise UsageError("give --token or --token-file, not both")
    if token_file is not None:
        token = secret_in(token_file)
    with settled(directory) as node:
        entry = add_peer(
            node,
            url,
            read_card_file(member),
            token=token,
            communities=tuple(community or ()),
            client_of=client_of,
        )
    answer = {"member_id": entry.card.id, "name": entry.card.name}

    def words() -> Iterator[str]:
        yield f"{entry.card.name} is known, at {url}."
        if not entry.has_token:
            yield "  Without a token of theirs `comity sync` passes them over."

    give(answer, as_json, words)
