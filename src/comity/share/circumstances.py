"""Under what circumstances objects arrive, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from comity.handling import Channel, Handling, Policy, Reading
from comity.holdings import Collection
from comity.model.time import Micros
from comity.wire.problem import Problem

__all__ = ["Circumstances", "Signer", "Taken", "Unread", "Verifier"]

Signer = Callable[[bytes], bytes]
"""Signs with this member's label key."""

Verifier = Callable[[str, bytes, bytes], bool]
"""Whether (member id, message, signature) holds by the key that this node pinned."""


class Unread(NamedTuple):
    """A part of the input that could not be read. `is_object`: it was one object, refused."""

    problem: Problem
    is_object: bool


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """Where objects go, who brought them, by which way, and what our own share command asked.

    `sender` is a member id, `actor` who did it, as events name it. `markings` are those of the
    same file or feed, wherever in it they stand.
    """

    collection: Collection
    channel: Channel
    sender: str
    actor: str
    policy: Policy
    now: Micros
    sign: Signer
    verify: Verifier
    random: Callable[[int], bytes]
    options: Handling | None = None
    asks_tlp: bool = True
    expires_at: Micros | None = None
    case_id: str | None = None
    markings: Mapping[str, Reading] = {}


class Taken(msgspec.Struct, kw_only=True):
    """What became of the objects read, counted; adds up over chunks.

    `new + known + conflicts + refused` is the number of objects read. `stored` lists what a
    sender may be told was kept: (id, version); `failures` those among the problems whose object
    was not. `handlings` counts objects by handling.
    """

    new: int = 0
    known: int = 0
    conflicts: int = 0
    refused: int = 0
    problems: list[Problem] = []
    failures: list[tuple[Problem, Micros | None]] = []
    stored: list[tuple[str, Micros]] = []
    handlings: dict[Handling, int] = {}

    @property
    def read(self) -> int:
        """How many objects were read."""
        return self.new + self.known + self.conflicts + self.refused

    def add(self, other: Taken, *, each: bool = False) -> None:
        """Add what became of a further chunk; object by object only if `each` is asked for.

        A file may hold a million objects, and its sharer is told of those in `problems` alone.
        """
        self.new += other.new
        self.known += other.known
        self.conflicts += other.conflicts
        self.refused += other.refused
        self.problems += other.problems
        if each:
            self.failures += other.failures
            self.stored += other.stored
        for handling, count in other.handlings.items():
            self.handlings[handling] = self.handlings.get(handling, 0) + count

    def fail(self, problem: Problem, version: Micros | None = None) -> None:
        """Name an object that was not kept: refused, or in conflict."""
        self.problems.append(problem)
        self.failures.append((problem, version))

    def refuse(self, problem: Problem, version: Micros | None = None) -> None:
        """Name an object that was refused, and count it."""
        self.refused += 1
        self.fail(problem, version)

    def counts(self) -> Mapping[str, int]:
        """The four counts by name."""
        return {
            "new": self.new,
            "known": self.known,
            "conflicts": self.conflicts,
            "refused": self.refused,
        }
