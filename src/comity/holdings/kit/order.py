"""Checks of transactions: all or nothing, one state to each reader, one order to all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import Final

from comity.errors import StoreError
from comity.holdings.kit.values import (
    MEMBERS,
    NOW,
    MakeStore,
    admitted,
    collection,
    everything,
    fresh,
    grant_to,
    member,
    object_id,
    only,
    raises,
    version,
)
from comity.holdings.protocol import JournalRow, Peer, Query, Store
from comity.model.time import Micros

__all__ = ["CHECKS"]

FIRST: Final = collection("first")
OTHER: Final = collection("other")

_ROW: Final = JournalRow(at=NOW, payload=b"{}", salt=b"s" * 32, commitment=b"c" * 32)


def check_all_or_nothing(make_store: MakeStore) -> None:
    """What a block did before it raised leaves no trace."""
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(1))], NOW)
            generation = tx.generation()
        with raises(ZeroDivisionError), store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(2), only(MEMBERS[0]))], NOW)
            tx.delete(FIRST.id, [(object_id(1), Micros(0))])
            tx.put_collection(OTHER)
            tx.put_peer(Peer(member=member(0)))
            tx.put_setting("member_id", MEMBERS[0])
            tx.append_journal([_ROW])
            tx.put_cursor("c", "1")
            assert tx.acquire_lease("job", "holder", NOW, 60) == 1
            raise ZeroDivisionError
        with store.read() as tx:
            assert everything(tx, FIRST) == [version(1).raw.decode()]
            assert len(tx.handlings()) == 1
            assert sum(tx.counts(FIRST.id).values()) == 1
            assert [one.id for one in tx.collections()] == [FIRST.id]
            assert tx.peers() == []
            assert tx.setting("member_id") is None
            assert tx.policy().self_id == ""
            assert tx.generation() == generation
            assert tx.journal_size() == 0
            assert tx.cursor("c") is None
            assert tx.leases() == []


def check_own_writes_are_seen(make_store: MakeStore) -> None:
    """A transaction reads what it wrote before it commits."""
    with fresh(make_store, FIRST) as store, store.write() as tx:
        tx.put_many(FIRST.id, [admitted(version(1), only(MEMBERS[0]))], NOW)
        assert everything(tx, FIRST, reader=MEMBERS[0]) == [version(1).raw.decode()]
        tx.put_peer(Peer(member=member(0)))
        assert set(tx.policy().members) == {MEMBERS[0]}
        assert tx.append_journal([_ROW]) == 0
        assert tx.journal_size() == 1


def check_a_reader_writes_nothing(make_store: MakeStore) -> None:
    """Writing in a transaction that reads raises StoreError."""
    with fresh(make_store, FIRST) as store:
        with raises(StoreError), store.read() as tx:
            tx.put_setting("name", "value")
        with raises(StoreError), store.read() as tx:
            tx.put_many(FIRST.id, [admitted(version(1))], NOW)
        with store.read() as tx:
            assert tx.setting("name") is None
            assert everything(tx, FIRST) == []


def check_one_state_to_a_reader(make_store: MakeStore) -> None:
    """A reader that has begun sees nothing of what others commit meanwhile."""
    with fresh(make_store, FIRST) as store, ThreadPoolExecutor(1) as elsewhere:

        def put(number: int) -> None:
            with store.write() as tx:
                tx.put_many(FIRST.id, [admitted(version(number))], NOW)
                tx.put_peer(Peer(member=member(number)))

        elsewhere.submit(put, 1).result()
        with store.read() as tx:
            generation = tx.generation()
            elsewhere.submit(put, 2).result()
            assert everything(tx, FIRST) == [version(1).raw.decode()]
            assert tx.generation() == generation == tx.policy().generation
            assert set(tx.policy().members) == {MEMBERS[1]}
        with store.read() as tx:
            assert len(everything(tx, FIRST)) == 2
            assert set(tx.policy().members) == {MEMBERS[1], MEMBERS[2]}


def check_instants_only_rise(make_store: MakeStore) -> None:
    """`date_added` rises with every put, whatever the clock says, and is not behind it."""
    with fresh(make_store, FIRST, OTHER) as store:
        spans: list[tuple[Micros, Micros]] = []
        for now in (NOW, NOW, NOW - 5_000_000, NOW + 1, NOW + 9_000_000):
            with store.write() as tx:
                batch = [admitted(version(len(spans) * 10 + n)) for n in range(3)]
                span = tx.put_many(FIRST.id, batch, Micros(now))
                assert span is not None
                assert span[1] - span[0] == 2
                assert span[1] >= now
                spans.append(span)
        assert all(one[1] < other[0] for one, other in pairwise(spans))
        assert spans[4][1] == NOW + 9_000_000
        with store.write() as tx:
            assert tx.put_many(OTHER.id, [admitted(version(1))], NOW) == (NOW, NOW)


def check_a_poller_loses_nothing(make_store: MakeStore) -> None:
    """Four writers and a poller by `after`: everything once, in an order that only rises."""
    writers, puts, size = 4, 15, 7
    with fresh(make_store, FIRST) as store, ThreadPoolExecutor(writers + 1) as pool:

        def write(writer: int) -> list[tuple[Micros, Micros]]:
            spans = []
            for put in range(puts):
                start = (writer * puts + put) * size
                batch = [admitted(version(number)) for number in range(start, start + size)]
                with store.write() as tx:
                    span = tx.put_many(FIRST.id, batch, NOW)
                    assert span is not None
                    spans.append(span)
            return spans

        done = Event()
        poller = pool.submit(_poll, store, done.is_set)
        work = [pool.submit(write, writer) for writer in range(writers)]
        try:
            spans = sorted(span for one in work for span in one.result())
        finally:
            done.set()
        seen = poller.result()
    instants = [at for at, _ in seen]
    assert instants == sorted(set(instants))
    names = [name for _, name in seen]
    assert sorted(names) == sorted(object_id(n) for n in range(writers * puts * size))
    assert instants == [at for first, last in spans for at in range(first, last + 1)]


def _poll(store: Store, finished: Callable[[], bool]) -> list[tuple[Micros, str]]:
    """Everything that a poller meets, from the start until the writers have finished."""
    seen: list[tuple[Micros, str]] = []
    while True:
        last_round = finished()
        more = True
        while more:
            with store.read() as tx:
                after = seen[-1][0] if seen else Micros(-1)
                page = tx.iter_page(grant_to(tx), Query(collection=FIRST.id, after=after, limit=9))
            seen += [(row.date_added, row.id) for row in page.rows]
            more = page.more
        if last_round:
            return seen


CHECKS: Final = (
    check_all_or_nothing,
    check_own_writes_are_seen,
    check_a_reader_writes_nothing,
    check_one_state_to_a_reader,
    check_instants_only_rise,
    check_a_poller_loses_nothing,
)
