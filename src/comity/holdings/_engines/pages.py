"""Pages: what a grant opens, in the collection's order, by the access path that is short.

Three paths give the same rows. `order`: the collection's order, filtered. `merged`: the own
orders of the handlings that open, merged. `named`: the objects asked for, sorted. The counts of
the tally choose, and a look at the next few thousand entries: a reader who polls near the end,
or to whom much opens, is served from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, takewhile
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    union_all,
)

from comity.handling import Grant, Page, Row
from comity.holdings._engines import schema
from comity.holdings._engines.objects import ObjectsPart
from comity.holdings._engines.part import chunks
from comity.holdings.protocol import Query, VersionFilter

__all__ = ["PagesPart"]

_E: Final = schema.entry.c
_V: Final = schema.version.c

_WINDOW: Final = 10_000
"""So many entries are looked at in the collection's order before `merged` is asked."""

_HIDDEN_TO_SKIP: Final = 50_000
"""With no more hidden entries than these, `order` is short wherever they stand."""

_MOST_ARMS: Final = 100
"""`merged` takes a part of a statement for each handling; with more, `order` is shorter."""

_MOST_BYTES: Final = 64 * 1024 * 1024
"""A page ends early when its slices reach this many bytes: one object may have 16 MB."""


class PagesPart(ObjectsPart):
    """Listing and search, under a grant."""

    def iter_page(self, grant: Grant, query: Query) -> Page:
        """One page of what the grant opens, in the collection's order."""
        number = self._number(query.collection)
        counts = self._tally(number)
        opened = sorted(counts.keys() & grant.readable)
        if number is None or not opened:
            return Page([], more=False)
        total, mine = sum(counts.values()), sum(counts[key] for key in opened)
        rules = _Rules(grant, opened if mine < total else None)
        if query.ids:
            return self._gather(_named(number, query, rules), query.limit, query.slices)
        # Types and versions of STIX are in no index: `merged` would look up each of its entries.
        sifted = bool(query.types or query.spec_versions) and mine * 8 > total
        if total - mine <= _HIDDEN_TO_SKIP or len(opened) > _MOST_ARMS or sifted:
            return self._stream(_in_order(number, query, rules), query)
        end = self._window_end(number, query.after)
        near = self._stream(_in_order(number, query, rules, end), query)
        if near.more or end is None:
            return near
        return self._gather(_merged(number, query, rules, opened), query.limit, query.slices)

    def _window_end(self, number: int, after: int) -> int | None:
        """Where a look ahead ends; None if the collection ends before."""
        of = {"collection": number, "after": after, "skip": _WINDOW}
        end: int | None = self._conn.execute(_WINDOW_END, of).scalar()
        return end

    def search(self, grant: Grant, terms: Sequence[str], limit: int) -> Page:
        """The newest entries, over all collections, that have all `terms` and that it opens."""
        words = sorted(set(terms), key=self._how_common)
        if not words or not grant.readable:
            return Page([], more=False)
        first, *others = words
        has_all = [
            exists().where(_TERM_TOO.c.term == word, _TERM_TOO.c.vid == schema.term.c.vid)
            for word in others
        ]
        rules = _Rules(grant, sorted(grant.readable))
        newest = (
            select(*_COLUMNS, _E.vid, _SIZE)
            .select_from(schema.term)
            .with_hint(*schema.BY_VERSION)
            .join(schema.version, _V.vid == schema.term.c.vid)
            .join(
                schema.entry,
                and_(
                    _E.collection.in_(schema.EVERY_COLLECTION),
                    _E.id == _V.id,
                    _E.modified == _V.modified,
                    _E.vid == _V.vid,
                ),
            )
            .where(schema.term.c.term == first, *has_all, rules.open(schema.entry))
            .order_by(_E.date_added.desc(), _E.collection)
            .limit(limit + 1)
        )
        return self._gather(newest, limit, slices=True)

    def _how_common(self, word: str) -> int:
        """In how many versions a term stands; counted up to a bound."""
        some = select(schema.term.c.vid).where(schema.term.c.term == word).limit(1000)
        return len(self._conn.execute(some).all())

    def _stream(self, found: Select[Any], query: Query) -> Page:
        """Rows that come with their bytes, in order, taken one by one until the page is full."""
        result = self._conn.execute(found)
        # The driver's own rows: wrapping each in Core's would take half of the time.
        cursor: Any = result.cursor
        rows: list[Row] = []
        left = _MOST_BYTES
        for row in map(Row._make, cursor):
            left -= len(row.slice or b"")
            if len(rows) == query.limit or (left < 0 and rows):
                result.close()
                return Page(rows, more=True)
            rows.append(row)
        result.close()
        return Page(rows, more=False)

    def _gather(self, found: Select[Any], limit: int, slices: bool) -> Page:
        """Rows that had to be sorted: their bytes are read afterwards, for this page alone."""
        names = self._conn.execute(found).all()
        kept = names[:limit]
        slice_of: dict[int, bytes] = {}
        if slices:
            kept = kept[: _fitting([row.size for row in kept])]
            for some in chunks(row.vid for row in kept):
                read = self._conn.execute(_BYTES, {"vids": some})
                slice_of |= {row.vid: row.bytes for row in read}
        rows = [
            Row(date_added, handling, name, modified, spec_version, slice_of.get(vid))
            for date_added, handling, name, modified, spec_version, vid, _ in kept
        ]
        return Page(rows, more=len(names) > len(rows))


def _fitting(sizes: Sequence[int]) -> int:
    """How many rows a page holds before its bytes pass the bound; at least one."""
    totals = accumulate(sizes)
    return max(1, sum(1 for _ in takewhile(lambda total: total <= _MOST_BYTES, totals)))


class _Rules:
    """What makes an entry visible: its handling and the per-object rules."""

    def __init__(self, grant: Grant, opened: Sequence[int] | None) -> None:
        """`opened` None: every handling in the collection opens."""
        self._grant: Final = grant
        self._opened: Final = opened

    def own(self, of: FromClause) -> ColumnElement[bool]:
        """Unexpired, and of no case or one of the reader's."""
        cases = sorted(self._grant.reader.cases)
        mine = of.c.case_id.in_(cases) if cases else false()
        return and_(
            or_(of.c.expires_at.is_(None), of.c.expires_at > self._grant.now),
            or_(of.c.case_id.is_(None), mine),
        )

    def open(self, of: FromClause) -> ColumnElement[bool]:
        """The same, and under a handling that opens."""
        if self._opened is None:
            return self.own(of)
        return and_((of.c.handling + 0).in_(self._opened), self.own(of))


def _in_order(number: int, query: Query, rules: _Rules, end: int | None = None) -> Select[Any]:
    """The collection's order, filtered; up to `end` if one is given."""
    found = _select(query).where(
        _E.collection == number,
        _E.date_added > query.after,
        rules.open(schema.entry),
        *_asked(query, rules),
    )
    if end is not None:
        found = found.where(_E.date_added <= end)
    return found.order_by(_E.date_added).limit(query.limit + 1)


def _named(number: int, query: Query, rules: _Rules) -> Select[Any]:
    """The objects asked for, sorted."""
    found = select(*_COLUMNS, _E.vid, _SIZE).with_hint(*schema.BY_VERSION)
    found = found.join_from(schema.entry, schema.version, _V.vid == _E.vid).where(
        _E.collection == number,
        _E.id.in_(query.ids),
        _E.date_added > query.after,
        rules.open(schema.entry),
        *_asked(query, rules),
    )
    return found.order_by(_E.date_added).limit(query.limit + 1)


def _merged(number: int, query: Query, rules: _Rules, opened: Sequence[int]) -> Select[Any]:
    """The orders of the handlings that open, merged: each is read only as far as it is needed."""
    asked = _asked(query, rules)
    arms = [
        select(*_COLUMNS, _E.vid)
        .with_hint(*schema.BY_HANDLING)
        .where(
            _E.collection == number,
            _E.handling == key,
            _E.date_added > query.after,
            rules.own(schema.entry),
            *asked,
        )
        for key in opened
    ]
    ordered: CompoundSelect[Any] = union_all(*arms)
    some = ordered.order_by("date_added").limit(query.limit + 1).subquery("some")
    columns = [some.c[column.name] for column in (*_COLUMNS, _E.vid)]
    return (
        select(*columns, _SIZE)
        .join_from(some, schema.version, _V.vid == some.c.vid)
        .order_by(some.c.date_added)
    )


def _select(query: Query) -> Select[Any]:
    if not query.slices:
        return select(*_COLUMNS, _NO_SLICE)
    return select(*_COLUMNS, _V.bytes).join_from(schema.entry, schema.version, _V.vid == _E.vid)


def _asked(query: Query, rules: _Rules) -> list[ColumnElement[bool]]:
    """The filters of the query that look at one entry."""
    asked: list[ColumnElement[bool]] = []
    if query.types:
        asked.append(_E.type.in_(query.types))
    if query.spec_versions:
        asked.append(_E.spec_version.in_(query.spec_versions))
    if not query.version.all:
        asked.append(_of_version(query.version, rules))
    return asked


def _of_version(wanted: VersionFilter, rules: _Rules) -> ColumnElement[bool]:
    """First, last or exact, judged among the versions that the reader may see."""
    ways: list[ColumnElement[bool]] = []
    if wanted.last:
        newer = and_(_OTHER.c.modified > _E.modified, _same_object(rules))
        ways.append(or_(_E.has_newer == 0, not_(exists().where(newer))))
    if wanted.first:
        older = and_(_OTHER.c.modified < _E.modified, _same_object(rules))
        ways.append(or_(_E.has_older == 0, not_(exists().where(older))))
    if wanted.exact:
        ways.append(_E.modified.in_(wanted.exact))
    return or_(false(), *ways)


def _same_object(rules: _Rules) -> ColumnElement[bool]:
    return and_(_OTHER.c.collection == _E.collection, _OTHER.c.id == _E.id, rules.open(_OTHER))


_OTHER: Final = schema.entry.alias("other")
_TERM_TOO: Final = schema.term.alias("too")
_COLUMNS: Final = (_E.date_added, _E.handling, _E.id, _E.modified, _E.spec_version)
# Of the bytes alone the length is read, which stands in the row's head.
_SIZE: Final = func.length(_V.bytes).label("size")
_BYTES: Final = select(_V.vid, _V.bytes).where(_V.vid.in_(bindparam("vids", expanding=True)))
_NO_SLICE: Final = null().label("bytes")
_WINDOW_END: Final = (
    select(_E.date_added)
    .where(_E.collection == bindparam("collection"), _E.date_added > bindparam("after"))
    .order_by(_E.date_added)
    .limit(1)
    .offset(bindparam("skip"))
)
