"""Who takes part: members, the people and programs that act for them, what they agreed on."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from comity.model.purpose import Purpose

__all__ = ["Agreement", "FocalPoint", "Member", "MemberKind", "Role", "User"]


class MemberKind(StrEnum):
    """What kind of organisation a member is."""

    STATE = "state"
    BODY = "body"
    COMPANY = "company"
    CIVIL = "civil"


class FocalPoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom to reach for a theme (`*`: any): a role's address, never a person's name."""

    theme: str
    address: str
    always_open: bool = False
    languages: tuple[str, ...] = ()


class Member(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One organisation: an agency, not a state. This is also its public card.

    `id` is a UUID; `keys` maps a use (`log`, `label`) to a verification key in the text form of
    C2SP signed-note. `issued` is when this card was made (RFC 3339), `url` where its node
    answers, if it has one.
    """

    id: str
    name: str
    country: str
    kind: MemberKind
    keys: dict[str, str]
    issued: str
    url: str | None = None
    focal_points: tuple[FocalPoint, ...] = ()

    @property
    def identity_id(self) -> str:
        """The STIX identity under which this member is the creator of objects."""
        return f"identity--{self.id}"


class Role(StrEnum):
    """What a user of this node may do."""

    READER = "reader"
    ANALYST = "analyst"
    RELEASER = "releaser"
    CUSTODIAN = "custodian"
    DPO = "dpo"
    AUDITOR = "auditor"
    ADMIN = "admin"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or with `program` a client program, of this member or of another.

    `purposes` are those its credential holds; the first is the one it reads under.
    """

    name: str
    role: Role
    member_id: str
    program: bool
    purposes: tuple[Purpose, ...]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What some members agreed on: on which legal basis they share what, and for what.

    `parties` are member ids, `themes` pack ids or `*`, `retention_days` the longest that
    anything shared under it is kept (None: not said).
    """

    id: str
    name: str
    legal_basis: str
    parties: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    themes: tuple[str, ...]
    retention_days: int | None = None

    def joins(self, one: str, other: str) -> bool:
        """Whether both members are parties."""
        return one in self.parties and other in self.parties
