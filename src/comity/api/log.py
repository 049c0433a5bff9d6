"""The log under `/log/`, for everybody: C2SP tlog-tiles, and a proof for one entry.

It holds commitments alone, so it is open; a full tile never changes and may be kept for ever.
"""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from comity.api.credentials import PUBLIC, SIGNED_IN
from comity.api.openapi import refusals
from comity.api.serving import Call, serving
from comity.node.acts import log

__all__ = ["LOG", "api_checkpoint", "proof"]

_TEXT: Final = "text/plain"
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_FRESH: Final = {"Cache-Control": "no-cache"}


@get("/checkpoint", access=PUBLIC, sync_to_thread=True)
def checkpoint(request: Call) -> Response[bytes]:
    """The newest checkpoint: a signed note."""
    note = log.checkpoint(serving(request).node)
    return Response(note, media_type=_TEXT, headers=_FRESH)


@get("/tile/{path:path}", access=PUBLIC, sync_to_thread=True)
def tile(request: Call, path: FromPath[str]) -> Response[bytes]:
    """A tile or an entry bundle; partial ones end in `.p/<width>` and give way to full ones."""
    content = log.resource(serving(request).node, f"tile{path}")
    headers = _FRESH if ".p/" in path else _FOR_EVER
    return Response(content, media_type="application/octet-stream", headers=headers)


@get(
    "/log/checkpoint",
    access=PUBLIC,
    sync_to_thread=True,
    media_type=_TEXT,
    responses=refusals(404),
)
def api_checkpoint(request: Call) -> Response[str]:
    """The newest checkpoint of this node's log, as it stands at /log/checkpoint too."""
    note = log.checkpoint(serving(request).node)
    return Response(note.decode(), media_type=_TEXT, headers=_FRESH)


@get(
    "/log/proof",
    access=SIGNED_IN,
    sync_to_thread=True,
    media_type=_TEXT,
    responses=refusals(400, 401, 404),
)
def proof(
    request: Call,
    index: Annotated[int, QueryParameter(name="index", ge=0, description="a journal row's number")],
) -> Response[str]:
    """The proof that one row of the journal is in the log, checkable without this node."""
    return Response(log.prove(serving(request).node, index).decode(), media_type=_TEXT)


LOG: Final = (checkpoint, tile)
