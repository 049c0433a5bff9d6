"""A process that writes into a store, for tests that need several or kill one.

    python -m tests.holdings.worker PATH WRITER PUTS SIZE

After each commit it writes a line to standard output: the span of the put (first, last), and
the index of its journal row.
"""

from __future__ import annotations

import sys
from pathlib import Path

from comity.holdings import JournalRow, open_store
from comity.holdings.kit.values import NOW, admitted, collection, only, version

FIRST = collection("first")


def write(path: Path, writer: int, puts: int, size: int) -> None:
    """Put `puts` batches of `size` objects that no other writer has, each with a journal row."""
    store = open_store(f"sqlite:///{path}")
    for put in range(puts):
        start = (writer * puts + put) * size
        # Each process comes upon handlings that another has interned meanwhile.
        batch = [
            admitted(version(n, terms=[str(n)]), only(caveat=f"{put} {n % 3}"))
            for n in range(start, start + size)
        ]
        with store.write() as tx:
            span = tx.put_many(FIRST.id, batch, NOW)
            row = JournalRow(at=NOW, payload=b"%d" % start, salt=b"", commitment=bytes(32))
            index = tx.append_journal([row])
        assert span is not None
        sys.stdout.write(f"{span[0]} {span[1]} {index}\n")
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *map(int, sys.argv[2:]))
