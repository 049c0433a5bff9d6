"""`/api/whoami` and `/api/users`: credentials, and whose they are."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from comity.api.credentials import SIGNED_IN, home, is_at_home
from comity.api.openapi import refusals
from comity.api.paging import Cursor, Limit, page_of
from comity.api.serving import Call, serving
from comity.model.member import Role, User
from comity.model.purpose import Purpose
from comity.node.acts import people
from comity.node.acts.reading import actor_of

__all__ = ["HANDLERS"]


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """Who a credential stands for; `purposes` are those it holds, its default first."""

    user: str
    role: Role
    member_id: str
    at_home: bool
    program: bool
    purposes: tuple[Purpose, ...]


class Users(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of users, and the cursor to go on with."""

    users: list[User]
    next: str | None = None


class NewUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person or, with `program`, a client program; `member` makes it another member's."""

    user: str
    role: Role
    member: str | None = None
    program: bool = False
    purposes: tuple[Purpose, ...] = ()


@get("/whoami", access=SIGNED_IN, responses=refusals(401), sync_to_thread=True)
def whoami(request: Call) -> Whoami:
    """Who this credential stands for."""
    user = request.user
    return Whoami(
        user=user.name,
        role=user.role,
        member_id=user.member_id,
        at_home=is_at_home(user, serving(request).node),
        program=user.program,
        purposes=user.purposes,
    )


@get("/users", access=home(Role.ADMIN), responses=refusals(400, 401, 403), sync_to_thread=True)
def users(request: Call, cursor: Cursor = None, limit: Limit = 100) -> Users:
    """The people and programs that may sign in here, by name."""
    found = people.list_users(serving(request).node)
    page, following = page_of(found, lambda user: user.name, cursor, limit)
    return Users(users=page, next=following)


@post(
    "/users",
    access=home(Role.ADMIN),
    responses=refusals(400, 401, 403, 404, 409, 415),
    sync_to_thread=True,
)
def add_user(request: Call, data: JSONBody[NewUser]) -> people.Secret:
    """Add a person or program. Token and password are told this once."""
    return people.add_user(
        serving(request).node,
        data.user,
        data.role,
        member=data.member,
        program=data.program,
        purposes=data.purposes,
        actor=actor_of(people.reader_of(request.user)),
    )


HANDLERS: Final = (whoami, users, add_user)
