"""The log: tiles and signed checkpoints, made from the journal and from nothing else.

Each committed journal row has a commitment, and the row's number is its index in the log. Tiles
are a cache of hashes over commitments; a checkpoint is this member's signature on their root.
Losing tiles loses time, no proof. A checkpoint, once signed, binds: before the log grows, the
stored tiles are held against the last checkpoint, and nothing is signed that contradicts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

from comity.account.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from comity.account.commitment import COMMITMENT_SIZE
from comity.account.frontier import Frontier, Tile, partial_tiles
from comity.account.note import Signer
from comity.account.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    encode_bundle,
    parse_path,
    split_hashes,
)
from comity.errors import LogError, NotFoundError
from comity.model import merkle
from comity.model.merkle import HASH_SIZE
from comity.model.time import Micros

__all__ = [
    "LogReader",
    "LogStore",
    "consistency",
    "inclusion",
    "read_resource",
    "read_tile",
    "rebuild",
    "root_at",
    "sequence",
]

_CHUNK: Final = 32 * TILE_WIDTH
"""Journal rows read at once: 256 kB of commitments."""

_PASS: Final = 65_536
"""Entries a pass appends at most, so that its transaction stays under a second."""

_CACHED_TILES: Final = 512


class LogReader(Protocol):
    """What proofs and the serving of a log read, from the store or from another node's server."""

    def journal_size(self) -> int:
        """How many committed rows the journal has; they are numbered 0, 1, 2 ... without gap."""

    def journal_commitments(self, first: int, count: int) -> Sequence[bytes]:
        """The commitments (32 bytes each) of rows `first` to `first + count - 1`, in order."""

    def tile(self, level: int, index: int) -> bytes | None:
        """The tile last put under this level and index, if any: 32 to 8,192 bytes."""

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        """Size and note of the checkpoint of this size, or of the largest size there is."""


class LogStore(LogReader, Protocol):
    """What the log needs of the store. Every call stands inside the caller's transaction."""

    def put_tiles(self, tiles: list[Tile]) -> None:
        """Store tiles as (level, index, bytes); each replaces what stands in its place.

        A full tile (8,192 bytes) never changes. The last tile of a level is put partial and put
        again, longer, when the log has grown: what was there is the start of what comes.
        """

    def put_checkpoint(self, size: int, note: bytes) -> None:
        """Store a checkpoint; one of the same size is replaced (it has gained a cosignature)."""


def sequence(tx: LogStore, signer: Signer, now: Micros, most: int = _PASS) -> bytes | None:
    """One pass: append committed rows that the log does not have yet, sign and store the head.

    Gives the new checkpoint, or None if there was nothing to do; a pass appends at most `most`
    rows, so call until None. It may be published only once the transaction is committed. A pass
    that breaks off anywhere can simply be made again.

    Raises LogError and signs nothing: `log-rolled-back` if the journal is shorter than what was
    signed, `log-diverged` if the stored tiles do not have the signed root, `journal-gap` if rows
    are missing, `wrong-key`, `wrong-origin` or `bad-signature` if the last checkpoint is not the
    signer's.
    """
    rows = tx.journal_size()
    newest = tx.checkpoint()
    if newest is None:
        frontier = Frontier()
    elif newest[0] == rows:
        return None
    else:
        head = open_checkpoint(newest[1], signer.verifier)
        _check_length(head, rows)
        frontier = _frontier_at(tx, head.size)
        _check_root(head, frontier.root())
    goal = min(rows, frontier.size + most)
    _append(tx, frontier, goal)
    head = Checkpoint(signer.verifier.name, goal, frontier.root())
    note = sign_checkpoint(head, signer, now).encode()
    tx.put_checkpoint(goal, note)
    return note


def rebuild(tx: LogStore, signer: Signer) -> int:
    """Make all tiles anew from the journal, up to the newest checkpoint; gives their log's size.

    Raises LogError if the journal does not give the signed root (`log-diverged`) or is too short
    (`log-rolled-back`); the caller's transaction must then be given up.
    """
    newest = tx.checkpoint()
    if newest is None:
        return 0
    head = open_checkpoint(newest[1], signer.verifier)
    _check_length(head, tx.journal_size())
    frontier = Frontier()
    _append(tx, frontier, head.size)
    _check_root(head, frontier.root())
    return head.size


def read_resource(tx: LogReader, path: str) -> bytes:
    """What is served at `path` below the log's prefix: `checkpoint`, a tile or a bundle.

    Raises NotFoundError (`no-such-tile`, `no-checkpoint`), InputError (`bad-tile-path`).
    """
    if path != "checkpoint":
        return read_tile(tx, path)
    newest = tx.checkpoint()
    if newest is None:
        raise NotFoundError("nothing is signed yet", code="no-checkpoint")
    return newest[1]


def read_tile(tx: LogReader, path: str) -> bytes:
    """A tile or an entry bundle, whole or partial, of the log as far as it is published.

    What stands at a path never changes. Raises NotFoundError (`no-such-tile`) for what is not
    published yet, InputError (`bad-tile-path`) for what is no path of a tile.
    """
    asked = parse_path(path)
    first = asked.index * TILE_WIDTH
    if first + asked.width > _published(tx) >> (TILE_HEIGHT * (asked.level or 0)):
        raise NotFoundError(f"the log has no {path} (yet)", code="no-such-tile")
    if asked.level is None:
        return encode_bundle(_commitments(tx, first, asked.width))
    return _hashes(tx, asked.level, asked.index, asked.width)


def root_at(tx: LogReader, size: int) -> bytes:
    """The root over the first `size` entries. Raises NotFoundError (`no-such-size`)."""
    _check_published(tx, size)
    return _frontier_at(tx, size).root()


def inclusion(tx: LogReader, index: int, size: int) -> list[bytes]:
    """The proof that entry `index` is in the log of `size` entries (RFC 6962, section 2.1.1).

    Costs a few tile reads a level. Raises NotFoundError (`no-such-size`) for a size that is not
    published, InputError (`outside-tree`) unless 0 <= index < size.
    """
    ranges = merkle.inclusion_ranges(index, size)
    _check_published(tx, size)
    return _range_roots(tx, ranges, size)


def consistency(tx: LogReader, old: int, new: int) -> list[bytes]:
    """The proof that the log of `new` entries begins with that of `old` (RFC 6962, 2.1.2).

    Raises as `inclusion`; old must be 0 to new.
    """
    ranges = merkle.consistency_ranges(old, new)
    _check_published(tx, new)
    return _range_roots(tx, ranges, new)


def _published(tx: LogReader) -> int:
    newest = tx.checkpoint()
    return 0 if newest is None else newest[0]


def _check_published(tx: LogReader, size: int) -> None:
    if not 0 <= size <= _published(tx):
        raise NotFoundError(f"no log of {size} entries is published", code="no-such-size")


def _check_length(head: Checkpoint, rows: int) -> None:
    if rows < head.size:
        raise LogError(
            f"the journal has {rows} rows, but a checkpoint over {head.size} is signed",
            code="log-rolled-back",
            advice="This looks like an old copy of the store: find the newest one and use that.",
        )


def _check_root(head: Checkpoint, found: bytes) -> None:
    if found != head.root:
        raise LogError(
            f"what is stored of the log's first {head.size} entries is not what was signed",
            code="log-diverged",
            advice="Rebuild the tiles; if that fails too, the journal itself was changed.",
        )


def _append(tx: LogStore, frontier: Frontier, goal: int) -> None:
    """Grow the frontier to `goal` entries in chunks, and store every tile that changes."""
    while frontier.size < goal:
        count = min(_CHUNK, goal - frontier.size)
        leaves = [merkle.leaf_hash(one) for one in _commitments(tx, frontier.size, count)]
        full = frontier.extend(leaves)
        if full:
            tx.put_tiles(full)
    partial = frontier.partial()
    if partial:
        tx.put_tiles(partial)


def _commitments(tx: LogReader, first: int, count: int) -> Sequence[bytes]:
    """`count` commitments from the journal; raises LogError (`journal-gap`) if any is missing."""
    found = tx.journal_commitments(first, count)
    if len(found) != count or any(len(one) != COMMITMENT_SIZE for one in found):
        raise LogError(
            f"the journal lacks rows between {first} and {first + count - 1}", code="journal-gap"
        )
    return found


def _frontier_at(tx: LogReader, size: int) -> Frontier:
    return Frontier(size, [_hashes(tx, *place) for place in partial_tiles(size)])


def _hashes(tx: LogReader, level: int, index: int, width: int) -> bytes:
    """The first `width` hashes of a tile, joined."""
    return _tile(tx, level, index, width)[: width * HASH_SIZE] if width else b""


def _tile(tx: LogReader, level: int, index: int, width: int) -> bytes:
    """A tile of `width` hashes or more: as stored, or else made from the level below."""
    stored = tx.tile(level, index)
    if stored is not None and len(stored) >= width * HASH_SIZE:
        return stored
    first = index * TILE_WIDTH
    if level == 0:
        return b"".join(merkle.leaf_hash(one) for one in _commitments(tx, first, width))
    below = (_hashes(tx, level - 1, first + at, TILE_WIDTH) for at in range(width))
    return b"".join(merkle.root(split_hashes(tile)) for tile in below)


def _range_roots(tx: LogReader, ranges: list[tuple[int, int]], size: int) -> list[bytes]:
    """The roots of ranges of the first `size` entries; reads each tile it needs once."""
    read: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def subtree(start: int, height: int) -> bytes:
        level, rest = divmod(height, TILE_HEIGHT)
        first = start >> (level * TILE_HEIGHT)
        index, offset = divmod(first, TILE_WIDTH)
        if (level, index) not in read:
            width = min(TILE_WIDTH, (size >> (level * TILE_HEIGHT)) - index * TILE_WIDTH)
            read[level, index] = _rows(_tile(tx, level, index, width))
        at = (offset >> rest) * HASH_SIZE
        return read[level, index][rest][at : at + HASH_SIZE]

    return [
        merkle.fold([subtree(*part) for part in merkle.subtrees(start, end)])
        for start, end in ranges
    ]


@lru_cache(maxsize=_CACHED_TILES)
def _rows(tile: bytes) -> tuple[bytes, ...]:
    """The complete nodes above a tile's hashes, row by row from the hashes up, each row joined.

    Depends on the bytes alone, so remembering it needs no care; it saves most of a proof's work.
    """
    rows = [tile]
    for _ in range(TILE_HEIGHT - 1):
        rows.append(merkle.parents(rows[-1]))
    return tuple(rows)
