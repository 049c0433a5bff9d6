"""The part of the store that the log needs, in memory, and the people of these tests."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from comity.account.commitment import commit
from comity.account.frontier import Tile
from comity.account.log import read_resource, sequence
from comity.account.note import SigningKey
from comity.account.tiles import tile_paths
from comity.model.time import Micros

NAME = "comity/8f14e45f-ceea-467f-ab4d-2c1f1a1b0c3d"
KEY = SigningKey(NAME, bytes(range(32)))
OTHER = SigningKey("comity/1679091c-5a88-4faf-8b5d-3a2e8b1c7e10", bytes(32))
VKEY = KEY.verifier.encode()
NOW = Micros(1_767_225_600_000_000)


class CrashError(Exception):
    """The process was killed here."""


class MemoryStore:
    """A LogStore. Nothing is ever rolled back: what was put before a crash stays, as the worst
    store would have it. `calls_left` counts down to the crash."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.notes: dict[int, bytes] = {}
        self.calls_left: int | None = None
        self.tile_reads = 0

    def journal_size(self) -> int:
        self._step()
        return len(self.rows)

    def journal_commitments(self, first: int, count: int) -> list[bytes]:
        self._step()
        return self.rows[first : first + count]

    def tile(self, level: int, index: int) -> bytes | None:
        self._step()
        self.tile_reads += 1
        return self.tiles.get((level, index))

    def put_tiles(self, tiles: list[Tile]) -> None:
        for level, index, data in tiles:
            self._step()
            assert 32 <= len(data) <= 8192
            stored = self.tiles.get((level, index), b"")
            assert data.startswith(stored) or stored.startswith(data)
            self.tiles[level, index] = data

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        self._step()
        if size is None:
            size = max(self.notes, default=0)
        return (size, self.notes[size]) if size in self.notes else None

    def put_checkpoint(self, size: int, note: bytes) -> None:
        self._step()
        self.notes[size] = note

    def _step(self) -> None:
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise CrashError
            self.calls_left -= 1


def payload(row: int) -> bytes:
    """A made-up journal row."""
    return b'{"kind":"shared","row":%d}' % row


def salt(row: int, branch: bytes = b"") -> bytes:
    return sha256(b"salt %d " % row + branch).digest()


def grow(store: MemoryStore, rows: int, branch: bytes = b"") -> None:
    """Append `rows` journal rows; another `branch` gives other rows."""
    for row in range(len(store.rows), len(store.rows) + rows):
        store.rows.append(commit(salt(row, branch), payload(row)))


def signed(store: MemoryStore, most: int = 65_536) -> bytes:
    """Bring the log up to the journal; gives the newest checkpoint."""
    while sequence(store, KEY, NOW, most) is not None:
        pass
    return store.notes[max(store.notes)]


def log_of(size: int) -> MemoryStore:
    store = MemoryStore()
    grow(store, size)
    signed(store)
    return store


def copy_of(store: MemoryStore) -> MemoryStore:
    """A copy of the node's directory."""
    twin = MemoryStore()
    twin.rows, twin.tiles, twin.notes = list(store.rows), dict(store.tiles), dict(store.notes)
    return twin


def published(store: MemoryStore) -> dict[str, bytes]:
    """Everything that the log serves, by path."""
    newest = store.checkpoint()
    size = 0 if newest is None else newest[0]
    paths = ["checkpoint", *(tile.path() for tile in tile_paths(size))]
    return {path: read_resource(store, path) for path in paths}


def write_to(folder: Path, store: MemoryStore) -> Path:
    """The log as a folder of files, the way a static mirror has it."""
    for path, data in published(store).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder
