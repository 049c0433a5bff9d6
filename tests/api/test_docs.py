from __future__ import annotations

import re
from pathlib import Path

from tests.api.conftest import Place
from tests.api.test_credentials import declared

PAPER = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_the_paper_names_every_route_and_no_other(place: Place) -> None:
    written = re.findall(
        r"^\| `((?:GET|POST|DELETE) /\S*)` \|", PAPER.read_text("utf-8"), re.MULTILINE
    )
    routes = [route for route, access in declared(place).items() if access is not None]
    assert sorted(map(plain, written)) == sorted(map(plain, routes))


def plain(route: str) -> str:
    """A route without the types of its parameters and the slash at its end."""
    return re.sub(r":\w+}", "}", route).rstrip("/")
