"""What happened, as the journal keeps it: one event a row, in the transaction of its effect."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Event", "EventKind"]


class EventKind(StrEnum):
    """The closed list of what is journalled."""

    NODE_MADE = "node-made"
    USER_ADDED = "user-added"
    MEMBER_ADDED = "member-added"
    MEMBER_PINNED = "member-pinned"
    AGREEMENT_ADDED = "agreement-added"
    COLLECTION_ADDED = "collection-added"
    SHARED = "shared"
    RECEIVED = "received"
    PULLED = "pulled"
    READ = "read"
    POLLED = "polled"
    QUERIED = "queried"
    EXPLAINED = "explained"
    REFUSED = "refused"
    DELETED = "deleted"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    `actor` is `member-id/user` (or `member-id/operator`, `member-id/node`); `subject` the
    collection, object, member or user it was done to; `details` plain JSON values. Details may
    name objects by id and count them; they never repeat an object's content.
    """

    kind: EventKind
    actor: str
    subject: str
    details: dict[str, object] = {}
