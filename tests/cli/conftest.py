from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.testing
from tests.cli.desk import Desk
from typer.main import get_command


@pytest.fixture(scope="session", autouse=True)
def commands_made_once() -> Iterator[None]:
    """The runner makes all commands anew for each one typed, which costs more than running it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(get_command))
        yield


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMITY_TOKEN", raising=False)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def north(desk: Desk) -> Path:
    return desk.node()


@pytest.fixture
def south(desk: Desk) -> Path:
    return desk.node("south", "XS")
