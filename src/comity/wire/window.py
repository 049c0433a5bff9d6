"""The part of a stream that is in memory while JSON is sliced from it."""

from __future__ import annotations

import re
from typing import Final

from comity.errors import InputError
from comity.wire.limits import Limits
from comity.wire.stream import Source
from comity.wire.walk import INSIDE_STRING, STRING, Walk, end_of

__all__ = ["Window"]

_LARGEST_READ: Final = 4 << 20
_LONGEST_KEY: Final = 64 << 10


class Window:
    """`data` holds bytes `base` to `base + len(data)` of the source; `at` is the reading place.

    What lies from `kept` on stays in memory, until that is more than `limits.object_bytes`: then
    `kept` becomes None and the bytes go as they are read. `fault` is what ended the source early.
    """

    def __init__(
        self, source: Source | None, limits: Limits, data: bytes = b"", base: int = 0
    ) -> None:
        self.data = data
        self.at = 0
        self.base = base
        self.kept: int | None = None
        self.fault: InputError | None = None
        self._limits = limits
        self._source = source

    @property
    def offset(self) -> int:
        """The reading place, in bytes of the source."""
        return self.base + self.at

    def more(self) -> bool:
        """Read on, and let go of what was read over; False at the end."""
        if self._source is None:
            return False
        first = self.at if self.kept is None else self.kept
        rest = self.data[first:]
        try:
            # Twice as much each time, so that a long object is not copied over and over.
            data = self._source.read(max(self._limits.chunk, min(len(rest), _LARGEST_READ)))
        except InputError as error:
            self.fault = error
            data = b""
        if not data:
            self._source = None
            return False
        self.data = rest + data
        self.base += first
        self.at -= first
        self.kept = None if self.kept is None else 0
        return True

    def head(self) -> int | None:
        """The byte at the reading place; None at the end."""
        if self.at == len(self.data) and not self.more():
            return None
        return self.data[self.at]

    def skip(self, pattern: re.Pattern[bytes]) -> None:
        """Read over all that the pattern (a run of single bytes) matches."""
        while True:
            self.at = end_of(pattern, self.data, self.at)
            self._bound()
            if self.at < len(self.data) or not self.more():
                return

    def keep(self) -> None:
        """Keep what comes from here on."""
        self.kept = self.at

    def take(self) -> bytes | None:
        """What was kept, up to here; None if it was too much. No longer kept."""
        kept, self.kept = self.kept, None
        return None if kept is None else self.data[kept : self.at]

    def walk(self) -> bool:
        """Over the object or list that begins here; False if the source ends within it."""
        walk = Walk(self.data[self.at])
        while True:
            self.at = walk.on(self.data, self.at)
            self._bound()
            if walk.closed:
                return True
            if not self.more():
                return False

    def string(self) -> bytes | None:
        """Read over the string that begins here; gives what it says if that is short enough.

        Escapes are left as they are. None: it is longer than any key that we look for, or the
        source ends in it.
        """
        while True:
            found = STRING.match(self.data, self.at)
            if found is not None:
                self.at = found.end()
                return found.group()[1:-1]
            if len(self.data) - self.at > _LONGEST_KEY or not self.more():
                break
        self.at += 1
        while True:
            self.at = end_of(INSIDE_STRING, self.data, self.at)
            self._bound()
            if self.data[self.at : self.at + 1] == b'"':
                self.at += 1
                return None
            if not self.more():
                self.at = len(self.data)
                return None

    def _bound(self) -> None:
        if self.kept is not None and self.at - self.kept > self._limits.object_bytes:
            self.kept = None
