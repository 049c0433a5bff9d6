"""Nodes that are really served: processes of their own, over TCP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

__all__ = ["Served", "children", "served", "until"]

_PROGRAM: Final = """
import sys, json, pathlib
from comity.api.server import serve
arguments = json.loads(sys.argv[1])
for name in ("directory", "tls_cert", "tls_key"):
    if name in arguments:
        arguments[name] = pathlib.Path(arguments[name])
serve(**arguments)
"""


class Served(NamedTuple):
    """A server's process, what its one line said, and where its records go."""

    process: subprocess.Popen[bytes]
    line: bytes
    url: str
    records: Path

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        return httpx.get(self.url + path, timeout=60, **options)


@contextmanager
def served(directory: Path, **arguments: Any) -> Iterator[Served]:  # noqa: ANN401
    """Serve a node until the block ends; by itself it is then asked to stop."""
    options = {"directory": str(directory), "port": 0, **arguments}
    records = directory.with_name(f"{directory.name}.records")
    with records.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, records.read_text("utf-8")
        yield Served(process, line, json.loads(line)["listening"], records)
    finally:
        if process.poll() is None:
            process.terminate()
        process.stdout.close()
        process.wait()


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(one) for one in found.split()]


def until(what: str, holds: Any) -> None:  # noqa: ANN401
    """Wait until something holds; only a test that would never end is ended."""
    for _ in range(1200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")
