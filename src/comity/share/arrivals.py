"""How each object of a chunk arrives, and the judgement on it: asked once for each way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from comity.errors import RefusedError
from comity.handling import (
    Admission,
    Arrival,
    DataClass,
    Handling,
    Label,
    Reading,
    judge,
    read_marking,
)
from comity.holdings import Held, Holdings
from comity.model.kind import CYBER, PERSONAL, Kind
from comity.share.circumstances import Circumstances
from comity.share.labelling import Labels
from comity.share.markings import readings_of
from comity.wire.checks import Parsed

__all__ = ["Arrivals", "data_class_of"]


class Arrivals:
    """The judgements on one chunk of objects.

    A file of thousands holds a few ways of arriving: the same markings, labels, author and
    dates. `labels` are the labels over the chunk.
    """

    def __init__(self, tx: Holdings, objects: Sequence[Parsed], how: Circumstances) -> None:
        self._how: Final = how
        self._readings: Final = readings_of(tx, objects, how)
        self._handlings: Final = {row.key: row.handling for row in tx.handlings()}
        self._judged: Final[dict[object, Admission | RefusedError]] = {}
        self.labels: Final = Labels(tx, objects, how)

    def judge(self, one: Parsed, held: Held | None) -> Admission:
        """Under what terms an object comes in; `held` if we have this version already.

        Raises RefusedError.
        """
        over = self.labels.over(one, None if held is None else self.handling(held))
        dates = (
            (None, None) if one.signal is None else (one.signal.expires_at, one.signal.review_at)
        )
        alone = not over and held is None and self._how.expires_at is None
        way = (
            one.marking_refs,
            one.granular_refs,
            one.created_by_ref,
            one.individual,
            None if one.signal is None else one.signal.kind,
            None if alone else dates,
            tuple(label.id for label, _ in over),
            None if held is None else (held.handling, held.facts),
            _classified(one),
        )
        found = self._judged.get(way)
        if found is None:
            try:
                found = judge(self._arrival(one, held, over, alone=alone), self._how.policy)
            except RefusedError as refusal:
                found = refusal
            self._judged[way] = found
        if isinstance(found, RefusedError):
            raise found
        return found.dated(*dates) if alone and any(dates) else found

    def handling(self, held: Held) -> Handling:
        """The handling under which we hold a version."""
        return self._handlings[held.handling]

    def _arrival(
        self,
        one: Parsed,
        held: Held | None,
        over: Sequence[tuple[Label, Handling]],
        *,
        alone: bool,
    ) -> Arrival:
        """`alone`: the object's own dates are the only ones, and are left to `dated`."""
        how, signal = self._how, one.signal
        readings = [self._readings[ref] for ref in (*one.marking_refs, *one.granular_refs)]
        author = (one.created_by_ref or "").removeprefix("identity--")
        return Arrival(
            channel=how.channel,
            sender=how.sender,
            author=author if author in how.policy.members else None,
            readings=(*readings, *_classified(one)),
            labels=tuple(over),
            options=how.options,
            asks_tlp=how.asks_tlp,
            held=None if held is None else self.handling(held),
            held_facts=None if held is None else held.facts,
            community=how.collection.community,
            data_class=data_class_of(None if signal is None else signal.kind, one.individual),
            stated_expiry=None if alone or signal is None else signal.expires_at,
            asked_expiry=how.expires_at,
            review_at=None if alone or signal is None else signal.review_at,
            case_id=how.case_id,
        )


def _classified(one: Parsed) -> tuple[Reading, ...]:
    """What a marking says, if that is a classification: its own words may then be classified."""
    if one.type != "marking-definition":
        return ()
    reading = read_marking(one.value)
    return () if reading.classified is None else (reading,)


def data_class_of(kind: Kind | None, individual: bool = False) -> DataClass:
    """What the rules must know of its content: None is an object of no kind of ours."""
    if individual or kind in PERSONAL:
        return DataClass.PERSONAL
    return DataClass.CYBER if kind is None or kind in CYBER else DataClass.OTHER
