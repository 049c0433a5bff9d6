"""`explain`: the decision about one object and one reader, in words."""

from __future__ import annotations

from collections.abc import Sequence

from comity.errors import NotFoundError, UsageError
from comity.handling import Act, Decision, Facts, HandlingRow, Reader, decide
from comity.handling.decide import disclose
from comity.holdings import Holdings
from comity.model.event import Event, EventKind
from comity.model.purpose import Purpose
from comity.node.acts.members import member_named
from comity.node.acts.people import purpose_for, reader_of, user_named
from comity.node.acts.reading import actor_of
from comity.node.wiring import Node

__all__ = ["explain", "explain_to_reader", "reader_for"]


def explain(
    node: Node,
    object_id: str,
    to: str,
    *,
    person: str | None = None,
    act: Act = Act.READ,
    purpose: Purpose | None = None,
    actor: str | None = None,
) -> Decision:
    """May this member, or this user of it, do this with an object that we hold?

    An object is what its versions are: allowed as soon as one version is, for the newest such;
    else the reasons are those of the newest. Without `person` the reader is the member's
    program. `actor` is who asks, the operator by default. Raises NotFoundError for an object not
    held or a member not known.
    """

    def step(tx: Holdings) -> tuple[Decision, list[Event]]:
        entries = [(row, facts) for _, _, row, facts in tx.facts(object_id)]
        if not entries:
            raise NotFoundError(f"this node holds no {object_id[:100]}", code="unknown-object")
        reader = reader_for(tx, to, person)
        decision = _best(node, tx, entries, reader, act, purpose)
        event = _event(object_id, reader, act, purpose, decision, actor or node.operator)
        return decision, [event]

    return node.act(step)


def explain_to_reader(
    node: Node,
    reader: Reader,
    object_id: str,
    *,
    act: Act = Act.READ,
    purpose: Purpose | None = None,
) -> Decision:
    """The same about whoever asks, with what it may learn of its own case.

    Raises NotFoundError for an object that is absent or that it may not know of, alike;
    NotAllowedError for a purpose that its credential does not hold.
    """
    asked = purpose_for(reader, purpose)

    def step(tx: Holdings) -> tuple[Decision, list[Event]]:
        policy, now = tx.policy(), node.now()
        told = [
            disclose(row.handling, facts, reader, act, asked, now, policy)
            for _, _, row, facts in tx.facts(object_id)
        ]
        known = [decision for decision in told if decision is not None]
        if not known:
            raise NotFoundError("there is no such object here", code="no-object")
        decision = next((one for one in known if one.allow), known[0])
        return decision, [_event(object_id, reader, act, asked, decision, actor_of(reader))]

    return node.act(step)


def _event(
    object_id: str,
    reader: Reader,
    act: Act,
    purpose: Purpose | None,
    decision: Decision,
    actor: str,
) -> Event:
    details: dict[str, object] = {
        "to": reader.member_id,
        "user": reader.name,
        "act": act,
        "purpose": purpose,
        "allow": decision.allow,
    }
    return Event(kind=EventKind.EXPLAINED, actor=actor, subject=object_id, details=details)


def reader_for(tx: Holdings, to: str, person: str | None) -> Reader:
    """The reader that a member, or a user of it, is; raises NotFoundError, UsageError."""
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
    policy, now = tx.policy(), node.now()
    asked = purpose if purpose is not None else purpose_for(reader, None)
    decisions = [
        decide(row.handling, facts, reader, act, asked, now, policy) for row, facts in entries
    ]
    return next((one for one in decisions if one.allow), decisions[0])
