"""The journal, and the tiles and checkpoints that are made from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, insert, select

from comity.holdings._engines import schema
from comity.holdings._engines.part import Part, upsert
from comity.holdings.protocol import JournalRow

__all__ = ["JournalPart"]

_CLOCK: Final = "journal"
_J: Final = schema.journal.c
_T: Final = schema.tile.c
_P: Final = schema.checkpoint.c


class JournalPart(Part):
    """Events in the order of their commit, and the log that is computed from them."""

    def append_journal(self, rows: Sequence[JournalRow]) -> int:
        """Append; the index of the first. Taken last in a transaction: its clock row is hot."""
        first = self._advance(_CLOCK, len(rows)) - len(rows)
        if rows:
            self._conn.execute(
                _APPEND,
                [
                    {
                        "log_index": index,
                        "at": row.at,
                        "payload": row.payload,
                        "salt": row.salt,
                        "commitment": row.commitment,
                    }
                    for index, row in enumerate(rows, first)
                ],
            )
        return first

    def journal_size(self) -> int:
        """How many rows have been appended."""
        return self._clock(_CLOCK)

    def journal_rows(self, first: int, count: int) -> Sequence[tuple[int, JournalRow]]:
        """Rows with their index, from `first` on."""
        found = self._conn.execute(_ROWS, {"first": first, "count": count})
        return [
            (index, JournalRow(at=at, payload=payload, salt=salt, commitment=commitment))
            for index, at, payload, salt, commitment in found
        ]

    def journal_commitments(self, first: int, count: int) -> list[bytes]:
        """The commitments of rows `first` to `first + count - 1`, as far as they exist."""
        found = self._conn.execute(_COMMITMENTS, {"first": first, "end": first + count})
        return list(found.scalars())

    def tile(self, level: int, index: int) -> bytes | None:
        """A tile of the log, if it was stored."""
        found: bytes | None = self._conn.execute(
            _TILE, {"level": level, "position": index}
        ).scalar()
        return found

    def put_tiles(self, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        """Store tiles (level, index, hashes); each replaces what stands in its place."""
        if not tiles:
            return
        put = upsert(schema.tile)
        put = put.on_conflict_do_update(
            index_elements=["level", "position"], set_={"bytes": put.excluded.bytes}
        )
        self._conn.execute(
            put,
            [
                {"level": level, "position": index, "bytes": hashes}
                for level, index, hashes in tiles
            ],
        )

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        """The newest checkpoint, or the one of a size: (size, note)."""
        asked = select(_P.size, _P.note).order_by(_P.size.desc()).limit(1)
        if size is not None:
            asked = asked.where(_P.size == size)
        found = self._conn.execute(asked).first()
        return None if found is None else (found.size, found.note)

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Store a checkpoint; the same size again replaces its note (cosignatures)."""
        put = upsert(schema.checkpoint).values(size=size, note=note)
        put = put.on_conflict_do_update(index_elements=["size"], set_={"note": note})
        self._conn.execute(put)


_APPEND: Final = insert(schema.journal)
_ROWS: Final = (
    select(_J.log_index, _J.at, _J.payload, _J.salt, _J.commitment)
    .where(_J.log_index >= bindparam("first"))
    .order_by(_J.log_index)
    .limit(bindparam("count"))
)
_COMMITMENTS: Final = (
    select(_J.commitment)
    .where(_J.log_index >= bindparam("first"), _J.log_index < bindparam("end"))
    .order_by(_J.log_index)
)
_TILE: Final = select(_T.bytes).where(
    _T.level == bindparam("level"), _T.position == bindparam("position")
)
