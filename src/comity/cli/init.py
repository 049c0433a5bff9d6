"""`comity init`: make a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from comity.cli.options import Directory, Json, example
from comity.cli.output import give
from comity.model.member import MemberKind

if TYPE_CHECKING:
    from comity.node.acts.begin import Begun

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(
    epilog=example('comity init north --name "North CERT" --country CA --kind state'),
)
def init(
    directory: Directory,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The member's name, as others see it.")],
    country: Annotated[str, typer.Option(metavar="XX", help="Its country: ISO 3166 alpha-2.")],
    kind: Annotated[MemberKind, typer.Option(help="What kind of organisation it is.")],
    database: Annotated[
        str, typer.Option(metavar="URL", help="Another store than the SQLite file in DIR.")
    ] = "",
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where others will reach the node's server.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a node: directory, keys, store, first administrator.

    The administrator's token and password are written into a file that only you can read.
    """
    from comity.node.acts.begin import begin

    begun = begin(directory, name, country, kind, database=database, public_url=url)
    give(begun, as_json, lambda: _words(begun, name))


def _words(begun: Begun, name: str) -> Iterator[str]:
    yield f"Made the node of {name} in {begun.node}."
    yield f"  member id         {begun.member_id}"
    yield f"  key of its log    {begun.log_vkey}"
    yield f"  administrator     {begun.admin['user']}, secret in {begun.admin['secret_file']}"
    yield ""
    yield f"Next: comity collection add {begun.node} NAME, then comity serve {begun.node}"
