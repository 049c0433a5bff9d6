"""`comity collection`: the TAXII collections of this node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from comity.cli.opening import opened, settled
from comity.cli.options import Directory, Json, example, group
from comity.cli.output import Part, Table, give

if TYPE_CHECKING:
    from comity.node.acts.collections import CollectionEntry

__all__ = ["verb"]

verb = group("collection", "TAXII collections: our own, and copies of others'.")


class Access(StrEnum):
    """What users may do in a collection through TAXII."""

    READ = "read"
    WRITE = "write"
    BOTH = "both"


@verb.command("add", epilog=example("comity collection add north watch --community certs"))
def add(
    directory: Directory,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    *,
    community: Annotated[
        str | None,
        typer.Option(metavar="C", help="The community that what is shared in it goes to."),
    ] = None,
    theme: Annotated[
        str | None, typer.Option(metavar="T", help="The theme that it belongs to.")
    ] = None,
    access: Annotated[Access, typer.Option(help="What users may do through TAXII.")] = Access.BOTH,
    as_json: Json = False,
) -> None:
    """Add a collection of our own."""
    from comity.node.acts.collections import add_collection

    with settled(directory) as node:
        made = add_collection(node, name, community=community, theme=theme, access=access)
    give(made, as_json, lambda: [f"Added {name}, at {made.url}."])


@verb.command("list", epilog=example("comity collection list north"))
def list_(directory: Directory, *, as_json: Json = False) -> None:
    """List the collections: our own, and the copies of those that we pull."""
    from comity.node.acts.collections import list_collections
    from comity.node.acts.members import list_members

    with opened(directory) as node:
        collections = list_collections(node)
        names = {entry.card.id: entry.card.name for entry in list_members(node)}
    give({"collections": collections}, as_json, lambda: _table(collections, names))


def _table(collections: Sequence[CollectionEntry], names: Mapping[str, str]) -> Iterator[Part]:
    yield Table(
        ("name", "home", "community", "access", "id"),
        [
            (
                one.name,
                names.get(one.home, one.home),
                one.community or "",
                one.access,
                one.collection_id,
            )
            for one in collections
        ],
    )
