"""Labels: the STIX objects that carry a handling for objects whose bytes carry none.

Bytes never change, so a handling given here to an object travels beside it: an extension
object that names what it covers by id, version and SHA-256, says under which handling, until
when, and who says so. One label covers up to `MAX_COVERS` objects (docs/adr/0003).

Labels are signed in groups, since a signature costs more than all else that is done to an
object: each carries its place in a small Merkle tree over the group, and all of a group carry
one signature over the root. A label tells nothing of the others: the tree always has the same
size, places are drawn by lot, those that nobody uses hold random hashes, and each label is
hashed with a salt of its own, else its neighbour's reader could try out what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from comity.errors import InputError
from comity.model import merkle
from comity.model.canonical import canonical
from comity.model.ids import LABEL_EXTENSION, LABEL_TYPE, deterministic_id
from comity.model.time import Micros, format_time, parse_time

__all__ = [
    "MAX_COVERS",
    "Cover",
    "Label",
    "Seal",
    "Unsigned",
    "make_labels",
    "read_label",
    "verify_label",
]

MAX_COVERS: Final = 1000
_GROUP: Final = 32
"""Places under one signature: five hashes more in each, a thirty-second of the signatures."""

_SALT: Final = 16


class Cover(msgspec.Struct, frozen=True, order=True):
    """One version of one object: its id, version and the SHA-256 of its bytes (64 hex)."""

    id: str
    modified: Micros
    sha256: str


class Unsigned(msgspec.Struct, frozen=True):
    """What a label is to say: over what, under which handling, until when."""

    covers: tuple[Cover, ...]
    handling_id: str
    expires_at: Micros | None = None
    review_at: Micros | None = None


_Hash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Salt = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
_Signature = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{128}\Z")]
_MarkingId = Annotated[str, msgspec.Meta(pattern=r"\Amarking-definition--[0-9a-f-]{36}\Z")]
_IdentityId = Annotated[str, msgspec.Meta(pattern=r"\Aidentity--[0-9a-f-]{36}\Z")]


class Seal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A label's place in its group's tree, and the Ed25519 signature over the root (hex)."""

    salt: _Salt
    root: _Hash
    index: int
    size: int
    path: tuple[_Hash, ...]
    signature: _Signature


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label as read. `labelled_by` is a member id; the seal is not yet judged."""

    id: str
    covers: tuple[Cover, ...]
    handling_id: str
    labelled_by: str
    created: Micros
    expires_at: Micros | None = None
    review_at: Micros | None = None
    seal: Seal


def make_labels(
    wanted: Sequence[Unsigned],
    labelled_by: str,
    now: Micros,
    sign: Callable[[bytes], bytes],
    random: Callable[[int], bytes],
) -> Iterator[tuple[str, bytes]]:
    """Labels of this member, in the order asked for: the id and the STIX bytes of each.

    An id follows from what the label says, `created` apart, so that saying it twice makes one
    label. Raises ValueError for one that covers nothing or more than MAX_COVERS objects.
    """
    for start in range(0, len(wanted), _GROUP):
        group = [_document(one, labelled_by, now) for one in wanted[start : start + _GROUP]]
        salts = [random(_SALT) for _ in group]
        lots = [random(_SALT) for _ in range(_GROUP)]
        places = sorted(range(_GROUP), key=lots.__getitem__)[: len(group)]
        leaves = [random(merkle.HASH_SIZE) for _ in range(_GROUP)]
        for place, salt, document in zip(places, salts, group, strict=True):
            leaves[place] = _leaf(salt, document)
        *rows, root = _rows(b"".join(leaves))
        signature = sign(_signed(root, _GROUP)).hex()
        for place, salt, document in zip(places, salts, group, strict=True):
            path = tuple(_neighbour(row, place >> height) for height, row in enumerate(rows))
            seal = Seal(salt.hex(), root.hex(), place, _GROUP, path, signature)
            yield document["id"], canonical({**document, "seal": msgspec.to_builtins(seal)})


def _rows(leaves: bytes) -> list[bytes]:
    """The rows of a full tree, joined hashes each, from its leaves up to the root."""
    rows = [leaves]
    while len(rows[-1]) > merkle.HASH_SIZE:
        rows.append(merkle.parents(rows[-1]))
    return rows


def _neighbour(row: bytes, place: int) -> str:
    start = (place ^ 1) * merkle.HASH_SIZE
    return row[start : start + merkle.HASH_SIZE].hex()


def _leaf(salt: bytes, document: Mapping[str, Any]) -> bytes:
    return merkle.leaf_hash(salt + canonical(document))


def _document(one: Unsigned, labelled_by: str, now: Micros) -> dict[str, Any]:
    if not 0 < len(one.covers) <= MAX_COVERS:
        raise ValueError(f"a label covers 1 to {MAX_COVERS} objects")
    said: dict[str, Any] = {
        "covers": [
            {"id": cover.id, "modified": format_time(cover.modified), "sha256": cover.sha256}
            for cover in sorted(set(one.covers))
        ],
        "handling_ref": one.handling_id,
        "labelled_by_ref": f"identity--{labelled_by}",
    }
    if one.expires_at is not None:
        said["expires_at"] = format_time(one.expires_at)
    if one.review_at is not None:
        said["review_at"] = format_time(one.review_at)
    moment = format_time(now)
    return {
        "type": LABEL_TYPE,
        "spec_version": "2.1",
        "id": _id_of(said),
        "created": moment,
        "modified": moment,
        "extensions": _EXTENSIONS,
        **said,
    }


def _signed(root: bytes, size: int) -> bytes:
    """What the signature is over. A tree's root alone would not say how large the tree is."""
    return f"comity label v1\n{size}\n".encode() + root


class _Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    modified: str
    sha256: _Hash


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
    seal: Seal
    expires_at: str | None = None
    review_at: str | None = None


def read_label(value: Mapping[str, object]) -> Label:
    """Read a label object; its seal is not judged here, but that its id follows from it.

    Raises InputError (`bad-label`) for one that is not of the form, covers too many, or has
    properties that we do not know.
    """
    try:
        read = msgspec.convert(value, type=_Document)
        if not 0 < len(read.covers) <= MAX_COVERS:
            raise InputError(f"it covers {len(read.covers)} objects")
        if read.id != _id_of(value):
            raise InputError("its id does not follow from what it says")
        if read.extensions != _EXTENSIONS:
            raise InputError("it has an extension that might limit it")
        return Label(
            id=read.id,
            covers=tuple(Cover(c.id, parse_time(c.modified), c.sha256) for c in read.covers),
            handling_id=read.handling_ref,
            labelled_by=read.labelled_by_ref.removeprefix("identity--"),
            created=parse_time(read.created),
            expires_at=None if read.expires_at is None else parse_time(read.expires_at),
            review_at=None if read.review_at is None else parse_time(read.review_at),
            seal=read.seal,
        )
    except (msgspec.ValidationError, InputError) as why:
        raise InputError(
            f"this label cannot be read: {why}",
            code="bad-label",
            advice="Ask the member that labelled the objects; they keep the strictest reading.",
            where=str(value.get("id", ""))[:120],
        ) from None


def verify_label(
    value: Mapping[str, object], label: Label, verify: Callable[[str, bytes, bytes], bool]
) -> bool:
    """Whether the label is sealed by the member that it names.

    `value` is what `label` was read from. `verify` judges (member id, message, signature) and
    may remember its answers: the labels of a group ask it the same.
    """
    unsealed = {name: part for name, part in value.items() if name != "seal"}
    seal = label.seal
    root = bytes.fromhex(seal.root)
    path = [bytes.fromhex(place) for place in seal.path]
    leaf = _leaf(bytes.fromhex(seal.salt), unsealed)
    return merkle.verify_inclusion(leaf, seal.index, seal.size, path, root) and verify(
        label.labelled_by, _signed(root, seal.size), bytes.fromhex(seal.signature)
    )


_EXTENSIONS: Final = {LABEL_EXTENSION: {"extension_type": "new-sdo"}}
_SAID: Final = ("covers", "handling_ref", "labelled_by_ref", "expires_at", "review_at")


def _id_of(document: Mapping[str, Any]) -> str:
    """The id that follows from what a label says: all but when it was made, and its seal."""
    said = {name: document[name] for name in _SAID if name in document}
    return deterministic_id(LABEL_TYPE, canonical(said).decode())
