"""The variables by which an application is told which node it serves, where no caller can."""

from __future__ import annotations

from typing import Final

__all__ = ["BEHIND_PROXY", "DIRECTORY"]

DIRECTORY: Final = "COMITY_NODE_DIR"
BEHIND_PROXY: Final = "COMITY_BEHIND_PROXY"
"""`1` where a proxy in front of the server ends TLS."""
