"""What is SQLite's own: the file, its settings, its plans, and what can go wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Delete, Select, Update
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter
from tests.holdings.soundness import assert_sound

from comity.errors import BusyError, InputError, SettingsError, StoreError
from comity.holdings import Query, Store, open_store
from comity.holdings._engines import jobs, journal, objects, pages, puts, registry, versions
from comity.holdings._engines.sqlite import SqliteStore
from comity.holdings.kit.values import (
    EVERY,
    NOW,
    US,
    admitted,
    collection,
    grant_to,
    only,
    version,
)
from comity.model.time import Micros

FIRST = collection("first")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(tmp_path / "store.db", create=True, busy_seconds=0.2)
    with made.write() as tx:
        tx.put_collection(FIRST)
        tx.put_many(FIRST.id, [admitted(version(n)) for n in range(100)], NOW)
    yield made
    made.close()


def test_the_file_is_for_its_owner_alone(store: SqliteStore, tmp_path: Path) -> None:
    with store.read() as tx:
        assert tx.generation()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


def test_a_commit_is_on_the_disk(store: SqliteStore) -> None:
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    for context in (store.read(), store.write()):
        with context as tx:
            assert tx.generation()
            found = [tx._conn.exec_driver_sql(f"PRAGMA {one}").scalar() for one in asked]
            assert found == ["wal", 2, 1, 200]


# ---------------------------------------------------------------------------------- opening it


@pytest.mark.parametrize(
    "url",
    ["", "store.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://u:secret@h/d"],
)
def test_only_files_are_opened(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        open_store(url)
    assert raised.value.code == "bad-database-url"
    assert "secret" not in str(raised.value.as_dict())


def test_a_path_is_taken_as_it_is_written(tmp_path: Path) -> None:
    name = "a b%20c?mode=ro#d.db"
    open_store(f"sqlite:///{tmp_path}/{name}", create=True).close()
    assert name in {path.name for path in tmp_path.iterdir()}
    open_store(f"sqlite:///{tmp_path}/{name}").close()


def test_a_store_that_is_there_is_opened_as_it_is(store: SqliteStore, tmp_path: Path) -> None:
    again = SqliteStore(tmp_path / "store.db", create=True)
    with again.read() as tx:
        assert len(tx.iter_page(grant_to(tx), Query(collection=FIRST.id)).rows) == 100
    again.close()


def refused(path: Path, *, create: bool = False) -> str:
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as raised:
        open_store(f"sqlite:///{path}", create=create)
    assert raised.value.advice
    assert raised.value.where == str(path)
    if before is not None:
        assert path.read_bytes() == before
    return raised.value.code


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "missing.db") == "no-store"
    assert not (tmp_path / "missing.db").exists()
    assert refused(tmp_path / "no" / "folder.db", create=True) == "store-not-opened"
    assert refused(tmp_path, create=True) == "store-not-opened"
    assert refused(tmp_path) == "store-not-opened"
    (tmp_path / "empty.db").touch()
    assert refused(tmp_path / "empty.db") == "no-store"
    for name, content in (("text", b"hello\n"), ("long", b"hello\n" * 1000)):
        (tmp_path / name).write_bytes(content)
        assert refused(tmp_path / name) == "not-a-store"
        assert refused(tmp_path / name, create=True) == "not-a-store"
    with closing(sqlite3.connect(tmp_path / "other.db")) as db:
        db.execute("CREATE TABLE alembic_version (version_num)")
    assert refused(tmp_path / "other.db") == "not-a-store"
    assert refused(tmp_path / "other.db", create=True) == "not-a-store"


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(StoreError) as raised:
        open_store(f"sqlite:///{tmp_path}/store.db", create=True)
    assert raised.value.code == "old-sqlite"
    assert list(tmp_path.iterdir()) == []


def test_an_error_does_not_tell_what_is_stored(store: SqliteStore) -> None:
    rows = [("a secret", "1"), ("a secret", "2")]
    statement = "INSERT INTO cursor (name, value) VALUES (?, ?)"
    with pytest.raises(StoreError) as raised, store.write() as tx:
        tx._conn.exec_driver_sql(statement, rows)
    told = traceback.format_exception_only(raised.value)
    cause = raised.value.__cause__
    while cause is not None:
        told += traceback.format_exception_only(cause)
        cause = cause.__cause__ or cause.__context__
    assert "a secret" not in "".join(told)


def test_a_half_made_store_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
    assert refused(path) == "no-store"
    open_store(f"sqlite:///{path}", create=True).close()
    open_store(f"sqlite:///{path}").close()


# --------------------------------------------------------------------------- what can go wrong


def test_a_store_that_stays_locked_is_busy(store: SqliteStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError) as raised, store.write():
            pytest.fail("it was locked")
        assert raised.value.advice
        with store.read() as tx:
            assert tx.generation()
        other.execute("ROLLBACK")
    with store.write() as tx:
        tx.put_cursor("a", "b")


def test_a_thread_that_waits_too_long_is_told(store: SqliteStore) -> None:
    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.write():
            begun.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    begun.wait(30)
    with pytest.raises(BusyError), store.write():
        pytest.fail("it was held")
    done.set()
    holder.join()


def test_more_readers_than_the_pool_holds(store: SqliteStore) -> None:
    everybody = threading.Barrier(30, timeout=60)

    def read() -> None:
        with store.read() as tx:
            assert tx.generation()
            everybody.wait()

    readers = [threading.Thread(target=read) for _ in range(30)]
    for one in readers:
        one.start()
    for one in readers:
        one.join()
    assert everybody.broken is False


def test_a_full_disk_is_said_and_harms_nothing(store: SqliteStore, tmp_path: Path) -> None:
    with store.write() as tx:
        size = tx._conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        tx._conn.exec_driver_sql(f"PRAGMA max_page_count = {size + 5}")
    batch = [admitted(version(n, content="x" * 1000)) for n in range(200, 300)]
    with pytest.raises(StoreError) as raised, store.write() as tx:
        tx.put_many(FIRST.id, batch, NOW)
    assert raised.value.code == "disk-full"
    with store.write() as tx:
        tx.put_cursor("a", "b")
        assert len(tx.iter_page(grant_to(tx), Query(collection=FIRST.id)).rows) == 100
    store.close()
    assert_sound(tmp_path / "store.db")


def put_a_cursor(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    with closing(store), store.write() as tx:
        tx.put_cursor("a", "b")


def test_a_damaged_file_is_said(store: SqliteStore, tmp_path: Path) -> None:
    store.close()
    path = tmp_path / "store.db"
    content = bytearray(path.read_bytes())
    content[2 * 4096 :] = b"\xff" * (len(content) - 2 * 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError) as raised:
        put_a_cursor(path)
    assert raised.value.code == "store-damaged"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_file_is_said(store: SqliteStore, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "store.db").chmod(0o400)
    with pytest.raises(StoreError) as raised:
        put_a_cursor(tmp_path / "store.db")
    assert raised.value.code in ("store-read-only", "store-not-opened")


def test_half_a_character_is_bad_input(store: SqliteStore) -> None:
    with pytest.raises(InputError) as raised, store.write() as tx:
        tx.put_many(FIRST.id, [admitted(version(200, terms=["\ud800"]))], NOW)
    assert raised.value.code == "bad-text"
    with pytest.raises(InputError), store.write() as tx:
        tx.put_cursor("\udfff", "")


def test_an_error_within_a_block_can_be_caught_there(store: SqliteStore) -> None:
    with store.read() as tx:
        with pytest.raises(StoreError):
            tx.put_cursor("a", "b")
        assert tx.cursor("a") is None


# -------------------------------------------------------------------------------------- plans


def plan(store: SqliteStore, statement: Select[tuple[object]] | Update | Delete) -> list[str]:
    """How SQLite goes about a statement: one line a step."""
    names = {
        one.key: [1] if one.expanding else 1
        for one in visitors.iterate(statement)
        if isinstance(one, BindParameter)
    }
    with store.read() as tx:
        compiled = statement.compile(tx._conn.engine)
        given = compiled.construct_params(names, _check=False)
        whole = compiled._process_parameters_for_postcompile(given)
        marks = (1,) * whole.statement.count("?")
        found = tx._conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {whole.statement}", marks)
        return [row[3] for row in found]


LARGE = ("entry", "version", "term", "ref", "cover", "journal", "other", "too")
LOOKED_THROUGH = {"_UNSERVED": "label"}
STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (journal, jobs, objects, pages, puts, registry, versions)
    for name, value in vars(module).items()
    if isinstance(value, Select | Update | Delete)
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_looks_through_a_large_table(name: str, store: SqliteStore) -> None:
    statement = STATEMENTS[name]
    if isinstance(statement, Update) and name == "puts._MARK":
        statement = statement.values(has_newer=1)
    for step in plan(store, statement):
        for table in LARGE:
            assert f"SCAN {table}" not in step
            assert f"SEARCH {table} USING PRIMARY KEY (collection=?)" not in step


def test_each_path_uses_its_index(store: SqliteStore) -> None:
    with store.write() as tx:
        tx.put_many(FIRST.id, [admitted(version(n), only(US)) for n in range(200, 220)], NOW)
    with store.read() as tx:
        given = grant_to(tx)
        rules = pages._Rules(given, sorted(given.readable))
        query = Query(collection=FIRST.id, after=Micros(5), version=EVERY)
        named = Query(collection=FIRST.id, ids=("a", "b"))
        keys = sorted(given.readable)
        wanted = {
            "order": (pages._in_order(1, query, rules), "PRIMARY KEY (collection=? AND date_added"),
            "named": (pages._named(1, named, rules), "INDEX entry_version (collection=? AND id=?"),
            "merged": (
                pages._merged(1, query, rules, keys),
                "INDEX entry_handling (collection=? AND handling=? AND date_added>?)",
            ),
        }
    for path, (statement, index) in wanted.items():
        steps = plan(store, statement)
        assert any(f"SEARCH entry USING {index}" in step for step in steps), (path, steps)
        assert not any("SCAN entry" in step for step in steps)
        if path != "named":
            assert not any("B-TREE" in step for step in steps if "entry" in step)


def test_a_store_fulfils_the_protocol(store: SqliteStore) -> None:
    whole: Store = store
    with whole.read() as tx:
        assert tx.generation() == 1
