"""What the API must not be able to send: bytes that `handling.release` did not let out."""

from __future__ import annotations

from typing import Any

from comity.api.sending import document, send
from comity.api.serving import Call
from comity.handling import Released
from comity.node.acts.taxii import Answer


def sends(call: Call, raw: bytes, found: dict[str, Any], page: Released[bytes]) -> None:
    send(call, Answer(page, {}))
    send(call, raw)  # expect: arg-type
    send(call, page)  # expect: arg-type
    send(call, Answer(raw, {}))  # expect: arg-type
    document(found)  # expect: arg-type
