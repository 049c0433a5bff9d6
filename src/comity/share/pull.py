"""Pulling from a peer: what to ask for, and taking in one page with the cursor that goes with it.

A cursor is kept per peer and collection and moves in the transaction of its page, so a pull
that breaks off goes on where it stood, and repeating a page changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from comity.errors import InputError
from comity.holdings import Collection, Holdings, Peer
from comity.model.event import Event, EventKind
from comity.share.card import read_card
from comity.share.circumstances import Circumstances, Taken, Unread
from comity.share.receive import take
from comity.wire.checks import Parsed
from comity.wire.envelope import CollectionResource
from comity.wire.problem import Problem, problem_of

__all__ = ["Cursor", "mirror", "read_cursor", "take_cards", "take_page", "wanted"]


_LONGEST_NAME: Final = 200


class Cursor(msgspec.Struct, frozen=True):
    """Where a pull of one collection stands: `last` as the peer's header said it.

    `generation` is that of the peer's policy: where it rose, older objects may have become
    visible, and the pull starts again from the beginning.
    """

    last: str | None = None
    generation: int | None = None


def read_cursor(tx: Holdings, peer: str, collection: str) -> Cursor:
    """The cursor kept for a peer's collection; a fresh one if there is none."""
    text = tx.cursor(_name(peer, collection))
    return Cursor() if text is None else msgspec.json.decode(text, type=Cursor)


def _name(peer: str, collection: str) -> str:
    return f"pull {peer} {collection}"


def wanted(
    listed: Sequence[CollectionResource], ours: Sequence[Collection], self_id: str
) -> list[CollectionResource]:
    """What to pull of what a peer lists: all that we may read but what has its home here.

    An id that is none (TAXII asks for a UUID, some servers give other plain names) is passed over.
    """
    at_home = {collection.id for collection in ours if collection.home == self_id}
    return [
        one for one in listed if one.can_read and one.id not in at_home and _PLAIN_ID.match(one.id)
    ]


_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")


def mirror(tx: Holdings, remote: CollectionResource, peer: str) -> tuple[Collection, list[Event]]:
    """Our copy of a peer's collection, made at the first pull under the same id.

    Others read it here as they read it there, each object under its own terms; nobody writes
    into a copy. A name that is taken here gets the beginning of the id beside it.
    """
    existing = {collection.id: collection for collection in tx.collections()}
    if remote.id in existing:
        return existing[remote.id], []
    names = {collection.name for collection in existing.values()}
    title = "".join(c for c in remote.title if c.isprintable())[:_LONGEST_NAME] or remote.id
    name = title if title not in names else f"{title} ({remote.id[:8]})"
    made = Collection(id=remote.id, name=name, home=peer, access="read")
    tx.put_collection(made)
    return made, []


def take_page(
    tx: Holdings,
    objects: Sequence[Parsed | Unread],
    cursor: Cursor | None,
    peer: str,
    how: Circumstances,
) -> tuple[Taken, list[Event]]:
    """Take in a page or a part of it; the last part moves the cursor. Empty ones leave no event."""
    taken, events = take(tx, objects, how)
    if cursor is not None:
        tx.put_cursor(_name(peer, how.collection.id), msgspec.json.encode(cursor).decode())
    return taken, (events if objects else [])


def take_cards(
    tx: Holdings, cards: Sequence[Parsed], seen_through: str
) -> tuple[list[Problem], list[Event]]:
    """Pin the members whose cards a peer showed: known by key, not vouched for.

    Cards that cannot be read are named; the others are pinned all the same. A card never changes
    an entry that a person made with `peer add`, nor a key once pinned: a member that changed its
    key is entered again by a person, and `doctor` names it till then.
    """
    known = {peer.member.id for peer in tx.peers()}
    problems, events = [], []
    for one in cards:
        try:
            member = read_card(one.value)
        except InputError as why:
            problems.append(problem_of(why, where=one.where, subject=one.id))
            continue
        if member is None or member.id in known:
            continue
        tx.put_peer(Peer(member=member, known=False))
        known.add(member.id)
        events.append(
            Event(
                kind=EventKind.MEMBER_PINNED,
                actor=f"{seen_through}/node",
                subject=member.id,
                details={"keys": member.keys},
            )
        )
    return problems, events
