"""Labels: the STIX objects that carry a handling for objects whose bytes carry none.

Bytes never change, so a handling given here to an object travels beside it: an extension
object that names what it covers by id, version and SHA-256, says under which handling, until
when, and who says so, signed. One label covers up to `MAX_COVERS` objects (docs/adr/0003).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
import rfc8785

from comity.errors import InputError
from comity.model.ids import LABEL_EXTENSION, LABEL_TYPE, deterministic_id
from comity.model.time import Micros, format_time, parse_time

__all__ = ["MAX_COVERS", "Cover", "Label", "make_label", "read_label", "signed_part"]

MAX_COVERS: Final = 1000


class Cover(msgspec.Struct, frozen=True, order=True):
    """One version of one object: its id, version and the SHA-256 of its bytes (64 hex)."""

    id: str
    modified: Micros
    sha256: str


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label as read. `labelled_by` is a member id; `signature` its Ed25519 signature (hex)."""

    id: str
    covers: tuple[Cover, ...]
    handling_id: str
    labelled_by: str
    created: Micros
    expires_at: Micros | None = None
    review_at: Micros | None = None
    signature: str


def make_label(
    covers: Iterable[Cover],
    handling_id: str,
    labelled_by: str,
    now: Micros,
    sign: Callable[[bytes], bytes],
    *,
    expires_at: Micros | None = None,
    review_at: Micros | None = None,
) -> tuple[str, bytes]:
    """A label over `covers`, at most MAX_COVERS of them: its id and its STIX bytes.

    Its id follows from what it says, `created` apart, so that saying it twice makes one label.
    """
    said: dict[str, Any] = {
        "covers": [
            {"id": c.id, "modified": format_time(c.modified), "sha256": c.sha256}
            for c in sorted(set(covers))
        ],
        "handling_ref": handling_id,
        "labelled_by_ref": f"identity--{labelled_by}",
    }
    if not 0 < len(said["covers"]) <= MAX_COVERS:
        raise ValueError(f"a label covers 1 to {MAX_COVERS} objects")
    if expires_at is not None:
        said["expires_at"] = format_time(expires_at)
    if review_at is not None:
        said["review_at"] = format_time(review_at)
    moment = format_time(now)
    document: dict[str, Any] = {
        "type": LABEL_TYPE,
        "spec_version": "2.1",
        "id": _id_of(said),
        "created": moment,
        "modified": moment,
        "extensions": {LABEL_EXTENSION: {"extension_type": "new-sdo"}},
        **said,
    }
    document["signature"] = sign(signed_part(document)).hex()
    return document["id"], rfc8785.dumps(document)


def signed_part(document: Mapping[str, Any]) -> bytes:
    """The bytes that a label's signature is over: all of it but the signature, canonical.

    Raises InputError (`bad-label`) for what has no canonical form, as a number beyond 2**53.
    """
    unsigned = {key: value for key, value in document.items() if key != "signature"}
    try:
        return b"comity label v1\n" + rfc8785.dumps(unsigned)
    except rfc8785.CanonicalizationError as why:
        raise _bad(document, why) from None


_Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Signature = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]
_MarkingId = Annotated[str, msgspec.Meta(pattern=r"\Amarking-definition--[0-9a-f-]{36}\Z")]
_IdentityId = Annotated[str, msgspec.Meta(pattern=r"\Aidentity--[0-9a-f-]{36}\Z")]


class _Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    modified: str
    sha256: _Sha256


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label as it is written; a property we do not know might limit what it says."""

    type: Literal["x-comity-label"]
    spec_version: Literal["2.1"]
    id: str
    created: str
    modified: str
    extensions: dict[str, object]
    covers: list[_Cover]
    handling_ref: _MarkingId
    labelled_by_ref: _IdentityId
    signature: _Signature
    expires_at: str | None = None
    review_at: str | None = None


def read_label(value: Mapping[str, object]) -> Label:
    """Read a label object; its signature is not judged here, but that its id follows from it.

    Raises InputError (`bad-label`) for one that is not of the form, covers too many, or has
    properties that we do not know.
    """
    try:
        read = msgspec.convert(value, type=_Document)
        if not 0 < len(read.covers) <= MAX_COVERS:
            raise InputError(f"it covers {len(read.covers)} objects")
        if read.id != _id_of(value):
            raise InputError("its id does not follow from what it says")
        return Label(
            id=read.id,
            covers=tuple(Cover(c.id, parse_time(c.modified), c.sha256) for c in read.covers),
            handling_id=read.handling_ref,
            labelled_by=read.labelled_by_ref.removeprefix("identity--"),
            created=parse_time(read.created),
            expires_at=None if read.expires_at is None else parse_time(read.expires_at),
            review_at=None if read.review_at is None else parse_time(read.review_at),
            signature=read.signature,
        )
    except (msgspec.ValidationError, rfc8785.CanonicalizationError, InputError) as why:
        raise _bad(value, why) from None


_SAID: Final = ("covers", "handling_ref", "labelled_by_ref", "expires_at", "review_at")


def _id_of(document: Mapping[str, Any]) -> str:
    """The id that follows from what a label says: all but when it was made, and its signature."""
    said = {name: document[name] for name in _SAID if name in document}
    return deterministic_id(LABEL_TYPE, rfc8785.dumps(said).decode())


def _bad(value: Mapping[str, object], why: Exception) -> InputError:
    return InputError(
        f"this label cannot be read: {why}",
        code="bad-label",
        advice="Ask the member that labelled the objects; they keep the strictest reading.",
        where=str(value.get("id", ""))[:120],
    )
