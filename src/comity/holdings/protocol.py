"""What this node keeps, as the one interface that every room above sees.

A `Store` opens transactions; a `Holdings` is one transaction. Either all of it is kept or
nothing. Nothing here knows an engine, and every engine passes the same kit (`holdings.kit`).
Ids of members, collections, users and agreements are text; handlings are keyed by small
integers that only mean something inside one store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import msgspec

from comity.handling import (
    Admitted,
    Cover,
    DataClass,
    Facts,
    Grant,
    Handling,
    HandlingRow,
    Page,
    Policy,
)
from comity.model.member import Agreement, Member, User
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.model.version import Version

__all__ = [
    "Collection",
    "Conflict",
    "Held",
    "Holdings",
    "JournalRow",
    "Lease",
    "Peer",
    "Query",
    "Store",
    "VersionFilter",
]


class Collection(msgspec.Struct, frozen=True, kw_only=True):
    """A TAXII collection. `home` is the member whose node it was made on; its id is a UUID.

    `access` is `read`, `write` or `both`: what users may do through TAXII.
    """

    id: str
    name: str
    home: str
    access: str = "both"
    community: str | None = None
    theme: str | None = None


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A member as this node knows it. `known` False: its card was only seen through a peer.

    `token` is the credential we present at its node: a secret, never shown.
    """

    member: Member
    communities: tuple[str, ...] = ()
    client_of: str | None = None
    token: str | None = None
    known: bool = True


class Held(NamedTuple):
    """What we have of one version in one collection."""

    sha256: bytes
    handling: int
    facts: Facts
    date_added: Micros


class Conflict(NamedTuple):
    """Another content under an id and version that we hold: kept, not served."""

    collection: str
    id: str
    modified: Micros
    sha256: bytes
    source: str
    at: Micros


class Lease(NamedTuple):
    """Which process has a single job to itself, and until when unless it renews it."""

    name: str
    holder: str
    expires_at: Micros


class VersionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """TAXII's `match[version]` (section 3.4.1): any of `all`, `first`, `last`, or exact versions.

    "First" and "last" are those among the versions that the reader may see.
    """

    all: bool = False
    first: bool = False
    last: bool = True
    exact: tuple[Micros, ...] = ()


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of a collection are asked for, in the collection's order.

    `after` is exclusive; empty tuples do not limit; `types` excludes nothing else. With
    `slices` False the bytes are not read (manifest, versions).
    """

    collection: str
    after: Micros = Micros(-1)
    limit: int = 1000
    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    spec_versions: tuple[str, ...] = ()
    version: VersionFilter = VersionFilter()
    slices: bool = True


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the journal keeps it: `payload` its JSON, `commitment` what the log holds."""

    at: Micros
    payload: bytes
    salt: bytes
    commitment: bytes


class Objects(Protocol):
    """Versions, entries, handlings, labels, conflicts."""

    def intern(self, handling: Handling, data_class: DataClass) -> int:
        """The key of a handling; the same pair has one key for ever."""

    def handlings(self) -> Sequence[HandlingRow]:
        """All interned handlings. A few hundred: engines may cache by what is in the store."""

    def handling(self, marking_id: str) -> Handling | None:
        """The interned handling whose marking-definition has this id."""

    def markings(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of the marking-definitions held among `ids`, from any collection."""

    def held(
        self, collection: str, versions: Sequence[tuple[str, Micros]]
    ) -> Mapping[tuple[str, Micros], Held]:
        """What the collection holds of these versions; absent ones are left out."""

    def raw(self, collection: str, object_id: str, modified: Micros) -> bytes | None:
        """The bytes served for one version, under no grant: for the gates, never for a face."""

    def newest(self, collection: str, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of the newest version held of each id, under no grant."""

    def put_many(
        self, collection: str, batch: Sequence[Admitted[Version]], now: Micros
    ) -> tuple[Micros, Micros] | None:
        """Append entries in the order given; at most 1,000; the (first, last) `date_added`.

        `date_added` strictly increases per collection in commit order: the collection's clock
        row is advanced first and stays locked to commit. A version that the collection holds
        with the same bytes moves to the end under its new terms; one with other bytes raises
        ConflictError. None for an empty batch.
        """

    def keep_conflict(self, collection: str, other: Admitted[Version], now: Micros) -> bool:
        """Keep another content of a version held, unserved; False if it was kept already."""

    def conflicts(self, collection: str | None = None) -> Sequence[Conflict]:
        """What waits for its originator to settle it, oldest first."""

    def put_labels(self, labels: Sequence[tuple[Version, Sequence[Cover]]]) -> None:
        """Remember labels and what each covers; they are served once `put_many` enters them."""

    def labels(self, covers: Sequence[Cover]) -> Mapping[Cover, Sequence[Version]]:
        """The labels remembered over exactly these versions, oldest first."""

    def unserved_labels(self, limit: int) -> Sequence[Version]:
        """Labels remembered that stand in no collection, oldest first.

        Those over objects that are not held, and those that nobody vouches for.
        """

    def iter_page(self, grant: Grant, query: Query) -> Page:
        """One page of what the grant opens, in the collection's order.

        Adds the per-object rules: unexpired, and of no case or one of the reader's. Two access
        paths by row counts: the collection's order filtered, or the handlings' own orders
        merged. Two granted rows of one page are never of the same date_added. A page may hold
        fewer rows than `limit` although more follow, when its slices are large: go by `more`.
        """

    def facts(self, object_id: str) -> Sequence[tuple[str, Micros, HandlingRow, Facts]]:
        """Every entry of an object, newest version first: (collection, version, terms, facts)."""

    def search(self, grant: Grant, terms: Sequence[str], limit: int) -> Page:
        """The newest entries, over all collections, that have all `terms` and that it opens."""

    def delete(self, collection: str, versions: Sequence[tuple[str, Micros]]) -> int:
        """Remove entries of a collection (TAXII DELETE); how many there were."""

    def counts(self, collection: str) -> Mapping[int, int]:
        """How many entries each handling has in a collection."""


class Registry(Protocol):
    """Members, users, agreements, collections: what the policy is made of."""

    def generation(self) -> int:
        """Rises with every change of members, users, agreements or collections."""

    def policy(self) -> Policy:
        """The snapshot that decisions are made on."""

    def put_setting(self, name: str, value: str) -> None:
        """Keep one value that belongs to the node as a whole, its own member id above all."""

    def setting(self, name: str) -> str | None:
        """What `put_setting` kept under a name."""

    def put_peer(self, peer: Peer) -> None:
        """Add a member or change its entry; the node's own member is one, too."""

    def peers(self) -> Sequence[Peer]:
        """All members known, pinned ones and our own included, by name."""

    def put_user(self, user: User, token_hash: bytes, password_hash: bytes) -> None:
        """Add a user; raises ConflictError where the name is taken."""

    def users(self) -> Sequence[User]:
        """All users, by name."""

    def user_by_token(self, token_hash: bytes) -> User | None:
        """Whose bearer token this is (SHA-256 of it)."""

    def user_by_password(self, name: str, password_hash: bytes) -> User | None:
        """Whose generated password this is (SHA-256 of it)."""

    def put_agreement(self, agreement: Agreement) -> None:
        """Add an agreement or change it."""

    def agreements(self) -> Sequence[Agreement]:
        """All agreements, by name."""

    def put_collection(self, collection: Collection) -> None:
        """Add a collection; raises ConflictError where name or id is taken."""

    def collections(self) -> Sequence[Collection]:
        """All collections, by name."""

    def purposes_of(self, name: str) -> tuple[Purpose, ...]:
        """The purposes that a user's credential holds; empty for an unknown name."""


class Journal(Protocol):
    """Events in the order of their commit, and the log that is computed from them."""

    def append_journal(self, rows: Sequence[JournalRow]) -> int:
        """Append; the index of the first. Taken last in a transaction: its clock row is hot."""

    def journal_size(self) -> int:
        """How many rows have been appended."""

    def journal_rows(self, first: int, count: int) -> Sequence[tuple[int, JournalRow]]:
        """Rows with their index, from `first` on."""

    def journal_commitments(self, first: int, count: int) -> list[bytes]:
        """The commitments of rows `first` to `first + count - 1`, as far as they exist."""

    def tile(self, level: int, index: int) -> bytes | None:
        """The tile of the log last put in this place: 32 to 8,192 bytes."""

    def put_tiles(self, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        """Store tiles (level, index, 32 to 8,192 bytes); each replaces what stands in its place."""

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        """The newest checkpoint, or the one of a size: (size, note)."""

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Store a checkpoint; the same size again replaces its note (cosignatures)."""


class Jobs(Protocol):
    """Single jobs under leases, cursors of long work, statuses of requests."""

    def acquire_lease(self, name: str, holder: str, now: Micros, seconds: int) -> int | None:
        """Take or renew a lease: its fencing number, or None while another live holder has it.

        `holder` names a process (host boot id, pid, start time); a holder on this machine that
        no longer runs loses the lease at once, any other when its time is over.
        """

    def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens where somebody else has it."""

    def leases(self) -> Sequence[Lease]:
        """The leases that were taken and not given back, by name."""

    def cursor(self, name: str) -> str | None:
        """Where long work stands."""

    def put_cursor(self, name: str, value: str) -> None:
        """Remember where long work stands."""

    def put_status(self, status_id: str, at: Micros, document: bytes) -> None:
        """Keep the status of a request (TAXII 2.1, section 4.3)."""

    def status(self, status_id: str) -> bytes | None:
        """The status document kept under an id."""


class Holdings(Objects, Registry, Journal, Jobs, Protocol):
    """One transaction on what this node keeps."""


class Store(Protocol):
    """Opens transactions; one for each process, safe to use from many threads."""

    def read(self) -> AbstractContextManager[Holdings]:
        """A transaction that sees one committed state and writes nothing."""

    def write(self) -> AbstractContextManager[Holdings]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises BusyError when the store stays locked for 30 seconds.
        """

    def close(self) -> None:
        """Give back all connections."""
