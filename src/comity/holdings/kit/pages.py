"""Checks of pages and search: what a reader gets, held against a model that is plainly right."""

from __future__ import annotations

import random
from typing import Final

import msgspec

from comity.handling import Facts, Grant, Page
from comity.holdings.kit.model import CollectionModel
from comity.holdings.kit.values import (
    EVERY,
    MEMBERS,
    NOW,
    US,
    MakeStore,
    admitted,
    collection,
    everything,
    fresh,
    grant_to,
    object_id,
    only,
    version,
)
from comity.holdings.protocol import Holdings, Query, VersionFilter
from comity.model.time import Micros

__all__ = ["CHECKS", "filled"]

FIRST: Final = collection("first")
OTHER: Final = collection("other")

FILTERS: Final = (
    VersionFilter(),
    EVERY,
    VersionFilter(first=True, last=False),
    VersionFilter(first=True),
    VersionFilter(last=False, exact=(Micros(2), Micros(3))),
    VersionFilter(last=True, exact=(Micros(1),)),
    VersionFilter(last=False),
)


def filled(tx: Holdings, chance: random.Random, puts: int) -> CollectionModel:
    """Fill FIRST at random, some of it moved and some deleted; the model of what it then holds.

    Member 0 may read everything, member 1 half of it, member 2 little, member 3 nothing.
    """
    model = CollectionModel()
    handlings = [
        only(US, MEMBERS[0], *(MEMBERS[1:2] if n % 2 else ()), *(MEMBERS[2:3] if n == 6 else ()),
             caveat=f"handling {n}")
        for n in range(7)
    ]  # fmt: skip
    for _ in range(puts):
        batch = []
        for _ in range(chance.randrange(1, 6)):
            facts = Facts(
                expires_at=chance.choice((None, None, Micros(NOW), Micros(NOW + 1))),
                case_id=chance.choice((None, None, None, "one", "two")),
            )
            of = version(
                chance.randrange(12),
                chance.randrange(5),
                kind="indicator",
                spec_version="2.1" if chance.random() < 0.8 else "2.0",
            )
            batch.append(admitted(of, chance.choice(handlings), facts))
        span = tx.put_many(FIRST.id, batch, NOW)
        assert span is not None
        keys = [tx.intern(one.terms.handling, one.terms.facts.data_class) for one in batch]
        model.put(batch, keys, span[0])
        if chance.random() < 0.2:
            names = [(object_id(chance.randrange(12)), Micros(m)) for m in range(3)]
            assert tx.delete(FIRST.id, names) == model.delete(names)
    return model


def check_pages_as_the_model_has_them(make_store: MakeStore) -> None:
    """Every reader, filter and page of a collection filled at random."""
    for seed in range(2):
        chance = random.Random(seed)  # noqa: S311 - made-up data, the same on every run
        with fresh(make_store, FIRST, OTHER) as store:
            with store.write() as tx:
                model = filled(tx, chance, 30)
            with store.read() as tx:
                for reader in (*MEMBERS[:4], US):
                    given = grant_to(tx, reader, cases=["two"])
                    for wanted in FILTERS:
                        _compare(tx, model, given, chance, wanted)


def _compare(
    tx: Holdings,
    model: CollectionModel,
    given: Grant,
    chance: random.Random,
    wanted: VersionFilter,
) -> None:
    ids = tuple(object_id(chance.randrange(14)) for _ in range(chance.randrange(4)))
    asked = (
        Query(collection=FIRST.id, version=wanted),
        Query(collection=FIRST.id, version=wanted, limit=3, slices=False),
        Query(collection=FIRST.id, version=wanted, ids=ids, limit=2),
        Query(collection=FIRST.id, version=wanted, spec_versions=("2.0",)),
        Query(collection=FIRST.id, version=wanted, types=("indicator", "malware")),
        Query(collection=FIRST.id, version=wanted, types=("malware",)),
    )
    for query in asked:
        after = query.after
        for _ in range(200):
            from_there = msgspec.structs.replace(query, after=after)
            page = tx.iter_page(given, from_there)
            _same(page, model.page(given, from_there))
            if not page.more:
                break
            after = page.rows[-1].date_added


def _same(given: Page, right: Page) -> None:
    assert list(given.rows) == list(right.rows), (given.rows, right.rows)
    assert given.more is right.more


def check_more_is_exact(make_store: MakeStore) -> None:
    """`more` tells whether another page would hold anything, and `after` is exclusive."""
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            span = tx.put_many(FIRST.id, [admitted(version(n)) for n in range(4)], NOW)
            assert span is not None
        with store.read() as tx:
            given = grant_to(tx)
            for limit, after, count, more in (
                (3, -1, 3, True),
                (4, -1, 4, False),
                (5, -1, 4, False),
                (1, span[1] - 1, 1, False),
                (1, span[1] - 2, 1, True),
                (9, span[1], 0, False),
            ):
                query = Query(collection=FIRST.id, after=Micros(after), limit=limit)
                page = tx.iter_page(given, query)
                assert (len(page.rows), page.more) == (count, more)


def check_newest_is_the_newest_that_is_seen(make_store: MakeStore) -> None:
    """A version that a reader may not see does not hide an older one that it may."""
    for_all, for_us = only(US, MEMBERS[0]), only(US)
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            tx.put_many(
                FIRST.id,
                [
                    admitted(version(1, 10), for_all),
                    admitted(version(1, 30), for_us),
                    admitted(version(1, 20), for_all, Facts(expires_at=Micros(NOW + 5))),
                    admitted(version(1, 5), for_us),
                ],
                NOW,
            )
        with store.read() as tx:
            last = Query(collection=FIRST.id)
            first = Query(collection=FIRST.id, version=VersionFilter(first=True, last=False))

            def seen(query: Query, reader: str, now: int) -> list[int]:
                page = tx.iter_page(grant_to(tx, reader, now=Micros(now)), query)
                return [row.modified for row in page.rows]

            assert seen(last, US, NOW) == [30]
            assert seen(last, MEMBERS[0], NOW) == [20]
            assert seen(last, MEMBERS[0], NOW + 5) == [10]
            assert seen(first, US, NOW) == [5]
            assert seen(first, MEMBERS[0], NOW) == [10]
            assert seen(last, MEMBERS[1], NOW) == []


def check_rare_and_common(make_store: MakeStore) -> None:
    """Readers of everything, of half and of one in a thousand see the same order."""
    common = [only(US, MEMBERS[0]), only(US)]
    rare = only(US, MEMBERS[0], MEMBERS[1])
    with fresh(make_store, FIRST) as store:
        with store.write() as tx:
            for start in range(0, 3000, 1000):
                batch = [
                    admitted(version(n), rare if n % 999 == 0 else common[n % 2])
                    for n in range(start, start + 1000)
                ]
                tx.put_many(FIRST.id, batch, NOW)
        with store.read() as tx:
            numbers = range(3000)
            for reader, right in (
                (US, list(numbers)),
                (MEMBERS[0], [n for n in numbers if n % 999 == 0 or n % 2 == 0]),
                (MEMBERS[1], [n for n in numbers if n % 999 == 0]),
            ):
                assert everything(tx, FIRST, reader=reader) == [
                    version(n).raw.decode() for n in right
                ]


def check_search(make_store: MakeStore) -> None:
    """All terms, all collections, newest first, under the grant and the per-object rules."""
    with fresh(make_store, FIRST, OTHER) as store:
        with store.write() as tx:
            tx.put_many(FIRST.id, [admitted(version(1, terms=["a", "b"]))], NOW)
            tx.put_many(FIRST.id, [admitted(version(2, terms=["a"]), only(US))], NOW)
            tx.put_many(OTHER.id, [admitted(version(3, terms=["a", "b", "c"]))], Micros(NOW + 50))
            secret = Facts(case_id="case")
            tx.put_many(OTHER.id, [admitted(version(4, terms=["a"]), facts=secret)], NOW)
            over = Facts(expires_at=NOW)
            tx.put_many(OTHER.id, [admitted(version(5, terms=["a"]), facts=over)], NOW)
        with store.read() as tx:

            def found(*terms: str, limit: int = 10, reader: str = US) -> list[bytes | None]:
                page = tx.search(grant_to(tx, reader), terms, limit)
                assert page.more is (len(terms) == 1 and limit < 3)
                return [row.slice for row in page.rows]

            three, two, one = (version(n).raw for n in (3, 2, 1))
            assert found("a") == [three, two, one]
            assert found("a", limit=2) == [three, two]
            assert found("a", reader=MEMBERS[0]) == [three, one]
            assert found("a", "b") == found("b", "a", "b") == [three, one]
            assert found("a", "b", "c") == [three]
            assert found("a", "d") == found("d") == found() == []
            in_case = tx.search(grant_to(tx, cases=["case"]), ["a"], 10)
            assert len(in_case.rows) == 4


CHECKS: Final = (
    check_pages_as_the_model_has_them,
    check_more_is_exact,
    check_newest_is_the_newest_that_is_seen,
    check_rare_and_common,
    check_search,
)
