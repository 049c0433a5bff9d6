"""Which process this is, and whether another one still runs: what a lease is held by.

A holder is `host:pid:start`. `host` is this start of this machine, and where processes have a
numbering of their own (a container), that numbering; `start` is when the process began, so that
a number used again is not taken for the same process.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final

__all__ = ["is_gone", "this_process"]

_PROC: Final = Path("/proc")


def this_process() -> str:
    """`host:pid:start` of the process that asks."""
    pid = os.getpid()
    return f"{_host()}:{pid}:{_start(pid) or 'unknown'}"


def is_gone(holder: str) -> bool:
    """Whether a holder is a process of this machine that no longer runs.

    False when in doubt: a lease then ends by its time.
    """
    parts = holder.rsplit(":", 2)
    if len(parts) != 3 or parts[0] != _host() or not parts[1].isascii() or not parts[1].isdigit():
        return False
    pid = int(parts[1])
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    start = _start(pid)
    return start is not None and start != parts[2]


def _host() -> str:
    """This start of this machine; without /proc, the machine's name."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        # Two containers share a boot but count their processes apart.
        numbering = (_PROC / "self/ns/pid").readlink().name
    except (OSError, UnicodeDecodeError):
        return platform.node() or "localhost"
    return f"{boot}/{numbering}".replace(":", "")


def _start(pid: int) -> str | None:
    """When a process began, in ticks since the boot; `ended` for one that only waits for its
    parent to take note; None where the system does not say.
    """
    try:
        # The name in brackets may hold anything, brackets and spaces too.
        state, *fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        return "ended" if state in (b"Z", b"X") else fields[18].decode("ascii")
    except (OSError, ValueError, IndexError):
        return None
