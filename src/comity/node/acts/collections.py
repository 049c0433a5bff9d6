"""Collections: adding them, naming them, who may read or write through them."""

from __future__ import annotations

import uuid
from typing import Final

import msgspec

from comity.errors import NotFoundError, UsageError
from comity.holdings import Collection, Holdings
from comity.model.event import Event, EventKind
from comity.model.member import Role, User
from comity.node.wiring import Node

__all__ = [
    "CollectionEntry",
    "add_collection",
    "can_read",
    "can_write",
    "collection_named",
    "collection_path",
    "list_collections",
]

ACCESS: Final = ("read", "write", "both")
_WRITERS: Final = frozenset({Role.ANALYST, Role.RELEASER, Role.ADMIN})


class CollectionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A collection as a command or the API lists it; `home` is the member it belongs to.

    `url` is absolute where the node has a public address, else a path below the server.
    """

    collection_id: str
    url: str
    name: str
    home: str
    access: str
    community: str | None = None
    theme: str | None = None

    @classmethod
    def of(cls, node: Node, collection: Collection) -> CollectionEntry:
        """The entry of a collection of this node or of a copy that it holds."""
        return cls(
            collection_id=collection.id,
            url=node.settings.public_url.rstrip("/") + collection_path(collection),
            name=collection.name,
            home=collection.home,
            access=collection.access,
            community=collection.community,
            theme=collection.theme,
        )


def list_collections(node: Node) -> list[CollectionEntry]:
    """All collections, copies of other members' included, by name."""
    with node.store.read() as tx:
        return [CollectionEntry.of(node, one) for one in tx.collections()]


def add_collection(
    node: Node,
    name: str,
    *,
    community: str | None = None,
    theme: str | None = None,
    access: str = "both",
    actor: str | None = None,
) -> CollectionEntry:
    """Add a collection of our own; raises ConflictError where the name is taken.

    `actor` is who does it, the operator by default.
    """
    if not name.strip() or len(name) > 200:
        raise UsageError("a collection needs a name of at most 200 characters", code="bad-name")
    if access not in ACCESS:
        raise UsageError(f"{access!r} is no access", advice="Use read, write or both.")
    collection = Collection(
        id=str(uuid.UUID(bytes=node.random(16), version=4)),
        name=name,
        home=node.member_id,
        access=access,
        community=community,
        theme=theme,
    )

    def step(tx: Holdings) -> tuple[None, list[Event]]:
        tx.put_collection(collection)
        details: dict[str, object] = {"name": name, "access": access, "community": community}
        return None, [
            Event(
                kind=EventKind.COLLECTION_ADDED,
                actor=actor or node.operator,
                subject=collection.id,
                details=details,
            )
        ]

    node.act(step)
    return CollectionEntry.of(node, collection)


def collection_named(tx: Holdings, name: str) -> Collection:
    """A collection by id or by name; raises NotFoundError.

    Ids go first: the name of a copy is its home's choice, and may be another one's id.
    """
    known = tx.collections()
    by_id = {one.id: one for one in known}
    by_name = {one.name: one for one in known}
    found = by_id.get(name) or by_name.get(name)
    if found is None:
        raise NotFoundError(
            f"there is no collection {name[:80]!r}",
            code="unknown-collection",
            advice="Add it with `comity collection add DIR NAME`.",
        )
    return found


def collection_path(collection: Collection) -> str:
    """Where a server serves it, below its own address."""
    return f"/taxii2/api/collections/{collection.id}/"


def can_read(collection: Collection) -> bool:
    """Whether reading through TAXII is open at all; what is read is for the rules to say."""
    return collection.access in ("read", "both")


def can_write(collection: Collection, user: User, self_id: str) -> bool:
    """Whether this user may add and delete: open collection of our own, and a role that shares."""
    open_ = collection.access in ("write", "both") and collection.home == self_id
    return open_ and user.role in _WRITERS
