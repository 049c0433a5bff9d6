"""`/api/collections`: what there is to read and write through TAXII."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from comity.api.credentials import SIGNED_IN, home
from comity.api.openapi import refusals
from comity.api.paging import Cursor, Limit, page_of
from comity.api.serving import Call, serving
from comity.model.member import Role
from comity.node.acts import collections
from comity.node.acts.people import reader_of
from comity.node.acts.reading import actor_of

__all__ = ["HANDLERS"]


class Collections(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of collections, and the cursor to go on with."""

    collections: list[collections.CollectionEntry]
    next: str | None = None


class NewCollection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collection of our own."""

    name: str
    community: str | None = None
    theme: str | None = None
    access: Literal["read", "write", "both"] = "both"


@get("/collections", access=SIGNED_IN, responses=refusals(400, 401), sync_to_thread=True)
def list_collections(request: Call, cursor: Cursor = None, limit: Limit = 100) -> Collections:
    """All collections, copies of other members' included, in the order of their ids."""
    found = collections.list_collections(serving(request).node)
    page, following = page_of(found, lambda entry: entry.collection_id, cursor, limit)
    return Collections(collections=page, next=following)


@post(
    "/collections",
    access=home(Role.ADMIN),
    responses=refusals(400, 401, 403, 409, 415),
    sync_to_thread=True,
)
def add_collection(request: Call, data: JSONBody[NewCollection]) -> collections.CollectionEntry:
    """Add a collection."""
    return collections.add_collection(
        serving(request).node,
        data.name,
        community=data.community,
        theme=data.theme,
        access=data.access,
        actor=actor_of(reader_of(request.user)),
    )


HANDLERS: Final = (list_collections, add_collection)
