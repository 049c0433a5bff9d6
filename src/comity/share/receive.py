"""One chunk of arriving objects: judged, admitted, labelled and kept, in one transaction.

Order in the collection: handling markings, labels, then the objects they speak for, so that a
reader who pages never meets an object before its terms.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import RefusedError
from comity.handling import (
    Admitted,
    Arrival,
    Channel,
    DataClass,
    Handling,
    Label,
    Reading,
    admit,
)
from comity.holdings import Held, Holdings
from comity.model import merkle
from comity.model.event import Event, EventKind
from comity.model.kind import CYBER, PERSONAL, Kind
from comity.model.time import Micros, format_time
from comity.model.version import Version
from comity.share.circumstances import Circumstances, Taken, Unread
from comity.share.labelling import Labels
from comity.share.markings import readings_of, take_terms
from comity.wire.checks import Parsed, same_content
from comity.wire.problem import Problem, problem_of
from comity.wire.remarks import remarks
from comity.wire.terms import search_terms

__all__ = ["CHUNK", "data_class_of", "take"]

CHUNK = 500
"""Objects a transaction takes: with a label for each it stays within the store's 1,000."""

Key = tuple[str, Micros]


def take(
    tx: Holdings, chunk: Sequence[Parsed | Unread], how: Circumstances
) -> tuple[Taken, list[Event]]:
    """Take in at most CHUNK objects; what became of them, and the event to journal.

    Nothing is raised for a single object: what is refused or in conflict is named in the
    problems, with the place it was read at, and the others are kept.
    """
    taken = Taken()
    objects = take_terms(tx, _readable(chunk, taken), how, taken)
    readings = readings_of(tx, objects, how)
    labels = Labels(tx, objects, how)
    held = tx.held(how.collection.id, [(one.id, one.modified) for one in objects])
    handlings = {row.key: row.handling for row in tx.handlings()}
    fresh: dict[Key, Admitted[Version]] = {}
    for one in objects:
        before = held.get((one.id, one.modified))
        under = None if before is None else handlings[before.handling]
        arrival = _arrival(one, readings, labels.over(one), under, how)
        _judge(tx, one, arrival, before, fresh, taken, how)
    span = _keep(tx, list(fresh.values()), labels, how)
    return taken, [_event(taken, list(fresh.values()), span, how)]


def _readable(chunk: Sequence[Parsed | Unread], taken: Taken) -> list[Parsed]:
    """The objects that could be read; the others are named, in their place."""
    good: list[Parsed] = []
    for one in chunk:
        if not isinstance(one, Unread):
            good.append(one)
            taken.problems += remarks(one)
        elif one.is_object:
            taken.refuse(one.problem)
        else:
            taken.problems.append(one.problem)
    return good


def _version_of(one: Parsed) -> Version:
    """What the store keeps of a checked object."""
    return Version(
        id=one.id,
        type=one.type,
        modified=one.modified,
        spec_version=one.spec_version,
        raw=one.raw,
        sha256=one.sha256,
        refs=one.refs,
        terms=search_terms(one),
    )


def _arrival(
    one: Parsed,
    readings: dict[str, Reading],
    over: list[tuple[Label, Handling]],
    held: Handling | None,
    how: Circumstances,
) -> Arrival:
    signal = one.signal
    expiries = [label.expires_at for label, _ in over]
    reviews = [label.review_at for label, _ in over]
    if signal is not None:
        expiries.append(signal.expires_at)
        reviews.append(signal.review_at)
    author = (one.created_by_ref or "").removeprefix("identity--")
    return Arrival(
        channel=how.channel,
        sender=how.sender,
        author=author if author in how.policy.members else None,
        readings=tuple(readings[ref] for ref in (*one.marking_refs, *one.granular_refs)),
        labels=tuple(over),
        options=how.options,
        asks_tlp=how.asks_tlp,
        held=held,
        community=how.collection.community,
        data_class=data_class_of(None if signal is None else signal.kind, one.individual),
        stated_expiry=_first(expiries),
        asked_expiry=how.expires_at,
        review_at=_first(reviews),
        case_id=how.case_id,
    )


def _first(instants: Sequence[Micros | None]) -> Micros | None:
    return min((at for at in instants if at is not None), default=None)


def data_class_of(kind: Kind | None, individual: bool = False) -> DataClass:
    """What the rules must know of an object's content: None is an object of no kind of ours."""
    if individual or kind in PERSONAL:
        return DataClass.PERSONAL
    return DataClass.CYBER if kind is None or kind in CYBER else DataClass.OTHER


def _judge(
    tx: Holdings,
    one: Parsed,
    arrival: Arrival,
    held: Held | None,
    fresh: dict[Key, Admitted[Version]],
    taken: Taken,
    how: Circumstances,
) -> None:
    """Count one object, and put it among `fresh` if it is new or its terms have changed."""
    try:
        admitted = admit(_version_of(one), arrival, how.policy)
    except RefusedError as refusal:
        taken.refuse(problem_of(refusal, where=one.where, subject=one.id), one.modified)
        return
    key = (one.id, one.modified)
    before = fresh.get(key)
    sha256 = before.value.sha256 if before is not None else held.sha256 if held else None
    if sha256 is not None and sha256 != one.sha256:
        served = before.value.raw if before is not None else tx.raw(how.collection.id, *key)
        if served is None or not same_content(served, one.raw):
            _conflict(tx, one, admitted, taken, how)
            return
    _remark(one, admitted, arrival, taken)
    taken.stored.append(key)
    handling = admitted.terms.handling
    taken.handlings[handling] = taken.handlings.get(handling, 0) + 1
    if sha256 is None:
        taken.new += 1
        fresh[key] = admitted
        return
    taken.known += 1
    if held is not None and sha256 == one.sha256 and _tighter(admitted, arrival, held):
        fresh[key] = admitted


def _tighter(admitted: Admitted[Version], arrival: Arrival, held: Held) -> bool:
    """Whether a version that we hold comes again under other terms than we hold it under."""
    expires = admitted.terms.facts.expires_at
    sooner = expires is not None and (
        held.facts.expires_at is None or expires < held.facts.expires_at
    )
    return sooner or admitted.terms.handling != arrival.held


def _conflict(
    tx: Holdings, one: Parsed, admitted: Admitted[Version], taken: Taken, how: Circumstances
) -> None:
    taken.conflicts += 1
    tx.keep_conflict(how.collection.id, admitted, how.now)
    taken.fail(
        Problem(
            code="conflict",
            message=f"version {format_time(one.modified)} is held with other content; "
            "this one is kept apart, unserved, until its originator settles it",
            where=one.where,
            object=one.id,
        ),
        one.modified,
    )


def _remark(one: Parsed, admitted: Admitted[Version], arrival: Arrival, taken: Taken) -> None:
    """Tell the sender what the terms became, where that is not what it said."""
    for code, message in admitted.terms.remarks:
        # Our own default is what our own share command says in its answer, once for all.
        if code == "default-handling" and arrival.channel is not Channel.PUSHED:
            continue
        taken.problems.append(Problem(code=code, message=message, where=one.where, object=one.id))


def _keep(
    tx: Holdings, fresh: Sequence[Admitted[Version]], labels: Labels, how: Circumstances
) -> tuple[Micros, Micros] | None:
    """Put markings and labels before the objects that need them; the objects' own span."""
    if not fresh:
        return None
    before = [*_missing_markings(tx, fresh, how), *labels.needed(fresh)]
    for start in range(0, len(before), 1000):
        tx.put_many(how.collection.id, before[start : start + 1000], how.now)
    return tx.put_many(how.collection.id, fresh, how.now)


def _missing_markings(
    tx: Holdings, fresh: Sequence[Admitted[Version]], how: Circumstances
) -> list[Admitted[Version]]:
    """The marking of each handling among `fresh` that this collection does not hold yet."""
    wanted = {one.terms.handling: one for one in fresh}
    markings = [one.marking() for one in wanted.values()]
    there = tx.held(how.collection.id, [(m.value.id, m.value.modified) for m in markings])
    return [m for m in markings if (m.value.id, m.value.modified) not in there]


def _event(
    taken: Taken,
    fresh: Sequence[Admitted[Version]],
    span: tuple[Micros, Micros] | None,
    how: Circumstances,
) -> Event:
    """What is journalled of a chunk: counts, the span, and one root over what was kept.

    The root is a Merkle tree's, so that one object can later be shown to have been among them
    without showing the others.
    """
    kinds = {
        Channel.OWN: EventKind.SHARED,
        Channel.PUSHED: EventKind.RECEIVED,
        Channel.PULLED: EventKind.PULLED,
    }
    details: dict[str, object] = {"from": how.sender, **taken.counts()}
    if span is not None:
        leaves = [merkle.leaf_hash(_leaf(one.value)) for one in fresh]
        details |= {
            "first": format_time(span[0]),
            "last": format_time(span[1]),
            "root": merkle.root(leaves).hex(),
            "handlings": sorted(handling.id for handling in taken.handlings),
        }
    return Event(
        kind=kinds[how.channel], actor=how.actor, subject=how.collection.id, details=details
    )


def _leaf(one: Version) -> bytes:
    return f"{one.id}|{format_time(one.modified)}|{one.sha256.hex()}".encode()
