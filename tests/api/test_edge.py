from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple, NoReturn

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.api.conftest import Place
from tests.simulator import bearer

from comity.api.app import create_app
from comity.api.records import Records
from comity.errors import StoreError

PATHS = (
    "/healthz",
    "/api/member",
    "/api/openapi.json",
    "/log/checkpoint",
    "/nothing",
    "/api/whoami",
    "/taxii2/",
    "/schema",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT"])
def test_every_answer_carries_the_security_headers(place: Place, path: str, method: str) -> None:
    headers = place.north.client.request(method, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] in ("no-store", "no-cache")
    assert "Strict-Transport-Security" not in headers


def test_over_tls_browsers_are_told_to_stay_there(place: Place) -> None:
    answer = place.north.client.get("https://north.test/healthz")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", PATHS)
def test_head_has_no_body(place: Place, path: str) -> None:
    full = place.north.client.get(path)
    head = place.north.client.head(path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert head.headers.get("Content-Type") == full.headers.get("Content-Type")


class Watched(NamedTuple):
    """A client of the same node, and what its server has written since the last look."""

    client: TestClient[Litestar]
    stream: BytesIO

    def records(self) -> list[dict[str, Any]]:
        written = self.stream.getvalue()
        self.stream.truncate(0)
        self.stream.seek(0)
        return [json.loads(line) for line in written.splitlines()]


@pytest.fixture
def watched(place: Place) -> Iterator[Watched]:
    stream = BytesIO()
    app = create_app(place.north.node, sequencing=False, records=Records(stream))
    with TestClient(app) as client:
        yield Watched(client, stream)


def test_records_name_routes_and_no_more(place: Place, watched: Watched) -> None:
    client = watched.client
    secret = place.program
    client.get(f"/api/objects/{place.clear}", headers=bearer(secret.token))
    client.get("/api/find?q=private-words", headers=bearer(secret.token))
    client.get("/private-path")
    client.get("/taxii2/api/status/private-id/", headers=bearer(secret.token))
    client.get("/api/whoami", auth=("private-user", "private-password"))
    client.request("MADE-UP", "/healthz")
    records = watched.records()
    assert [(one["method"], one["route"], one["status"]) for one in records] == [
        ("GET", "/api/objects/{object_id}", 200),
        ("GET", "/api/find", 200),
        ("GET", "none", 404),
        ("GET", "/taxii2/api/status/{status_id}", 404),
        ("GET", "/api/whoami", 401),
        ("other", "none", 405),
    ]
    assert set(records[0]) == {
        "event",
        "level",
        "timestamp",
        "method",
        "route",
        "status",
        "seconds",
        "bytes",
    }
    text = json.dumps(records)
    for hidden in ("private", secret.token, secret.user, place.clear, "private-user"):
        assert hidden not in text


def test_a_fault_of_ours_is_recorded_without_its_message(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> NoReturn:
        raise StoreError("private details", code="disk-full")

    monkeypatch.setattr("comity.api.members.members.own_card", break_down)
    answer = watched.client.get("/api/member")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "disk-full"
    assert "private" not in answer.text
    fault, request = watched.records()
    assert (fault["event"], fault["level"], fault["code"]) == ("failed", "error", "disk-full")
    assert any(one.startswith("members.py:") for one in fault["places"])
    assert request["status"] == 500
    assert "private" not in json.dumps(fault)


def test_requests_are_answered_where_nobody_reads_the_records(watched: Watched) -> None:
    watched.stream.close()
    assert watched.client.get("/healthz").status_code == 200
