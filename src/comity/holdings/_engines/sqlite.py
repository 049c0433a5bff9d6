"""The default engine: one SQLite file in WAL mode, open to many threads and processes at once.

A commit is on the disk when it returns (`synchronous=FULL`). Writers take the lock when they
begin (`BEGIN IMMEDIATE`) and ask for it up to 30 seconds; readers see one state and wait for
nobody.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, FromClause, QueuePool, create_engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from typing_extensions import override

from comity.errors import StoreError
from comity.holdings._engines import schema
from comity.holdings._engines.faults import as_our_errors, translate_errors
from comity.holdings._engines.part import Shared
from comity.holdings._engines.transaction import Transaction

__all__ = ["SqliteStore"]

APPLICATION_ID: Final = int.from_bytes(b"COMY", "big")
"""In the file's header, so that `file` and we ourselves tell a store from any other database."""

Begin = Callable[[sqlite3.Connection, float], None]
"""Begins a transaction on a connection; the number is how many seconds it may wait."""

_OLDEST: Final = (3, 37, 0)

_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA journal_size_limit = 67108864",
)
_FOR_READERS: Final = ("PRAGMA query_only = ON", "PRAGMA cache_size = -8192")
_FOR_WRITERS: Final = ("PRAGMA cache_size = -65536",)


class SqliteStore:
    """A store in one file: `comity.holdings.Store`."""

    def __init__(self, path: Path, *, create: bool = False, busy_seconds: float = 30) -> None:
        """Open a store; with `create`, make it first where there is none.

        Raises StoreError: `no-store`, `not-a-store`, `newer-store`, `store-not-opened`,
        `store-read-only`, `no-wal`, `old-sqlite`.
        """
        self._path: Final = path
        self._shared: Final = Shared()
        _check_library()
        _check_file(path, create=create)
        # Threads of this process wait for each other in the pool, which is fair; only processes
        # wait for the file's lock.
        self._writers: Final = _engine(
            path, _begin_writing, _FOR_WRITERS, busy_seconds, pool_size=1, max_overflow=0
        )
        self._readers: Final = _engine(
            path, _begin_reading, _FOR_READERS, busy_seconds, pool_size=8, max_overflow=-1
        )
        try:
            with translate_errors(str(path)):
                self._prepare(create=create)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that sees one committed state and writes nothing."""
        with translate_errors(str(self._path)), self._readers.begin() as conn:
            yield Transaction(conn, self._shared)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        with translate_errors(str(self._path)), self._writers.begin() as conn:
            yield Transaction(conn, self._shared)

    def close(self) -> None:
        """Give back all connections."""
        self._readers.dispose()
        self._writers.dispose()

    def _prepare(self, *, create: bool) -> None:
        """Make the tables where there are none, or bring them to the newest form."""
        revision = self._revision()
        if revision == schema.REVISION:
            return
        if revision is None and not create:
            raise _no_store(self._path)
        if revision is None:
            _use_wal(self._writers, self._path)
        with self._writers.begin() as conn:
            # Looked at again under the lock: another process may have been faster.
            revision = _revision(conn, self._path)
            if revision is None:
                _make_tables(conn)
            elif revision != schema.REVISION:
                from comity.holdings._engines.steps import upgrade

                upgrade(conn, revision, where=str(self._path))

    def _revision(self) -> str | None:
        with self._readers.begin() as conn:
            return _revision(conn, self._path)


class _Compiler(SQLiteCompiler):
    """SQL with the indexes that `schema.BY_HANDLING` and its like name."""

    @override
    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def _begin_reading(connection: sqlite3.Connection, _busy_seconds: float) -> None:
    connection.execute("BEGIN")


def _begin_writing(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Take the lock; raises sqlite3.OperationalError when others hold it for `busy_seconds`.

    SQLite's own wait soon sleeps for a tenth of a second at a time, and whoever comes meanwhile
    goes first: of four busy processes one waited for seconds. So the wait is kept short, where
    it looks every few milliseconds, and begun again.
    """
    connection.execute("PRAGMA busy_timeout = 10")
    end = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as why:
            if why.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
    connection.execute(f"PRAGMA busy_timeout = {round(busy_seconds * 1000)}")


def _engine(
    path: Path, begin: Begin, pragmas: tuple[str, ...], busy_seconds: float, **pool: int
) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=os.fspath(path)),
        poolclass=QueuePool,
        pool_timeout=busy_seconds,
        # An error may be logged; what stands in the store must not be.
        hide_parameters=True,
        # Transactions are begun below, not by the driver's own guess at what a statement does.
        connect_args={"timeout": busy_seconds, "isolation_level": None},
        **pool,
    )

    engine.dialect.statement_compiler = _Compiler

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401
        for pragma in (*_PRAGMAS, *pragmas):
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def begun(conn: Connection) -> None:
        begin(conn.connection.driver_connection, busy_seconds)  # type: ignore[arg-type]

    as_our_errors(engine, str(path))
    return engine


def _check_library() -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StoreError(
            f"this Python has SQLite {sqlite3.sqlite_version}, which lacks strict tables",
            code="old-sqlite",
            advice=f"Use a Python with SQLite {'.'.join(map(str, _OLDEST))} or newer.",
        )


def _check_file(path: Path, *, create: bool) -> None:
    """See that the file is there, made with mode 0600 if it is to be made."""
    try:
        if create:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        elif not path.exists():
            raise _no_store(path)
    except OSError as why:
        raise StoreError(
            f"the store's file cannot be made or opened: {why.strerror}",
            code="store-not-opened",
            advice="Check that the folder exists and that this user may write there.",
            where=str(path),
        ) from why


def _no_store(path: Path) -> StoreError:
    return StoreError(
        "there is no store here",
        code="no-store",
        advice="Check the path, or make a node with `comity init`.",
        where=str(path),
    )


def _revision(conn: Connection, path: Path) -> str | None:
    """The schema step that the store is at (`base`: none yet); None for an empty file.

    Raises StoreError (`not-a-store`) for somebody else's database.
    """
    tables = conn.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if not tables:
        return None
    if conn.exec_driver_sql("PRAGMA application_id").scalar_one() != APPLICATION_ID:
        raise StoreError(
            "the file is a database, but not a Comity store",
            code="not-a-store",
            advice="Check the path.",
            where=str(path),
        )
    return conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "base"


def _use_wal(engine: Engine, path: Path) -> None:
    """Set what a file keeps for life: that its journal is a WAL."""
    connection = engine.raw_connection()
    try:
        mode = connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0]
    finally:
        connection.close()
    if mode != "wal":
        raise StoreError(
            "this file system cannot hold a store: it lacks shared memory for SQLite's WAL",
            code="no-wal",
            advice="Put the node's directory on a local disk.",
            where=str(path),
        )


def _make_tables(conn: Connection) -> None:
    schema.metadata.create_all(conn)
    conn.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT NOT NULL PRIMARY KEY)")
    conn.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (schema.REVISION,))
    conn.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
