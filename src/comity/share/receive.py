"""One chunk of arriving objects: judged, admitted, labelled and kept, in one transaction.

Order in the collection: handling markings, labels, then the objects they speak for, so that a
reader who pages never meets an object before its terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from comity.errors import RefusedError
from comity.handling import Admission, Admitted, Channel
from comity.holdings import Held, Holdings
from comity.model import merkle
from comity.model.event import Event, EventKind
from comity.model.time import Micros, format_time
from comity.model.version import Version
from comity.share.arrivals import Arrivals
from comity.share.circumstances import Circumstances, Taken, Unread
from comity.share.markings import take_terms, version_of
from comity.wire.checks import Parsed, check, same_content
from comity.wire.problem import Problem, problem_of
from comity.wire.remarks import remarks
from comity.wire.stix import Slice
from comity.wire.terms import search_terms

__all__ = ["CHUNK", "readable", "take", "take_checked"]

CHUNK: Final = 500
"""Objects a transaction takes: with a label for each it stays within the store's 1,000."""

_MOST: Final = 1000
_EVENTS: Final = {
    Channel.OWN: EventKind.SHARED,
    Channel.PUSHED: EventKind.RECEIVED,
    Channel.PULLED: EventKind.PULLED,
}


def take(
    tx: Holdings, chunk: Sequence[Parsed | Unread], how: Circumstances
) -> tuple[Taken, list[Event]]:
    """Take in at most CHUNK objects; what became of them, and the event to journal.

    Nothing is raised for a single object: what is refused or in conflict is named in the
    problems, with the place it was read at, and the others are kept.
    """
    taken = Taken()
    objects = readable(chunk, taken)
    for one in objects:
        taken.problems += remarks(one)
    return take_checked(tx, objects, how, taken)


def take_checked(
    tx: Holdings, checked: Sequence[Parsed], how: Circumstances, taken: Taken
) -> tuple[Taken, list[Event]]:
    """The same for objects on which nothing is to be remarked, such as those made here."""
    objects = take_terms(tx, checked, how, taken)
    intake = _Intake(tx, Arrivals(tx, objects, how), how, taken)
    held = tx.held(how.collection.id, [(one.id, one.modified) for one in objects])
    for one in objects:
        intake.receive(one, held.get((one.id, one.modified)))
    return taken, [intake.keep()]


def readable(chunk: Sequence[Parsed | Unread], taken: Taken) -> list[Parsed]:
    """The objects that could be read; the others are named, in their place."""
    good: list[Parsed] = []
    for one in chunk:
        if not isinstance(one, Unread):
            good.append(one)
        elif one.is_object:
            taken.refuse(one.problem)
        else:
            taken.problems.append(one.problem)
    return good


class _Intake:
    """One chunk on its way in: what became of each object, and what is to be put."""

    def __init__(self, tx: Holdings, arrivals: Arrivals, how: Circumstances, taken: Taken) -> None:
        self._tx: Final = tx
        self._arrivals: Final = arrivals
        self._how: Final = how
        self._taken: Final = taken
        self._fresh: Final[dict[tuple[str, Micros], Admitted[Version]]] = {}

    def receive(self, one: Parsed, held: Held | None) -> None:
        """Count one object, and put it among the fresh if it, or its terms, are new."""
        taken = self._taken
        key = (one.id, one.modified)
        before = self._fresh[key].value.sha256 if key in self._fresh else held and held.sha256
        try:
            admission = self._arrivals.judge(one, held)
            if before and before != one.sha256:
                served = self._served(one)
                if served is None:
                    return self._conflict(one, admission)
                # The same in other bytes: terms are of the bytes that are served.
                one, admission = served, self._arrivals.judge(served, held)
        except RefusedError as refusal:
            problem = problem_of(refusal, where=one.where, subject=one.id)
            return taken.refuse(problem, one.modified)
        self._remark(one, admission)
        taken.stored.append(key)
        handling = admission.terms.handling
        taken.handlings[handling] = taken.handlings.get(handling, 0) + 1
        if not before:
            taken.new += 1
            self._fresh[key] = admission.of(version_of(one, search_terms(one)))
            return None
        taken.known += 1
        if held is not None and self._has_changed(admission, held):
            self._fresh[key] = admission.of(version_of(one, search_terms(one)))
        return None

    def _served(self, one: Parsed) -> Parsed | None:
        """What we hold under this id and version, if it is the same JSON in other bytes."""
        key = (one.id, one.modified)
        if key in self._fresh:
            raw: bytes | None = self._fresh[key].value.raw
        else:
            raw = self._tx.raw(self._how.collection.id, *key)
        if raw is None or not same_content(raw, one.raw):
            return None
        return msgspec.structs.replace(check(Slice(raw)), where=one.where)

    def _has_changed(self, admission: Admission, held: Held) -> bool:
        """Whether a version that we hold comes again under other terms than we hold it under."""
        terms = admission.terms
        return terms.handling != self._arrivals.handling(held) or terms.facts != held.facts

    def _conflict(self, one: Parsed, admission: Admission) -> None:
        self._taken.conflicts += 1
        self._tx.keep_conflict(
            self._how.collection.id, admission.of(version_of(one, search_terms(one))), self._how.now
        )
        message = (
            f"version {format_time(one.modified)} is held with other content; this one is kept "
            "apart, unserved, until its originator settles it"
        )
        problem = Problem(code="conflict", message=message, where=one.where, object=one.id)
        self._taken.fail(problem, one.modified)

    def _remark(self, one: Parsed, admission: Admission) -> None:
        """Tell the sender what the terms became, where that is not what it said."""
        for code, message in admission.terms.remarks:
            # Our own default is what our own share command says in its answer, once for all.
            if code == "default-handling" and self._how.channel is not Channel.PUSHED:
                continue
            problem = Problem(code=code, message=message, where=one.where, object=one.id)
            self._taken.problems.append(problem)

    def keep(self) -> Event:
        """Put markings and labels before the objects that need them; the event of the chunk."""
        fresh = list(self._fresh.values())
        before = [*self._missing_markings(fresh), *self._arrivals.labels.needed(fresh)]
        collection, now = self._how.collection.id, self._how.now
        for start in range(0, len(before), _MOST):
            self._tx.put_many(collection, before[start : start + _MOST], now)
        span = self._tx.put_many(collection, fresh, now)
        return self._event(fresh, span)

    def _missing_markings(self, fresh: Sequence[Admitted[Version]]) -> list[Admitted[Version]]:
        """The marking of each handling among `fresh` that the collection does not hold yet."""
        wanted = {one.terms.handling: one for one in fresh}
        markings = [one.marking() for one in wanted.values()]
        collection = self._how.collection.id
        there = self._tx.held(collection, [(m.value.id, m.value.modified) for m in markings])
        return [m for m in markings if (m.value.id, m.value.modified) not in there]

    def _event(
        self, fresh: Sequence[Admitted[Version]], span: tuple[Micros, Micros] | None
    ) -> Event:
        """What is journalled of a chunk: counts, the span, and one root over what was kept.

        The root is a Merkle tree's, so that one object can later be shown to have been among
        them without showing the others.
        """
        how = self._how
        details: dict[str, object] = {"from": how.sender, **self._taken.counts()}
        if span is not None:
            details |= {
                "first": format_time(span[0]),
                "last": format_time(span[1]),
                "root": merkle.root([merkle.leaf_hash(_leaf(one.value)) for one in fresh]).hex(),
                "handlings": sorted(handling.id for handling in self._taken.handlings),
            }
        return Event(
            kind=_EVENTS[how.channel], actor=how.actor, subject=how.collection.id, details=details
        )


def _leaf(one: Version) -> bytes:
    return f"{one.id}|{format_time(one.modified)}|{one.sha256.hex()}".encode()
