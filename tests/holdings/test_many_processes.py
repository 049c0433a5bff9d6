"""One store, many processes: nothing is lost, nothing comes twice, killing one does no harm."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.conftest import SOAK
from tests.holdings.soundness import assert_sound

from comity.holdings import Query, Store, open_store
from comity.holdings.kit.values import NOW, US, collection, grant_to, object_id
from comity.model.time import Micros

ROOT = Path(__file__).resolve().parents[2]
FIRST = collection("first")


def started(path: Path, writer: int, puts: int, size: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.holdings.worker", str(path)]
    return subprocess.Popen(
        [*command, str(writer), str(puts), str(size)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process: subprocess.Popen[str]) -> list[tuple[int, int, int]]:
    """(first, last, journal index) of each put that a writer says it has committed."""
    out, err = process.communicate()
    assert process.returncode in (0, -9), err
    return [(int(a), int(b), int(c)) for a, b, c in map(str.split, out.splitlines())]


def made(path: Path) -> Store:
    store = open_store(f"sqlite:///{path}", create=True)
    with store.write() as tx:
        tx.put_collection(FIRST)
    return store


def poll(store: Store, after: Micros) -> list[tuple[Micros, str]]:
    """What a poller meets after an instant."""
    found: list[tuple[Micros, str]] = []
    more = True
    while more:
        with store.read() as tx:
            query = Query(collection=FIRST.id, after=after, limit=50, slices=False)
            page = tx.iter_page(grant_to(tx, US), query)
        found += [(row.date_added, row.id) for row in page.rows]
        after, more = (found[-1][0] if found else after), page.more
    return found


def test_four_writers_and_a_poller(tmp_path: Path) -> None:
    path, puts, size = tmp_path / "store.db", 400 if SOAK else 25, 10
    store = made(path)
    writers = [started(path, writer, puts, size) for writer in range(4)]
    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(lines_of, one) for one in writers]
        seen: list[tuple[Micros, str]] = []
        while not all(one.done() for one in work):
            seen += poll(store, seen[-1][0] if seen else Micros(-1))
        seen += poll(store, seen[-1][0] if seen else Micros(-1))
        spans = sorted(line for one in work for line in one.result())

    instants = [at for at, _ in seen]
    assert instants == sorted(set(instants))
    assert instants == [at for first, last, _ in spans for at in range(first, last + 1)]
    assert sorted(name for _, name in seen) == sorted(map(object_id, range(4 * puts * size)))
    # The journal is in the order of commits, as the spans are.
    assert [index for *_, index in spans] == list(range(4 * puts))
    with store.read() as tx:
        assert len(tx.handlings()) == puts * 3
    store.close()
    assert_sound(path)


@pytest.mark.parametrize("attempt", range(40 if SOAK else 3))
def test_a_killed_writer_leaves_whole_transactions(attempt: int, tmp_path: Path) -> None:
    path, size = tmp_path / "store.db", 200
    store = made(path)
    writers = [started(path, writer, 10_000, size) for writer in range(2)]
    while not poll(store, Micros(-1)):
        time.sleep(0.01)
    time.sleep(0.07 * attempt)
    for one in writers:
        one.kill()
    said = sorted(line for one in writers for line in lines_of(one))
    seen = [at for at, _ in poll(store, Micros(-1))]
    assert len(seen) % size == 0
    assert {at for first, last, _ in said for at in range(first, last + 1)} <= set(seen)
    assert len(seen) // size - len(said) in (0, 1, 2)
    with store.write() as tx:
        assert tx.journal_size() == len(seen) // size
        assert tx.acquire_lease("job", "another", NOW, 60) == 1
    store.close()
    assert_sound(path)


def test_many_make_one_store(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from comity.holdings import open_store
        store = open_store(sys.argv[1], create=True)
        with store.write() as tx:
            tx.put_cursor(sys.argv[2], "made")
        store.close()
    """
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path}/store.db", str(number)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for one in makers:
        _, err = one.communicate()
        assert one.returncode == 0, err
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with store.read() as tx:
        assert [tx.cursor(str(number)) for number in range(4)] == ["made"] * 4
    store.close()
