"""What a decision is asked about and what it answers: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from comity.model.member import Agreement, MemberKind, Role
from comity.model.purpose import Purpose
from comity.model.time import Micros

__all__ = [
    "Act",
    "DataClass",
    "Decision",
    "Facts",
    "Policy",
    "Reader",
    "Reason",
    "Standing",
]


class Act(StrEnum):
    """What the reader wants to do. `act` is an active step such as blocking."""

    READ = "read"
    FORWARD = "forward"
    ACT = "act"
    EVIDENCE = "evidence"


class DataClass(StrEnum):
    """What the rules must know of an object's content, and no more.

    `cyber` are technical indicators and every STIX object that is none of Comity's own kinds,
    `personal` are personal kinds and identities of individuals, `other` is the rest.
    """

    CYBER = "cyber"
    OTHER = "other"
    PERSONAL = "personal"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside one object rather than in its handling."""

    data_class: DataClass = DataClass.CYBER
    expires_at: Micros | None = None
    review_at: Micros | None = None
    case_id: str | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a member stands to this node, by this node's own entries."""

    kind: MemberKind
    communities: frozenset[str] = frozenset()
    client_of: str | None = None
    known: bool = True
    """False for a member whose card was only seen through a peer."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot of members and agreements; `generation` rises with every change."""

    self_id: str
    members: Mapping[str, Standing]
    agreements: tuple[Agreement, ...] = ()
    generation: int = 0

    def known(self) -> frozenset[str]:
        """The members this node made known itself, its own among them."""
        return frozenset(
            {self.self_id, *(name for name, standing in self.members.items() if standing.known)}
        )

    def community(self, name: str) -> frozenset[str]:
        """The members of a community, this node's own among them."""
        return frozenset(
            {self.self_id}
            | {
                member
                for member, standing in self.members.items()
                if standing.known and name in standing.communities
            }
        )


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: a member, and within it a person or a program.

    `member_id` None is the public. `purposes` are those the credential holds (None: any).
    """

    member_id: str | None
    name: str | None = None
    program: bool = True
    role: Role = Role.READER
    cases: frozenset[str] = frozenset()
    purposes: tuple[Purpose, ...] | None = None

    @property
    def default_purpose(self) -> Purpose | None:
        """The purpose it reads under when it names none: its credential's first."""
        return self.purposes[0] if self.purposes else None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in words: the rule's id, a sentence, where the rule stands, who can lift it."""

    rule: str
    sentence: str
    source: str
    lifted_by: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The answer. Refused: every rule that refuses; allowed: the rule that opened the way."""

    allow: bool
    reasons: tuple[Reason, ...]
    obligations: tuple[str, ...] = ()
    counterfactuals: tuple[str, ...] = ()
    redacted: tuple[str, ...] = ()
