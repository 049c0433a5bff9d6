"""`comity member`: this member's card, and the members known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from comity.cli.opening import opened
from comity.cli.options import Directory, Json, example, group
from comity.cli.output import Part, Table, give

if TYPE_CHECKING:
    from comity.model.member import Member
    from comity.node.acts.members import MemberEntry

__all__ = ["verb"]

verb = group("member", "This member's public card, and the members known here.")


@verb.command("show", epilog=example("comity member show north --json > north.json"))
def show(directory: Directory, *, as_json: Json = False) -> None:
    """Show this member's public card: give it to others, for their `comity peer add`."""
    from comity.node.acts.members import own_card

    with opened(directory) as node:
        card = own_card(node)
    give(card, as_json, lambda: _card(card))


def _card(card: Member) -> Iterator[Part]:
    yield f"{card.name} ({card.kind}, {card.country})"
    yield f"  id         {card.id}"
    yield f"  address    {card.url or 'none entered'}"
    for use, key in sorted(card.keys.items()):
        yield f"  {use + ' key':<9}  {key}"
    for point in card.focal_points:
        yield f"  {point.theme:<9}  {point.address}"


@verb.command("list", epilog=example("comity member list north"))
def list_(directory: Directory, *, as_json: Json = False) -> None:
    """List the members known here, our own among them."""
    from comity.node.acts.members import list_members

    with opened(directory) as node:
        members = list_members(node)
    give({"members": members}, as_json, lambda: _table(members))


def _table(members: Sequence[MemberEntry]) -> Iterator[Part]:
    yield Table(
        ("name", "kind", "country", "communities", "address", "token", "id"),
        [
            (
                one.card.name if one.known else f"{one.card.name} (seen through a peer only)",
                one.card.kind,
                one.card.country,
                ", ".join(one.communities),
                one.card.url or "",
                "yes" if one.has_token else "no",
                one.card.id,
            )
            for one in members
        ],
    )
