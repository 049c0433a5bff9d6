"""SQLite passes the kit."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from comity.holdings import open_store
from comity.holdings.kit import CHECKS, Check


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_sqlite_passes(check: Check, tmp_path: Path) -> None:
    stores = itertools.count()
    check(lambda: open_store(f"sqlite:///{tmp_path}/{next(stores)}.db", create=True))
