"""Labels over arriving objects: which count, and which have to be made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from comity.handling import (
    Admitted,
    Channel,
    Cover,
    Handling,
    Label,
    Unsigned,
    make_labels,
    read_label,
    verify_label,
)
from comity.handling.labels import MAX_COVERS
from comity.holdings import Holdings
from comity.model.ids import LABEL_TYPE
from comity.model.time import Micros
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
        self._read: Final[dict[bytes, tuple[Label, Handling] | None]] = {}
        self._counted: Final[dict[Cover, list[Version]]] = {}

    def over(self, one: Parsed, held: Handling | None) -> list[tuple[Label, Handling]]:
        """The labels over exactly these bytes that count, each with the handling it names.

        A label is valid if its handling is known here and its signature is that of a member
        whose key we have pinned; others say nothing, and the strictest reading stands. `held` is
        the handling under which the collection has this version already.
        """
        cover = cover_of(one)
        sound = [(version, self._reading(version)) for version in self._over.get(cover, ())]
        found = [(version, reading) for version, reading in sound if reading is not None]
        if self._how.channel is not Channel.PULLED:
            owners = _owners(one, held, [reading for _, reading in found], self._how)
            found = [pair for pair in found if self._binds(pair[1][0], owners)]
        self._counted[cover] = [version for version, _ in found]
        return [reading for _, reading in found]

    def _binds(self, label: Label, owners: frozenset[str]) -> bool:
        """Whether a label binds us in our own collection.

        Anyone may tighten its own copy. But what is ours stands as we say, whatever others say of
        theirs; and who hands in what we have from another does not tighten it.
        """
        self_id, sender = self._how.policy.self_id, self._how.sender
        if owners == frozenset({self_id}):
            return label.labelled_by == self_id
        handed_in = self._how.channel is Channel.PUSHED and label.labelled_by == sender
        return not (handed_in and owners and sender not in owners)

    def _reading(self, version: Version) -> tuple[Label, Handling] | None:
        # By its bytes: a label with a broken seal must not stand for the sound one of its id.
        if version.sha256 not in self._read:
            self._read[version.sha256] = self._verify(version)
        return self._read[version.sha256]

    def _verify(self, version: Version) -> tuple[Label, Handling] | None:
        document = msgspec.json.decode(version.raw, type=dict[str, object])
        label = read_label(document)
        handling = self._tx.handling(label.handling_id)
        if handling is None or not verify_label(document, label, self._how.verify):
            return None
        return label, handling

    def needed(self, fresh: Sequence[Admitted[Version]]) -> list[Admitted[Version]]:
        """The labels to enter before these objects: those that came with them, and our own."""
        entered: dict[tuple[str, Micros], Admitted[Version]] = {}
        for one in fresh:
            for version in self._counted.get(cover_of(one.value), ()):
                entered.setdefault((version.id, version.modified), one.beside(version))
        there = self._tx.held(self._how.collection.id, list(entered))
        came = [label for name, label in entered.items() if name not in there]
        return came + self._make([one for one in fresh if one.terms.needs_label])

    def _make(self, unlabelled: Sequence[Admitted[Version]]) -> list[Admitted[Version]]:
        """Our own labels: one for many plain objects of the same terms, one each with references.

        A relationship, a sighting, a report may be withheld for what it refers to where others
        are not, and a shared label would then tell of it.
        """
        how = self._how
        groups = _grouped(unlabelled)
        wanted = [_unsigned(group) for group in groups]
        made = make_labels(wanted, how.policy.self_id, how.now, how.sign, how.random)
        labels = [
            Version.made(raw, stix_id=label_id, stix_type=LABEL_TYPE, modified=how.now)
            for label_id, raw in made
        ]
        self._tx.put_labels([(one, said.covers) for one, said in zip(labels, wanted, strict=True)])
        return [group[0].beside(one) for group, one in zip(groups, labels, strict=True)]


def _owners(
    one: Parsed,
    held: Handling | None,
    readings: Sequence[tuple[Label, Handling]],
    how: Circumstances,
) -> frozenset[str]:
    """Whose information it is, by what was known of it before: empty where nothing was."""
    author = (one.created_by_ref or "").removeprefix("identity--")
    if author in how.policy.members:
        return frozenset({author})
    if held is not None:
        return held.originators
    own = [handling for label, handling in readings if label.labelled_by == how.policy.self_id]
    return frozenset().union(*(handling.originators for handling in own))


def _grouped(unlabelled: Sequence[Admitted[Version]]) -> list[list[Admitted[Version]]]:
    groups: dict[object, list[Admitted[Version]]] = {}
    for one in unlabelled:
        alone = one.value.id if _may_be_withheld_alone(one.value) else None
        groups.setdefault((one.terms.handling, one.terms.facts, alone), []).append(one)
    return [
        group[start : start + MAX_COVERS]
        for group in groups.values()
        for start in range(0, len(group), MAX_COVERS)
    ]


# What a reader may not see of these ends, or of all of this list, withholds the object itself.
_CLOSING: Final = frozenset({"source_ref", "target_ref", "sighting_of_ref", "object_refs"})


def _may_be_withheld_alone(version: Version) -> bool:
    return any(path.partition(".")[0] in _CLOSING for path, _ in version.refs)


def _unsigned(group: Sequence[Admitted[Version]]) -> Unsigned:
    terms = group[0].terms
    return Unsigned(
        tuple(cover_of(one.value) for one in group),
        terms.handling.id,
        terms.facts.expires_at,
        terms.facts.review_at,
    )
