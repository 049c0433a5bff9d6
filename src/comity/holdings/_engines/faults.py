"""What goes wrong in the database, said in our own errors: what happened and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from comity.errors import BusyError, InputError, StoreError

__all__ = ["as_our_errors", "bad_text", "translate_errors"]

# Primary result code -> (code, what happened, what to do).
_KNOWN: Final = {
    sqlite3.SQLITE_FULL: (
        "disk-full",
        "there is no room left on the disk",
        "Make room and do it again; nothing was half-written.",
    ),
    sqlite3.SQLITE_READONLY: (
        "store-read-only",
        "the store may not be written to",
        "Check who owns the file and its folder; a command that only reads cannot write.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "store-not-opened",
        "the store's file or its folder cannot be opened",
        "Check that the path exists and that this user may read and write there.",
    ),
    sqlite3.SQLITE_PERM: (
        "store-not-opened",
        "this user may not open the store",
        "Check who owns the file and its folder.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "not-a-store",
        "the file is not a Comity store",
        "Check the path; a store that was one and is no more must come back from a copy.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "store-damaged",
        "the store's file is damaged",
        "Stop the node, keep the file, and go back to the last copy.",
    ),
    sqlite3.SQLITE_IOERR: (
        "store-not-readable",
        "the disk failed under the store",
        "Look at the system's log; a full disk or quota shows itself like this, too.",
    ),
}


def as_our_errors(engine: Engine, where: str) -> None:
    """Make every statement of an engine raise our errors in place of the driver's."""

    @event.listens_for(engine, "handle_error")
    def handle(context: ExceptionContext) -> None:
        original = context.original_exception
        if isinstance(original, sqlite3.Error | UnicodeEncodeError):
            raise _ours(original, where)


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Raise our errors for what the driver or the pool raises within the block."""
    try:
        yield
    except PoolTimeoutError as why:
        raise _busy(where) from why
    except DBAPIError as why:
        original = why.orig
        raise _ours(original if isinstance(original, sqlite3.Error) else why, where) from why
    except sqlite3.Error as why:
        raise _ours(why, where) from why


def _ours(why: Exception, where: str) -> StoreError | InputError:
    if isinstance(why, UnicodeEncodeError):
        return bad_text()
    code = getattr(why, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _busy(where)
    if code in _KNOWN:
        name, message, advice = _KNOWN[code]
        return StoreError(message, code=name, advice=advice, where=where)
    return StoreError(f"the store could not do it ({why})", where=where)


def bad_text() -> InputError:
    """What is said of a text that cannot be written as UTF-8."""
    return InputError(
        "a text holds half of a surrogate pair, which is no character", code="bad-text"
    )


def _busy(where: str) -> BusyError:
    return BusyError(
        "another process has been writing to the store all the while",
        code="busy",
        advice="Try again in a moment; see with `comity doctor` who holds it.",
        where=where,
    )
