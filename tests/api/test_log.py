from __future__ import annotations

from tests.api.conftest import Place
from tests.simulator import bearer

from comity.account.proof import parse_proof
from comity.account.verify import verify
from comity.model.event import Event, EventKind
from comity.model.member import Role


def test_the_log_is_verified_from_outside_with_the_key_alone(place: Place) -> None:
    place.north.settle()

    def fetch(path: str) -> bytes:
        answer = place.north.client.get(f"/log/{path}")
        assert answer.status_code == 200, path
        return answer.content

    verified = verify(fetch, place.north.card.keys["log"], None)
    assert verified.ok
    assert verified.size > 0


def test_what_stands_in_the_log_may_be_kept_as_far_as_it_stays(place: Place) -> None:
    checkpoint = place.north.client.get("/log/checkpoint")
    assert checkpoint.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "no-cache"
    size = int(checkpoint.text.splitlines()[1])
    tile = place.north.client.get(f"/log/tile/0/000.p/{min(size, 255)}")
    assert tile.status_code == 200
    assert tile.headers["Content-Type"] == "application/octet-stream"
    assert tile.headers["Cache-Control"] == "no-cache"
    same = place.north.client.get("/api/log/checkpoint")
    assert same.content == checkpoint.content
    assert same.headers["Content-Type"] == checkpoint.headers["Content-Type"]


def test_full_tiles_may_be_kept_for_ever(place: Place) -> None:
    event = Event(kind=EventKind.READ, actor="made/up", subject="nothing")
    place.north.node.act(lambda _: (None, [event] * 256))
    place.north.settle()
    for path in ("tile/0/000", "tile/entries/000"):
        tile = place.north.client.get(f"/log/{path}")
        assert tile.status_code == 200
        assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_what_is_no_tile_is_an_error(place: Place) -> None:
    for path, status in (
        ("tile/0/999", 404),
        ("tile/x", 400),
        ("tile/0/000.p/0", 400),
        ("nothing", 404),
        ("", 404),
    ):
        answer = place.north.client.get(f"/log/{path}")
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_proof_stands_alone(place: Place) -> None:
    token = bearer(place.users[Role.AUDITOR].token)
    answer = place.north.client.get("/api/log/proof?index=0", headers=token)
    assert parse_proof(answer.content).index == 0
    for index, status in (("10000000", 404), ("-1", 400), ("x", 400)):
        wrong = place.north.client.get(f"/api/log/proof?index={index}", headers=token)
        assert wrong.status_code == status
