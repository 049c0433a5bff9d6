"""Users and their proof: persons and programs, of this member and of others."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from comity.errors import NotAllowedError, UsageError
from comity.handling import Reader
from comity.holdings import Holdings
from comity.model.event import Event, EventKind
from comity.model.member import Role, User
from comity.model.purpose import DEFAULT_PURPOSES, Purpose
from comity.node.acts.members import member_named
from comity.node.wiring import Node

__all__ = [
    "Secret",
    "add_user",
    "list_users",
    "operator_reader",
    "purpose_for",
    "reader_of",
    "sign_in",
    "sign_in_token",
    "user_named",
]


class Secret(msgspec.Struct, frozen=True):
    """What a new user is told, once. Both are random, so only their hashes are kept."""

    user: str
    token: str
    password: str


def add_user(
    node: Node,
    name: str,
    role: Role,
    *,
    member: str | None = None,
    program: bool = False,
    purposes: tuple[Purpose, ...] = (),
    actor: str | None = None,
) -> Secret:
    """Add a person or program; `member` (id or name) makes it another member's.

    `actor` is who does it, the operator by default.

    Raises ConflictError where the name is taken, NotFoundError for a member not known,
    UsageError for a name that could be mistaken.
    """
    if not name or len(name) > 100 or any(c in name for c in ":/ \t\r\n\x00"):
        raise UsageError(
            "a user name has 1 to 100 characters, no blank, colon or slash", code="bad-name"
        )
    token, password = (_secret(node) for _ in range(2))

    def step(tx: Holdings) -> tuple[User, list[Event]]:
        of = node.member_id if member is None else member_named(tx, member).member.id
        user = User(
            name=name,
            role=role,
            member_id=of,
            program=program,
            purposes=purposes or DEFAULT_PURPOSES,
        )
        tx.put_user(user, _hash(token), _hash(password))
        details: dict[str, object] = {"role": role, "member": of, "program": program}
        who = actor or node.operator
        return user, [Event(kind=EventKind.USER_ADDED, actor=who, subject=name, details=details)]

    node.act(step)
    return Secret(user=name, token=token, password=password)


def list_users(node: Node) -> list[User]:
    """All users, by name."""
    with node.store.read() as tx:
        return list(tx.users())


def _secret(node: Node) -> str:
    """192 random bits as text: no guessing, so a fast hash of it is enough to keep."""
    return base64.urlsafe_b64encode(node.random(24)).decode()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def sign_in_token(node: Node, token: str) -> User:
    """Whose bearer token this is; raises NotAllowedError (`bad-credential`)."""
    with node.store.read() as tx:
        user = tx.user_by_token(_hash(token))
    return _proved(user)


def sign_in(node: Node, name: str, password: str) -> User:
    """The user with this name and password; raises NotAllowedError (`bad-credential`)."""
    with node.store.read() as tx:
        user = tx.user_by_password(name, _hash(password))
    return _proved(user)


def _proved(user: User | None) -> User:
    if user is None:
        raise NotAllowedError(
            "this credential is not known here",
            code="bad-credential",
            advice="Check it, or ask this node's administrator for a new one.",
        )
    return user


def user_named(tx: Holdings, name: str) -> User:
    """A user by name; raises UsageError (`unknown-user`)."""
    for user in tx.users():
        if user.name == name:
            return user
    raise UsageError(
        f"there is no user {name!r} here", code="unknown-user", advice="See `comity user list DIR`."
    )


def reader_of(user: User) -> Reader:
    """The reader that a user is, as decisions know it."""
    return Reader(
        member_id=user.member_id,
        name=user.name,
        program=user.program,
        role=user.role,
        purposes=user.purposes,
    )


def operator_reader(node: Node) -> Reader:
    """The command line without a user's proof: this member, no person, so never TLP:RED."""
    return Reader(member_id=node.member_id, role=Role.ADMIN)


def purpose_for(reader: Reader, asked: Purpose | None) -> Purpose:
    """The purpose of a read: the one asked for, else the credential's first.

    Raises NotAllowedError (`purpose-not-held`) for one that the credential does not hold.
    """
    if asked is None:
        return reader.default_purpose or DEFAULT_PURPOSES[0]
    if reader.purposes is not None and asked not in reader.purposes:
        raise NotAllowedError(
            f"this credential does not hold the purpose {asked}",
            code="purpose-not-held",
            advice="Use one of: " + ", ".join(reader.purposes) + ".",
        )
    return asked
