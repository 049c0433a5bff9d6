"""What the handlers of one application share, and how they get at it."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State

from comity.api.metrics import Metrics
from comity.api.records import Records
from comity.model.member import User
from comity.node.acts.taxii import Taxii
from comity.node.wiring import Node

__all__ = ["Call", "Serving", "serving"]

Call = Request[User, None, State]
"""A request; its `user` is who signed in, on every route that asks for it."""


class Serving(msgspec.Struct, frozen=True):
    """The node that is served, its TAXII requests, this process's figures and records.

    `behind_proxy`: a proxy in front of us ends TLS and says how it was called.
    """

    node: Node
    taxii: Taxii
    metrics: Metrics
    records: Records
    behind_proxy: bool

    def address(self, call: Call) -> str:
        """The address under which the caller reached us, or the public one that is set."""
        if self.node.settings.public_url:
            return self.node.settings.public_url.rstrip("/")
        scheme, host = call.scope["scheme"], call.headers.get("host", "")
        if self.behind_proxy:
            scheme = call.headers.get("x-forwarded-proto", scheme)
        return f"{'https' if scheme == 'https' else 'http'}://{host}" if host else ""


def serving(call: ASGIConnection[Any, Any, Any, Any]) -> Serving:
    """What the application of this request serves."""
    return cast("Serving", call.app.state.serving)
