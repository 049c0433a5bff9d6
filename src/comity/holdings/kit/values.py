"""Made-up values for the checks: a few members, objects without meaning, all with fixed ids."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from comity.handling import (
    Admitted,
    Arrival,
    Channel,
    Facts,
    Grant,
    Handling,
    Policy,
    Reader,
    Standing,
    admit,
    grant,
)
from comity.holdings.protocol import Collection, Holdings, Query, Store, VersionFilter
from comity.model.marking import Tlp
from comity.model.member import Member, MemberKind
from comity.model.time import Micros
from comity.model.version import Version

__all__ = [
    "EVERY",
    "MEMBERS",
    "NOW",
    "US",
    "MakeStore",
    "admitted",
    "clear",
    "collection",
    "everything",
    "fresh",
    "grant_to",
    "member",
    "object_id",
    "only",
    "raises",
    "version",
]

MakeStore = Callable[[], Store]
"""Opens a new, empty store."""

NOW: Final = Micros(1_800_000_000_000_000)
EVERY: Final = VersionFilter(all=True)


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://kit.example/{text}"))


US: Final = _uuid("us")
MEMBERS: Final = tuple(_uuid(f"member {number}") for number in range(6))

_POLICY: Final = Policy(
    self_id=US,
    members={one: Standing(kind=MemberKind.STATE) for one in (US, *MEMBERS)},
)


def member(number: int) -> Member:
    """One of MEMBERS, with a card."""
    return Member(
        id=MEMBERS[number],
        name=f"Member {number}",
        country="ZZ",
        kind=MemberKind.BODY,
        keys={"log": f"key {number}"},
        issued="2026-01-01T00:00:00.000000Z",
    )


def collection(name: str = "first") -> Collection:
    """A collection of ours; its id follows from its name."""
    return Collection(id=_uuid(f"collection {name}"), name=name, home=US)


def object_id(number: int, kind: str = "indicator") -> str:
    """The id of made-up object `number`."""
    return f"{kind}--{_uuid(f'object {number}')}"


def version(
    number: int,
    modified: int = 0,
    *,
    kind: str = "indicator",
    content: str = "",
    spec_version: str = "2.1",
    refs: Iterable[tuple[str, str]] = (),
    terms: Iterable[str] = (),
) -> Version:
    """A version of object `number`; another `content` gives other bytes."""
    name = object_id(number, kind)
    raw = f'{{"id":"{name}","modified":{modified},"content":"{content}"}}'.encode()
    return Version(
        id=name,
        type=kind,
        modified=Micros(modified),
        spec_version=spec_version,
        raw=raw,
        sha256=hashlib.sha256(raw).digest(),
        refs=tuple(refs),
        terms=frozenset(terms),
    )


def clear() -> Handling:
    """TLP:CLEAR, from us."""
    return Handling(tlp=Tlp.CLEAR, originators=frozenset({US}))


def only(*recipients: str, caveat: str = "") -> Handling:
    """TLP:AMBER for these members alone; another `caveat` makes another handling."""
    return Handling(
        tlp=Tlp.AMBER,
        originators=frozenset({US}),
        recipients=frozenset(recipients),
        caveats=frozenset({caveat} if caveat else ()),
    )


def admitted(
    value: Version,
    handling: Handling | None = None,
    facts: Facts | None = None,
    sender: str = US,
) -> Admitted[Version]:
    """A version let in under a handling of ours (TLP:CLEAR if none is given) with these facts."""
    of = facts or Facts()
    arrival = Arrival(
        channel=Channel.OWN,
        sender=sender,
        options=handling or clear(),
        data_class=of.data_class,
        asked_expiry=of.expires_at,
        review_at=of.review_at,
        case_id=of.case_id,
    )
    return admit(value, arrival, _POLICY)


def grant_to(
    tx: Holdings, reader: str | None = US, *, now: Micros = NOW, cases: Iterable[str] = ()
) -> Grant:
    """What a member's program may read of the store, now."""
    who = Reader(member_id=reader, cases=frozenset(cases))
    return grant(who, None, now, _POLICY, tx.handlings())


def everything(tx: Holdings, of: Collection, *, reader: str = US) -> list[str]:
    """The slices of a collection, all versions, paged by 7."""
    given = grant_to(tx, reader)
    found: list[str] = []
    after = Micros(-1)
    while True:
        page = tx.iter_page(given, Query(collection=of.id, after=after, limit=7, version=EVERY))
        found += [(row.slice or b"").decode() for row in page.rows]
        if not page.more:
            return found
        after = page.rows[-1].date_added


@contextmanager
def fresh(make_store: MakeStore, *collections: Collection) -> Iterator[Store]:
    """A new store with these collections, closed at the end."""
    store = make_store()
    try:
        with store.write() as tx:
            for one in collections:
                tx.put_collection(one)
        yield store
    finally:
        store.close()


@contextmanager
def raises(kind: type[Exception]) -> Iterator[None]:
    """Fail unless the block raises this kind of error."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")
