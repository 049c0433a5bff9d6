"""Who asks, and whether a route is open to them.

A route says who may use it: `access=PUBLIC`, `SIGNED_IN` or `home(roles)`. One that says nothing
is open to nobody. Credentials are a bearer token (RFC 6750) or user and password (RFC 7617);
neither they nor whose they are is ever written to a log.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers.base import BaseRouteHandler

from comity.api.serving import Call, serving
from comity.errors import NotAllowedError
from comity.model.member import Role, User
from comity.model.purpose import Purpose, parse_purposes
from comity.node.acts import people
from comity.node.wiring import Node

__all__ = [
    "CHALLENGE",
    "PUBLIC",
    "PURPOSE_HEADER",
    "SIGNED_IN",
    "Access",
    "UnauthenticatedError",
    "check_access",
    "home",
    "is_at_home",
    "purpose_of",
    "sign_in",
]

CHALLENGE: Final = 'Basic realm="comity", charset="UTF-8", Bearer realm="comity"'
"""The value of WWW-Authenticate: both schemes (RFC 9110, section 11.6.1)."""

PURPOSE_HEADER: Final = "Comity-Purpose"


class UnauthenticatedError(NotAllowedError):
    """Nobody is signed in: no credential, or one that is not known here."""

    code = "no-credential"
    advice = "Send a bearer token, or user and password."


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Who may use a route. `roles` None: any. `at_home`: this member's own users alone."""

    signed_in: bool = True
    at_home: bool = False
    roles: frozenset[Role] | None = None

    def check(self, user: User, node: Node) -> None:
        """Raise NotAllowedError unless this user may."""
        if self.at_home and not is_at_home(user, node):
            raise NotAllowedError("this is open to this member's own users alone")
        if self.roles is not None and user.role not in self.roles:
            raise NotAllowedError(
                f"this needs another role: {', '.join(sorted(self.roles))}", code="role-needed"
            )


PUBLIC: Final = Access(signed_in=False)
SIGNED_IN: Final = Access()


def home(*roles: Role) -> Access:
    """This member's own users in one of these roles; in any where none is named."""
    return Access(at_home=True, roles=frozenset(roles) or None)


def is_at_home(user: User, node: Node) -> bool:
    """Whether it is one of this member's own users."""
    return user.member_id == node.member_id


async def check_access(
    connection: ASGIConnection[BaseRouteHandler, User, None, State], handler: BaseRouteHandler
) -> None:
    """The guard before every handler: sign in, then ask what the route asks for."""
    if connection.scope.get("method") == "OPTIONS":
        return  # Says which methods there are, and nothing else.
    access = handler.opt.get("access")
    if not isinstance(access, Access):
        raise NotFoundException  # As for a path that leads nowhere.
    if not access.signed_in:
        return
    node = serving(connection).node
    user = await sync_to_thread(sign_in, node, connection.headers.get("authorization"))
    connection.scope["user"] = user
    access.check(user, node)


def sign_in(node: Node, authorization: str | None) -> User:
    """The user that the header proves; raises UnauthenticatedError."""
    if authorization is None:
        raise UnauthenticatedError("nobody is signed in")
    scheme, _, value = authorization.strip().partition(" ")
    try:
        if scheme.lower() == "bearer":
            return people.sign_in_token(node, value.strip())
        if scheme.lower() == "basic":
            name, _, password = _decoded(value.strip()).partition(":")
            return people.sign_in(node, name, password)
    except NotAllowedError as why:
        raise UnauthenticatedError(why.message, code=why.code, advice=why.advice) from None
    raise UnauthenticatedError("this kind of credential is not read here", code="bad-credential")


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise UnauthenticatedError("the credential is garbled", code="bad-credential") from None


def purpose_of(call: Call) -> Purpose | None:
    """The purpose that the header asks for; raises UsageError for what is none.

    Whether the credential holds it is for the act to say (NotAllowedError).
    """
    asked = call.headers.get(PURPOSE_HEADER)
    return None if asked is None else parse_purposes([asked.strip()])[0]
