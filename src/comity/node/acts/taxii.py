"""TAXII requests of a signed-in user, from parameters to what a face sends."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from comity.errors import NotAllowedError, NotFoundError
from comity.handling import Channel, Page, Reader, Released
from comity.holdings import Collection, Holdings, Query
from comity.model.event import Event, EventKind
from comity.model.ids import is_stix_id
from comity.model.member import User
from comity.model.purpose import Purpose
from comity.node.acts.collections import can_read, can_write, collection_named
from comity.node.acts.people import purpose_for, reader_of
from comity.node.acts.reading import ReadJournal, actor_of
from comity.node.flow import Arriving, Sharing, give, markings_in, read, receive
from comity.node.wiring import Node
from comity.share import taxii
from comity.share.circumstances import Unread
from comity.share.receive import take

__all__ = ["Answer", "Taxii"]

Params = Mapping[str, Sequence[str]]


class Answer(msgspec.Struct, frozen=True):
    """The released bytes of a response and the headers that go with them."""

    body: Released[bytes]
    headers: dict[str, str]


class Taxii:
    """The requests that a TAXII 2.1 API root answers, for one process of a server.

    Every method takes the user who proved who it is. NotFoundError and NotAllowedError mean 404
    and 403, InputError 400; an object that is absent, deleted or withheld is the same 404.
    """

    def __init__(self, node: Node) -> None:
        self._node: Final = node
        self._reads: Final = ReadJournal(node)

    def collections(self, user: User) -> list[dict[str, object]]:
        """All collections, as section 5.1 of TAXII 2.1 lists them."""
        with self._node.store.read() as tx:
            return [self._document(one, user) for one in tx.collections()]

    def collection(self, user: User, collection_id: str) -> dict[str, object]:
        """One collection (section 5.2)."""
        return self._document(self._collection(collection_id), user)

    def objects(
        self,
        user: User,
        collection_id: str,
        params: Params,
        *,
        purpose: Purpose | None = None,
        tell_generation: bool = False,
    ) -> Answer:
        """Objects of a collection (section 5.4).

        Whom the generation is told is a node that pulls, and reads as a program whoever's
        credential it holds: what named persons alone may have is read here, it does not travel.
        """
        query = taxii.read_query(self._readable(collection_id).id, params)
        reader = reader_of(user)
        if not tell_generation:
            return self._answer(reader, purpose, query, taxii.envelope)
        puller, generation = msgspec.structs.replace(reader, program=True), self._generation()
        return self._answer(puller, purpose, query, lambda page: taxii.envelope(page, generation))

    def by_id(
        self,
        user: User,
        collection_id: str,
        object_id: str,
        params: Params,
        *,
        purpose: Purpose | None = None,
    ) -> Answer:
        """One object by id (section 5.6)."""
        query = self._by_id(collection_id, object_id, params)
        return self._existing(reader_of(user), purpose, query, taxii.envelope)

    def manifest(
        self, user: User, collection_id: str, params: Params, *, purpose: Purpose | None = None
    ) -> Answer:
        """What a collection holds, without the objects themselves (section 5.3)."""
        query = taxii.read_query(self._readable(collection_id).id, params)
        query = msgspec.structs.replace(query, slices=False)
        return self._answer(reader_of(user), purpose, query, taxii.manifest)

    def versions(
        self,
        user: User,
        collection_id: str,
        object_id: str,
        params: Params,
        *,
        purpose: Purpose | None = None,
    ) -> Answer:
        """The versions of one object (section 5.8)."""
        query = taxii.all_versions(self._by_id(collection_id, object_id, params))
        return self._existing(reader_of(user), purpose, query, taxii.versions)

    def add(self, user: User, collection_id: str, body: bytes) -> dict[str, object]:
        """Take in an envelope (section 5.5); the status document, already complete."""
        collection = self._writable(user, collection_id)
        node, requested = self._node, self._node.now()
        sharing = Sharing(
            collection=collection,
            channel=Channel.OWN if user.member_id == node.member_id else Channel.PUSHED,
            sender=user.member_id,
            actor=actor_of(reader_of(user)),
            markings=markings_in(body, "request"),
        )
        arriving = _each_told(read(body, "request"))
        taken = receive(node, arriving, sharing, take, each=True)
        status_id = str(uuid.UUID(bytes=node.random(16), version=4))
        status = taxii.status_document(status_id, taken, requested)

        def keep(tx: Holdings) -> tuple[None, list[Event]]:
            document = msgspec.json.encode({"user": user.name, "status": status})
            tx.put_status(status_id, requested, document)
            return None, []

        node.act(keep)
        return status

    def status(self, user: User, status_id: str) -> dict[str, object]:
        """The status of a request (section 4.3), for the user who made it."""
        with self._node.store.read() as tx:
            kept = tx.status(status_id)
        found = None if kept is None else msgspec.json.decode(kept, type=_Kept)
        if found is None or found.user != user.name:
            raise NotFoundError(f"there is no status {status_id[:60]!r}")
        return found.status

    def delete(
        self,
        user: User,
        collection_id: str,
        object_id: str,
        params: Params,
        *,
        purpose: Purpose | None = None,
    ) -> None:
        """Delete an object or some versions of it (section 5.7): its originator's alone."""
        collection = self._writable(user, collection_id)
        query = self._by_id(collection.id, object_id, params)
        if "match[version]" not in params:
            query = taxii.all_versions(query)
        page = self._existing_page(reader_of(user), purpose, query).value
        versions = [(row.id, row.modified) for row in page.rows]

        def step(tx: Holdings) -> tuple[None, list[Event]]:
            owners = {row.key: row.handling.originators for row in tx.handlings()}
            if not all(user.member_id in owners[row.handling] for row in page.rows):
                raise NotAllowedError(
                    "only its originator withdraws an object",
                    code="not-originator",
                    advice="Ask the originator to recall it.",
                )
            count = tx.delete(collection.id, versions)
            details: dict[str, object] = {"collection": collection.id, "versions": count}
            return None, [
                Event(
                    kind=EventKind.DELETED,
                    actor=actor_of(reader_of(user)),
                    subject=object_id,
                    details=details,
                )
            ]

        self._node.act(step)

    def _existing(
        self,
        reader: Reader,
        purpose: Purpose | None,
        query: Query,
        write: Callable[[Page], bytes],
    ) -> Answer:
        released = self._existing_page(reader, purpose, query)
        return Answer(released.derive(write), taxii.date_headers(released, query.after))

    def _existing_page(
        self, reader: Reader, purpose: Purpose | None, query: Query
    ) -> Released[Page]:
        """A page of an object that is there for this reader; else the one 404."""
        released = self._page(reader, purpose, query)
        if not released.value.rows and not self._is_there(released, query):
            raise NotFoundError("there is no such object here", code="no-object")
        return released

    def _is_there(self, released: Released[Page], query: Query) -> bool:
        """Whether only the request's own filters emptied the page."""
        bare = Query(collection=query.collection, ids=query.ids, limit=1, slices=False)
        given = released.grant
        return bool(give(self._node, given.reader, given.purpose, bare).value.rows)

    def _answer(
        self,
        reader: Reader,
        purpose: Purpose | None,
        query: Query,
        write: Callable[[Page], bytes],
    ) -> Answer:
        released = self._page(reader, purpose, query)
        return Answer(released.derive(write), taxii.date_headers(released, query.after))

    def _page(self, reader: Reader, purpose: Purpose | None, query: Query) -> Released[Page]:
        released = give(self._node, reader, purpose_for(reader, purpose), query)
        self._reads.note_page(released, query.collection)
        return released

    def _by_id(self, collection_id: str, object_id: str, params: Params) -> Query:
        collection = self._readable(collection_id)
        if not is_stix_id(object_id):
            raise NotFoundError("there is no such object here", code="no-object")
        return taxii.read_query(collection.id, params, ids=(object_id,))

    def _document(self, collection: Collection, user: User) -> dict[str, object]:
        return taxii.collection_document(
            collection,
            can_read=can_read(collection),
            can_write=can_write(collection, user, self._node.member_id),
        )

    def _collection(self, collection_id: str) -> Collection:
        with self._node.store.read() as tx:
            return collection_named(tx, collection_id)

    def _readable(self, collection_id: str) -> Collection:
        collection = self._collection(collection_id)
        if not can_read(collection):
            raise NotAllowedError("this collection is not open for reading", code="not-readable")
        return collection

    def _writable(self, user: User, collection_id: str) -> Collection:
        collection = self._collection(collection_id)
        if not can_write(collection, user, self._node.member_id):
            if not can_read(collection):
                # Section 5.7 asks for this of a collection that is closed both ways.
                raise NotFoundError("no such collection is open here", code="unknown-collection")
            raise NotAllowedError(
                "this credential may not write into this collection", code="not-writable"
            )
        return collection

    def _generation(self) -> int:
        with self._node.store.read() as tx:
            return tx.generation()


def _each_told(arriving: Iterable[Arriving]) -> Iterator[Arriving]:
    """Whatever cannot be read of an envelope is one of its objects, and its sender is told."""
    for one in arriving:
        yield one._replace(is_object=True) if isinstance(one, Unread) else one


class _Kept(msgspec.Struct, frozen=True):
    user: str
    status: dict[str, object]
