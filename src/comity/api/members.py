"""`/api/member`, `/api/members` and `/api/agreements`: who is known here, and what was agreed."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from comity.api.credentials import PUBLIC, home
from comity.api.openapi import refusals
from comity.api.paging import Cursor, Limit, page_of
from comity.api.serving import Call, serving
from comity.model.member import Agreement, Member, Role
from comity.node.acts import members
from comity.node.acts.people import reader_of
from comity.node.acts.reading import actor_of

__all__ = ["HANDLERS", "card"]


class Members(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of members, and the cursor to go on with."""

    members: list[members.MemberEntry]
    next: str | None = None


class NewMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another member: its card, where its node answers, and the credential we present there."""

    url: str
    card: Member
    token: str | None = None
    communities: tuple[str, ...] = ()
    client_of: str | None = None


class Agreements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of agreements, and the cursor to go on with."""

    agreements: list[Agreement]
    next: str | None = None


@get("/member", access=PUBLIC, sync_to_thread=True)
def card(request: Call) -> Member:
    """This member's public card."""
    return members.own_card(serving(request).node)


@get("/members", access=home(), responses=refusals(400, 401, 403), sync_to_thread=True)
def list_members(request: Call, cursor: Cursor = None, limit: Limit = 100) -> Members:
    """The members known here, our own among them, in the order of their ids."""
    found = members.list_members(serving(request).node)
    page, following = page_of(found, lambda entry: entry.card.id, cursor, limit)
    return Members(members=page, next=following)


@post(
    "/members",
    access=home(Role.ADMIN),
    status_code=200,
    responses=refusals(400, 401, 403, 404, 415),
    sync_to_thread=True,
)
def add_member(request: Call, data: JSONBody[NewMember]) -> members.MemberEntry:
    """Make another member known, or change its entry; its address need not answer."""
    return members.add_peer(
        serving(request).node,
        data.url,
        data.card,
        token=data.token,
        communities=data.communities,
        client_of=data.client_of,
        actor=actor_of(reader_of(request.user)),
    )


@get("/agreements", access=home(), responses=refusals(400, 401, 403), sync_to_thread=True)
def list_agreements(request: Call, cursor: Cursor = None, limit: Limit = 100) -> Agreements:
    """The agreements entered here, in the order of their ids."""
    found = members.list_agreements(serving(request).node)
    page, following = page_of(found, lambda agreement: agreement.id, cursor, limit)
    return Agreements(agreements=page, next=following)


@post(
    "/agreements",
    access=home(Role.ADMIN),
    status_code=200,
    responses=refusals(400, 401, 403, 404, 415),
    sync_to_thread=True,
)
def add_agreement(request: Call, data: JSONBody[members.AgreementTerms]) -> Agreement:
    """Enter an agreement; the same name and parties again change it."""
    actor = actor_of(reader_of(request.user))
    return members.add_agreement(serving(request).node, data, actor=actor)


HANDLERS: Final = (list_members, add_member, list_agreements, add_agreement)
