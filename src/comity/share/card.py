"""A member's card as it travels: a STIX identity with an extension that holds the rest.

Each node has one collection of cards, its own and those of the originators of what it passes
on, so that whoever pulls through it can verify labels of members it never met.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec

from comity.errors import InputError
from comity.model.canonical import canonical
from comity.model.ids import CARD_EXTENSION, CREATED, NAMESPACE
from comity.model.marking import TLP2_IDS, Tlp
from comity.model.member import FocalPoint, Member, MemberKind

__all__ = ["card_bytes", "cards_collection", "read_card"]


def cards_collection(member_id: str) -> str:
    """The id of the collection in which a member's node serves cards."""
    return str(uuid.uuid5(NAMESPACE, f"cards {member_id}"))


def card_bytes(member: Member) -> bytes:
    """The card as STIX, the same bytes on every node that serves it. A card is TLP:CLEAR."""
    document: dict[str, Any] = {
        "type": "identity",
        "spec_version": "2.1",
        "id": member.identity_id,
        "created": CREATED,
        "modified": member.issued,
        "created_by_ref": member.identity_id,
        "name": member.name,
        "identity_class": "organization",
        "object_marking_refs": [TLP2_IDS[Tlp.CLEAR]],
        "extensions": {
            CARD_EXTENSION: {
                "extension_type": "property-extension",
                **msgspec.to_builtins(_Card.of(member)),
            }
        },
    }
    return canonical(document)


class _Card(msgspec.Struct, frozen=True, omit_defaults=True):
    country: str
    kind: MemberKind
    keys: dict[str, str]
    url: str | None = None
    focal_points: tuple[FocalPoint, ...] = ()

    @classmethod
    def of(cls, member: Member) -> _Card:
        return cls(member.country, member.kind, member.keys, member.url, member.focal_points)


def read_card(value: Mapping[str, object]) -> Member | None:
    """The member whose card this identity is; None for an identity that is no card.

    Raises InputError (`bad-card`) where it claims to be one and cannot be read.
    """
    extensions = value.get("extensions")
    if not isinstance(extensions, Mapping) or CARD_EXTENSION not in extensions:
        return None
    member_id = str(value.get("id", "")).removeprefix("identity--")
    try:
        card = msgspec.convert(extensions[CARD_EXTENSION], type=_Card)
        return Member(
            id=str(uuid.UUID(member_id)),
            name=msgspec.convert(value.get("name"), type=str),
            country=card.country,
            kind=card.kind,
            keys=card.keys,
            issued=msgspec.convert(value.get("modified"), type=str),
            url=card.url,
            focal_points=card.focal_points,
        )
    except (msgspec.ValidationError, ValueError) as why:
        raise InputError(
            f"this member's card cannot be read: {why}",
            code="bad-card",
            advice="Ask the member for its card and enter it with `comity peer add`.",
            where=member_id[:60],
        ) from None
