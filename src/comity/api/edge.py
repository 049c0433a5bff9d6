"""The outermost layer: what holds for every request and every answer, errors included.

HEAD is answered as GET without its body (RFC 9110, section 9.3.2); each answer carries the
security headers; each request is counted and recorded by its route template.
"""

from __future__ import annotations

import time
from typing import Final, cast

from litestar import Litestar
from litestar.enums import HttpMethod, ScopeType
from litestar.routes import HTTPRoute
from litestar.types import (
    HTTPScope,
    LifeSpanReceive,
    LifeSpanScope,
    LifeSpanSend,
    Message,
    Receive,
    Scope,
    Send,
)
from typing_extensions import override

from comity.api.serving import Serving

__all__ = ["NodeApplication"]

_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_METHODS: Final = frozenset(HttpMethod) | {"HEAD"}
"""Any word may stand as a method in a request; the figures must stay few."""

_PRIVATE: Final = (b"cache-control", b"no-store")
_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000")


class NodeApplication(Litestar):
    """The ASGI application of a node."""

    @override
    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Answer one request, or follow the server's start and end."""
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        exchange = _Exchange(cast("HTTPScope", scope), cast("Send", send))
        try:
            await super().__call__(exchange.scope, receive, exchange.send)
        finally:
            exchange.note(cast("Serving", self.state.serving))


class _Exchange:
    """One request and its answer, as they pass through."""

    def __init__(self, scope: HTTPScope, send: Send) -> None:
        self._started: Final = time.perf_counter()
        self._send: Final = send
        self._method: Final = scope["method"] if scope["method"] in _METHODS else "other"
        self._head: Final = scope["method"] == "HEAD"
        self._status = 0
        self._size = 0
        self.scope: Final = cast("HTTPScope", {**scope, "method": "GET"} if self._head else scope)

    async def send(self, message: Message) -> None:
        """Pass on one part of the answer."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = self._headers(list(message["headers"]))
        elif message["type"] == "http.response.body":
            self._size += len(message["body"])
            if self._head:
                message["body"] = b""
        await self._send(message)

    def _headers(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        names = {name.lower() for name, _ in given}
        if self._method == "OPTIONS" and b"allow" in names:
            given = [(b"allow", self._allowed())]
        more = [*_SECURITY]
        if _PRIVATE[0] not in names:
            more.append(_PRIVATE)
        if self.scope["scheme"] == "https":
            more.append(_HTTPS_ONLY)
        return given + more

    def _allowed(self) -> bytes:
        """All methods of this path; Litestar names those of the handler it met first."""
        template = self.scope["path_template"]
        routes = [
            route
            for route in self.scope["litestar_app"].routes
            if isinstance(route, HTTPRoute) and route.path_format == template
        ]
        methods = {method for route in routes for method in route.route_handler_map}
        if "GET" in methods:
            methods.add("HEAD")
        return ", ".join(sorted(methods)).encode()

    def note(self, serving: Serving) -> None:
        """Count and record it."""
        route = self.scope.get("path_template") or "none"
        seconds = round(time.perf_counter() - self._started, 6)
        serving.metrics.requests.labels(self._method, route, self._status).inc()
        serving.records.request(self._method, route, self._status, seconds, self._size)
