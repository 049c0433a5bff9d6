"""`comity serve`: one process, or several that share a port and end with the one that made them."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from comity.api.address import Address, Tls, check_exposure, reserve, resolve
from comity.api.environment import BEHIND_PROXY, DIRECTORY
from comity.errors import SettingsError, UsageError

__all__ = ["serve"]

_LOOK: Final = 0.05
"""Seconds between two tries to reach a server that is starting."""

_PATIENCE: Final = 12.0
"""Seconds that workers get to end, a little more than they give their requests."""


def serve(
    directory: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8700,
    workers: int = 1,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    behind_proxy: bool = False,
) -> None:
    """Serve the node in a directory until SIGTERM or SIGINT.

    Prints one line, `{"listening": "http://host:port"}`, once requests are answered. With one
    worker everything is in this process. Raises UsageError for an address that cannot be had, or
    that TLS would have to protect; SettingsError or StoreError where the node cannot be opened.
    """
    if workers < 1:
        raise UsageError("at least one worker is needed", code="bad-workers")
    tls = Tls.of(tls_cert, tls_key)
    family, ip = resolve(host, port)
    check_exposure(ip, tls, behind_proxy)
    with reserve(family, ip, port) as holder:
        address = Address(host, ip, holder.getsockname()[1], tls)
        if workers == 1:
            _serve_here(directory, address, behind_proxy)
        else:
            _serve_with_workers(directory, address, behind_proxy, workers)


def _serve_here(directory: Path, address: Address, behind_proxy: bool) -> None:
    from comity.api.app import create_app
    from comity.api.worker import run
    from comity.node.wiring import open_node

    node = open_node(directory)
    try:
        app = create_app(node, behind_proxy=behind_proxy)
        threading.Thread(target=_announce, args=(address,), name="announce", daemon=True).start()
        run(app, address)
    finally:
        node.close()


def _serve_with_workers(directory: Path, address: Address, behind_proxy: bool, count: int) -> None:
    from comity.node.wiring import open_node

    open_node(directory).close()  # What is wrong with the node is said here, once.
    stopping = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    with tempfile.TemporaryDirectory(prefix="comity-figures-") as figures:
        environment = {
            **os.environ,
            DIRECTORY: str(directory.resolve()),
            BEHIND_PROXY: "1" if behind_proxy else "0",
            "PROMETHEUS_MULTIPROC_DIR": figures,
        }
        workers = [_start(address, environment) for _ in range(count)]
        try:
            _wait_for_first(address, workers, stopping)
            while not stopping.wait(_LOOK):
                workers = [
                    one if one.poll() is None else _start(address, environment) for one in workers
                ]
        finally:
            _end(workers)


def _start(address: Address, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker; the pipe to it stays open as long as this process lives, and no longer."""
    command = [sys.executable, "-m", "comity.api.worker", msgspec.json.encode(address).decode()]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603 - ours


def _wait_for_first(
    address: Address, workers: Sequence[subprocess.Popen[bytes]], stopping: threading.Event
) -> None:
    """Announce once a worker answers; raise SettingsError if one ends before that."""
    while not stopping.wait(_LOOK):
        if _answers(address):
            _say_listening(address)
            return
        if any(one.poll() is not None for one in workers):
            raise SettingsError("a worker could not start", code="no-worker")


def _end(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    for one in workers:
        one.terminate()
    limit = time.monotonic() + _PATIENCE
    for one in workers:
        try:
            one.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def _announce(address: Address) -> None:
    while not _answers(address):
        time.sleep(_LOOK)
    _say_listening(address)


def _answers(address: Address) -> bool:
    """Whether a request is answered. Our own certificate need not name this address."""
    connection: http.client.HTTPConnection
    if address.tls is None:
        connection = http.client.HTTPConnection(address.reachable_ip, address.port, timeout=5)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            address.reachable_ip, address.port, timeout=5, context=context
        )
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say_listening(address: Address) -> None:
    sys.stdout.write(json.dumps({"listening": address.url}) + "\n")
    sys.stdout.flush()
