"""Pulling from peers over TAXII: every collection they let us read, page by page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec

from comity.errors import ComityError, UsageError
from comity.handling import Channel, Reading
from comity.holdings import Holdings, Peer
from comity.model.event import Event
from comity.node.acts.cards import publish_cards
from comity.node.acts.members import member_named
from comity.node.flow import Arriving, Sharing, circumstances, markings_in, read
from comity.node.wiring import Node
from comity.share.card import cards_collection
from comity.share.circumstances import Taken, Unread
from comity.share.client import Client, ClientPage
from comity.share.markings import remember
from comity.share.pull import Cursor, mirror, read_cursor, take_cards, take_page, wanted
from comity.share.receive import CHUNK
from comity.wire.envelope import CollectionResource

__all__ = ["Pulled", "sync"]


class Pulled(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What came from one member. `error` is set where the pull broke off; what came stays."""

    member: str
    name: str
    new: int = 0
    known: int = 0
    refused: int = 0
    recalled: int = 0
    conflicts: int = 0
    problems: list[dict[str, str]] = []
    error: dict[str, str] | None = None

    def add(self, taken: Taken) -> None:
        """Add what became of a page."""
        self.new += taken.new
        self.known += taken.known
        self.refused += taken.refused
        self.conflicts += taken.conflicts
        self.problems += msgspec.to_builtins(taken.problems)


def sync(
    node: Node,
    member: str | None = None,
    *,
    full: bool = False,
    told: Callable[[Pulled], None] = lambda _: None,
) -> list[Pulled]:
    """Pull from one member, or from all who gave us a credential; one that fails hinders no other.

    Raises NotFoundError for a member not known, UsageError for one without an address.
    """
    pulled = [_pull(node, peer, full, told) for peer in _sources(node, member)]
    publish_cards(node)
    return pulled


def _sources(node: Node, member: str | None) -> list[Peer]:
    with node.store.read() as tx:
        if member is None:
            return [peer for peer in tx.peers() if peer.known and peer.member.url and peer.token]
        peer = member_named(tx, member)
    if peer.member.url is None or not peer.known:
        raise UsageError(
            f"no address is entered for {peer.member.name}",
            code="no-address",
            advice="Enter it with `comity peer add DIR URL --member FILE`.",
        )
    return [peer]


def _pull(node: Node, peer: Peer, full: bool, told: Callable[[Pulled], None]) -> Pulled:
    pulled = Pulled(member=peer.member.id, name=peer.member.name)
    try:
        with Client(node.connect(), peer.member.url or "", peer.token) as client:
            _Pull(node, client, peer, pulled, told).run(full)
    except ComityError as why:
        pulled.error = why.as_dict()
    return pulled


class _Pull:
    """One pull from one member under way."""

    def __init__(
        self,
        node: Node,
        client: Client,
        peer: Peer,
        pulled: Pulled,
        told: Callable[[Pulled], None],
    ) -> None:
        self._node: Final = node
        self._client: Final = client
        self._member: Final = peer.member.id
        self._pulled: Final = pulled
        self._told: Final = told
        self._root: Final = client.api_root()

    def run(self, full: bool) -> None:
        """Pin the cards that the peer serves, then pull each collection it lets us read."""
        listed = self._client.collections(self._root)
        cards = cards_collection(self._member)
        if cards in {one.id for one in listed}:
            self._pin(cards)
        with self._node.store.read() as tx:
            chosen = wanted(listed, tx.collections(), self._node.member_id)
        for remote in chosen:
            if remote.id != cards:
                self._collection(remote, full)

    def _pin(self, collection: str) -> None:
        """Keep members' keys, so that the labels which follow can be verified."""
        for page in self._client.pages(self._root, collection, None):
            objects = read(page.envelope, "cards")
            cards = [one for one in objects if not isinstance(one, Unread)]
            problems = self._node.act(partial(take_cards, cards=cards, seen_through=self._member))
            self._pulled.problems += msgspec.to_builtins(problems)

    def _collection(self, remote: CollectionResource, full: bool) -> None:
        """Every page after the cursor; from the start where the peer's policy has changed.

        What was closed to us may then be open, anywhere behind us.
        """
        with self._node.store.read() as tx:
            cursor = Cursor() if full else read_cursor(tx, self._member, remote.id)
        sharing = self._sharing(remote, cursor)
        for page in self._client.pages(self._root, remote.id, cursor.last):
            if cursor.last is not None and page.generation != cursor.generation:
                self._collection(remote, full=True)
                return
            cursor = Cursor(page.last or cursor.last, page.generation)
            self._page(page, cursor, sharing)
            self._told(self._pulled)

    def _sharing(self, remote: CollectionResource, cursor: Cursor) -> Sharing:
        """Our copy of the collection, and the markings that its new objects may name."""
        node = self._node
        collection = node.act(lambda tx: mirror(tx, remote, self._member))
        markings: dict[str, Reading] = {}
        for page in self._client.pages(self._root, remote.id, cursor.last, "marking-definition"):
            for reading in markings_in(page.envelope).values():
                remember(markings, reading)
        return Sharing(
            collection=collection,
            channel=Channel.PULLED,
            sender=self._member,
            actor=f"{node.member_id}/node",
            markings=markings,
        )

    def _page(self, page: ClientPage, cursor: Cursor, sharing: Sharing) -> None:
        """Take a page in, a chunk a transaction; the cursor moves with the last of them."""
        objects = list(read(page.envelope, "page"))
        parts = [objects[i : i + CHUNK] for i in range(0, len(objects), CHUNK)] or [[]]
        for number, part in enumerate(parts, start=1):
            moved = cursor if number == len(parts) else None
            self._pulled.add(self._node.act(partial(self._part, part, moved, sharing)))

    def _part(
        self, part: list[Arriving], moved: Cursor | None, sharing: Sharing, tx: Holdings
    ) -> tuple[Taken, list[Event]]:
        how = circumstances(self._node, tx, sharing)
        return take_page(tx, part, moved, self._member, how)
