"""Reads in the journal: one row a page, committed before the page is handed on.

A commit waits for the disk, so reads that come at the same time share one: whoever finds a
commit under way leaves its row, and the next in turn commits all that were left.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Final

from comity.handling import Page, Reader, Released
from comity.model.event import Event, EventKind
from comity.model.time import format_time
from comity.node.wiring import Node

__all__ = ["ReadJournal", "actor_of", "read_event"]

_MINUTE: Final = 60_000_000


class ReadJournal:
    """Journals reads for one process. Safe to use from many threads."""

    def __init__(self, node: Node) -> None:
        self._node: Final = node
        self._turn: Final = threading.Lock()
        self._lock: Final = threading.Lock()
        self._waiting: list[tuple[Event, Future[None]]] = []
        self._polled: Final[dict[tuple[str, str], int]] = {}

    def note(self, event: Event) -> None:
        """Journal an event; returns when it is committed, raises what the commit raised."""
        done: Future[None] = Future()
        with self._lock:
            self._waiting.append((event, done))
        with self._turn:
            if not done.done():  # Else whoever had the turn before has committed it.
                self._commit()
        done.result()

    def note_page(self, released: Released[Page], collection: str) -> None:
        """Journal a page of a feed; an empty poll once per reader, collection and minute."""
        if released.value.rows:
            self.note(read_event(released, collection))
            return
        grant = released.grant
        key, minute = (actor_of(grant.reader), collection), grant.now // _MINUTE
        if self._polled.get(key) != minute:
            self.note(read_event(released, collection))
            self._polled[key] = minute

    def _commit(self) -> None:
        """Commit all that waits; each waiter learns of its own commit, or why there was none."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._node.note([event for event, _ in batch])
        except BaseException as why:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            for _, done in batch:
                done.set_exception(why)
            return
        for _, done in batch:
            done.set_result(None)


def actor_of(reader: Reader) -> str:
    """How events name a reader: member and user, `operator` for the command line."""
    return f"{reader.member_id or 'public'}/{reader.name or 'operator'}"


def read_event(released: Released[Page], collection: str) -> Event:
    """The event of one page: who read what span, for what purpose, how much."""
    rows, grant = released.value.rows, released.grant
    details: dict[str, object] = {"count": len(rows)}
    if grant.purpose is not None:
        details["purpose"] = grant.purpose
    if rows:
        details |= {
            "first": format_time(rows[0].date_added),
            "last": format_time(rows[-1].date_added),
        }
    return Event(
        kind=EventKind.READ if rows else EventKind.POLLED,
        actor=actor_of(grant.reader),
        subject=collection,
        details=details,
    )
