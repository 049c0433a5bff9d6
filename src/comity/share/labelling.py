"""Labels over arriving objects: which count, and which have to be made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from comity.handling import (
    Admitted,
    Cover,
    Handling,
    Label,
    make_label,
    read_label,
    signed_part,
)
from comity.handling.labels import MAX_COVERS
from comity.holdings import Holdings
from comity.model.ids import LABEL_TYPE
from comity.model.version import Version
from comity.share.circumstances import Circumstances
from comity.wire.checks import Parsed

__all__ = ["Labels", "cover_of"]


def cover_of(one: Parsed | Version) -> Cover:
    """What a label names an object by."""
    return Cover(one.id, one.modified, one.sha256.hex())


class Labels:
    """The labels that speak for one chunk of objects, read and verified once each."""

    def __init__(self, tx: Holdings, objects: Sequence[Parsed], how: Circumstances) -> None:
        self._tx: Final = tx
        self._how: Final = how
        self._over: Final = tx.labels([cover_of(one) for one in objects])
        self._read: Final[dict[str, tuple[Label, Handling] | None]] = {}

    def over(self, one: Parsed) -> list[tuple[Label, Handling]]:
        """The valid labels over exactly these bytes, each with the handling it names.

        A label is valid if its handling is known here and its signature is that of a member
        whose key we have pinned; others say nothing, and the strictest reading stands.
        """
        found = (self._reading(version) for version in self._over.get(cover_of(one), ()))
        return [reading for reading in found if reading is not None]

    def _reading(self, version: Version) -> tuple[Label, Handling] | None:
        if version.id not in self._read:
            self._read[version.id] = self._verify(version)
        return self._read[version.id]

    def _verify(self, version: Version) -> tuple[Label, Handling] | None:
        document = msgspec.json.decode(version.raw, type=dict[str, object])
        label = read_label(document)
        handling = self._tx.handling(label.handling_id)
        try:
            signature = bytes.fromhex(label.signature)
        except ValueError:
            return None
        if handling is None:
            return None
        if not self._how.verify(label.labelled_by, signed_part(document), signature):
            return None
        return label, handling

    def needed(self, fresh: Sequence[Admitted[Version]]) -> list[Admitted[Version]]:
        """The labels to enter before these objects: those that came with them, and our own."""
        entered: dict[str, Admitted[Version]] = {}
        for one in fresh:
            for version in self._over.get(cover_of(one.value), ()):
                if self._read.get(version.id) is not None:
                    entered.setdefault(version.id, one.beside(version))
        there = self._tx.held(
            self._how.collection.id,
            [(label.value.id, label.value.modified) for label in entered.values()],
        )
        came = [
            label
            for label in entered.values()
            if (label.value.id, label.value.modified) not in there
        ]
        return came + self._make([one for one in fresh if one.terms.needs_label])

    def _make(self, unlabelled: Sequence[Admitted[Version]]) -> list[Admitted[Version]]:
        """Our own labels: one for many plain objects of the same terms, one each with references.

        An object with references may be withheld where others are not, and a shared label
        would then tell of it.
        """
        groups: dict[object, list[Admitted[Version]]] = {}
        for one in unlabelled:
            alone = one.value.id if one.value.refs else None
            groups.setdefault((one.terms.handling, one.terms.facts, alone), []).append(one)
        return [
            self._label(group[start : start + MAX_COVERS])
            for group in groups.values()
            for start in range(0, len(group), MAX_COVERS)
        ]

    def _label(self, group: Sequence[Admitted[Version]]) -> Admitted[Version]:
        covers = [cover_of(one.value) for one in group]
        terms = group[0].terms
        self._tx.intern(terms.handling, terms.facts.data_class)
        label_id, raw = make_label(
            covers,
            terms.handling.id,
            self._how.policy.self_id,
            self._how.now,
            self._how.sign,
            expires_at=terms.facts.expires_at,
            review_at=terms.facts.review_at,
        )
        label = Version.made(raw, id=label_id, type=LABEL_TYPE, modified=self._how.now)
        self._tx.put_label(label, covers)
        return group[0].beside(label)
