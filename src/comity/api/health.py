"""`/healthz` for whoever keeps the server running, `/metrics` for whoever watches it."""

from __future__ import annotations

import ipaddress
from typing import Final

from litestar import Response, get

from comity.api.credentials import PUBLIC, home, sign_in
from comity.api.metrics import CONTENT_TYPE
from comity.api.serving import Call, serving
from comity.errors import ComityError
from comity.model.member import Role
from comity.node.acts import log

__all__ = ["healthz", "metrics"]

_WATCHERS: Final = home(Role.AUDITOR, Role.ADMIN)


@get("/healthz", access=PUBLIC, include_in_schema=False, sync_to_thread=True)
def healthz(request: Call) -> Response[bytes]:
    """Whether the store can be read, and nothing else."""
    try:
        log.sizes(serving(request).node)
    except ComityError as why:
        serving(request).records.fault("unhealthy", why)
        return Response(b"unavailable\n", status_code=503, media_type="text/plain")
    return Response(b"ok\n", media_type="text/plain")


@get("/metrics", access=PUBLIC, include_in_schema=False, sync_to_thread=True)
def metrics(request: Call) -> Response[bytes]:
    """Figures: for callers on this machine, or who may watch."""
    served = serving(request)
    if served.behind_proxy or not _is_local(request):
        _WATCHERS.check(sign_in(served.node, request.headers.get("authorization")), served.node)
    return Response(served.metrics.text(), media_type=CONTENT_TYPE)


def _is_local(request: Call) -> bool:
    """Whether the connection itself comes from this machine."""
    client = request.client
    try:
        return client is not None and ipaddress.ip_address(client.host).is_loopback
    except ValueError:
        return False
