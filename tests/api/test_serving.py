from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient
from tests.api.conftest import Place
from tests.simulator import Simulator

from comity.api.app import create_app, from_environment
from comity.api.environment import BEHIND_PROXY, DIRECTORY
from comity.node.settings import read_settings, write_settings


@pytest.mark.parametrize(
    ("behind_proxy", "said", "root"),
    [
        (False, "https", "http://north.example/taxii2/api/"),
        (True, "https", "https://north.example/taxii2/api/"),
        (True, "javascript", "http://north.example/taxii2/api/"),
    ],
)
def test_a_proxy_says_how_it_was_called(
    place: Place, behind_proxy: bool, said: str, root: str
) -> None:
    app = create_app(place.north.node, behind_proxy=behind_proxy, sequencing=False)
    headers = place.north.admin | {"Host": "north.example", "X-Forwarded-Proto": said}
    with TestClient(app) as client:
        assert client.get("/taxii2/", headers=headers).json()["default"] == root


def test_a_factory_serves_the_node_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(tmp_path) as world:
        north = world.node("north")
        directory, admin, card = north.node.directory, north.admin, north.card
    public = msgspec.structs.replace(read_settings(directory), public_url="https://north.example/")
    write_settings(directory, public)
    monkeypatch.setenv(DIRECTORY, str(directory))
    monkeypatch.setenv(BEHIND_PROXY, "1")
    with TestClient(from_environment()) as client:
        assert client.get("/api/member").json()["id"] == card.id
        found = client.get("/taxii2/", headers=admin).json()
        assert found["default"] == "https://north.example/taxii2/api/"
        assert client.get("/metrics").status_code == 401
