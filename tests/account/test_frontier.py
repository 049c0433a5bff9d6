from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.account.frontier import Frontier, Tile, partial_tiles
from comity.errors import LogError
from comity.model.merkle import EMPTY_ROOT, leaf_hash, root

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]

sizes = st.integers(0, 1_500) | st.sampled_from([255, 256, 257, 511, 512, 513])


def by_definition(size: int) -> dict[tuple[int, int], bytes]:
    """The tiles of a tree as C2SP tlog-tiles defines them: each hash a range's root."""
    tiles: dict[tuple[int, int], bytes] = {}
    level, step = 0, 1
    while size // step:
        hashes = [root(LEAVES[at * step : (at + 1) * step]) for at in range(size // step)]
        for index in range(-(-len(hashes) // 256)):
            tiles[level, index] = b"".join(hashes[index * 256 : (index + 1) * 256])
        level, step = level + 1, step * 256
    return tiles


def test_the_empty_tree() -> None:
    frontier = Frontier()
    assert frontier.root() == EMPTY_ROOT
    assert frontier.extend([]) == frontier.partial() == []


@given(sizes, st.data())
def test_any_steps_lead_to_the_same_tiles(size: int, data: st.DataObject) -> None:
    stops = sorted(data.draw(st.lists(st.integers(0, size), max_size=6)))
    frontier = Frontier()
    tiles: list[Tile] = []
    for stop in [*stops, size]:
        tiles += frontier.extend(LEAVES[frontier.size : stop])
    tiles += frontier.partial()
    made = {(level, index): hashes for level, index, hashes in tiles}
    assert len(made) == len(tiles), "no tile is given twice"
    assert made == {at: hashes for at, hashes in by_definition(size).items() if hashes}
    assert frontier.root() == root(LEAVES[:size])
    assert frontier.size == size


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_the_third_level(size: int) -> None:
    frontier = Frontier()
    tiles = frontier.extend(LEAVES[:size]) + frontier.partial()
    assert {(level, index): hashes for level, index, hashes in tiles} == by_definition(size)
    assert frontier.root() == root(LEAVES[:size])


@given(sizes, st.integers(0, 600))
def test_it_goes_on_from_stored_tiles(size: int, more: int) -> None:
    stored = by_definition(size)
    edge = [
        stored[level, index][: width * 32] if width else b""
        for level, index, width in partial_tiles(size)
    ]
    frontier = Frontier(size, edge)
    assert frontier.root() == root(LEAVES[:size])
    frontier.extend(LEAVES[size : size + more])
    assert frontier.root() == root(LEAVES[: size + more])


def test_an_edge_of_another_size_is_refused() -> None:
    for size, edge in ((1, []), (1, [bytes(64)]), (0, [bytes(32)]), (257, [bytes(32)])):
        with pytest.raises(LogError) as caught:
            Frontier(size, edge)
        assert caught.value.code == "log-edge"
