"""TAXII 2.1 messages: joined from the very bytes of objects, and read within bounds.

Properties that TAXII does not name are passed over when read, as it asks of readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Final, TypeVar

import msgspec

from comity.errors import InputError, LimitError

__all__ = [
    "CollectionResource",
    "Discovery",
    "Paging",
    "message",
    "read_collections",
    "read_discovery",
    "read_paging",
]

MOST_BYTES: Final = 256 << 20
"""Bytes of one message at most, unless its reader says otherwise."""


class Paging(msgspec.Struct, frozen=True):
    """How a page goes on (TAXII 2.1, sections 3.5 and 3.7), and the sender's generation."""

    more: bool = False
    next: str | None = None
    x_comity_generation: int | None = None


class Discovery(msgspec.Struct, frozen=True):
    """A server's API roots (section 4.1)."""

    title: str = ""
    default: str | None = None
    api_roots: tuple[str, ...] = ()


class CollectionResource(msgspec.Struct, frozen=True):
    """A collection as a server lists it (section 5.2)."""

    id: str
    title: str
    can_read: bool


def message(members: Mapping[str, object], name: str, parts: Iterable[bytes]) -> bytes:
    """A message of some members and a list `name` of parts, each as its exact bytes.

    The list is left out where it would be empty: `{}` where there is nothing to say.
    """
    head = b"{" + msgspec.json.encode(members)[1:-1]
    pieces = iter(parts)
    first = next(pieces, None)
    if first is None:
        return head + b"}"
    comma = b"," if members else b""
    # One join: a page is copied once, whatever it holds.
    opening = b'%b%b"%b":[%b' % (head, comma, name.encode(), first)
    return b",".join(chain((opening,), pieces)) + b"]}"


def read_paging(body: bytes, most: int = MOST_BYTES) -> Paging:
    """How an envelope goes on; its objects are not looked at (`comity.wire.stix`).

    Raises InputError (`bad-message`) and LimitError (`over-limit`), as all readers here do.
    """
    return _decode(body, Paging, most)


def read_discovery(body: bytes, most: int = MOST_BYTES) -> Discovery:
    """What a server answers at `/taxii2/`."""
    return _decode(body, Discovery, most)


def read_collections(body: bytes, most: int = MOST_BYTES) -> tuple[CollectionResource, ...]:
    """What a server answers at `collections/` of an API root (section 5.1)."""
    return _decode(body, _Collections, most).collections


class _Collections(msgspec.Struct, frozen=True):
    collections: tuple[CollectionResource, ...] = ()


_T = TypeVar("_T")


def _decode(body: bytes, shape: type[_T], most: int) -> _T:
    if len(body) > most:
        raise LimitError(f"the message is larger than {most:,} bytes")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise InputError(
            "this is no TAXII message",
            code="bad-message",
            advice="Check that the address is that of a TAXII 2.1 server.",
        ) from None
