"""Checks of the journal, of the log's tiles and checkpoints, of leases and cursors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from comity.holdings.kit.values import NOW, MakeStore, fresh, raises
from comity.holdings.processes import this_process
from comity.holdings.protocol import JournalRow
from comity.model.time import Micros

__all__ = ["CHECKS"]


def _row(number: int) -> JournalRow:
    return JournalRow(
        at=Micros(NOW + number),
        payload=b'{"n":%d}' % number,
        salt=number.to_bytes(32, "big"),
        commitment=number.to_bytes(32, "little"),
    )


def check_the_journal_is_in_order(make_store: MakeStore) -> None:
    """Rows are numbered from 0 without a gap, and read back by number."""
    rows = [_row(number) for number in range(10)]
    with fresh(make_store) as store:
        with store.write() as tx:
            assert tx.journal_size() == 0
            assert tx.append_journal([]) == 0
            assert tx.append_journal(rows[:3]) == 0
            assert tx.append_journal(rows[3:4]) == 3
        with raises(ZeroDivisionError), store.write() as tx:
            assert tx.append_journal(rows) == 4
            raise ZeroDivisionError
        with store.write() as tx:
            assert tx.append_journal(rows[4:]) == 4
        with store.read() as tx:
            assert tx.journal_size() == 10
            assert tx.journal_rows(0, 99) == list(enumerate(rows))
            assert tx.journal_rows(4, 2) == [(4, rows[4]), (5, rows[5])]
            assert tx.journal_rows(10, 5) == []
            assert tx.journal_commitments(3, 2) == [rows[3].commitment, rows[4].commitment]
            assert tx.journal_commitments(8, 99) == [rows[8].commitment, rows[9].commitment]


def check_many_write_the_journal(make_store: MakeStore) -> None:
    """With many writers every row has its own number, and no number is missing."""
    with fresh(make_store) as store, ThreadPoolExecutor(4) as pool:

        def append(writer: int) -> dict[int, int]:
            found = {}
            for number in range(20):
                with store.write() as tx:
                    found[tx.append_journal([_row(writer * 100 + number)])] = writer * 100 + number
            return found

        placed: dict[int, int] = {}
        for one in pool.map(append, range(4)):
            placed |= one
        assert sorted(placed) == list(range(80))
        with store.read() as tx:
            assert tx.journal_rows(0, 100) == [(at, _row(placed[at])) for at in range(80)]


def check_tiles(make_store: MakeStore) -> None:
    """A tile is read as it was put last."""
    one, other = bytes(8192), bytes(range(256)) * 32
    with fresh(make_store) as store:
        with store.write() as tx:
            tx.put_tiles([])
            tx.put_tiles([(0, 0, one), (0, 1, other[:32]), (1, 0, other)])
            tx.put_tiles([(0, 0, one), (0, 1, other)])
        with store.read() as tx:
            assert [tx.tile(0, 0), tx.tile(0, 1), tx.tile(1, 0)] == [one, other, other]
            assert tx.tile(1, 1) is None


def check_checkpoints(make_store: MakeStore) -> None:
    """The newest is that of the largest size; one of the same size is replaced."""
    with fresh(make_store) as store:
        with store.write() as tx:
            assert tx.checkpoint() is None
            for size, note in ((5, b"five"), (9, b"nine"), (7, b"seven"), (5, b"five, witnessed")):
                tx.put_checkpoint(size, note)
        with store.read() as tx:
            assert tx.checkpoint() == (9, b"nine")
            assert tx.checkpoint(5) == (5, b"five, witnessed")
            assert tx.checkpoint(6) is None


def check_leases(make_store: MakeStore) -> None:
    """One holder at a time; the fencing number rises with each change of holder."""
    here, elsewhere = this_process(), "elsewhere:1:1"
    with fresh(make_store) as store, store.write() as tx:
        assert tx.acquire_lease("job", here, NOW, 60) == 1
        assert tx.acquire_lease("other job", elsewhere, NOW, 60) == 1
        assert tx.acquire_lease("job", elsewhere, Micros(NOW + 59_000_000), 60) is None
        assert tx.acquire_lease("job", here, Micros(NOW + 59_000_000), 60) == 1
        assert tx.acquire_lease("job", elsewhere, Micros(NOW + 118_000_000), 60) is None
        assert tx.acquire_lease("job", elsewhere, Micros(NOW + 119_000_000), 60) == 2
        assert tx.acquire_lease("job", here, Micros(NOW + 119_000_000), 60) is None
        assert [(one.name, one.holder) for one in tx.leases()] == [
            ("job", elsewhere),
            ("other job", elsewhere),
        ]
        assert tx.leases()[0].expires_at == NOW + 179_000_000
        tx.release_lease("job", here)
        assert tx.acquire_lease("job", here, Micros(NOW + 120_000_000), 60) is None
        tx.release_lease("job", elsewhere)
        tx.release_lease("no such job", elsewhere)
        assert [one.name for one in tx.leases()] == ["other job"]
        assert tx.acquire_lease("job", elsewhere, Micros(NOW + 120_000_000), 60) == 3


def check_leases_under_strife(make_store: MakeStore) -> None:
    """Of many who ask at once, one gets it."""
    with fresh(make_store) as store, ThreadPoolExecutor(6) as pool:

        def ask(number: int) -> int | None:
            with store.write() as tx:
                return tx.acquire_lease("job", f"elsewhere:{number}:1", NOW, 60)

        assert sorted(pool.map(ask, range(6)), key=str) == [1, None, None, None, None, None]


def check_cursors_and_statuses(make_store: MakeStore) -> None:
    """Both are read as they were put last."""
    with fresh(make_store) as store:
        with store.write() as tx:
            tx.put_cursor("pull", "1")
            tx.put_cursor("pull", "2")
            tx.put_status("one", NOW, b"pending")
            tx.put_status("one", NOW, b"complete")
        with store.read() as tx:
            assert tx.cursor("pull") == "2"
            assert tx.cursor("push") is None
            assert tx.status("one") == b"complete"
            assert tx.status("two") is None


CHECKS: Final = (
    check_the_journal_is_in_order,
    check_many_write_the_journal,
    check_tiles,
    check_checkpoints,
    check_leases,
    check_leases_under_strife,
    check_cursors_and_statuses,
)
