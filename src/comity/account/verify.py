"""Checking a log from outside, with its verifier key and nothing else.

The signature on the checkpoint is verified, every entry is read, all tiles and the root are
recomputed from the entries and held against what is served and signed. An older checkpoint that
somebody kept shows whether the log only ever grew: the entries that it covered must still give
the root that was signed then. Reading is streamed; memory grows with the log's logarithm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from comity.account.checkpoint import Checkpoint, open_checkpoint
from comity.account.commitment import COMMITMENT_SIZE
from comity.account.frontier import Frontier, Tile
from comity.account.note import VerifierKey, parse_vkey
from comity.account.tiles import TILE_WIDTH, TilePath, decode_bundle, split_hashes
from comity.errors import ComityError, InputError
from comity.model.merkle import EMPTY_ROOT, HASH_SIZE, leaf_hash

__all__ = ["Fetch", "Problem", "Verification", "verify"]

Fetch = Callable[[str], bytes]
"""Gives what stands at a path below the log's prefix (`checkpoint`, `tile/0/000`); raises a
ComityError or an OSError if it cannot."""

MAX_PROBLEMS: Final = 20
"""Verification ends when it has found so many: a broken log stays broken."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that is wrong with a log: a stable code, a sentence, the path where it shows.

    `checkpoints` holds the two notes that contradict each other, the older first.
    """

    code: str
    message: str
    where: str
    checkpoints: tuple[str, ...] = ()


class Verification(msgspec.Struct, frozen=True):
    """What verifying found. `size` is that of the served checkpoint, 0 if it is not believable."""

    ok: bool
    size: int
    problems: tuple[Problem, ...]


def verify(fetch: Fetch, vkey: str, older: bytes | None = None) -> Verification:
    """Verify the log that `fetch` reads against its key and, if given, an older checkpoint.

    Raises InputError (`bad-vkey`) if the key cannot be read; whatever is wrong with the log or
    the older checkpoint is a problem in the answer.
    """
    key = parse_vkey(vkey)
    audit = _Audit(fetch)
    served = audit.fetched("checkpoint")
    head = None if served is None else audit.opened(served, key, "checkpoint")
    if served is None or head is None:
        return audit.answer(0)
    before = None if older is None else audit.opened(older, key, "older checkpoint")
    both = tuple(note.decode() for note in (older, served) if note is not None and before)
    try:
        if before is not None and before.size >= head.size:
            audit.compare_heads(before, head, both)
            before = None
        audit.recompute(head, before, both)
    except _EnoughError:
        audit.problems.append(
            Problem("too-many-problems", "Verification was ended here.", "checkpoint")
        )
    return audit.answer(head.size)


class _EnoughError(Exception):
    """MAX_PROBLEMS are found."""


class _Audit:
    """One verification under way."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self.problems: list[Problem] = []

    def answer(self, size: int) -> Verification:
        """What was found, at the end."""
        return Verification(not self.problems, size, tuple(self.problems))

    def fetched(self, path: str) -> bytes | None:
        """What stands at `path`, or None and a problem."""
        try:
            return self._fetch(path)
        except ComityError as error:
            why = error.message
        except OSError as error:
            why = error.strerror or type(error).__name__
        self._found("unreadable", f"{path} cannot be read: {why}.", path)
        return None

    def opened(self, note: bytes, key: VerifierKey, where: str) -> Checkpoint | None:
        """The checkpoint in a note, verified, or None and a problem."""
        try:
            return open_checkpoint(note, key)
        except ComityError as error:
            self._found(error.code, f"The {where} is not valid: {error.message}.", where)
            return None

    def compare_heads(self, before: Checkpoint, head: Checkpoint, both: tuple[str, ...]) -> None:
        """Hold an older checkpoint of at least the same size against the served one."""
        if before.size > head.size:
            self._found(
                "rolled-back",
                f"The log shows {head.size} entries, but its owner signed {before.size} before: "
                "it was rolled back, forked from an earlier state, or an old checkpoint is "
                "served.",
                "checkpoint",
                both,
            )
        elif before.root != head.root:
            self._found_fork(before, both)

    def recompute(self, head: Checkpoint, before: Checkpoint | None, both: tuple[str, ...]) -> None:
        """Read all entries and tiles; hold them against the head and a smaller, older one."""
        frontier = Frontier()
        root_before = EMPTY_ROOT
        for index in range(-(-head.size // TILE_WIDTH)):
            leaves = self._leaves(index, min(TILE_WIDTH, head.size - frontier.size))
            if leaves is None:
                self._found(
                    "root-unchecked",
                    f"Entries from {frontier.size} on can be read in no form, so neither the "
                    "root nor an older checkpoint could be checked.",
                    "checkpoint",
                )
                return
            cut = 0 if before is None else before.size - frontier.size
            full = []
            if 0 < cut <= len(leaves):
                full = frontier.extend(leaves[:cut])
                root_before = frontier.root()
                leaves = leaves[cut:]
            for tile in full + frontier.extend(leaves):
                self._compare_tile(tile)
        for tile in frontier.partial():
            self._compare_tile(tile)
        is_signed = frontier.root() == head.root
        if not is_signed:
            self._found(
                "root-mismatch",
                f"The {head.size} entries do not have the root that was signed.",
                "checkpoint",
            )
        if before is not None and root_before != before.root:
            self._judge_prefix(before, both, is_signed)

    def _judge_prefix(self, before: Checkpoint, both: tuple[str, ...], is_signed: bool) -> None:
        """The entries do not lead to the older checkpoint: a fork, if they are what is signed."""
        if is_signed:
            self._found_fork(before, both)
        else:
            self._found(
                "consistency-unchecked",
                f"Whether the log still begins with the {before.size} entries of the older "
                "checkpoint cannot be said, because the entries are not those signed.",
                "checkpoint",
                both,
            )

    def _leaves(self, index: int, width: int) -> list[bytes] | None:
        """The leaf hashes under a tile of level 0, from the entries or else from the tile."""
        path = TilePath(None, index, width).path()
        data = self.fetched(path)
        if data is not None:
            try:
                entries = decode_bundle(data)
            except InputError as error:
                self._found(error.code, f"{path} is broken: {error.message}.", path)
            else:
                if len(entries) == width and all(len(one) == COMMITMENT_SIZE for one in entries):
                    return [leaf_hash(one) for one in entries]
                self._found(
                    "bad-bundle",
                    f"{path} does not hold {width} entries of {COMMITMENT_SIZE} bytes.",
                    path,
                )
        tile = self.fetched(TilePath(0, index, width).path())
        if tile is None or len(tile) != width * HASH_SIZE:
            return None
        return split_hashes(tile)

    def _compare_tile(self, tile: Tile) -> None:
        """Hold a served tile against the one that the entries give."""
        level, index, expected = tile
        path = TilePath(level, index, len(expected) // HASH_SIZE).path()
        served = self.fetched(path)
        if served is None or served == expected:
            return
        if len(served) != len(expected):
            why = f"has {len(served)} bytes, not {len(expected)}"
        else:
            pairs = zip(split_hashes(served), split_hashes(expected), strict=True)
            first = next(at for at, (one, other) in enumerate(pairs) if one != other)
            below = "the entries give"
            if level == 0:
                below = f"{TilePath(None, index, len(expected) // HASH_SIZE).path()} gives"
            why = f"is not what {below}, first in place {first}"
        self._found("tile-mismatch", f"{path} {why}.", path)

    def _found_fork(self, before: Checkpoint, both: tuple[str, ...]) -> None:
        self._found(
            "fork",
            f"The log was forked: its owner signed two histories that differ within the first "
            f"{before.size} entries. Keep both checkpoints: they prove it.",
            "checkpoint",
            both,
        )

    def _found(
        self, code: str, message: str, where: str, checkpoints: tuple[str, ...] = ()
    ) -> None:
        self.problems.append(Problem(code, message, where, checkpoints))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _EnoughError
