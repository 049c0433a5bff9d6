"""Bundles and TAXII 2.1 messages: joined from the very bytes of objects, and read within bounds.

Properties that TAXII does not name are passed over when read, as it asks of readers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from comity.errors import InputError, LimitError
from comity.model.ids import deterministic_id
from comity.model.time import Micros, parse_time

__all__ = [
    "Discovery",
    "Entry",
    "Envelope",
    "Manifest",
    "Status",
    "StatusDetail",
    "bundle",
    "envelope",
    "read_discovery",
    "read_envelope",
    "read_manifest",
    "read_status",
]

MOST_BYTES: Final = 256 << 20
"""Bytes of one message at most, unless its reader says otherwise."""


class Envelope(msgspec.Struct, frozen=True):
    """One page of objects (TAXII 2.1, section 3.7), each as its exact bytes."""

    objects: tuple[bytes, ...] = ()
    more: bool = False
    next: str | None = None
    generation: int | None = None


class Discovery(msgspec.Struct, frozen=True):
    """A server's API roots (section 4.1)."""

    title: str
    default: str | None = None
    api_roots: tuple[str, ...] = ()


class StatusDetail(msgspec.Struct, frozen=True):
    """What became of one object version (section 4.3.1); `version` as it was written."""

    id: str
    version: str
    message: str = ""


class Status(msgspec.Struct, frozen=True):
    """What became of a request to add objects (section 4.3)."""

    id: str
    status: str
    total_count: int
    success_count: int
    failure_count: int
    pending_count: int
    successes: tuple[StatusDetail, ...] = ()
    failures: tuple[StatusDetail, ...] = ()
    pendings: tuple[StatusDetail, ...] = ()


class Entry(msgspec.Struct, frozen=True):
    """One version in a manifest (section 5.3.1)."""

    id: str
    date_added: Micros
    version: Micros
    media_type: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """One page of a manifest (section 5.3); `next` is a property that Comity's servers add."""

    objects: tuple[Entry, ...] = ()
    more: bool = False
    next: str | None = None


def bundle(slices: Iterable[bytes]) -> bytes:
    """A STIX 2.1 bundle (section 8) around the very bytes of objects.

    Its id follows from what is in it, as a bundle has no life of its own.
    """
    parts = list(slices)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    head = f'{{"type":"bundle","id":"{deterministic_id("bundle", digest.hexdigest())}"'.encode()
    return head + (b',"objects":[' + b",".join(parts) + b"]}" if parts else b"}")


def envelope(
    slices: Iterable[bytes],
    more: bool = False,
    next_page: str | None = None,
    extra: Mapping[str, object] | None = None,
) -> bytes:
    """A TAXII 2.1 envelope around the very bytes of objects; `{}` where there is nothing to say.

    `extra` are custom properties, whose names begin with `x_`.
    """
    members = dict(extra or {})
    if more:
        members["more"] = True
    if next_page is not None:
        members["next"] = next_page
    parts = [msgspec.json.encode(members)[1:-1]] if members else []
    objects = b",".join(slices)
    if objects:
        parts.append(b'"objects":[' + objects + b"]")
    return b"{" + b",".join(parts) + b"}"


def read_envelope(body: bytes, most: int = MOST_BYTES) -> Envelope:
    """Raises InputError (`bad-message`) and LimitError (`over-limit`), as all readers here do.

    What its objects are is not looked at: see `comity.wire.stix` and `comity.wire.checks`.
    """
    found = _decode(body, _Envelope, most)
    return Envelope(
        objects=tuple(bytes(raw) for raw in found.objects),
        more=found.more,
        next=found.next,
        generation=found.x_comity_generation,
    )


def read_discovery(body: bytes, most: int = MOST_BYTES) -> Discovery:
    """What a server answers at `/taxii2/`."""
    return _decode(body, Discovery, most)


def read_status(body: bytes, most: int = MOST_BYTES) -> Status:
    """What a server answers to objects that were sent."""
    return _decode(body, Status, most)


def read_manifest(body: bytes, most: int = MOST_BYTES) -> Manifest:
    """One page of a manifest; a timestamp in it that is none is `bad-timestamp`."""
    found = _decode(body, _Manifest, most)
    entries = (
        Entry(one.id, parse_time(one.date_added), parse_time(one.version), one.media_type)
        for one in found.objects
    )
    return Manifest(tuple(entries), found.more, found.next)


class _Envelope(msgspec.Struct, frozen=True):
    objects: list[msgspec.Raw] = []
    more: bool = False
    next: str | None = None
    x_comity_generation: int | None = None


class _Entry(msgspec.Struct, frozen=True):
    id: str
    date_added: str
    version: str
    media_type: str | None = None


class _Manifest(msgspec.Struct, frozen=True):
    objects: list[_Entry] = []
    more: bool = False
    next: str | None = None


_T = TypeVar("_T")


def _decode(body: bytes, shape: type[_T], most: int) -> _T:
    if len(body) > most:
        raise LimitError(f"the message is larger than {most:,} bytes")
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise InputError(
            f"this is no TAXII {shape.__name__.strip('_').lower()}",
            code="bad-message",
            advice="Check that the address is that of a TAXII 2.1 server.",
        ) from None
