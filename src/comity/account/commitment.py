"""Salted commitments: what the log holds in place of a journal row.

A commitment is SHA-256 over a fixed prefix, a random salt and the row's canonical bytes. Whoever
is shown row and salt can check that the log holds that row; without the salt 32 bytes say
nothing, so erasing the salt erases the row's trace without touching the tree.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from comity.errors import InputError

__all__ = ["COMMITMENT_SIZE", "SALT_SIZE", "commit"]

SALT_SIZE: Final = 32
"""Bytes of a salt: random, one a row, never used twice."""

COMMITMENT_SIZE: Final = 32
"""Bytes of a commitment, which is one entry of the log."""

_DOMAIN: Final = b"comity/journal-commitment/v1\x00"
"""Keeps these hashes apart from every other use of SHA-256, the tree's own included."""


def commit(salt: bytes, payload: bytes) -> bytes:
    """The commitment (32 bytes) to a journal row's bytes.

    Raises InputError (`bad-salt`) for a salt of another length: a fixed one is what tells where
    the payload begins.
    """
    if len(salt) != SALT_SIZE:
        raise InputError(f"a salt has {SALT_SIZE} bytes, not {len(salt)}", code="bad-salt")
    return sha256(_DOMAIN + salt + payload).digest()
