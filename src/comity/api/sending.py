"""The one place where released bytes are put into a response."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response

from comity.api.media import compressed
from comity.api.serving import Call
from comity.handling import Released
from comity.node.acts.taxii import Answer

__all__ = ["document", "send"]


def send(call: Call, answer: Answer, media_type: str = "application/json") -> Response[bytes]:
    """The response that gives a reader what was released to it, compressed if it takes that.

    Mypy refuses bytes that did not pass `handling.release`: an Answer holds none other.
    """
    body, headers = compressed(answer.body.value, call.headers.get("accept-encoding"))
    return Response(body, media_type=media_type, headers=answer.headers | headers)


def document(released: Released[dict[str, Any]]) -> Answer:
    """A released document as JSON."""
    return Answer(released.derive(msgspec.json.encode), {})
