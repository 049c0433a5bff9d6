"""`explain`: the decision about one object and one reader, in words."""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import NotFoundError, UsageError
from comity.handling import Act, Decision, Facts, HandlingRow, Reader, decide
from comity.holdings import Holdings
from comity.model.event import Event, EventKind
from comity.model.purpose import Purpose
from comity.node.acts.members import member_named
from comity.node.acts.people import purpose_for, reader_of, user_named
from comity.node.wiring import Node

__all__ = ["explain"]


def explain(
    node: Node,
    object_id: str,
    to: str,
    *,
    person: str | None = None,
    act: Act = Act.READ,
    purpose: Purpose | None = None,
) -> Decision:
    """May this member, or this user of it, do this with an object that we hold?

    An object is what its versions are: allowed as soon as one version is, for the newest such;
    else the reasons are those of the newest. Without `person` the reader is the member's
    program. Raises NotFoundError for an object not held or a member not known.
    """

    def step(tx: Holdings) -> tuple[Decision, list[Event]]:
        entries = [(row, facts) for _, _, row, facts in tx.facts(object_id)]
        if not entries:
            raise NotFoundError(f"this node holds no {object_id[:100]}", code="unknown-object")
        reader = _reader(tx, to, person)
        decision = _best(node, tx, entries, reader, act, purpose)
        details: dict[str, object] = {
            "to": reader.member_id,
            "user": reader.name,
            "act": act,
            "purpose": purpose,
            "allow": decision.allow,
        }
        event = Event(
            kind=EventKind.EXPLAINED, actor=node.operator, subject=object_id, details=details
        )
        return decision, [event]

    return node.act(step)


def _reader(tx: Holdings, to: str, person: str | None) -> Reader:
    member = member_named(tx, to).member.id
    if person is None:
        programs = [user for user in tx.users() if user.member_id == member and user.program]
        # A member's program reads as its credential says; several, or none yet: any purpose.
        return reader_of(programs[0]) if len(programs) == 1 else Reader(member_id=member)
    user = user_named(tx, person)
    if user.member_id != member:
        raise UsageError(f"{person!r} is no user of that member", code="unknown-user")
    return reader_of(user)


def _best(
    node: Node,
    tx: Holdings,
    entries: Sequence[tuple[HandlingRow, Facts]],
    reader: Reader,
    act: Act,
    purpose: Purpose | None,
) -> Decision:
    policy, now = node.policy(tx), node.now()
    asked = purpose if purpose is not None else purpose_for(reader, None)
    decisions = [
        decide(row.handling, facts, reader, act, asked, now, policy) for row, facts in entries
    ]
    return next((one for one in decisions if one.allow), decisions[0])
