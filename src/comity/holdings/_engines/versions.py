"""Versions: the bytes, kept once each, with their references and the terms of a search."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, exists, func, not_, select, tuple_

from comity.holdings._engines import schema
from comity.holdings._engines.part import Part
from comity.model.time import Micros
from comity.model.version import Version

__all__ = ["ContentKey", "VersionsPart"]

ContentKey = tuple[str, Micros, bytes]
"""What makes two versions one: id, modified, SHA-256 of the bytes."""

_V: Final = schema.version.c


class VersionsPart(Part):
    """Keeping versions and letting go of them."""

    def _keep_versions(self, versions: Sequence[Version]) -> dict[ContentKey, int]:
        """Store what is not stored yet; the `vid` of each."""
        vids = self._vids({(one.id, one.modified) for one in versions})
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

    def _vids(self, wanted: set[tuple[str, Micros]]) -> dict[ContentKey, int]:
        found = self._conn.execute(_VIDS, {"wanted": list(wanted)})
        return {(name, modified, sha256): vid for vid, name, modified, sha256 in found}

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
        unused = self._conn.execute(_UNUSED, {"vids": list(vids)}).all()
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
    return msgspec.json.encode(sorted(terms)).decode()


_LAST_VID: Final = select(func.coalesce(func.max(_V.vid), 0))
_VIDS: Final = select(_V.vid, _V.id, _V.modified, _V.sha256).where(
    tuple_(_V.id, _V.modified).in_(bindparam("wanted", expanding=True))
)
_DELETE_TERM: Final = delete(schema.term).where(
    schema.term.c.term == bindparam("word"), schema.term.c.vid == bindparam("gone")
)

_ENTERED: Final = exists().where(
    # All collections, by the index that begins with them.
    schema.entry.c.collection == schema.collection.c.number,
    schema.entry.c.id == _V.id,
    schema.entry.c.modified == _V.modified,
    schema.entry.c.vid == _V.vid,
)
_IN_CONFLICT: Final = exists().where(
    schema.conflict.c.collection == schema.collection.c.number,
    schema.conflict.c.id == _V.id,
    schema.conflict.c.modified == _V.modified,
    schema.conflict.c.vid == _V.vid,
)
_UNUSED: Final = select(_V.vid, _V.terms).where(
    _V.vid.in_(bindparam("vids", expanding=True)),
    not_(_ENTERED),
    not_(_IN_CONFLICT),
    not_(exists().where(schema.label.c.vid == _V.vid)),
)
