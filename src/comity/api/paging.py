"""Cursors: a list that can grow is given a page at a time.

A cursor names the last entry given, so that entries added or removed meanwhile do no harm; its
text means nothing to the caller.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Annotated, Final, TypeVar

from litestar.params import QueryParameter

from comity.errors import InputError

__all__ = ["Cursor", "Limit", "page_of"]

T = TypeVar("T")

_MOST: Final = 1000

Cursor = Annotated[
    str | None,
    QueryParameter(name="cursor", description="`next` of the page before", max_length=2000),
]
Limit = Annotated[int, QueryParameter(name="limit", description="entries at most", ge=1, le=_MOST)]


def page_of(
    entries: Iterable[T], key: Callable[[T], str], cursor: str | None, limit: int
) -> tuple[list[T], str | None]:
    """The entries after the cursor in the order of their keys, and the cursor to go on with.

    None where nothing follows. Raises InputError (`bad-cursor`) for a cursor that is none.
    """
    after = None if cursor is None else _read(cursor)
    following = [one for one in sorted(entries, key=key) if after is None or key(one) > after]
    page = following[:limit]
    return page, _write(key(page[-1])) if len(following) > limit else None


def _write(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InputError(
            "this is no cursor of ours",
            code="bad-cursor",
            advice="Give `next` of the page before, or none to begin.",
            where="cursor",
        ) from None
