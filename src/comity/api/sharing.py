"""`/api/share` and `/api/sync`: bringing objects in, our own and other members'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.params import JSONBody
from typing_extensions import override

from comity.api.credentials import home
from comity.api.media import MAX_BODY
from comity.api.openapi import refusals
from comity.api.serving import Call, serving
from comity.api.shapes import HandlingDocument, PapWord, TlpWord
from comity.errors import InputError, UsageError
from comity.model.kind import Kind
from comity.model.marking import Code, Pap, Tlp
from comity.model.member import Role, User
from comity.model.purpose import Purpose
from comity.model.time import Micros, parse_time
from comity.node.acts.people import reader_of
from comity.node.acts.reading import actor_of
from comity.node.acts.share import Asked, share_objects, share_rows
from comity.node.acts.sync import Pulled
from comity.node.acts.sync import sync as pull
from comity.wire.lists import Row
from comity.wire.problem import Problem, problem_of
from comity.wire.values import kind_of, normalise

__all__ = ["HANDLERS"]

_SOURCE: Final = "request"


class ShareRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value, and what a CSV file could say of it; instants are RFC 3339 in UTC, or dates."""

    value: str
    kind: Kind | None = None
    quality: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    expires: str | None = None
    review: str | None = None
    details: dict[str, str] = {}


class ShareRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """STIX objects or rows of values, and what `comity share` takes as options.

    The bytes of each object are kept as they stand in the body. `kind` is that of rows which
    name none; without it, a value's own shape tells.
    """

    collection: str
    objects: Annotated[list[msgspec.Raw], msgspec.Meta(description="STIX 2.1 objects")] = []
    rows: list[ShareRow | str] = []
    kind: Kind | None = None
    tlp: TlpWord | None = None
    to: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    orcon: bool = False
    purposes: tuple[Purpose, ...] = ()
    pap: PapWord | None = None
    codes: tuple[Code, ...] = ()
    caveats: tuple[str, ...] = ()
    expires: str | None = None

    def asked(self) -> Asked:
        """The options as the act takes them; raises InputError for what is no instant."""
        return Asked(
            tlp=None if self.tlp is None else Tlp.parse(self.tlp),
            to=self.to,
            persons=self.persons,
            orcon=self.orcon,
            purposes=self.purposes,
            pap=None if self.pap is None else Pap.parse(self.pap),
            codes=self.codes,
            caveats=self.caveats,
            kind=self.kind,
            expires_at=_instant(self.expires),
        )


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the objects; the four counts add up to how many there were.

    `handling` is the one most of them got; `problems` names each object that was refused, or
    whose required properties or pattern are wrong.
    """

    new: int
    known: int
    conflicts: int
    refused: int
    problems: list[Problem]
    handling: HandlingDocument | None
    handlings: list[HandlingDocument]


class _ShareCall(Request[User, None, State]):
    """Decodes its body itself: Litestar's own way would lose the objects' exact bytes."""

    @override
    async def json(self) -> ShareRequest:
        body = await self.body()
        return await sync_to_thread(_read_request, body)


def _read_request(body: bytes) -> ShareRequest:
    try:
        return msgspec.json.decode(body, type=ShareRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as why:
        raise InputError(f"the body cannot be read: {why}", code="bad-request") from None


@post(
    "/share",
    access=home(Role.ANALYST, Role.RELEASER, Role.ADMIN),
    status_code=200,
    request_class=_ShareCall,
    request_max_body_size=MAX_BODY,
    responses=refusals(400, 401, 403, 404, 413, 415),
    sync_to_thread=True,
)
def share(request: Call, data: JSONBody[ShareRequest]) -> Shared:
    """Share objects or values under a handling that travels with them.

    The options set the handling of objects that carry none; others they may tighten, never
    loosen. What is wrong is named, and the rest is kept.
    """
    if bool(data.objects) == bool(data.rows):
        raise UsageError("give objects or rows, and not both", code="objects-or-rows")
    served = serving(request)
    actor = actor_of(reader_of(request.user))
    if data.objects:
        envelope = b'{"objects":[' + b",".join(map(bytes, data.objects)) + b"]}"
        done = share_objects(served.node, envelope, data.collection, data.asked(), actor=actor)
    else:
        rows = _rows(data.rows, data.kind)
        done = share_rows(served.node, rows, data.collection, data.asked(), actor=actor)
    shared = msgspec.convert(done, type=Shared)
    served.metrics.objects.labels("kept").inc(shared.new + shared.known)
    served.metrics.objects.labels("refused").inc(shared.refused + shared.conflicts)
    return shared


def _rows(rows: list[ShareRow | str], kind: Kind | None) -> Iterator[Row | Problem]:
    for number, given in enumerate(rows, start=1):
        one = ShareRow(value=given) if isinstance(given, str) else given
        try:
            yield _row(one, number, one.kind or kind or kind_of(one.value))
        except InputError as why:
            yield problem_of(why, where=f"{_SOURCE}: row {number}")


def _row(one: ShareRow, number: int, kind: Kind | None) -> Row:
    if kind is None:
        raise InputError("the value's shape does not tell its kind", code="kind-needed")
    return Row(
        kind=kind,
        value=normalise(kind, one.value),
        source=_SOURCE,
        row=number,
        line=number,
        quality=one.quality,
        expires_at=_instant(one.expires),
        review_at=_instant(one.review),
        details=one.details,
    )


def _instant(text: str | None) -> Micros | None:
    return None if text is None else parse_time(text)


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which member to pull from, by id or name (none: all), and whether from the beginning."""

    member: str | None = None
    full: bool = False


class Synced(msgspec.Struct, frozen=True, kw_only=True):
    """What came from each; `error` stands where a pull broke off."""

    peers: list[Pulled]


@post(
    "/sync",
    access=home(Role.RELEASER, Role.ADMIN),
    status_code=200,
    responses=refusals(400, 401, 403, 404, 415),
    sync_to_thread=True,
)
def sync(request: Call, data: JSONBody[SyncRequest]) -> Synced:
    """Pull from other members what they let us read; what came stays if one breaks off."""
    served = serving(request)
    pulled = pull(served.node, data.member, full=data.full)
    for one in pulled:
        served.metrics.objects.labels("kept").inc(one.new + one.known)
        served.metrics.objects.labels("refused").inc(one.refused + one.conflicts)
    return Synced(peers=pulled)


HANDLERS: Final[tuple[Any, ...]] = (share, sync)
