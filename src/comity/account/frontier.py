"""The frontier of a growing tree: the last, not yet full tile of each level.

It is all that is needed to append entries and to know the root, whatever the size: at most 255
hashes a level. The sequencer grows the stored log with it, the verifier recomputes the root.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.account.tiles import TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, split_hashes
from comity.errors import LogError
from comity.model.merkle import EMPTY_ROOT, HASH_SIZE, root

__all__ = ["Frontier", "Tile", "partial_tiles"]

Tile = tuple[int, int, bytes]
"""Level, index in the level, hashes."""


def partial_tiles(size: int) -> list[tuple[int, int, int]]:
    """The last tile of each level of a tree of `size` entries: (level, index, width 0..255)."""
    tiles: list[tuple[int, int, int]] = []
    hashes = size
    while hashes > 0:
        index, width = divmod(hashes, TILE_WIDTH)
        tiles.append((len(tiles), index, width))
        hashes = index
    return tiles


class Frontier:
    """The right edge of a tree of `size` entries; `edge` holds each level's last hashes, joined.

    Raises LogError (`log-edge`) if the edge is not as long as the size says.
    """

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        widths = [width * HASH_SIZE for _, _, width in partial_tiles(size)]
        if [len(row) for row in edge] != widths:
            raise LogError(f"these are not the last tiles of a log of {size}", code="log-edge")
        self.size = size
        self._edge = list(edge)

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Append leaf hashes; gives the tiles of every level that became full by it, in order."""
        full: list[Tile] = []
        level, before, hashes = 0, self.size, b"".join(leaves)
        while hashes:
            if level == len(self._edge):
                self._edge.append(b"")
            row = self._edge[level] + hashes
            before >>= TILE_HEIGHT
            whole = len(row) - len(row) % TILE_BYTES
            cut = [row[at : at + TILE_BYTES] for at in range(0, whole, TILE_BYTES)]
            full.extend((level, before + count, tile) for count, tile in enumerate(cut))
            self._edge[level] = row[whole:]
            hashes = b"".join(root(split_hashes(tile)) for tile in cut)
            level += 1
        self.size += len(leaves)
        return full

    def partial(self) -> list[Tile]:
        """The partial tiles of every level, without those of width 0."""
        places = partial_tiles(self.size)
        return [
            (level, index, row)
            for (level, index, _), row in zip(places, self._edge, strict=True)
            if row
        ]

    def root(self) -> bytes:
        """The root over all entries appended so far."""
        below: list[bytes] = []
        for row in self._edge:
            hashes = split_hashes(row) + below
            below = [root(hashes)] if hashes else []
        return below[0] if below else EMPTY_ROOT
