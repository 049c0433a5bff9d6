"""The Merkle tree of RFC 6962, section 2.1: hashes, roots and proofs over lists of hashes.

Pure functions on bytes. Two users: the log (over journal entries) and a share event (over the
objects of its transaction, so that one object can be proved without showing the others).

A tree over n leaves splits at the largest power of two below n, again and again. A proof is a
list of roots of neighbouring ranges of leaves; which ranges these are depends on numbers alone.
`inclusion_ranges` and `consistency_ranges` say which, so whoever can give the root of a range
(from a list here, from stored tiles in the log) can give proofs, and whoever checks one walks
the same ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from comity.errors import InputError

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "consistency_proof",
    "consistency_ranges",
    "fold",
    "inclusion_proof",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
    "parents",
    "root",
    "subtrees",
    "verify_consistency",
    "verify_inclusion",
]

HASH_SIZE: Final = 32
"""Bytes of a SHA-256 hash."""

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry as a leaf: 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two hashes: 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def parents(row: bytes) -> bytes:
    """The nodes above neighbouring hashes, two by two, all joined; an odd last one has none."""
    pairs = range(0, len(row) - HASH_SIZE, 2 * HASH_SIZE)
    return b"".join([sha256(b"\x01" + row[at : at + 64]).digest() for at in pairs])


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; EMPTY_ROOT for none.

    Also the root of a range whose last hash stands for a smaller subtree than the others: the
    last node of an odd row goes up as it is, which is where the tree splits.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    while len(row) > 1:
        above = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=False)
        ]
        if len(row) % 2:
            above.append(row[-1])
        row = above
    return row[0]


def subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees that make up leaves [start, end), left to right: (start, height).

    `start` must be a multiple of the largest power of two within the range, as it is for every
    range that the functions below name. The range's root is `fold` of their roots.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield start, height
        start += 1 << height


def fold(roots: Sequence[bytes]) -> bytes:
    """The root of a range from the roots of its `subtrees`, of which there is one at least."""
    *others, found = roots
    for left in reversed(others):
        found = node_hash(left, found)
    return found


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The ranges [start, end) whose roots prove leaf `index` of `size`, from the leaf upwards.

    Raises InputError (`outside-tree`) unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise InputError(f"a tree of {size} entries has no entry {index}", code="outside-tree")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The ranges [start, end) whose roots prove that the tree of `new` begins with that of `old`.

    From the bottom upwards; none if either side is trivial (old is 0 or equals new). Raises
    InputError (`outside-tree`) unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise InputError(f"a tree of {new} entries never had {old}", code="outside-tree")
    if old in (0, new):
        return []
    ranges = []
    start, end = 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start > 0:
        # Else the old tree is itself this subtree, and whoever checks has its root already.
        ranges.append((start, end))
    return ranges[::-1]


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` (RFC 6962, section 2.1.1). Raises as inclusion_ranges."""
    return [root(hashes[start:end]) for start, end in inclusion_ranges(index, len(hashes))]


def consistency_proof(hashes: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the first `old` leaves are the start of all (RFC 6962, section 2.1.2)."""
    return [root(hashes[start:end]) for start, end in consistency_ranges(old, len(hashes))]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], tree_root: bytes
) -> bool:
    """Whether `proof` shows that `leaf` (a leaf hash) is entry `index` under this root."""
    if not 0 <= index < size:
        return False
    ranges = inclusion_ranges(index, size)
    if not _fits(proof, len(ranges)):
        return False
    found = leaf
    for (start, _), sibling in zip(ranges, proof, strict=True):
        found = node_hash(found, sibling) if start > index else node_hash(sibling, found)
    return found == tree_root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with the tree of `old`."""
    if not 0 <= old <= new:
        return False
    ranges = consistency_ranges(old, new)
    if not _fits(proof, len(ranges)):
        return False
    if old == 0:
        return old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return old_root == new_root
    steps = list(zip(ranges, proof, strict=True))
    before = after = old_root
    if ranges[0][1] == old:
        # The old tree is no subtree of the new one: its last part is given instead.
        before = after = steps.pop(0)[1]
    for (start, _), neighbour in steps:
        if start < old:
            before = node_hash(neighbour, before)
            after = node_hash(neighbour, after)
        else:
            after = node_hash(after, neighbour)
    return before == old_root and after == new_root


def _split(count: int) -> int:
    """The largest power of two below `count` (which is at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def _fits(proof: Sequence[bytes], length: int) -> bool:
    return len(proof) == length and all(len(one) == HASH_SIZE for one in proof)
