"""Versions: the bytes, kept once each, with their references and the terms of a search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, exists, func, not_, select

from comity.holdings._engines import schema
from comity.holdings._engines.faults import bad_text
from comity.holdings._engines.part import Part, chunks
from comity.model.time import Micros
from comity.model.version import Version

__all__ = ["IN_A_COLLECTION", "ContentKey", "VersionsPart"]

ContentKey = tuple[str, Micros, bytes]
"""What makes two versions one: id, modified, SHA-256 of the bytes."""

_V: Final = schema.version.c
_E: Final = schema.entry.c

IN_A_COLLECTION: Final = exists(
    select(_E.vid)
    .with_hint(*schema.BY_VERSION)
    .where(
        _E.collection.in_(schema.EVERY_COLLECTION),
        _E.id == _V.id,
        _E.modified == _V.modified,
        _E.vid == _V.vid,
    )
    .correlate(schema.version)
)
"""Whether a version stands in a collection: true of `version` in the statement around it."""


class VersionsPart(Part):
    """Keeping versions and letting go of them."""

    def _known(self, ids: Iterable[str]) -> set[str]:
        """Those ids of which the store has any version at all: of a new file, none."""
        return {
            name
            for some in chunks(ids)
            for name in self._conn.execute(_KNOWN, {"ids": some}).scalars()
        }

    def _keep_versions(self, versions: Sequence[Version], known: set[str]) -> dict[ContentKey, int]:
        """Store what is not stored yet; the `vid` of each. `known` as `_known` gives it."""
        vids = self._vids(one.id for one in versions if one.id in known)
        fresh: list[tuple[int, Version]] = []
        following = self._conn.execute(_LAST_VID).scalar_one() + 1
        for one in versions:
            key = (one.id, one.modified, one.sha256)
            if key not in vids:
                vids[key] = following + len(fresh)
                fresh.append((vids[key], one))
        if fresh:
            self._insert_versions(fresh)
        return vids

    def _vids(self, ids: Iterable[str]) -> dict[ContentKey, int]:
        """All versions of some objects."""
        return {
            (name, modified, sha256): vid
            for some in chunks(ids)
            for vid, name, modified, sha256 in self._conn.execute(_VIDS, {"ids": some})
        }

    def _insert_versions(self, fresh: Sequence[tuple[int, Version]]) -> None:
        """In bulk, by the driver: a statement through Core costs more than a row does."""
        run = self._conn.exec_driver_sql
        run(
            "INSERT INTO version (vid, id, modified, sha256, terms, bytes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (vid, one.id, one.modified, one.sha256, _listed(one.terms), one.raw)
                for vid, one in fresh
            ],
        )
        refs = {(vid, path, target) for vid, one in fresh for path, target in one.refs}
        if refs:
            run("INSERT INTO ref (vid, path, target) VALUES (?, ?, ?)", sorted(refs))
        terms = [(term, vid) for vid, one in fresh for term in one.terms]
        if terms:
            run("INSERT INTO term (term, vid) VALUES (?, ?)", sorted(terms))

    def _drop_unused(self, vids: Iterable[int]) -> None:
        """Remove those versions that no entry, label or conflict names any more."""
        unused = [
            row for some in chunks(vids) for row in self._conn.execute(_UNUSED, {"vids": some})
        ]
        if not unused:
            return
        gone = [{"gone": vid} for vid, _ in unused]
        terms = [
            {"gone": vid, "word": word}
            for vid, listed in unused
            for word in msgspec.json.decode(listed, type=list[str])
        ]
        if terms:
            self._conn.execute(_DELETE_TERM, terms)
        self._conn.execute(delete(schema.ref).where(schema.ref.c.vid == bindparam("gone")), gone)
        self._conn.execute(delete(schema.version).where(_V.vid == bindparam("gone")), gone)


def _listed(terms: Iterable[str]) -> str:
    try:
        return msgspec.json.encode(sorted(terms)).decode()
    except UnicodeEncodeError:
        raise bad_text() from None


_KNOWN: Final = select(_V.id).where(_V.id.in_(bindparam("ids", expanding=True))).distinct()
_LAST_VID: Final = select(func.coalesce(func.max(_V.vid), 0))
# By id alone: SQLite uses no index for `(id, modified) IN (...)`.
_VIDS: Final = select(_V.vid, _V.id, _V.modified, _V.sha256).where(
    _V.id.in_(bindparam("ids", expanding=True))
)
_DELETE_TERM: Final = delete(schema.term).where(
    schema.term.c.term == bindparam("word"), schema.term.c.vid == bindparam("gone")
)

_UNUSED: Final = select(_V.vid, _V.terms).where(
    _V.vid.in_(bindparam("vids", expanding=True)),
    not_(IN_A_COLLECTION),
    not_(
        exists().where(
            schema.conflict.c.collection.in_(schema.EVERY_COLLECTION),
            schema.conflict.c.id == _V.id,
            schema.conflict.c.modified == _V.modified,
            schema.conflict.c.vid == _V.vid,
        )
    ),
    not_(exists().where(schema.label.c.vid == _V.vid)),
)
