"""What is known of objects: handlings, look-ups by id, labels, conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, not_, select

from comity.handling import Admitted, Cover, DataClass, Facts, Handling, HandlingRow
from comity.holdings._engines import schema
from comity.holdings._engines.part import chunks, upsert
from comity.holdings._engines.versions import IN_A_COLLECTION, VersionsPart
from comity.holdings.protocol import Conflict, Held
from comity.model.time import Micros
from comity.model.version import Version

__all__ = ["ObjectsPart"]

_E: Final = schema.entry.c
_V: Final = schema.version.c


class ObjectsPart(VersionsPart):
    """Handlings, look-ups by id, labels and conflicts."""

    def intern(self, handling: Handling, data_class: DataClass) -> int:
        """The key of a handling; the same pair has one key for ever."""
        key = self._interned().keys.get((handling, data_class))
        if key is None:
            marking_id = handling.id
            added = upsert(schema.handling).values(
                id=marking_id, data_class=data_class, content=handling.canonical()
            )
            self._conn.execute(added.on_conflict_do_nothing())
            of = {"marking": marking_id, "data_class": data_class}
            key = int(self._conn.execute(_KEY, of).scalar_one())
            self._add_interned(marking_id, HandlingRow(key, handling, data_class))
        return key

    def handlings(self) -> Sequence[HandlingRow]:
        """All interned handlings, by key."""
        return self._interned().rows

    def handling(self, marking_id: str) -> Handling | None:
        """The interned handling whose marking-definition has this id."""
        return self._interned().by_id.get(marking_id)

    def markings(self, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of the marking-definitions held among `ids`, from any collection.

        Of several contents under one id the one that came first stands, so that nobody changes
        what a marking says by sending another under its id.
        """
        found: dict[str, bytes] = {}
        for some in chunks(one for one in ids if one.startswith("marking-definition--")):
            for name, content in self._conn.execute(_MARKINGS, {"ids": some}):
                found.setdefault(name, content)
        return found

    def held(
        self, collection: str, versions: Sequence[tuple[str, Micros]]
    ) -> Mapping[tuple[str, Micros], Held]:
        """What the collection holds of these versions; absent ones are left out."""
        number = self._number(collection)
        wanted = set(versions)
        return {
            (row.id, row.modified): Held(
                row.sha256,
                row.handling,
                Facts(
                    data_class=DataClass(row.data_class),
                    expires_at=row.expires_at,
                    review_at=row.review_at,
                    case_id=row.case_id,
                ),
                row.date_added,
            )
            for some in chunks(name for name, _ in versions)
            for row in self._conn.execute(_HELD, {"collection": number, "ids": some})
            if (row.id, row.modified) in wanted
        }

    def raw(self, collection: str, object_id: str, modified: Micros) -> bytes | None:
        """The bytes served for one version, under no grant: for the gates, never for a face."""
        of = {"collection": self._number(collection), "id": object_id, "modified": modified}
        found: bytes | None = self._conn.execute(_RAW, of).scalar()
        return found

    def newest(self, collection: str, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of the newest version held of each id, under no grant."""
        number = self._number(collection)
        return {
            name: content
            for some in chunks(ids)
            for name, content in self._conn.execute(_NEWEST, {"collection": number, "ids": some})
        }

    def facts(self, object_id: str) -> Sequence[tuple[str, Micros, HandlingRow, Facts]]:
        """Every entry of an object, newest version first: (collection, version, terms, facts)."""
        rows = {row.key: row for row in self._interned().rows}
        return [
            (
                collection,
                modified,
                rows[key],
                Facts(
                    data_class=rows[key].data_class,
                    expires_at=expires_at,
                    review_at=review_at,
                    case_id=case_id,
                ),
            )
            for collection, modified, key, expires_at, review_at, case_id in self._conn.execute(
                _FACTS, {"id": object_id}
            )
        ]

    def counts(self, collection: str) -> Mapping[int, int]:
        """How many entries each handling has in a collection."""
        return self._tally(self._number(collection))

    def _tally(self, number: int | None) -> dict[int, int]:
        found = self._conn.execute(_TALLY, {"collection": number})
        return {row.handling: row.n for row in found}

    # ------------------------------------------------------------------- labels and conflicts

    def put_labels(self, labels: Sequence[tuple[Version, Sequence[Cover]]]) -> None:
        """Remember labels and what each covers; they are served once `put_many` enters them."""
        versions = [label for label, _ in labels]
        vids = self._keep_versions(versions, self._known(one.id for one in versions))
        rows, covered = [], []
        for label, covers in labels:
            vid = vids[label.id, label.modified, label.sha256]
            rows.append({"vid": vid, "type": label.type, "spec_version": label.spec_version})
            covered += [
                {"id": one.id, "modified": one.modified, "sha256": one.sha256, "vid": vid}
                for one in covers
            ]
        if rows:
            self._conn.execute(upsert(schema.label).on_conflict_do_nothing(), rows)
        if covered:
            self._conn.execute(upsert(schema.cover).on_conflict_do_nothing(), covered)

    def labels(self, covers: Sequence[Cover]) -> Mapping[Cover, Sequence[Version]]:
        """The labels remembered over exactly these versions, oldest first."""
        wanted = {(one.id, one.modified, one.sha256) for one in covers}
        over = [
            row
            for some in chunks(one.id for one in covers)
            for row in self._conn.execute(_COVERS, {"ids": some})
            if row[:3] in wanted
        ]
        versions = self._label_versions(sorted({vid for *_, vid in over}))
        found: dict[Cover, list[Version]] = {}
        for name, modified, sha256, vid in over:
            found.setdefault(Cover(name, modified, sha256), []).append(versions[vid])
        for several in found.values():
            several.sort(key=lambda one: (one.modified, one.id, one.sha256))
        return found

    def unserved_labels(self, limit: int) -> Sequence[Version]:
        """Labels remembered that stand in no collection, oldest first."""
        vids = self._conn.execute(_UNSERVED, {"most": limit}).scalars().all()
        versions = self._label_versions(vids)
        return [versions[vid] for vid in vids]

    def _label_versions(self, vids: Sequence[int]) -> dict[int, Version]:
        refs: dict[int, list[tuple[str, str]]] = {vid: [] for vid in vids}
        found: dict[int, Version] = {}
        for some in chunks(vids):
            for vid, path, target in self._conn.execute(_REFS, {"vids": some}):
                refs[vid].append((path, target))
            for row in self._conn.execute(_LABELS, {"vids": some}):
                found[row.vid] = Version(
                    id=row.id,
                    type=row.type,
                    modified=row.modified,
                    spec_version=row.spec_version,
                    raw=row.bytes,
                    sha256=row.sha256,
                    refs=tuple(refs[row.vid]),
                    terms=frozenset(msgspec.json.decode(row.terms, type=list[str])),
                )
        return found

    def keep_conflict(self, collection: str, other: Admitted[Version], now: Micros) -> bool:
        """Keep another content of a version held, unserved; False if it was kept already."""
        one = other.value
        facts = other.terms.facts
        row = {
            "collection": self._number_to_write(collection),
            "id": one.id,
            "modified": one.modified,
            "sha256": one.sha256,
            "vid": self._keep_versions([one], {one.id})[one.id, one.modified, one.sha256],
            "handling": self.intern(other.terms.handling, facts.data_class),
            "source": other.sender,
            "at": now,
            "case_id": facts.case_id,
            "expires_at": facts.expires_at,
            "review_at": facts.review_at,
        }
        kept = upsert(schema.conflict).values(row).on_conflict_do_nothing()
        return self._conn.execute(kept.returning(schema.conflict.c.vid)).first() is not None

    def conflicts(self, collection: str | None = None) -> Sequence[Conflict]:
        """What waits for its originator to settle it, oldest first."""
        asked = _CONFLICTS
        if collection is not None:
            asked = asked.where(schema.collection.c.id == collection)
        return [Conflict(*row) for row in self._conn.execute(asked)]


_KEY: Final = select(schema.handling.c.key).where(
    schema.handling.c.id == bindparam("marking"),
    schema.handling.c.data_class == bindparam("data_class"),
)
_MARKINGS: Final = (
    select(_V.id, _V.bytes)
    .where(_V.id.in_(bindparam("ids", expanding=True)), IN_A_COLLECTION)
    .order_by(_V.vid)
)
_HELD: Final = (
    select(
        _E.id, _E.modified, _V.sha256, _E.handling, schema.handling.c.data_class,
        _E.expires_at, _E.review_at, _E.case_id, _E.date_added,
    )
    .with_hint(*schema.BY_VERSION)
    .join(schema.version, _V.vid == _E.vid)
    .join(schema.handling, schema.handling.c.key == _E.handling)
    .where(
        _E.collection == bindparam("collection"),
        _E.id.in_(bindparam("ids", expanding=True)),
    )
)  # fmt: skip
_RAW: Final = (
    select(_V.bytes)
    .join(schema.entry, _E.vid == _V.vid)
    .where(
        _E.collection == bindparam("collection"),
        _E.id == bindparam("id"),
        _E.modified == bindparam("modified"),
    )
)
_NEWEST: Final = (
    select(_E.id, _V.bytes)
    .with_hint(*schema.BY_VERSION)
    .join(schema.version, _V.vid == _E.vid)
    .where(
        _E.collection == bindparam("collection"),
        _E.id.in_(bindparam("ids", expanding=True)),
        _E.has_newer == 0,
    )
)
_FACTS: Final = (
    select(
        schema.collection.c.id, _E.modified, _E.handling,
        _E.expires_at, _E.review_at, _E.case_id,
    )
    .with_hint(*schema.BY_VERSION)
    .join(schema.collection, schema.collection.c.number == _E.collection)
    .where(_E.collection.in_(schema.EVERY_COLLECTION), _E.id == bindparam("id"))
    .order_by(_E.modified.desc(), schema.collection.c.number)
)  # fmt: skip
_TALLY: Final = select(schema.tally.c.handling, schema.tally.c.n).where(
    schema.tally.c.collection == bindparam("collection"), schema.tally.c.n > 0
)
_COVERS: Final = select(
    schema.cover.c.id, schema.cover.c.modified, schema.cover.c.sha256, schema.cover.c.vid
).where(schema.cover.c.id.in_(bindparam("ids", expanding=True)))
_UNSERVED: Final = (
    select(schema.label.c.vid)
    .join(schema.version, _V.vid == schema.label.c.vid)
    .where(not_(IN_A_COLLECTION))
    .order_by(schema.label.c.vid)
    .limit(bindparam("most"))
)
_REFS: Final = (
    select(schema.ref.c.vid, schema.ref.c.path, schema.ref.c.target)
    .where(schema.ref.c.vid.in_(bindparam("vids", expanding=True)))
    .order_by(schema.ref.c.vid, schema.ref.c.path, schema.ref.c.target)
)
_LABELS: Final = (
    select(
        _V.vid, schema.label.c.type, schema.label.c.spec_version,
        _V.id, _V.modified, _V.sha256, _V.terms, _V.bytes,
    )
    .join(schema.label, schema.label.c.vid == _V.vid)
    .where(_V.vid.in_(bindparam("vids", expanding=True)))
)  # fmt: skip
_CONFLICTS: Final = (
    select(
        schema.collection.c.id, schema.conflict.c.id, schema.conflict.c.modified,
        schema.conflict.c.sha256, schema.conflict.c.source, schema.conflict.c.at,
    )
    .join(schema.collection, schema.collection.c.number == schema.conflict.c.collection)
    .order_by(
        schema.conflict.c.at, schema.conflict.c.collection, schema.conflict.c.id,
        schema.conflict.c.modified, schema.conflict.c.sha256,
    )
)  # fmt: skip
