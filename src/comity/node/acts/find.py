"""What an analyst types first: a value, a few words, an id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from comity.errors import NotFoundError
from comity.handling import Page, Reader, Released, Row
from comity.holdings import Query
from comity.model.event import Event, EventKind
from comity.model.ids import is_stix_id
from comity.model.purpose import Purpose
from comity.model.time import format_time
from comity.node.acts.people import purpose_for
from comity.node.acts.programmes import purpose_within
from comity.node.acts.reading import actor_of
from comity.node.flow import give, seek
from comity.node.wiring import Node
from comity.wire.terms import query_terms

__all__ = ["find", "show"]


def find(
    node: Node,
    reader: Reader,
    words: str,
    *,
    purpose: Purpose | None = None,
    case: str | None = None,
    limit: int = 100,
) -> Released[dict[str, Any]]:
    """Everything known by a value or by words that this reader may read, with its handling.

    An id finds that object. The answer is `{found: [{id, modified, handling, object}], more?}`,
    the newest first; `more` is true where `limit` cut it off. `case` also names a programme.
    """
    asked = purpose_within(node, reader, purpose, case)
    if is_stix_id(words):
        found = _by_id(node, reader, asked, words)
    else:
        found = seek(node, reader, asked, sorted(query_terms(words)), limit)
    _journal(node, reader, asked, found, EventKind.QUERIED, case)
    return found.derive(lambda page: _answer(node, page))


def _answer(node: Node, page: Page) -> dict[str, Any]:
    answer: dict[str, Any] = {"found": _documents(node, page.rows)}
    return answer | {"more": True} if page.more else answer


def show(
    node: Node, reader: Reader, object_id: str, *, purpose: Purpose | None = None
) -> Released[dict[str, Any]]:
    """One object with its handling, or NotFoundError, whether it is absent or withheld."""
    asked = purpose_for(reader, purpose)
    found = _by_id(node, reader, asked, object_id)
    if not found.value.rows:
        raise NotFoundError("there is no such object here", code="no-object")
    _journal(node, reader, asked, found, EventKind.READ)
    return found.derive(lambda page: _documents(node, page.rows)[0])


def _by_id(node: Node, reader: Reader, purpose: Purpose, object_id: str) -> Released[Page]:
    """The newest version that this reader may see in any collection."""
    with node.store.read() as tx:
        collections = tx.collections()
    pages = [
        give(node, reader, purpose, Query(collection=one.id, ids=(object_id,)))
        for one in collections
    ]
    return max(pages, key=lambda one: max((row.modified for row in one.value.rows), default=-1))


def _journal(
    node: Node,
    reader: Reader,
    purpose: Purpose,
    found: Released[Page],
    kind: EventKind,
    case: str | None = None,
) -> None:
    """Who looked for how much; what was typed may be personal, so it is not written down."""
    details: dict[str, object] = {"purpose": purpose, "found": len(found.value.rows)}
    if case is not None:
        details["case"] = case
    subject = found.value.rows[0].id if kind is EventKind.READ else "search"
    event = Event(kind=kind, actor=actor_of(reader), subject=subject, details=details)
    node.note([event])


def _documents(node: Node, rows: Sequence[Row]) -> list[dict[str, Any]]:
    with node.store.read() as tx:
        handlings: Mapping[int, Any] = {row.key: row.handling for row in tx.handlings()}
    return [
        {
            "id": row.id,
            "modified": format_time(row.modified),
            "handling": {"id": handlings[row.handling].id, **handlings[row.handling].content()},
            "object": msgspec.json.decode(row.slice or b"null"),
        }
        for row in rows
    ]
