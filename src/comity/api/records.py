"""What the server writes about itself: one JSON object a line on standard error.

Requests are named by method and route template: no path, no query, no credential and no person
ever stands here.
"""

from __future__ import annotations

import sys
import traceback
from typing import Final

import msgspec
import structlog

__all__ = ["Records"]


class Records:
    """Writes records to the standard error of the moment it was made. Safe for many threads."""

    def __init__(self) -> None:
        self._log: Final[structlog.stdlib.BoundLogger] = structlog.wrap_logger(
            structlog.BytesLogger(sys.stderr.buffer),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )

    def request(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """One request answered."""
        self._log.info(
            "request", method=method, route=route, status=status, seconds=seconds, bytes=size
        )

    def note(self, event: str, **fields: str | int) -> None:
        """Something an operator may want to know."""
        self._log.info(event, **fields)

    def fault(self, event: str, error: Exception) -> None:
        """Something went wrong on our side: which error, and where, without its message.

        A message may repeat what somebody sent; where it was raised is enough to find the cause.
        """
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames]
        code = getattr(error, "code", "internal")
        self._log.error(event, error=type(error).__name__, code=str(code), places=places)


def _json(fields: dict[str, object], **_: object) -> bytes:
    return msgspec.json.encode(fields)
