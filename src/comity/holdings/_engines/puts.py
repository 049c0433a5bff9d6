"""The order of a collection: entries appended, moved to the end, removed.

Every entry knows whether its collection holds a later or an earlier version of the same object
(`has_newer`, `has_older`), so that "first" and "last" cost nothing where there is one version.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, delete, func, select, update

from comity.errors import ConflictError
from comity.handling import Admitted
from comity.holdings._engines import schema
from comity.holdings._engines.objects import ObjectsPart
from comity.holdings._engines.part import chunks, clock_of, upsert
from comity.model.time import Micros, format_time
from comity.model.version import Version

__all__ = ["PutsPart"]

_MOST: Final = 1000

_E: Final = schema.entry.c

Name = tuple[str, Micros]
"""A version's name within a collection: id and modified."""

Bounds = dict[str, tuple[Micros, Micros]]
"""The first and last version of each id."""


class _Place(NamedTuple):
    """Where a collection has a version, under which handling, with which bytes."""

    date_added: Micros
    handling: int
    vid: int
    sha256: bytes


class PutsPart(ObjectsPart):
    """Entries put and deleted."""

    def put_many(
        self, collection: str, batch: Sequence[Admitted[Version]], now: Micros
    ) -> tuple[Micros, Micros] | None:
        """Append entries in the order given; at most 1,000; the (first, last) `date_added`."""
        if not batch:
            return None
        if len(batch) > _MOST:
            raise ValueError(f"a put takes at most {_MOST} objects, not {len(batch)}")
        number = self._number_to_write(collection)
        last = self._take_instants(collection, len(batch), now)
        first = last - len(batch) + 1
        known = self._known(one.value.id for one in batch)
        before = self._bounds(number, known)
        there = self._places(number, [_name(one) for one in batch if one.value.id in before])
        _refuse_other_bytes(batch, there)
        # A version that stands twice in the batch takes the later of its places.
        fresh = {_name(one): (at, one) for at, one in enumerate(batch, first)}
        moved = [there[name] for name in fresh if name in there]
        self._remove(number, moved)
        self._add(number, list(fresh.values()), before, known)
        return Micros(first), Micros(last)

    def delete(self, collection: str, versions: Sequence[Name]) -> int:
        """Remove entries of a collection (TAXII DELETE); how many there were.

        What was kept in conflict with them goes, too, and their bytes where nothing else in the
        store names them.
        """
        number = self._number(collection)
        if number is None or not versions:
            return 0
        gone = self._places(number, versions)
        self._remove(number, list(gone.values()))
        self._mend_bounds(number, {name for name, _ in gone})
        rivals = self._delete_rivals(number, versions)
        self._drop_unused([*(place.vid for place in gone.values()), *rivals])
        return len(gone)

    def _delete_rivals(self, number: int, versions: Sequence[Name]) -> list[int]:
        """Remove what was kept in conflict with these versions; the vids of it."""
        wanted = set(versions)
        rivals = [
            row
            for some in chunks(name for name, _ in versions)
            for row in self._conn.execute(_RIVALS, {"collection": number, "ids": some})
            if (row.id, row.modified) in wanted
        ]
        if rivals:
            gone = [{"in_": number, "of": row.id, "version": row.modified} for row in rivals]
            self._conn.execute(_DELETE_RIVALS, gone)
        return [row.vid for row in rivals]

    def _take_instants(self, collection: str, n: int, now: Micros) -> int:
        """Advance the collection's clock to the later of `last + n` and `now`; what it shows.

        The row stays locked until commit, so that instants become visible in their order.
        """
        of = {"of": clock_of(collection), "by": n, "now": now}
        last: int = self._conn.execute(_TAKE_INSTANTS, of).scalar_one()
        return last

    def _bounds(self, number: int, ids: Iterable[str]) -> Bounds:
        """The first and last version that the collection holds of each of these ids."""
        return {
            name: (first, last)
            for some in chunks(ids)
            for name, first, last in self._conn.execute(
                _BOUNDS, {"collection": number, "ids": some}
            )
        }

    def _places(self, number: int, names: Iterable[Name]) -> dict[Name, _Place]:
        """Where the collection holds these versions; absent ones are left out."""
        wanted = set(names)
        return {
            (name, modified): _Place(*place)
            for some in chunks(name for name, _ in wanted)
            for name, modified, *place in self._conn.execute(
                _PLACES, {"collection": number, "ids": some}
            )
            if (name, modified) in wanted
        }

    def _remove(self, number: int, places: Sequence[_Place]) -> None:
        """Take entries out of the order, and out of the tally."""
        if places:
            gone = [{"in_": number, "at": place.date_added} for place in places]
            self._conn.execute(_REMOVE, gone)
            self._count(number, Counter(place.handling for place in places), -1)

    def _add(
        self,
        number: int,
        fresh: Sequence[tuple[int, Admitted[Version]]],
        before: Bounds,
        known: set[str],
    ) -> None:
        """Enter versions at the instants given, and into the tally."""
        vids = self._keep_versions([one.value for _, one in fresh], known)
        after = _widened(before, fresh)
        self._outdate(number, before, after)
        rows = []
        used: Counter[int] = Counter()
        for at, one in fresh:
            value, facts = one.value, one.terms.facts
            key = self.intern(one.terms.handling, facts.data_class)
            used[key] += 1
            first, last = after[value.id]
            rows.append(
                (
                    number, at, vids[value.id, value.modified, value.sha256], key,
                    value.type, value.id, value.modified, value.spec_version,
                    int(value.modified < last), int(value.modified > first),
                    facts.case_id, facts.expires_at, facts.review_at,
                )
            )  # fmt: skip
        # In bulk, by the driver: a statement through Core costs more than a row does.
        self._conn.exec_driver_sql(_INSERT_ENTRY, rows)
        self._count(number, used, 1)

    def _outdate(self, number: int, before: Bounds, after: Bounds) -> None:
        """Mark what was the last or first version and is no more."""
        of = {"in_": number}
        no_longer_last = [
            {**of, "of": name, "version": last}
            for name, (_, last) in before.items()
            if after[name][1] > last
        ]
        no_longer_first = [
            {**of, "of": name, "version": first}
            for name, (first, _) in before.items()
            if after[name][0] < first
        ]
        if no_longer_last:
            self._conn.execute(_MARK.values(has_newer=1), no_longer_last)
        if no_longer_first:
            self._conn.execute(_MARK.values(has_older=1), no_longer_first)

    def _mend_bounds(self, number: int, ids: Iterable[str]) -> None:
        """Mark what has become the last or first version because others are gone."""
        bounds = self._bounds(number, ids)
        of = {"in_": number}
        if bounds:
            lasts = [{**of, "of": name, "version": last} for name, (_, last) in bounds.items()]
            firsts = [{**of, "of": name, "version": first} for name, (first, _) in bounds.items()]
            self._conn.execute(_MARK.values(has_newer=0), lasts)
            self._conn.execute(_MARK.values(has_older=0), firsts)

    def _count(self, number: int, used: Mapping[int, int], sign: int) -> None:
        self._conn.execute(
            _COUNT,
            [{"collection": number, "handling": key, "n": sign * n} for key, n in used.items()],
        )


def _name(one: Admitted[Version]) -> Name:
    return one.value.id, one.value.modified


def _refuse_other_bytes(batch: Sequence[Admitted[Version]], there: Mapping[Name, _Place]) -> None:
    known = {name: place.sha256 for name, place in there.items()}
    for one in batch:
        if known.setdefault(_name(one), one.value.sha256) != one.value.sha256:
            raise ConflictError(
                f"version {format_time(one.value.modified)} is held with other content",
                where=one.value.id,
            )


def _widened(before: Bounds, fresh: Iterable[tuple[int, Admitted[Version]]]) -> Bounds:
    """The bounds once `fresh` is entered."""
    after = dict(before)
    for _, one in fresh:
        modified = one.value.modified
        first, last = after.get(one.value.id, (modified, modified))
        after[one.value.id] = (min(first, modified), max(last, modified))
    return after


_TALLIED: Final = upsert(schema.tally)
_COUNT: Final = _TALLIED.on_conflict_do_update(
    index_elements=["collection", "handling"],
    set_={"n": schema.tally.c.n + _TALLIED.excluded.n},
)
_NEXT: Final = schema.clock.c.last + bindparam("by")
_NOW: Final[ColumnElement[int]] = bindparam("now")
_TAKE_INSTANTS: Final = (
    update(schema.clock)
    .where(schema.clock.c.name == bindparam("of"))
    .values(last=case((bindparam("now") < _NEXT, _NEXT), else_=bindparam("now")))
    .returning(schema.clock.c.last)
)
_BOUNDS: Final = (
    select(_E.id, func.min(_E.modified), func.max(_E.modified))
    .with_hint(*schema.BY_VERSION)
    .where(_E.collection == bindparam("collection"), _E.id.in_(bindparam("ids", expanding=True)))
    .group_by(_E.id)
)
_PLACES: Final = (
    select(_E.id, _E.modified, _E.date_added, _E.handling, _E.vid, schema.version.c.sha256)
    .with_hint(*schema.BY_VERSION)
    .join(schema.version, schema.version.c.vid == _E.vid)
    .where(
        _E.collection == bindparam("collection"),
        _E.id.in_(bindparam("ids", expanding=True)),
    )
)
_REMOVE: Final = delete(schema.entry).where(
    _E.collection == bindparam("in_"), _E.date_added == bindparam("at")
)
_MARK: Final = update(schema.entry).where(
    _E.collection == bindparam("in_"),
    _E.id == bindparam("of"),
    _E.modified == bindparam("version"),
)
_C: Final = schema.conflict.c
_RIVALS: Final = select(_C.id, _C.modified, _C.vid).where(
    _C.collection == bindparam("collection"), _C.id.in_(bindparam("ids", expanding=True))
)
_DELETE_RIVALS: Final = delete(schema.conflict).where(
    _C.collection == bindparam("in_"),
    _C.id == bindparam("of"),
    _C.modified == bindparam("version"),
)
_COLUMNS: Final = [column.name for column in schema.entry.columns]
_INSERT_ENTRY: Final = (
    f"INSERT INTO entry ({', '.join(_COLUMNS)})"  # noqa: S608 - names of our own columns
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)
