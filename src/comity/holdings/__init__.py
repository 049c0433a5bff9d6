"""What this node keeps: one Protocol, and the engines that fulfil it."""

from __future__ import annotations

from pathlib import Path

from comity.errors import SettingsError
from comity.holdings.processes import this_process
from comity.holdings.protocol import (
    Collection,
    Conflict,
    Held,
    Holdings,
    JournalRow,
    Lease,
    Peer,
    Query,
    Store,
    VersionFilter,
)

__all__ = [
    "Collection",
    "Conflict",
    "Held",
    "Holdings",
    "JournalRow",
    "Lease",
    "Peer",
    "Query",
    "Store",
    "VersionFilter",
    "open_store",
    "this_process",
]

_SQLITE = "sqlite:///"


def open_store(url: str, *, create: bool = False) -> Store:
    """Open the store at a URL: `sqlite:///` and a path (absolute ones begin with a fourth slash).

    With `create`, a store is made where there is none; one that is there is opened as it is.
    Raises SettingsError for another URL, StoreError for what is no store of ours.
    """
    path = url.removeprefix(_SQLITE)
    if not url.startswith(_SQLITE) or path in ("", ":memory:"):
        raise SettingsError(
            f"a store cannot be opened at {_without_password(url)!r}",
            code="bad-database-url",
            advice="Write sqlite:///PATH: a file is the one kind of store there is so far.",
        )
    # An engine takes a third of a second to import, which `comity --help` need not wait for.
    from comity.holdings._engines.sqlite import SqliteStore

    return SqliteStore(Path(path), create=create)


def _without_password(url: str) -> str:
    """A URL as it may be shown: without what stands before the host."""
    scheme, mark, rest = url.partition("://")
    return scheme + mark + rest.rpartition("@")[2]
