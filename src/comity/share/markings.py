"""The terms among arriving objects: handling markings and labels are remembered, not judged.

They are entered into the collection when the first object comes that needs them, under that
object's decision; alone they would tell a reader of objects that it may not see.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from comity.errors import InputError
from comity.handling import (
    Channel,
    DataClass,
    Label,
    Reading,
    join,
    read_label,
    read_marking,
    unresolved,
)
from comity.holdings import Holdings
from comity.model.ids import HANDLING_EXTENSION, LABEL_TYPE
from comity.model.marking import TLP_BY_ID
from comity.model.version import Version
from comity.share.circumstances import Circumstances, Taken
from comity.wire.checks import Parsed
from comity.wire.problem import problem_of

__all__ = ["readings_of", "remember", "take_terms"]


def take_terms(
    tx: Holdings, chunk: Sequence[Parsed], how: Circumstances, taken: Taken
) -> list[Parsed]:
    """Remember the handlings and labels of a chunk; the other objects, in their order.

    In our own share and in what is handed in they count as objects read; in a pull they are
    the other node's way of speaking, and only what cannot be read is counted (refused).
    """
    objects: list[Parsed] = []
    labels: list[tuple[Parsed, Label]] = []
    terms: list[tuple[Parsed, bool]] = []
    for one in chunk:
        try:
            if one.type == LABEL_TYPE:
                labels.append((one, read_label(one.value)))
            elif one.type == "marking-definition" and _is_ours(one):
                terms.append((one, _take_handling(tx, one)))
            else:
                objects.append(one)
        except InputError as problem:
            taken.refuse(problem_of(problem, where=one.where, subject=one.id), one.modified)
    terms += _take_labels(tx, labels)
    if how.channel is not Channel.PULLED:
        for one, known in terms:
            taken.known += known
            taken.new += not known
            taken.stored.append((one.id, one.modified))
    return objects


def _is_ours(one: Parsed) -> bool:
    """Whether it is a handling of ours; one that calls itself classified is for the gate."""
    extensions = one.value.get("extensions")
    ours = isinstance(extensions, dict) and HANDLING_EXTENSION in extensions
    return ours and read_marking(one.value).classified is None


def _take_labels(tx: Holdings, labels: Sequence[tuple[Parsed, Label]]) -> list[tuple[Parsed, bool]]:
    """Remember labels; each with whether it was known."""
    firsts = [label.covers[0] for _, label in labels]
    # By their bytes: whoever sends a label's words under a broken seal keeps no sound one out.
    there = {version.sha256 for some in tx.labels(firsts).values() for version in some}
    fresh = [(version_of(one), label.covers) for one, label in labels if one.sha256 not in there]
    tx.put_labels(fresh)
    return [(one, one.sha256 in there) for one, _ in labels]


def _take_handling(tx: Holdings, one: Parsed) -> bool:
    known = tx.handling(one.id) is not None
    reading = read_marking(one.value)
    if not known and reading.handling is not None:
        tx.intern(reading.handling, DataClass.CYBER)
    return known


def version_of(one: Parsed, terms: frozenset[str] = frozenset()) -> Version:
    """What the store keeps of a checked object; `terms` are what a search finds it by."""
    return Version(
        id=one.id,
        type=one.type,
        modified=one.modified,
        spec_version=one.spec_version,
        raw=one.raw,
        sha256=one.sha256,
        refs=one.refs,
        terms=terms,
    )


def readings_of(tx: Holdings, objects: Sequence[Parsed], how: Circumstances) -> dict[str, Reading]:
    """What each marking named by these objects says: by its file and by the store.

    A marking that nobody has seen is unread, and denies onward release.
    """
    wanted = {ref for one in objects for ref in (*one.marking_refs, *one.granular_refs)}
    found = {ref: unresolved(ref) for ref in wanted if ref in TLP_BY_ID}
    for ref in wanted - found.keys():
        handling = tx.handling(ref)
        if handling is not None:
            found[ref] = Reading(id=ref, handling=handling)
    others = wanted - found.keys()
    found |= {ref: how.markings[ref] for ref in others if ref in how.markings}
    for raw in tx.markings(sorted(others)).values():
        remember(found, read_marking(msgspec.json.decode(raw, type=dict[str, object])))
    return found | {ref: unresolved(ref) for ref in wanted - found.keys()}


def remember(found: dict[str, Reading], reading: Reading) -> None:
    """Note what a marking says; one that is defined twice says all of it together.

    A marking has no versions (STIX 2.1, section 7.2.1), so a second definition replaces nothing.
    """
    before = found.get(reading.id)
    if before is None or before == reading:
        found[reading.id] = reading
        return
    said = [one.handling for one in (before, reading) if one.handling is not None]
    found[reading.id] = Reading(
        id=reading.id,
        handling=join(said) if said else None,
        caveats=before.caveats | reading.caveats,
        classified=before.classified or reading.classified,
    )
