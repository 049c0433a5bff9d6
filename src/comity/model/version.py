"""One version of one object, as it is kept and served: the exact bytes and what stands beside."""

from __future__ import annotations

import hashlib
from typing import Self

import msgspec

from comity.model.time import Micros

__all__ = ["Version"]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes received, never changed, and the columns that are filtered or looked up.

    `modified` is the version: `modified`, else `created`, else the epoch (TAXII 2.1, section
    3.4.2 asks for one; an object with neither has a single version). `refs` are (path, target)
    pairs of every reference but author and markings. `terms` are what a search finds it by.
    """

    id: str
    type: str
    modified: Micros
    spec_version: str
    raw: bytes
    sha256: bytes
    refs: tuple[tuple[str, str], ...] = ()
    terms: frozenset[str] = frozenset()

    @classmethod
    def made(cls, raw: bytes, *, stix_id: str, stix_type: str, modified: Micros) -> Self:
        """A version of an object that we made ourselves: a label, a marking, a card."""
        return cls(
            id=stix_id,
            type=stix_type,
            modified=modified,
            spec_version="2.1",
            raw=raw,
            sha256=hashlib.sha256(raw).digest(),
        )
