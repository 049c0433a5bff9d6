"""What a store must do, in the plainest way: lists in memory, every question asked of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from comity.handling import Admitted, Facts, Grant, Page, Row
from comity.holdings.protocol import Query
from comity.model.time import Micros
from comity.model.version import Version

__all__ = ["CollectionModel", "Entry"]


class Entry(NamedTuple):
    """One version in a collection."""

    date_added: Micros
    handling: int
    version: Version
    facts: Facts


class CollectionModel:
    """One collection as it should be: entries by (id, modified)."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, Micros], Entry] = {}

    def put(self, batch: Sequence[Admitted[Version]], keys: Sequence[int], first: Micros) -> None:
        """Enter a batch whose first instant and handling keys are known."""
        for at, (one, key) in enumerate(zip(batch, keys, strict=True), start=first):
            name = (one.value.id, one.value.modified)
            self.entries[name] = Entry(Micros(at), key, one.value, one.terms.facts)

    def delete(self, names: Sequence[tuple[str, Micros]]) -> int:
        """Remove versions; how many there were."""
        return sum(self.entries.pop(name, None) is not None for name in set(names))

    def page(self, grant: Grant, query: Query) -> Page:
        """What `Holdings.iter_page` must give."""
        seen = [entry for entry in self.entries.values() if _opens(entry, grant)]
        found = sorted(
            entry
            for entry in seen
            if entry.date_added > query.after
            and (not query.ids or entry.version.id in query.ids)
            and (not query.types or entry.version.type in query.types)
            and (not query.spec_versions or entry.version.spec_version in query.spec_versions)
            and _is_asked_for(entry, seen, query)
        )
        rows = [_row(entry, query) for entry in found[: query.limit]]
        return Page(rows, more=len(found) > query.limit)


def _opens(entry: Entry, grant: Grant) -> bool:
    facts = entry.facts
    return (
        entry.handling in grant.readable
        and (facts.expires_at is None or facts.expires_at > grant.now)
        and (facts.case_id is None or facts.case_id in grant.reader.cases)
    )


def _is_asked_for(entry: Entry, seen: Sequence[Entry], query: Query) -> bool:
    """TAXII's `match[version]`, among the versions that are seen."""
    modified = entry.version.modified
    versions = [other.version.modified for other in seen if other.version.id == entry.version.id]
    wanted = query.version
    return (
        wanted.all
        or (wanted.first and modified == min(versions))
        or (wanted.last and modified == max(versions))
        or modified in wanted.exact
    )


def _row(entry: Entry, query: Query) -> Row:
    one = entry.version
    content = one.raw if query.slices else None
    return Row(entry.date_added, entry.handling, one.id, one.modified, one.spec_version, content)
