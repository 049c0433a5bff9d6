"""`/api/find`, `/api/objects` and `/api/explain`: what may be read, and why or why not."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from comity.api.credentials import SIGNED_IN, is_at_home, purpose_of
from comity.api.openapi import gives, refusals
from comity.api.sending import document, send
from comity.api.serving import Call, serving
from comity.api.shapes import HandlingDocument
from comity.errors import NotAllowedError, UsageError
from comity.handling import Act, Decision
from comity.model.member import User
from comity.model.purpose import Purpose
from comity.node.acts.explain import explain as decide
from comity.node.acts.explain import explain_to_reader
from comity.node.acts.find import find as search
from comity.node.acts.find import show
from comity.node.acts.people import reader_of
from comity.node.acts.reading import actor_of

__all__ = ["HANDLERS"]


class FoundObject(msgspec.Struct, frozen=True, kw_only=True):
    """One object that may be read, in its newest version, with the handling it stands under."""

    id: str
    modified: str
    handling: HandlingDocument
    object: dict[str, Any]


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was found, the newest first; `more` where `limit` cut it off."""

    found: list[FoundObject]
    more: bool = False


_Purpose = Annotated[
    Purpose | None,
    QueryParameter(
        name="purpose", description="one that the credential holds: by default its first"
    ),
]


@get(
    "/find",
    access=SIGNED_IN,
    responses=gives(Found) | refusals(400, 401, 403),
    sync_to_thread=True,
)
def find(
    request: Call,
    q: Annotated[str, QueryParameter(description="a value, words or an id", max_length=10_000)],
    purpose: _Purpose = None,
    limit: Annotated[int, QueryParameter(ge=1, le=1000, description="objects at most")] = 100,
) -> Response[bytes]:
    """Everything known by a value or by words that this reader may read."""
    found = search(
        serving(request).node,
        reader_of(request.user),
        q,
        purpose=purpose or purpose_of(request),
        limit=limit,
    )
    return send(request, document(found))


@get(
    "/objects/{object_id:str}",
    access=SIGNED_IN,
    responses=gives(FoundObject) | refusals(400, 401, 403, 404),
    sync_to_thread=True,
)
def one_object(
    request: Call, object_id: FromPath[str], purpose: _Purpose = None
) -> Response[bytes]:
    """One object. Absent, deleted or withheld, it is the same 404."""
    asked = purpose or purpose_of(request)
    found = show(serving(request).node, reader_of(request.user), object_id, purpose=asked)
    return send(request, document(found))


@get(
    "/explain",
    access=SIGNED_IN,
    responses=refusals(400, 401, 403, 404),
    sync_to_thread=True,
)
def explain(
    request: Call,
    object_id: Annotated[str, QueryParameter(name="object", description="its STIX id")],
    to: Annotated[str | None, QueryParameter(description="a member, by id or name")] = None,
    person: Annotated[str | None, QueryParameter(name="as", description="a user of it")] = None,
    act: FromQuery[Act] = Act.READ,
    purpose: _Purpose = None,
) -> Decision:
    """May this member, or this user of it, do this with an object?

    Users of this member may ask about anybody and learn every reason. Others may ask about
    themselves, and learn what reveals nothing that they may not know.
    """
    node, user = serving(request).node, request.user
    asked = purpose or purpose_of(request)
    if not is_at_home(user, node):
        _check_self(user, to, person)
        return explain_to_reader(node, reader_of(user), object_id, act=act, purpose=asked)
    if to is None:
        raise UsageError("say to which member", code="no-member", advice="Give the parameter `to`.")
    actor = actor_of(reader_of(user))
    return decide(node, object_id, to, person=person, act=act, purpose=asked, actor=actor)


def _check_self(user: User, to: str | None, person: str | None) -> None:
    if to not in (None, user.member_id) or person not in (None, user.name):
        raise NotAllowedError(
            "you may ask about yourself alone",
            code="not-about-you",
            advice="Leave out `to` and `as`.",
        )


HANDLERS: Final = (find, one_object, explain)
