from __future__ import annotations

from tests.api.conftest import Place
from tests.simulator import bearer


def test_collections_are_added_and_listed(place: Place) -> None:
    body = {"name": "new one", "community": "web", "access": "read"}
    answer = place.north.client.post("/api/collections", json=body, headers=place.north.admin)
    assert answer.status_code == 201
    entry = answer.json()
    assert entry["url"] == f"/taxii2/api/collections/{entry['collection_id']}/"
    assert (entry["home"], entry["access"]) == (place.north.card.id, "read")
    program = bearer(place.program.token)
    listed = place.north.client.get("/api/collections?limit=1000", headers=program).json()
    assert entry in listed["collections"]
    assert place.north.client.get(entry["url"], headers=program).json()["title"] == "new one"


def test_what_is_wrong_with_a_collection_is_named(place: Place) -> None:
    for body, status in (
        ({"name": "open"}, 409),
        ({"name": " "}, 400),
        ({"name": "x", "access": "none"}, 400),
        ({}, 400),
    ):
        answer = place.north.client.post("/api/collections", json=body, headers=place.north.admin)
        assert answer.status_code == status, answer.text


def test_pages_have_a_bound(place: Place) -> None:
    for query in ("limit=0", "limit=1001", "limit=x", "cursor=***"):
        answer = place.north.client.get(f"/api/collections?{query}", headers=place.north.admin)
        assert answer.status_code == 400
        assert answer.json()["where"] in ("limit", "cursor")
