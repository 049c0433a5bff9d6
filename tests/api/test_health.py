from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send
from prometheus_client.parser import text_string_to_metric_families
from tests.api.conftest import Place, indicator
from tests.simulator import Simulated, bearer

from comity.api.app import create_app
from comity.errors import BusyError
from comity.model.member import Role


def figures(one: Simulated) -> dict[str, float]:
    """All samples by name and labels."""
    answer = one.client.get("/metrics", headers=one.admin)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_health_reveals_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    well = place.north.client.get("/healthz")
    assert (well.status_code, well.text) == (200, "ok\n")

    def locked(_: object) -> NoReturn:
        raise BusyError("somebody holds the store")

    monkeypatch.setattr("comity.api.health.log.sizes", locked)
    ill = place.north.client.get("/healthz")
    assert (ill.status_code, ill.text) == (503, "unavailable\n")


def test_figures_count_what_happens(place: Place) -> None:
    before = figures(place.north)
    reader = bearer(place.users[Role.READER].token)
    place.north.client.get(f"/taxii2/api/collections/{place.open}/objects/", headers=reader)
    place.north.client.get(f"/taxii2/api/collections/{place.open}/manifest/", headers=reader)
    place.north.client.get("/nothing", headers=reader)
    place.north.share_objects(indicator(), {"type": "x"}, collection="open", tlp="clear")
    after = figures(place.north)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    objects = "/taxii2/api/collections/{collection_id}/objects"
    assert grown(f"comity_requests_total{sorted(['GET', objects, '200'])}") == 1
    assert grown(f"comity_requests_total{sorted(['GET', 'none', '404'])}") == 1
    assert grown("comity_pages_total[]") == 2
    assert grown("comity_objects_total['kept']") == 1
    assert grown("comity_objects_total['refused']") == 1
    assert grown("comity_journal_rows[]") == 3
    place.north.settle()
    settled = figures(place.north)
    assert settled["comity_journal_rows[]"] == settled["comity_log_entries[]"]


def test_figures_are_for_who_may_watch(place: Place) -> None:
    client = place.north.client
    assert client.get("/metrics").status_code == 401
    for role, secret in place.users.items():
        status = client.get("/metrics", headers=bearer(secret.token)).status_code
        assert status == (200 if role in (Role.AUDITOR, Role.ADMIN) else 403), role
    assert client.get("/metrics", headers=bearer(place.program.token)).status_code == 403


@pytest.mark.parametrize(
    ("host", "behind_proxy", "status"),
    [
        ("127.0.0.1", False, 200),
        ("::1", False, 200),
        ("127.0.0.1", True, 401),
        ("192.0.2.1", False, 401),
        ("", False, 401),
    ],
)
def test_figures_are_for_this_machine_unless_a_proxy_calls(
    place: Place, host: str, behind_proxy: bool, status: int
) -> None:
    app = create_app(place.north.node, behind_proxy=behind_proxy, sequencing=False)

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        scope["client"] = (host, 4000)
        await app(scope, receive, send)

    with TestClient(called) as client:
        assert client.get("/metrics").status_code == status


def test_workers_share_their_figures(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = (
        "import sys\n"
        "from comity.api.metrics import Metrics\n"
        "figures = Metrics(lambda: (7, 5))\n"
        "figures.pages.inc(int(sys.argv[1]))\n"
        "print(figures.text().decode())"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for pages, total in ((2, "2.0"), (3, "5.0")):
        done = subprocess.run(
            [sys.executable, "-c", script, str(pages)],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"comity_pages_total {total}" in done.stdout
        assert "comity_journal_rows 7.0" in done.stdout
        assert "comity_log_entries 5.0" in done.stdout
