"""A byte stream from a path, bytes or a file: decompressed within bounds, UTF-8, without its mark.

gzip is known by its first bytes (RFC 1952), whatever the name says. What was whole before a
break is given out first; only the next read raises.
"""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from comity.errors import InputError, LimitError
from comity.wire.limits import DEFAULT, Limits

__all__ = ["BinaryFile", "Readable", "Source", "open_source"]


class BinaryFile(Protocol):
    """What is read of an open file: `read` gives no bytes at its end, and no more than asked."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""

    def close(self) -> None:
        """Let go of the file."""


Readable = str | os.PathLike[str] | bytes | BinaryFile

_GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 16 << 10
"""Bytes read at a time: compressed, they may stand for a thousand times as many."""


def open_source(source: Readable, name: str | None = None, limits: Limits = DEFAULT) -> Source:
    """Open a path, bytes or a binary file for reading as UTF-8 text.

    `name` is how places in it are named: by default the file's own name. Raises InputError:
    `unreadable` where the file cannot be read, `encoding` for UTF-16, UTF-32 and binary data.
    """
    if isinstance(source, bytes):
        return Source(io.BytesIO(source), name or "input", limits, owned=True)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        try:
            file = path.open("rb")
        except (OSError, ValueError) as error:
            raise _unreadable(name or path.name, error) from None
        return Source(file, name or path.name, limits, owned=True)
    stated = getattr(source, "name", None)
    label = Path(stated).name if isinstance(stated, str) else "input"
    return Source(source, name or label, limits, owned=False)


class Source:
    """A named stream of decompressed bytes; `start` is the offset of the first one given out.

    At its end it closes the file if that is `owned`, as the files that `open_source` opens are.
    Not for several threads.
    """

    def __init__(self, file: BinaryFile, name: str, limits: Limits, *, owned: bool) -> None:
        self.name = name
        self.start = 0
        self._file = file
        self._owned = owned
        self._limits = limits
        self._ready = bytearray()
        self._fault: InputError | None = None
        self._ended = False
        self._inflate: _Inflate | None = None
        try:
            self._begin()
        except InputError:
            self.close()
            raise

    def read(self, size: int) -> bytes:
        """The next `size` bytes: fewer only just before the end, none at it.

        Raises InputError (`unreadable`, `gzip-truncated`, `gzip-broken`) and LimitError
        (`gzip-bomb`) once all that came before the fault is given out.
        """
        self._fill(size)
        if not self._ready and self._fault is not None:
            raise self._fault
        given = self._first(size)
        del self._ready[:size]
        return given

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes that the next read will give."""
        self._fill(size)
        return self._first(size)

    def close(self) -> None:
        """Close the file if this stream opened it."""
        if self._owned:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _first(self, size: int) -> bytes:
        with memoryview(self._ready) as ready:
            return bytes(ready[:size])

    def _begin(self) -> None:
        """Read the first bytes: is it gzip, is it UTF-8?"""
        self._fill(len(_GZIP))
        if self._ready.startswith(_GZIP):
            packed = bytes(self._ready)
            self._ready.clear()
            self._inflate = _Inflate(self.name, self._limits)
            self._take(packed)
        self._fill(4)
        _refuse_wide(bytes(self._ready[:4]), self.name)
        if self._ready.startswith(_UTF8_MARK):
            self.start = len(_UTF8_MARK)
            del self._ready[: self.start]

    def _fill(self, size: int) -> None:
        while len(self._ready) < size and not self._ended:
            try:
                data = self._file.read(_PIECE if self._inflate else max(size, _PIECE))
            except (OSError, ValueError) as error:
                self._stop(_unreadable(self.name, error))
                return
            if data:
                self._take(data)
            else:
                self._stop(self._inflate.end() if self._inflate else None)

    def _take(self, data: bytes) -> None:
        if self._inflate is None:
            self._ready += data
            return
        fault = self._inflate.feed(data, self._ready)
        if fault is not None:
            self._stop(fault)

    def _stop(self, fault: InputError | None) -> None:
        self._ended = True
        self._fault = fault
        self.close()


class _Inflate:
    """gzip members one after another, as `gzip` writes and reads them."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._member = zlib.decompressobj(_GZIP_WINDOW)
        self._read = 0
        self._written = 0

    def feed(self, data: bytes, out: bytearray) -> InputError | None:
        """Decompress `data` to the end of `out`; gives the fault that ends the stream, if any."""
        self._read += len(data)
        most = self._limits.chunk
        full = False
        while data or full:
            if self._member.eof:
                if not data.strip(b"\0"):
                    return None  # zeros may fill up the last block of a tape
                self._member = zlib.decompressobj(_GZIP_WINDOW)
            before = self._member.copy()
            try:
                piece = self._member.decompress(data, most)
            except zlib.error:
                out += _before_break(before, data)
                return self._fault("gzip-broken", "its compressed data is broken")
            out += piece
            full = len(piece) == most
            data = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            self._written += len(piece)
            if self._too_dense(len(data)):
                return self._bomb()
        return None

    def end(self) -> InputError | None:
        """The fault of a stream that ends here, if that is too soon."""
        if self._member.eof:
            return None
        return self._fault("gzip-truncated", "its compressed data breaks off")

    def _too_dense(self, unread: int) -> bool:
        if self._written <= self._limits.ratio_after:
            return False
        return self._written > self._limits.ratio * (self._read - unread)

    def _bomb(self) -> LimitError:
        return LimitError(
            f"it expands to more than {self._limits.ratio} times its size",
            code="gzip-bomb",
            advice="Give it uncompressed if it is what it should be.",
            where=f"{self._name}: byte {self._read} of the compressed data",
        )

    def _fault(self, code: str, message: str) -> InputError:
        return InputError(
            message,
            code=code,
            advice="Fetch or compress the file again; its whole objects are kept.",
            where=f"{self._name}: byte {self._read} of the compressed data",
        )


def _before_break(member: zlib._Decompress, data: bytes) -> bytes:
    """What `data` gives before the byte at which zlib gives up (it gives nothing of that call)."""
    out = bytearray()
    try:
        for at in range(len(data)):
            out += member.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(out)


def _refuse_wide(head: bytes, name: str) -> None:
    """UTF-16 and UTF-32 show as a byte order mark, or as zeros beside the first character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise InputError(
            "this is UTF-16, UTF-32 or binary data, not UTF-8 text",
            code="encoding",
            advice="Convert it first, for example: iconv -f UTF-16 -t UTF-8 FILE.",
            where=name,
        )


def _unreadable(name: str, error: Exception) -> InputError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "not readable"
    return InputError(
        f"it cannot be read: {reason}",
        code="unreadable",
        advice="Check the path and its permissions.",
        where=name,
    )
