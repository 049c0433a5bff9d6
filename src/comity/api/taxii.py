"""TAXII 2.1 (sections 4 and 5): discovery, API root, collections, objects, manifest, status.

Routes, media types and status codes are here; what filters, versions, paging and status mean is
the node's. Every answer is TAXII, errors too (`problems`).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from litestar import Response, delete, get, post
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import FromPath, RawBody

from comity.api.credentials import SIGNED_IN, purpose_of
from comity.api.media import (
    MAX_BODY,
    TAXII_MEDIA_TYPE,
    UnprocessableError,
    check_accept,
    check_content_type,
    decoded,
)
from comity.api.sending import send
from comity.api.serving import Call, serving
from comity.errors import InputError
from comity.node.acts.members import own_card

__all__ = ["HANDLERS", "check_media"]

_GENERATION: Final = "Comity-Generation"
_MOST_PARAMETERS: Final = 50


async def check_media(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    """The guard of these routes: what is accepted and sent must be TAXII 2.1."""
    method = connection.scope.get("method")
    if method != "OPTIONS":
        check_accept(connection.headers.get("accept"))
    if method == "POST":
        check_content_type(connection.headers.get("content-type"))


def _taxii(document: object, status: int = 200) -> Response[bytes]:
    """A document that says nothing of objects: discovery, collections, status."""
    body = msgspec.json.encode(document)
    return Response(body, status_code=status, media_type=TAXII_MEDIA_TYPE)


def _params(call: Call) -> dict[str, list[str]]:
    """The query's parameters, empty ones too: those are malformed, not absent."""
    try:
        query = call.scope["query_string"].decode("ascii")
        return parse_qs(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise InputError("the query cannot be read", code="bad-filter") from None


@get("/", access=SIGNED_IN, sync_to_thread=True)
def discovery(request: Call) -> Response[bytes]:
    """Section 4.1."""
    served = serving(request)
    root = f"{served.address(request)}/taxii2/api/"
    title = f"{own_card(served.node).name}: Comity"
    return _taxii({"title": title, "default": root, "api_roots": [root]})


@get("/api", access=SIGNED_IN, sync_to_thread=True)
def api_root(request: Call) -> Response[bytes]:
    """Section 4.2."""
    return _taxii(
        {
            "title": own_card(serving(request).node).name,
            "versions": [TAXII_MEDIA_TYPE],
            "max_content_length": MAX_BODY,
        }
    )


@get("/api/status/{status_id:str}", access=SIGNED_IN, sync_to_thread=True)
def status(request: Call, status_id: FromPath[str]) -> Response[bytes]:
    """Section 4.3."""
    return _taxii(serving(request).taxii.status(request.user, status_id))


@get("/api/collections", access=SIGNED_IN, sync_to_thread=True)
def collections(request: Call) -> Response[bytes]:
    """Section 5.1."""
    found = serving(request).taxii.collections(request.user)
    return _taxii({"collections": found} if found else {})


@get("/api/collections/{collection_id:str}", access=SIGNED_IN, sync_to_thread=True)
def collection(request: Call, collection_id: FromPath[str]) -> Response[bytes]:
    """Section 5.2."""
    return _taxii(serving(request).taxii.collection(request.user, collection_id))


@get("/api/collections/{collection_id:str}/manifest", access=SIGNED_IN, sync_to_thread=True)
def manifest(request: Call, collection_id: FromPath[str]) -> Response[bytes]:
    """Section 5.3."""
    served = serving(request)
    answer = served.taxii.manifest(
        request.user, collection_id, _params(request), purpose=purpose_of(request)
    )
    served.metrics.pages.inc()
    return send(request, answer, TAXII_MEDIA_TYPE)


@get("/api/collections/{collection_id:str}/objects", access=SIGNED_IN, sync_to_thread=True)
def objects(request: Call, collection_id: FromPath[str]) -> Response[bytes]:
    """Section 5.4. A node of Comity is told the policy's generation, if it asks."""
    served = serving(request)
    answer = served.taxii.objects(
        request.user,
        collection_id,
        _params(request),
        purpose=purpose_of(request),
        tell_generation=_GENERATION in request.headers,
    )
    served.metrics.pages.inc()
    return send(request, answer, TAXII_MEDIA_TYPE)


@post(
    "/api/collections/{collection_id:str}/objects",
    access=SIGNED_IN,
    status_code=202,
    sync_to_thread=True,
    request_max_body_size=MAX_BODY,
)
def add_objects(request: Call, collection_id: FromPath[str], body: RawBody) -> Response[bytes]:
    """Section 5.5. The status is complete: what it lists as kept is kept."""
    served = serving(request)
    envelope = decoded(body, request.headers.get("content-encoding"))
    _check_envelope(envelope)
    done = served.taxii.add(request.user, collection_id, envelope)
    served.metrics.objects.labels("kept").inc(int(str(done["success_count"])))
    served.metrics.objects.labels("refused").inc(int(str(done["failure_count"])))
    return _taxii(done, 202)


class _Envelope(msgspec.Struct):
    """As much of an envelope (section 3.7) as tells it from anything else."""

    objects: list[msgspec.Raw] | None = None
    type: msgspec.Raw | None = None


def _check_envelope(body: bytes) -> None:
    """Raise UnprocessableError for a body that is no envelope as a whole; nothing of it is kept.

    Its objects are judged one by one later. What nests too deeply to be read here is left to
    that judgement, which names the object.
    """
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
    except RecursionError:
        return
    except (msgspec.MsgspecError, UnicodeDecodeError) as why:
        raise _no_envelope(str(why)) from None
    if envelope.objects is None and envelope.type is not None:
        raise _no_envelope("its objects must stand in a list named `objects`")


def _no_envelope(why: str) -> UnprocessableError:
    return UnprocessableError(
        f"the body is no TAXII envelope: {why}",
        code="no-envelope",
        advice='Send {"objects": [...]}; nothing of this body was kept.',
    )


_ONE: Final = "/api/collections/{collection_id:str}/objects/{object_id:str}"


@get(_ONE, access=SIGNED_IN, sync_to_thread=True)
def one_object(
    request: Call, collection_id: FromPath[str], object_id: FromPath[str]
) -> Response[bytes]:
    """Section 5.6. One that is absent, deleted or withheld is the same 404."""
    served = serving(request)
    answer = served.taxii.by_id(
        request.user, collection_id, object_id, _params(request), purpose=purpose_of(request)
    )
    served.metrics.pages.inc()
    return send(request, answer, TAXII_MEDIA_TYPE)


@delete(_ONE, access=SIGNED_IN, status_code=200, sync_to_thread=True)
def delete_object(
    request: Call, collection_id: FromPath[str], object_id: FromPath[str]
) -> Response[bytes]:
    """Section 5.7: for its originator, in a collection that it may read and write."""
    serving(request).taxii.delete(
        request.user, collection_id, object_id, _params(request), purpose=purpose_of(request)
    )
    return Response(b"", media_type=TAXII_MEDIA_TYPE)


@get(f"{_ONE}/versions", access=SIGNED_IN, sync_to_thread=True)
def versions(
    request: Call, collection_id: FromPath[str], object_id: FromPath[str]
) -> Response[bytes]:
    """Section 5.8."""
    served = serving(request)
    answer = served.taxii.versions(
        request.user, collection_id, object_id, _params(request), purpose=purpose_of(request)
    )
    served.metrics.pages.inc()
    return send(request, answer, TAXII_MEDIA_TYPE)


HANDLERS: Final = (
    discovery,
    api_root,
    status,
    collections,
    collection,
    manifest,
    objects,
    add_objects,
    one_object,
    delete_object,
    versions,
)
