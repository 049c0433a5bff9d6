from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.account.memory import (
    KEY,
    NAME,
    NOW,
    OTHER,
    CrashError,
    MemoryStore,
    copy_of,
    grow,
    log_of,
    published,
    signed,
)

from comity.account.checkpoint import open_checkpoint
from comity.account.log import (
    consistency,
    inclusion,
    read_resource,
    read_tile,
    rebuild,
    root_at,
    sequence,
)
from comity.account.note import Signature, parse_note
from comity.account.tiles import decode_bundle, tile_paths
from comity.errors import InputError, LogError, NotFoundError
from comity.model import merkle
from comity.model.time import Micros

BIG = 66_000
"""More than one full tile of level 1."""


@pytest.fixture(scope="module")
def big() -> MemoryStore:
    return log_of(BIG)


def leaves_of(store: MemoryStore, size: int | None = None) -> list[bytes]:
    return [merkle.leaf_hash(row) for row in store.rows[:size]]


def test_an_empty_journal_has_a_signed_log_too() -> None:
    store = MemoryStore()
    note = signed(store)
    head = open_checkpoint(note, KEY.verifier)
    assert (head.origin, head.size, head.root) == (NAME, 0, merkle.EMPTY_ROOT)
    assert published(store) == {"checkpoint": note}


def test_a_pass_signs_the_root_of_the_journal() -> None:
    store = MemoryStore()
    grow(store, 700)
    note = sequence(store, KEY, NOW)
    assert note is not None
    assert store.notes == {700: note}
    assert open_checkpoint(note, KEY.verifier).root == merkle.root(leaves_of(store))
    assert sequence(store, KEY, NOW) is None


@given(st.lists(st.integers(1, 600), max_size=5), st.integers(1, 700))
def test_the_log_does_not_depend_on_when_it_was_made(steps: list[int], most: int) -> None:
    store = MemoryStore()
    for step in steps:
        grow(store, step)
        signed(store, most)
    at_once = log_of(sum(steps))
    if steps:
        assert published(store) == published(at_once)
        assert store.tiles == at_once.tiles


def test_a_pass_is_bounded() -> None:
    store = MemoryStore()
    grow(store, 70_000)
    sizes = []
    while sequence(store, KEY, NOW) is not None:
        sizes.append(max(store.notes))
    assert sizes == [65_536, 70_000]


@pytest.mark.parametrize(("before", "after"), [(0, 300), (200, 700), (255, 2), (256, 0)])
def test_a_crash_anywhere_leaves_it_repeatable(before: int, after: int) -> None:
    start = log_of(before)
    grow(start, after)
    whole = copy_of(start)
    signed(whole)
    for calls in range(100):
        store = copy_of(start)
        store.calls_left = calls
        try:
            sequence(store, KEY, NOW)
        except CrashError:
            crashed = True
        else:
            crashed = False
        store.calls_left = None
        # Whatever the crash left, what is published verifies and the next pass completes it.
        served = published(store)
        assert open_checkpoint(served["checkpoint"], KEY.verifier).size in store.notes
        signed(store)
        assert store.tiles == whole.tiles
        assert store.notes == whole.notes
        if not crashed:
            return
    pytest.fail("a pass never ended")


def test_growing_after_a_crash_is_the_same_too() -> None:
    store = log_of(200)
    grow(store, 300)
    store.calls_left = 7  # after the tiles, before the checkpoint
    with pytest.raises(CrashError):
        sequence(store, KEY, NOW)
    store.calls_left = None
    assert max(store.notes) == 200
    assert sorted(store.tiles) == [(0, 0), (0, 1), (1, 0)]
    grow(store, 300)
    signed(store)
    assert published(store) == published(log_of(800))


def test_tiles_thrown_away_are_made_anew(big: MemoryStore) -> None:
    store = copy_of(big)
    store.tiles.clear()
    assert rebuild(store, KEY) == BIG
    assert store.tiles == big.tiles
    assert rebuild(MemoryStore(), KEY) == 0


@given(st.data())
def test_what_is_served_does_not_depend_on_stored_tiles(data: st.DataObject) -> None:
    store = log_of(1_000)
    expected = published(store)
    for place in data.draw(st.sets(st.sampled_from(sorted(store.tiles)))):
        del store.tiles[place]
    assert published(store) == expected
    assert inclusion(store, 5, 1_000) == merkle.inclusion_proof(leaves_of(store), 5)
    grow(store, 300)
    signed(store)
    assert open_checkpoint(store.notes[1_300], KEY.verifier).root == root_at(store, 1_300)


def test_every_path_is_served_for_every_signed_size(big: MemoryStore) -> None:
    leaves = leaves_of(big)
    for tile in tile_paths(BIG):
        data = read_tile(big, tile.path())
        first = tile.index * 256
        if tile.level is None:
            assert decode_bundle(data) == big.rows[first : first + tile.width]
        else:
            step = 256**tile.level
            hashes = [
                merkle.root(leaves[(first + at) * step : (first + at + 1) * step])
                for at in range(tile.width)
            ]
            assert data == b"".join(hashes)


def test_a_partial_tile_never_changes() -> None:
    store = log_of(300)
    small = published(store)
    grow(store, 5_000)
    signed(store)
    for path, data in small.items():
        assert path == "checkpoint" or read_tile(store, path) == data


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001.p/45",
        "tile/0/001",
        "tile/0/002",
        "tile/1/000.p/2",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/63/000.p/1",
        "tile/entries/001.p/45",
        "tile/entries/x999/x999/999",
    ],
)
def test_what_is_not_published_is_not_served(path: str) -> None:
    store = log_of(300)
    grow(store, 5_000)
    with pytest.raises(NotFoundError) as caught:
        read_tile(store, path)
    assert caught.value.code == "no-such-tile"


def test_other_paths_are_not_served() -> None:
    with pytest.raises(InputError):
        read_resource(log_of(1), "tile/0/../../key")
    with pytest.raises(NotFoundError) as caught:
        read_resource(MemoryStore(), "checkpoint")
    assert caught.value.code == "no-checkpoint"


@given(st.data())
def test_proofs_from_tiles_are_those_of_the_definition(
    big: MemoryStore, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 1_500))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    leaves = leaves_of(big, size)
    assert root_at(big, size) == merkle.root(leaves)
    assert inclusion(big, index, size) == merkle.inclusion_proof(leaves, index)
    assert consistency(big, old, size) == merkle.consistency_proof(leaves, old)


@given(st.integers(1, BIG), st.data())
def test_proofs_of_a_large_log_verify(big: MemoryStore, size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    leaf, after, before = merkle.leaf_hash(big.rows[index]), root_at(big, size), root_at(big, old)
    assert merkle.verify_inclusion(leaf, index, size, inclusion(big, index, size), after)
    assert merkle.verify_consistency(old, size, before, after, consistency(big, old, size))


def test_a_proof_reads_a_handful_of_tiles(big: MemoryStore) -> None:
    for index in range(0, BIG, 997):
        big.tile_reads = 0
        inclusion(big, index, BIG)
        consistency(big, index, BIG)
        assert big.tile_reads <= 12  # twice, two a level, three levels


def test_nothing_is_proved_that_is_not_published() -> None:
    store = log_of(10)
    grow(store, 10)
    unpublished: list[Callable[[], object]] = [
        lambda: inclusion(store, 3, 11),
        lambda: consistency(store, 3, 11),
        lambda: root_at(store, 11),
    ]
    for ask in unpublished:
        with pytest.raises(NotFoundError) as caught:
            ask()
        assert caught.value.code == "no-such-size"
    with pytest.raises(InputError):
        inclusion(store, 10, 10)
    with pytest.raises(InputError):
        consistency(store, 8, 7)


def test_a_journal_that_lost_rows_is_not_signed() -> None:
    store = log_of(20)
    del store.rows[10:]
    acts: list[Callable[[], object]] = [
        lambda: sequence(store, KEY, NOW),
        lambda: rebuild(store, KEY),
    ]
    for act in acts:
        with pytest.raises(LogError) as caught:
            act()
        assert caught.value.code == "log-rolled-back"
    assert list(store.notes) == [20]


def test_a_gap_is_not_signed() -> None:
    for broken in (b"", bytes(31)):
        store = log_of(20)
        grow(store, 5)
        store.rows[22] = broken
        with pytest.raises(LogError) as caught:
            sequence(store, KEY, NOW)
        assert caught.value.code == "journal-gap"


def test_changed_tiles_are_not_signed_over_and_can_be_rebuilt() -> None:
    store = log_of(300)
    good = copy_of(store)
    grow(store, 5)
    for place, data in good.tiles.items():
        if place == (0, 0):
            continue  # its root stands in level 1; outside verification reads it
        store.tiles = {**good.tiles, place: bytes(len(data))}
        with pytest.raises(LogError) as caught:
            sequence(store, KEY, NOW)
        assert caught.value.code == "log-diverged"
    store.tiles.clear()
    rebuild(store, KEY)
    assert sequence(store, KEY, NOW) is not None


def test_a_changed_journal_cannot_be_rebuilt() -> None:
    store = log_of(300)
    store.rows[7] = bytes(32)
    store.tiles.clear()
    with pytest.raises(LogError) as caught:
        rebuild(store, KEY)
    assert caught.value.code == "log-diverged"


def test_another_key_does_not_go_on() -> None:
    store = log_of(20)
    grow(store, 1)
    with pytest.raises(LogError) as caught:
        sequence(store, OTHER, NOW)
    assert caught.value.code == "wrong-key"


def test_a_cosigned_checkpoint_stays_the_newest() -> None:
    store = log_of(20)
    note = parse_note(store.notes[20]).with_signatures(
        [Signature("comity/witness", b"\x01\x02\x03\x04", bytes(72))]
    )
    store.put_checkpoint(20, note.encode())
    assert sequence(store, KEY, Micros(NOW + 1)) is None
    assert read_resource(store, "checkpoint") == note.encode()
    grow(store, 1)
    assert sequence(store, KEY, NOW) is not None
