from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.account.tiles import (
    TilePath,
    decode_bundle,
    encode_bundle,
    parse_path,
    split_hashes,
    tile_paths,
)
from comity.errors import InputError


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("tile/0/000", TilePath(0, 0)),
        ("tile/0/001.p/5", TilePath(0, 1, 5)),
        ("tile/0/x001/234.p/5", TilePath(0, 1_234, 5)),
        ("tile/2/x001/x234/067", TilePath(2, 1_234_067)),
        ("tile/63/255.p/255", TilePath(63, 255, 255)),
        ("tile/entries/x001/000", TilePath(None, 1_000)),
        ("tile/entries/000.p/1", TilePath(None, 0, 1)),
    ],
)
def test_paths(path: str, tile: TilePath) -> None:
    assert parse_path(path) == tile
    assert tile.path() == path


@given(st.none() | st.integers(0, 63), st.integers(0, 2**63), st.integers(1, 256))
def test_every_path_is_read_back(level: int | None, index: int, width: int) -> None:
    tile = TilePath(level, index, width)
    assert parse_path(tile.path()) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/05",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
        "tile/data/000",
        "tile/0/" + "x001/" * 40 + "000",
    ],
)
def test_other_spellings_are_refused(path: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_path(path)
    assert caught.value.code == "bad-tile-path"


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    for path in (text, f"tile/{text}", f"tile/0/{text}"):
        try:
            tile = parse_path(path)
        except InputError:
            continue
        assert tile.path() == path


def test_tiles_of_the_standards_example() -> None:
    # C2SP tlog-tiles, "Partial Tiles": a tree of 70,000 entries.
    paths = list(tile_paths(70_000))
    level_0 = [one for one in paths if one.level == 0]
    assert level_0[-1] == TilePath(0, 273, 112)
    assert len(level_0) == 274
    assert [one for one in paths if one.level == 1] == [TilePath(1, 0), TilePath(1, 1, 17)]
    assert [one for one in paths if (one.level or 0) > 1] == [TilePath(2, 0, 1)]
    assert len([one for one in paths if one.level is None]) == 274
    assert list(tile_paths(256)) == [TilePath(None, 0), TilePath(0, 0), TilePath(1, 0, 1)]
    assert list(tile_paths(0)) == []


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_are_read_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


@pytest.mark.parametrize(
    "data", [b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01ab", b"\x00\x00" * 257]
)
def test_broken_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        decode_bundle(data)
    assert caught.value.code == "bad-bundle"


def test_the_bytes_of_a_bundle() -> None:
    assert encode_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    assert split_hashes(bytes(64)) == [bytes(32), bytes(32)]
