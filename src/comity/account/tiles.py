"""Tiles (C2SP tlog-tiles): the tree and its entries cut into files of 256, with fixed names.

A tile of level 0 holds leaf hashes; each hash of a tile of level n+1 is the root of a full tile
of level n. Only the last tile of a level may be partial: its name then ends in `.p/<width>`.
An entry bundle holds the entries under one tile of level 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from comity.errors import InputError
from comity.model.merkle import HASH_SIZE

__all__ = [
    "TILE_BYTES",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "TilePath",
    "decode_bundle",
    "encode_bundle",
    "parse_path",
    "split_hashes",
    "tile_paths",
]

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE

_MAX_LEVEL: Final = 63
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


class TilePath(msgspec.Struct, frozen=True):
    """Which tile: `level` (None: an entry bundle), `index` in its level, `width` in hashes."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """The path below the log's prefix, `tile/0/x001/234.p/5`."""
        level = "entries" if self.level is None else str(self.level)
        *above, last = f"{self.index:,}".split(",")
        folders = "".join(f"x{group:0>3}/" for group in above)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{folders}{last:0>3}{partial}"


def parse_path(path: str) -> TilePath:
    """Read a path below the log's prefix. Raises InputError (`bad-tile-path`).

    Only the one proper spelling is taken: `parse_path(path).path() == path`.
    """
    found = _PATH.fullmatch(path)
    if found is not None:
        level, index, width = found["level"], found["index"], found["width"]
        tile = TilePath(
            None if level == "entries" else int(level),
            int(index.replace("/", "").replace("x", "")),
            TILE_WIDTH if width is None else int(width),
        )
        in_bounds = (tile.level or 0) <= _MAX_LEVEL and tile.width <= TILE_WIDTH
        if in_bounds and tile.path() == path:
            return tile
    raise InputError(
        "that is no path of a tile",
        code="bad-tile-path",
        advice="Write it as in tile/0/x001/234 or tile/entries/000.p/5.",
    )


def tile_paths(size: int) -> Iterator[TilePath]:
    """Every tile and bundle of a tree of `size` entries: bundles first, then level by level."""
    yield from _level_paths(None, size)
    level = 0
    while size > 0:
        yield from _level_paths(level, size)
        size >>= TILE_HEIGHT
        level += 1


def split_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile, in order."""
    return [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle: each after its length in two bytes, most significant first."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, at most TILE_WIDTH. Raises InputError (`bad-bundle`)."""
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < TILE_WIDTH:
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        entries.append(data[start:at])
    if at != len(data):
        raise InputError("the bundle breaks off, or holds too many entries", code="bad-bundle")
    return entries


def _level_paths(level: int | None, hashes: int) -> Iterator[TilePath]:
    full, width = divmod(hashes, TILE_WIDTH)
    for index in range(full):
        yield TilePath(level, index)
    if width:
        yield TilePath(level, full, width)
