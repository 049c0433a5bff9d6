"""Indicators made here, from rows of a list: the same row makes the same object.

Their id follows from who says it, the kind and the value; what we hold of a row already is
taken as it is, so that sharing a list again changes no object and no date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from comity.errors import InputError, RefusedError
from comity.handling import Arrival, Channel, Handling, Reading, admit
from comity.holdings import Holdings
from comity.model.event import Event
from comity.model.kind import Kind
from comity.model.time import Micros
from comity.share.arrivals import data_class_of
from comity.share.circumstances import Circumstances, Taken, Unread
from comity.share.receive import readable, take_checked
from comity.wire.checks import Parsed, check
from comity.wire.lists import Row
from comity.wire.problem import problem_of
from comity.wire.signal import make_indicator
from comity.wire.stix import Slice

__all__ = ["take_rows", "terms_for"]

_APART: Final = ("created", "modified", "valid_from", "object_marking_refs")
"""What two indicators of the same row may differ in: when they were made, and under what terms."""

_MILLISECOND: Final = 1_000


def take_rows(
    tx: Holdings, rows: Sequence[Row | Unread], how: Circumstances
) -> tuple[Taken, list[Event]]:
    """Take in rows of a list as indicators of ours, under the handling that was asked for."""
    terms: dict[Kind, Handling] = {}
    made = [row if isinstance(row, Unread) else _make(row, terms, how) for row in rows]
    held = tx.newest(how.collection.id, [one.id for one in made if not isinstance(one, Unread)])
    settled = [_as_held(one, row, held, terms, how) for one, row in zip(made, rows, strict=True)]
    # Their markings are ours and say what we just settled; they are kept with the first of them.
    ours = {one.id: Reading(id=one.id, handling=one) for one in terms.values()}
    known = msgspec.structs.replace(how, markings={**how.markings, **ours})
    taken = Taken()
    objects = readable(settled, taken)
    return take_checked(tx, objects, known, taken)


def _as_held(
    one: Parsed | Unread,
    row: Row | Unread,
    held: Mapping[str, bytes],
    terms: dict[Kind, Handling],
    how: Circumstances,
) -> Parsed | Unread:
    """The object that we hold, where it says the same; else, if we hold one, its next version.

    Terms asked for anew are then judged like those for any object that is held: tighter ones
    hold, looser ones do not.
    """
    if isinstance(one, Unread) or isinstance(row, Unread) or one.id not in held:
        return one
    before = msgspec.structs.replace(check(Slice(held[one.id])), where=one.where)
    if _content(before) == _content(one):
        return before
    return _make(row, terms, how, before)


def terms_for(kind: Kind, how: Circumstances) -> Handling:
    """The handling of an indicator of ours of this kind, which its bytes then carry."""
    blank = Arrival(
        channel=Channel.OWN,
        sender=how.sender,
        author=how.sender,
        options=how.options,
        asks_tlp=how.asks_tlp,
        community=how.collection.community,
        data_class=data_class_of(kind),
    )
    return admit(None, blank, how.policy).terms.handling


def _make(
    row: Row, terms: dict[Kind, Handling], how: Circumstances, before: Parsed | None = None
) -> Parsed | Unread:
    """One indicator, the first of its id or the version after another.

    `terms` keeps the handling of each kind, which is the same for a chunk.
    """
    try:
        if row.kind not in terms:
            terms[row.kind] = terms_for(row.kind, how)
        raw = make_indicator(
            row.kind,
            row.value,
            creator_id=f"identity--{how.sender}",
            created=how.now if before is None or before.created is None else before.created,
            modified=None if before is None else _after(before, how.now),
            marking_refs=terms[row.kind].marking_refs(),
            expires_at=_earliest(row.expires_at, how.expires_at),
            review_at=row.review_at,
            quality=row.quality,
            details=row.details,
        )
        return msgspec.structs.replace(check(Slice(raw)), where=row.where)
    except (InputError, RefusedError) as why:
        return Unread(problem_of(why, where=row.where), is_object=True)


def _after(before: Parsed, now: Micros) -> Micros:
    """When a further version is made: now, but never in the millisecond of the one before."""
    return max(now, Micros(before.modified + _MILLISECOND))


def _content(one: Parsed) -> dict[str, object]:
    return {name: value for name, value in one.value.items() if name not in _APART}


def _earliest(one: Micros | None, other: Micros | None) -> Micros | None:
    return min((at for at in (one, other) if at is not None), default=None)
