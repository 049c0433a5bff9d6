"""The least that Python needs for what a TAXII server does, without a server.

Ingest: decode an envelope, check the common properties of each object, hash its bytes, keep both
in SQLite (WAL, full synchronisation), a transaction a batch. Read: pages by key, joined to
envelopes. No rules, labels, journal, log or HTTP.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from bench.objects import envelope

__all__ = ["Floor"]

PAGE = 1_000

SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table object (
    date_added integer primary key,
    id text not null,
    modified integer not null,
    type text not null,
    spec_version text not null,
    sha256 blob not null,
    bytes blob not null,
    unique (id, modified)
) strict;
"""
INSERT = "insert into object values (?, ?, ?, ?, ?, ?, ?)"
SELECT = "select date_added, bytes from object where date_added > ? order by date_added limit ?"

_ID = re.compile(r"([a-z0-9-]+)--[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]


class _Envelope(msgspec.Struct):
    objects: list[msgspec.Raw]


class _Object(msgspec.Struct):
    type: str
    id: str
    created: _Time
    spec_version: str = "2.1"
    modified: _Time | None = None
    created_by_ref: str | None = None
    revoked: bool = False
    object_marking_refs: list[str] = []


class Row(NamedTuple):
    """One object as the table has it."""

    date_added: int
    id: str
    modified: int
    type: str
    spec_version: str
    sha256: bytes
    bytes: bytes


class Floor:
    """A table of objects in one file, used from one thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(SCHEMA)
        self._clock = count(1)
        self._envelope = msgspec.json.Decoder(_Envelope)
        self._object = msgspec.json.Decoder(_Object)

    def ingest(self, batches: Sequence[bytes]) -> None:
        """Check and keep envelopes."""
        for batch in batches:
            rows = [self._row(bytes(raw)) for raw in self._envelope.decode(batch).objects]
            with self._db:
                self._db.executemany(INSERT, rows)

    def _row(self, raw: bytes) -> Row:
        one = self._object.decode(raw)
        named = _ID.fullmatch(one.id)
        if named is None or named[1] != one.type:
            raise ValueError(one.id)
        return Row(
            date_added=next(self._clock),
            id=one.id,
            modified=_micros(one.modified or one.created),
            type=one.type,
            spec_version=one.spec_version,
            sha256=hashlib.sha256(raw).digest(),
            bytes=raw,
        )

    def pages(self) -> Iterator[bytes]:
        """All objects as envelopes of PAGE."""
        after = 0
        while rows := self._page(after):
            yield envelope([raw for _, raw in rows])
            after = rows[-1][0]

    def first_page(self) -> bytes:
        """The first envelope."""
        return envelope([raw for _, raw in self._page(0)])

    def poll(self) -> bytes:
        """What came after the last object: an empty envelope."""
        return envelope([raw for _, raw in self._page(2**62)])

    def _page(self, after: int) -> list[tuple[int, bytes]]:
        return self._db.execute(SELECT, (after, PAGE)).fetchall()

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _micros(text: str) -> int:
    """RFC 3339 in UTC as microseconds."""
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)
