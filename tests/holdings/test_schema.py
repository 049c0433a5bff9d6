"""The models and the steps that lead to them agree."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from comity.errors import StoreError
from comity.holdings import open_store
from comity.holdings._engines import schema, steps
from comity.holdings._engines.sqlite import APPLICATION_ID, SqliteStore


def at_revision(path: Path, *revision: str) -> Path:
    """A store's file that stands at a step (at none, if none is given), without its tables."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE alembic_version (version_num TEXT NOT NULL PRIMARY KEY)")
        db.executemany("INSERT INTO alembic_version VALUES (?)", [revision] if revision else [])
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.commit()
    return path


def definitions(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master").fetchall()
    return {name: re.sub(r"\s+", " ", sql or "") for name, sql in found}


def test_the_newest_step_is_the_schemas() -> None:
    assert steps.newest() == schema.REVISION


def test_steps_lead_to_what_is_made_at_once(tmp_path: Path) -> None:
    stepped = at_revision(tmp_path / "stepped.db")
    SqliteStore(stepped).close()
    made = tmp_path / "made.db"
    SqliteStore(made, create=True).close()
    assert definitions(stepped) == definitions(made)
    SqliteStore(stepped).close()


def test_alembic_finds_no_difference(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db", create=True)
    with store.read() as tx:
        context = MigrationContext.configure(tx._conn)
        assert compare_metadata(context, schema.metadata) == []
    store.close()


def test_a_newer_store_is_left_alone(tmp_path: Path) -> None:
    path = at_revision(tmp_path / "store.db", "9999")
    with pytest.raises(StoreError, match="later version") as raised:
        SqliteStore(path)
    assert raised.value.code == "newer-store"
    assert set(definitions(path)) == {"alembic_version", "sqlite_autoindex_alembic_version_1"}


def test_opening_the_newest_imports_no_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    open_store(url, create=True).close()
    code = f"""if True:
        import sys
        import comity.holdings
        assert "sqlalchemy" not in sys.modules
        comity.holdings.open_store({url!r}).close()
        assert "sqlalchemy" in sys.modules
        assert "alembic" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
