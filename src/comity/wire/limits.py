"""Bounds on what is read from outside: size, depth, compression."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["DEFAULT", "Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what a reader accepts; bytes unless said otherwise.

    `object_bytes` and `depth` (levels of objects and lists) bound one JSON object, `line_bytes`
    one line of a plain list or one CSV row. Decompression stops where the output is more than
    `ratio` times the input, once there are `ratio_after` bytes of output. `chunk` is how much is
    read at a time.
    """

    object_bytes: int = 16 << 20
    depth: int = 100
    line_bytes: int = 1 << 20
    ratio: int = 200
    ratio_after: int = 10_000_000
    chunk: int = 1 << 20


DEFAULT: Final = Limits()
