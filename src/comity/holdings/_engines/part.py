"""What the parts of a transaction share: its connection, and what a process may remember."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from comity.errors import NotFoundError
from comity.handling import DataClass, Handling, HandlingRow, Policy, read_handling
from comity.holdings._engines import schema

__all__ = ["Interned", "Part", "Shared", "chunks", "clock_of", "upsert"]

T = TypeVar("T")
_MOST_IN_A_LIST: Final = 1000


class Interned:
    """The handlings that a transaction sees. Rows are added, never changed or removed."""

    __slots__ = ("by_id", "keys", "rows")

    def __init__(self) -> None:
        self.rows: Final[list[HandlingRow]] = []
        self.keys: Final[dict[tuple[Handling, DataClass], int]] = {}
        self.by_id: Final[dict[str, Handling]] = {}

    def add(self, marking_id: str, row: HandlingRow) -> None:
        """Add one, under the id of its marking-definition."""
        self.rows.append(row)
        self.keys[row.handling, row.data_class] = row.key
        self.by_id[marking_id] = row.handling

    def copy(self) -> Interned:
        """One that can be added to while others read this."""
        other = Interned()
        other.rows.extend(self.rows)
        other.keys.update(self.keys)
        other.by_id.update(self.by_id)
        return other


class Shared:
    """What all transactions of a process remember: committed state only, replaced as a whole.

    `interned` is checked by the number of rows, `policy` by its generation. What a transaction
    changes stays with it, since it may yet be rolled back and its numbers be given again.
    """

    __slots__ = ("interned", "policy")

    def __init__(self) -> None:
        self.interned = Interned()
        self.policy: Policy | None = None


class Part:
    """One transaction: its connection, and what it knows besides."""

    def __init__(self, conn: Connection, shared: Shared) -> None:
        self._conn: Final = conn
        self._shared: Final = shared
        self._seen: Interned | None = None
        self._own = False
        self._numbers: Final[dict[str, int]] = {}

    def _interned(self) -> Interned:
        """The handlings as this transaction sees them; read again only if there are more."""
        if self._seen is None:
            known = self._shared.interned
            if self._conn.execute(_COUNT_HANDLINGS).scalar_one() > len(known.rows):
                # Committed rows alone: this transaction adds none before it has come here.
                known = self._shared.interned = self._read_handlings()
            self._seen = known
        return self._seen

    def _add_interned(self, marking_id: str, row: HandlingRow) -> None:
        """Remember a handling for this transaction alone, since it may yet be rolled back."""
        known = self._interned()
        if not self._own:
            known = self._seen = known.copy()
            self._own = True
        known.add(marking_id, row)

    def _read_handlings(self) -> Interned:
        found = Interned()
        for key, marking_id, data_class, content in self._conn.execute(_HANDLINGS):
            terms = read_handling(msgspec.json.decode(content))
            found.add(marking_id, HandlingRow(key, terms, DataClass(data_class)))
        return found

    def _number(self, collection: str) -> int | None:
        """The number that leads a collection's keys; None for one that is not there."""
        if collection not in self._numbers:
            found = self._conn.execute(_NUMBER, {"collection": collection}).scalar()
            if found is None:
                return None
            self._numbers[collection] = found
        return self._numbers[collection]

    def _number_to_write(self, collection: str) -> int:
        """As `_number`; raises NotFoundError."""
        number = self._number(collection)
        if number is None:
            raise NotFoundError("there is no such collection", where=collection)
        return number

    def _advance(self, name: str, by: int) -> int:
        """Move a clock on, and hold its row until this transaction ends; what it then shows."""
        shown: int = self._conn.execute(_ADVANCE, {"name": name, "last": by}).scalar_one()
        return shown

    def _clock(self, name: str) -> int:
        """What a clock shows; 0 where it was never moved."""
        return self._conn.execute(_CLOCK, {"name": name}).scalar() or 0


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The distinct items in lists as long as one statement takes them."""
    distinct = list(dict.fromkeys(items))
    for start in range(0, len(distinct), _MOST_IN_A_LIST):
        yield distinct[start : start + _MOST_IN_A_LIST]


def clock_of(collection: str) -> str:
    """The name of a collection's clock."""
    return f"collection:{collection}"


_COUNT_HANDLINGS: Final = select(func.count()).select_from(schema.handling)
_HANDLINGS: Final = select(
    schema.handling.c.key,
    schema.handling.c.id,
    schema.handling.c.data_class,
    schema.handling.c.content,
).order_by(schema.handling.c.key)
_NUMBER: Final = select(schema.collection.c.number).where(
    schema.collection.c.id == bindparam("collection")
)
_CLOCK: Final = select(schema.clock.c.last).where(schema.clock.c.name == bindparam("name"))
_MOVED: Final = upsert(schema.clock)
_ADVANCE: Final = _MOVED.on_conflict_do_update(
    index_elements=["name"], set_={"last": schema.clock.c.last + _MOVED.excluded.last}
).returning(schema.clock.c.last)
