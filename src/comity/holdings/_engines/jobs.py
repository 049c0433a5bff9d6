"""Single jobs under leases, cursors of long work, statuses of requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, select, update

from comity.holdings._engines import schema
from comity.holdings._engines.part import Part, upsert
from comity.holdings.processes import is_gone
from comity.holdings.protocol import Lease
from comity.model.time import Micros

__all__ = ["JobsPart"]

_L: Final = schema.lease.c


class JobsPart(Part):
    """What processes tell each other through the store."""

    def acquire_lease(self, name: str, holder: str, now: Micros, seconds: int) -> int | None:
        """Take or renew a lease: its fencing number, or None while another live holder has it."""
        # The row is made, or locked, before it is read: on every engine two never take it at once.
        held = upsert(schema.lease).values(name=name, holder=None, fence=0, expires_at=0)
        held = held.on_conflict_do_update(index_elements=["name"], set_={"name": name})
        before = self._conn.execute(held.returning(_L.holder, _L.fence, _L.expires_at)).one()
        mine = before.holder == holder
        free = before.holder is None or before.expires_at <= now or is_gone(before.holder)
        if not (mine or free):
            return None
        fence: int = before.fence + (not mine)
        taken = {"holder": holder, "fence": fence, "expires_at": now + seconds * 1_000_000}
        self._conn.execute(update(schema.lease).where(_L.name == name), taken)
        return fence

    def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens where somebody else has it."""
        given = update(schema.lease).where(_L.name == name, _L.holder == holder)
        self._conn.execute(given, {"holder": None})

    def leases(self) -> Sequence[Lease]:
        """The leases that were taken and not given back, by name."""
        return [Lease(*row) for row in self._conn.execute(_LEASES)]

    def cursor(self, name: str) -> str | None:
        """Where long work stands."""
        found: str | None = self._conn.execute(_CURSOR, {"name": name}).scalar()
        return found

    def put_cursor(self, name: str, value: str) -> None:
        """Remember where long work stands."""
        put = upsert(schema.cursor).values(name=name, value=value)
        self._conn.execute(
            put.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )

    def put_status(self, status_id: str, at: Micros, document: bytes) -> None:
        """Keep the status of a request (TAXII 2.1, section 4.3)."""
        row = {"id": status_id, "at": at, "document": document}
        put = upsert(schema.status).values(row)
        self._conn.execute(put.on_conflict_do_update(index_elements=["id"], set_=row))

    def status(self, status_id: str) -> bytes | None:
        """The status document kept under an id."""
        found: bytes | None = self._conn.execute(_STATUS, {"id": status_id}).scalar()
        return found


_LEASES: Final = (
    select(_L.name, _L.holder, _L.expires_at).where(_L.holder.is_not(None)).order_by(_L.name)
)
_CURSOR: Final = select(schema.cursor.c.value).where(schema.cursor.c.name == bindparam("name"))
_STATUS: Final = select(schema.status.c.document).where(schema.status.c.id == bindparam("id"))
