from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
import msgspec
import pytest
from tests.api.conftest import Place, indicator
from tests.simulator import Simulator, bearer

from comity.api.media import MAX_BODY
from comity.model.member import Role


def share(place: Place, body: Mapping[str, object], **headers: str) -> httpx.Response:
    return place.north.client.post("/api/share", json=body, headers=place.north.admin | headers)


def test_rows_become_indicators_under_the_handling_asked_for(place: Place) -> None:
    body = {
        "collection": "open",
        "rows": [
            "row.example",
            {"value": "10.0.0.1", "quality": 80, "expires": "2026-12-31"},
            {"value": "a" * 64, "kind": "sha256"},
        ],
        "tlp": "amber",
        "purposes": ["detection"],
        "orcon": True,
        "pap": "green",
        "codes": ["H1"],
        "caveats": ["Made up."],
    }
    done = share(place, body).json()
    assert [done[name] for name in ("new", "known", "conflicts", "refused")] == [3, 0, 0, 0]
    handling = done["handling"]
    assert (handling["tlp"], handling["orcon"], handling["pap"]) == ("amber", True, "green")
    assert (handling["purposes"], handling["codes"]) == (["detection"], ["H1"])
    assert handling["objects"] == 3
    again = share(place, body).json()
    assert (again["new"], again["known"]) == (0, 3)


def test_rows_that_are_wrong_are_named_and_the_others_kept(place: Place) -> None:
    rows = [
        "kept.example",
        "?",
        "f" * 64,
        {"value": "x", "kind": "ipv4"},
        {"value": "late.example", "expires": "soon"},
    ]
    done = share(place, {"collection": "open", "rows": rows, "tlp": "clear"}).json()
    assert (done["new"], done["refused"]) == (1, 4)
    assert [(one["where"], one["code"]) for one in done["problems"]] == [
        ("request: row 2", "kind-needed"),
        ("request: row 3", "kind-needed"),
        ("request: row 4", "bad-value"),
        ("request: row 5", "bad-timestamp"),
    ]


def test_one_kind_may_stand_for_all_rows(place: Place) -> None:
    body = {
        "collection": "open",
        "rows": ["1" * 64, "2" * 64],
        "kind": "pdq",
        "to": [],
        "tlp": "red",
    }
    body["persons"] = [place.users[Role.ANALYST].user]
    assert share(place, body).json()["new"] == 2


def test_objects_are_kept_as_the_very_bytes(place: Place) -> None:
    one = indicator("bytes.example")
    raw = json.dumps(one, indent=3).replace(": ", " : ")
    body = f'{{"objects": [ {raw} ], "collection": "open", "tlp": "clear"}}'
    headers = place.north.admin | {"Content-Type": "application/json"}
    done = place.north.client.post("/api/share", content=body, headers=headers)
    assert done.json()["new"] == 1, done.text
    page = place.north.client.get(
        f"/taxii2/api/collections/{place.open}/objects/{one['id']}/", headers=place.north.admin
    )
    assert raw in page.text


def test_an_object_that_is_wrong_is_named(place: Place) -> None:
    body = {
        "collection": "open",
        "objects": [indicator(), {"type": "indicator"}, 1],
        "tlp": "clear",
    }
    done = share(place, body).json()
    assert done["new"] == 1
    assert len(done["problems"]) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"collection": "open"}, 400, "objects-or-rows"),
        ({"collection": "open", "rows": ["a.example"], "objects": [{}]}, 400, "objects-or-rows"),
        ({"collection": "nowhere", "rows": ["a.example"]}, 404, "unknown-collection"),
        ({"rows": ["a.example"]}, 400, "bad-request"),
        ({"collection": "open", "rows": ["a.example"], "tlp": "pink"}, 400, "bad-request"),
        ({"collection": "open", "rows": ["a.example"], "to": ["Nobody"]}, 404, "unknown-member"),
        ({"collection": "open", "rows": ["a.example"], "expires": "soon"}, 400, "bad-timestamp"),
        ({"collection": "open", "rows": ["a.example"], "persons": ["Nobody"]}, 400, "unknown-user"),
        ({"collection": "open", "rows": [1]}, 400, "bad-request"),
        ({"collection": "open", "rows": "a"}, 400, "bad-request"),
        ({"collection": "open", "unknown": 1}, 400, "bad-request"),
    ],
)
def test_what_is_wrong_with_a_share_is_named(
    place: Place, body: dict[str, object], status: int, code: str
) -> None:
    answer = share(place, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == code


def test_bodies_must_be_json_and_within_bounds(place: Place) -> None:
    assert share(place, {}, **{"Content-Type": "text/plain"}).status_code == 415
    assert share(place, {}, **{"Content-Length": str(MAX_BODY + 1)}).status_code == 413
    for content in (b"", b"{", b"[" * 100_000, b"\xff"):
        headers = place.north.admin | {"Content-Type": "application/json"}
        answer = place.north.client.post("/api/share", content=content, headers=headers)
        assert answer.status_code == 400, answer.text


def test_small_routes_take_small_bodies(place: Place) -> None:
    body = {"name": "x" * (1 << 20)}
    answer = place.north.client.post("/api/collections", json=body, headers=place.north.admin)
    assert answer.status_code == 413


def test_the_journal_names_who_shared(place: Place) -> None:
    analyst = place.users[Role.ANALYST]
    body = {"collection": "open", "rows": ["named.example"], "tlp": "clear"}
    place.north.client.post("/api/share", json=body, headers=bearer(analyst.token))
    with place.north.node.store.read() as tx:
        (_, row), *_ = tx.journal_rows(tx.journal_size() - 1, 1)
    event = msgspec.json.decode(row.payload)
    assert (event["kind"], event["actor"]) == ("shared", f"{place.north.card.id}/{analyst.user}")


def test_sync_pulls_from_the_members_asked(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Simulator(tmp_path_factory.mktemp("sync")) as world:
        north, south = world.node("north"), world.node("south")
        world.introduce(north, south)
        north.collection("watch")
        north.share("pulled.example", collection="watch", tlp="clear")
        (pulled,) = south.post("/api/sync", {})["peers"]
        assert (pulled["member"], pulled["new"]) == (north.card.id, 1)
        again = south.post("/api/sync", {"member": north.card.name, "full": True})["peers"]
        assert again[0].get("new", 0) == 0
        unknown = south.client.post("/api/sync", json={"member": "x"}, headers=south.admin)
        assert unknown.status_code == 404
        found = south.client.get("/api/find?q=pulled.example", headers=south.admin)
        assert len(found.json()["found"]) == 1
