"""The application of one node: its routes, and what holds for all of them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from litestar import Litestar, Router
from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from comity.api import collections, doctor, log, members, openapi, people, reading, sharing, taxii
from comity.api.credentials import check_access
from comity.api.edge import NodeApplication
from comity.api.environment import BEHIND_PROXY, DIRECTORY
from comity.api.health import healthz, metrics
from comity.api.media import check_json
from comity.api.metrics import Metrics
from comity.api.problems import answer_error
from comity.api.records import Records
from comity.api.sequencer import Sequencer
from comity.api.serving import Serving
from comity.node.acts.log import sizes
from comity.node.acts.taxii import Taxii
from comity.node.wiring import Node, open_node

__all__ = ["create_app", "from_environment"]

_SMALL: Final = 1 << 20
"""Bytes of a request body where a route says nothing else."""


def create_app(
    node: Node,
    *,
    behind_proxy: bool = False,
    sequencing: bool = True,
    records: Records | None = None,
) -> Litestar:
    """The application that serves a node; the node stays the caller's to close.

    `sequencing` False leaves the log to the caller (`node.acts.log.settle`).
    """
    records = records or Records()
    app = NodeApplication(
        route_handlers=[*_routers(), healthz, metrics],
        guards=[check_access],
        exception_handlers={Exception: answer_error},
        request_max_body_size=_SMALL,
        openapi_config=openapi.config(),
        lifespan=[_sequenced(Sequencer(node, records))] if sequencing else [],
        logging_config=None,
    )
    figures = Metrics(lambda: sizes(node))
    app.state.serving = Serving(node, Taxii(node), figures, records, behind_proxy)
    return app


def from_environment() -> Litestar:
    """The application of the node that COMITY_NODE_DIR names, for a process that serves it alone.

    The node is closed when the server ends. Raises SettingsError or StoreError.
    """
    node = open_node(Path(os.environ[DIRECTORY]))
    app = create_app(node, behind_proxy=os.environ.get(BEHIND_PROXY) == "1")
    app.on_shutdown.append(node.close)
    return app


def _routers() -> list[Router]:
    """Made anew for each application, since a router belongs to one."""
    return [
        Router(
            "/taxii2",
            route_handlers=taxii.HANDLERS,
            guards=[taxii.check_media],
            include_in_schema=False,
        ),
        Router("/log", route_handlers=log.LOG, include_in_schema=False),
        Router("/api", route_handlers=[openapi.document, members.card, log.api_checkpoint]),
        Router(
            "/api",
            route_handlers=[
                *people.HANDLERS,
                *members.HANDLERS,
                *collections.HANDLERS,
                *sharing.HANDLERS,
                *reading.HANDLERS,
                *doctor.HANDLERS,
                log.proof,
            ],
            guards=[_takes_json],
            security=openapi.EITHER_CREDENTIAL,
        ),
    ]


async def _takes_json(
    connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler
) -> None:
    if connection.scope.get("method") == "POST":
        check_json(connection.headers.get("content-type"))


def _sequenced(
    sequencer: Sequencer,
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        sequencer.start()
        try:
            yield
        finally:
            await sync_to_thread(sequencer.stop)

    return running
