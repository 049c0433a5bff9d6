"""One serving process: granian embedded in this very process, so that ending it frees the port.

Run as a program it is one of several workers. It then ends with whoever started it: its standard
input is a pipe that only the parent holds open.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.server.embed import Server
from litestar import Litestar

from comity.api.address import Address
from comity.errors import StoreError

__all__ = ["run"]

_BACKLOG: Final = 1024
_PATIENCE: Final = 10.0
"""Seconds that requests under way get to end when the server is asked to stop."""


def run(app: Litestar, address: Address) -> None:
    """Serve until SIGTERM or SIGINT, then let requests end and return.

    Raises StoreError (`server-ended`) where the server ends by itself.
    """
    asyncio.run(_run(app, address))


async def _run(app: Litestar, address: Address) -> None:
    tls = address.tls
    server = Server(
        app,
        address=address.ip,
        port=address.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=_BACKLOG,
        log_enabled=False,  # It would write to standard output; the edge keeps the records.
        ssl_cert=None if tls is None else Path(tls.certificate),
        ssl_key=None if tls is None else Path(tls.key),
        ssl_protocol_min=SSLProtocols.tls12,
    )
    stopping = asyncio.Event()
    # Ends the process even if a request never does.
    last = threading.Timer(_PATIENCE, os._exit, (1,))
    last.daemon = True

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            last.start()
            server.stop()  # type: ignore[no-untyped-call]

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    await server.serve()
    last.cancel()
    if not stopping.is_set():
        raise StoreError("the server ended by itself", code="server-ended")


def _end_with_parent() -> None:
    """Wait until the pipe from the parent closes, which it does when the parent is gone."""
    os.read(sys.stdin.fileno(), 1)  # Not through its buffer, whose lock the end would trip over.
    os._exit(1)


def main() -> None:
    """Be one of several workers: of the node in COMITY_NODE_DIR, at the address of the argument."""
    from comity.api.app import from_environment

    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    run(from_environment(), msgspec.json.decode(sys.argv[1], type=Address))


if __name__ == "__main__":
    main()
