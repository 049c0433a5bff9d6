"""What the server writes about itself: one JSON object a line on standard error.

Requests are named by method and route template: no path, no query, no credential and no person
ever stands here.
"""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from typing import BinaryIO, Final, Literal

import msgspec
import structlog

__all__ = ["Records"]


class Records:
    """Writes records to a stream, by default standard error. Safe for many threads."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._log: Final[structlog.stdlib.BoundLogger] = structlog.wrap_logger(
            structlog.BytesLogger(stream or sys.stderr.buffer),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )

    def request(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """One request answered."""
        self._write(
            "info",
            "request",
            {"method": method, "route": route, "status": status, "seconds": seconds, "bytes": size},
        )

    def fault(self, event: str, error: Exception) -> None:
        """Something went wrong on our side: which error, and where, without its message.

        A message may repeat what somebody sent; where it was raised is enough to find the cause.
        """
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
        code = str(getattr(error, "code", "internal"))
        self._write("error", event, {"error": type(error).__name__, "code": code, "places": places})

    def _write(
        self, level: Literal["info", "error"], event: str, fields: dict[str, object]
    ) -> None:
        # That nobody reads the records any more is no reason to answer nobody.
        with suppress(OSError, ValueError):
            (self._log.info if level == "info" else self._log.error)(event, **fields)


def _json(fields: dict[str, object], **_: object) -> bytes:
    return msgspec.json.encode(fields)
