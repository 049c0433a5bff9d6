"""Rates of the log: entries sequenced and proofs made a second, on SQLite, beside a floor.

Run `python bench/account.py [ENTRIES]`. The floor of sequencing is hashing alone, two hashes an
entry; that of a proof is hashing one audit path. Read the ratios: seconds belong to the machine.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence

from comity.account.log import consistency, inclusion, sequence
from comity.account.note import SigningKey
from comity.model.merkle import leaf_hash, node_hash
from comity.model.time import EPOCH

PROOFS = 5_000


class SqliteLog:
    """The least store that a log needs: three tables in memory, through the driver."""

    def __init__(self, entries: int) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.executescript(
            "create table journal (row integer primary key, commitment blob);"
            "create table tile (level int, n int, data blob, primary key (level, n));"
            "create table checkpoint (size integer primary key, note blob);"
        )
        rows = random.Random(1)
        self.db.executemany(
            "insert into journal values (?, ?)",
            ((row, rows.randbytes(32)) for row in range(entries)),
        )

    def journal_size(self) -> int:
        """Rows there are."""
        (size,) = self.db.execute("select count(*) from journal").fetchone()
        return int(size)

    def journal_commitments(self, first: int, count: int) -> list[bytes]:
        """Some of them."""
        found = self.db.execute(
            "select commitment from journal where row between ? and ? order by row",
            (first, first + count - 1),
        )
        return [commitment for (commitment,) in found]

    def tile(self, level: int, index: int) -> bytes | None:
        """A stored tile."""
        found = self.db.execute(
            "select data from tile where level = ? and n = ?", (level, index)
        ).fetchone()
        return None if found is None else bytes(found[0])

    def put_tiles(self, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        """Store or replace tiles."""
        self.db.executemany("insert or replace into tile values (?, ?, ?)", tiles)

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        """The newest, or one of a size."""
        found = self.db.execute(
            "select size, note from checkpoint where ? is null or size = ? "
            "order by size desc limit 1",
            (size, size),
        ).fetchone()
        return None if found is None else (int(found[0]), bytes(found[1]))

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Store or replace a checkpoint."""
        self.db.execute("insert or replace into checkpoint values (?, ?)", (size, note))


def rate(count: int, act: Callable[[], object]) -> float:
    """How often a second, if `act` does it `count` times."""
    start = time.process_time()
    act()
    return count / (time.process_time() - start)


def main(entries: int) -> None:
    """Print one line a rate."""
    store, signer, chosen = (
        SqliteLog(entries),
        SigningKey("comity/bench", bytes(32)),
        random.Random(2),
    )
    leaf = bytes(32)

    def hash_all() -> None:
        for _ in range(entries):
            node_hash(leaf_hash(leaf), leaf)

    def hash_paths() -> None:
        for _ in range(PROOFS * entries.bit_length()):
            node_hash(leaf, leaf)

    def sequence_all() -> None:
        while sequence(store, signer, EPOCH) is not None:
            pass

    floor = rate(entries, hash_all)
    path = rate(PROOFS, hash_paths)
    report("entries sequenced", rate(entries, sequence_all), floor)
    places = [chosen.randrange(entries) for _ in range(PROOFS)]
    report(
        "inclusion proofs",
        rate(PROOFS, lambda: [inclusion(store, at, entries) for at in places]),
        path,
    )
    report(
        "consistency proofs",
        rate(PROOFS, lambda: [consistency(store, at, entries) for at in places]),
        path,
    )


def report(what: str, measured: float, floor: float) -> None:
    """One line."""
    print(f"{what:20} {measured:10,.0f}/s, {measured / floor:5.2f} of the floor ({floor:,.0f}/s)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
