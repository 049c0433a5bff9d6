"""Pages by every access path, held against the kit's model."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.handling import Admitted, Facts
from comity.holdings import Collection, Query, Store, VersionFilter, open_store
from comity.holdings._engines import pages
from comity.holdings.kit.model import CollectionModel
from comity.holdings.kit.values import (
    MEMBERS,
    NOW,
    US,
    admitted,
    grant_to,
    object_id,
    only,
    version,
)
from comity.model.time import Micros
from comity.model.version import Version

HANDLINGS = [
    only(US, *(MEMBERS[0:1] if n % 2 else ()), *(MEMBERS[1:2] if n == 4 else ()), caveat=str(n))
    for n in range(6)
]

instants = st.one_of(st.none(), st.sampled_from((Micros(NOW - 1), NOW, Micros(NOW + 1))))
facts = st.builds(
    Facts,
    expires_at=instants,
    review_at=instants,
    case_id=st.sampled_from((None, None, "one", "two")),
)
versions = st.builds(
    version,
    st.integers(0, 7),
    st.integers(0, 4),
    spec_version=st.sampled_from(("2.0", "2.1")),
)
objects = st.builds(admitted, versions, st.sampled_from(HANDLINGS), facts)
puts = st.lists(st.lists(objects, min_size=1, max_size=8), max_size=6)
filters = st.builds(
    VersionFilter,
    all=st.booleans(),
    first=st.booleans(),
    last=st.booleans(),
    exact=st.lists(st.integers(0, 4).map(Micros), max_size=2).map(tuple),
)
queries = st.builds(
    Query,
    collection=st.just(""),
    after=st.integers(-1, 40).map(lambda back: Micros(NOW - back if back >= 0 else -1)),
    limit=st.integers(1, 12),
    ids=st.lists(st.integers(0, 9).map(object_id), max_size=3).map(tuple),
    types=st.sampled_from(((), ("indicator",), ("malware", "indicator"), ("malware",))),
    spec_versions=st.sampled_from(((), ("2.1",))),
    version=filters,
    slices=st.booleans(),
)

PATHS = {
    "chosen": {},
    "order": {"_HIDDEN_TO_SKIP": 10**9},
    "merged": {"_HIDDEN_TO_SKIP": -1, "_WINDOW": 0},
    "near": {"_HIDDEN_TO_SKIP": -1, "_WINDOW": 3},
    "many-arms": {"_HIDDEN_TO_SKIP": -1, "_MOST_ARMS": 0},
}

_numbers = itertools.count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path_factory.mktemp('pages')}/store.db", create=True)
    yield made
    made.close()


def keep(
    store: Store, batches: list[list[Admitted[Version]]]
) -> tuple[Collection, CollectionModel]:
    """A new collection with these puts, and what it should hold."""
    model = CollectionModel()
    made = Collection(id=f"made-{next(_numbers)}", name=f"made {next(_numbers)}", home=US)
    with store.write() as tx:
        tx.put_collection(made)
        for batch in batches:
            known = {name: entry.version.sha256 for name, entry in model.entries.items()}
            kept = []
            for one in batch:
                name = (one.value.id, one.value.modified)
                if known.setdefault(name, one.value.sha256) == one.value.sha256:
                    kept.append(one)
            span = tx.put_many(made.id, kept, NOW)
            if span is not None:
                keys = [tx.intern(one.terms.handling, one.terms.facts.data_class) for one in kept]
                model.put(kept, keys, span[0])
    return made, model


@pytest.mark.parametrize("path", PATHS)
def test_every_path_gives_what_the_model_gives(
    path: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in PATHS[path].items():
        monkeypatch.setattr(pages, name, value)

    @settings(max_examples=settings().max_examples // 3)
    @given(puts, st.lists(queries, min_size=1, max_size=5))
    def check(batches: list[list[Admitted[Version]]], asked: list[Query]) -> None:
        made, model = keep(store, batches)
        with store.read() as tx:
            for reader in (US, *MEMBERS[:2]):
                given_to = grant_to(tx, reader, cases=["two"])
                for query in (msgspec.structs.replace(one, collection=made.id) for one in asked):
                    page = tx.iter_page(given_to, query)
                    right = model.page(given_to, query)
                    assert (list(page.rows), page.more) == (list(right.rows), right.more)

    check()


def test_a_page_of_large_objects_ends_early(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_MOST_BYTES", 10_000)
    batch = [admitted(version(n, content="x" * (4_000 if n < 600 else 40_000))) for n in range(602)]
    made, _ = keep(store, [batch])
    sizes, after = [], Micros(-1)
    more = True
    with store.read() as tx:
        while more:
            query = Query(collection=made.id, after=after, limit=400)
            page = tx.iter_page(grant_to(tx), query)
            sizes.append(len(page.rows))
            after, more = page.rows[-1].date_added, page.more
        assert sizes == [2] * 300 + [1, 1]
        whole = tx.iter_page(grant_to(tx), Query(collection=made.id, slices=False))
        assert len(whole.rows) == 602


@pytest.mark.soak
def test_a_million_rows_are_paged_whole(tmp_path: Path) -> None:
    """Readers of everything, of half and of one in a thousand each get all of theirs, in order."""
    store = open_store(f"sqlite:///{tmp_path}/store.db", create=True)
    collection = Collection(id="million", name="million", home=US)
    rare, half, rest = only(US, *MEMBERS[:2]), only(US, MEMBERS[0]), only(US)
    with store.write() as tx:
        tx.put_collection(collection)
    for start in range(0, 1_000_000, 1000):
        batch = [
            admitted(version(n), rare if n % 1000 == 3 else half if n % 2 else rest)
            for n in range(start, start + 1000)
        ]
        with store.write() as tx:
            tx.put_many(collection.id, batch, NOW)
    for reader, right in ((US, 1_000_000), (MEMBERS[0], 500_000), (MEMBERS[1], 1_000)):
        found, after, more = 0, Micros(-1), True
        while more:
            with store.read() as tx:
                query = Query(collection=collection.id, after=after, slices=False)
                page = tx.iter_page(grant_to(tx, reader), query)
            assert all(row.date_added > after for row in page.rows)
            found += len(page.rows)
            after, more = page.rows[-1].date_added, page.more
        assert found == right
    store.close()
