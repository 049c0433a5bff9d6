"""All that a store holds, as plain rows, for tests that say: nothing changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from comity.node.wiring import Node

ATTEMPTS = frozenset({"journal", "clock", "checkpoint", "tile", "lease"})
"""Tables that grow by an attempt alone: the journal, and what is computed from it."""

Rows = dict[str, list[tuple[object, ...]]]


def rows_of(node: Node, *, leave_out: frozenset[str] = ATTEMPTS) -> Rows:
    """Every row of every table but those left out; of the clock, all but the journal's."""
    with closing(sqlite3.connect(node.directory / "comity.sqlite3")) as db:
        names = [
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        found = {
            name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr)
            for name in names
            if name not in leave_out
        }
        found["clock"] = sorted(db.execute("SELECT * FROM clock WHERE name <> 'journal'"))
    return found


def versions_of(node: Node) -> list[tuple[str, str, int]]:
    """Every entry of every collection: (collection, id, modified)."""
    with closing(sqlite3.connect(node.directory / "comity.sqlite3")) as db:
        return list(
            db.execute(
                "SELECT collection.id, entry.id, modified"
                " FROM entry JOIN collection ON collection.number = entry.collection"
            )
        )


def text_of(node: Node) -> bytes:
    """The bytes of the store's files: what is not in them was never written."""
    return b"".join(path.read_bytes() for path in node.directory.glob("comity.sqlite3*"))
