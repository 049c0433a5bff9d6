from __future__ import annotations

import msgspec
from tests.api.conftest import Place
from tests.simulator import bearer

from comity.model.member import Member, Role


def test_the_card_is_for_everybody(place: Place) -> None:
    answer = place.north.client.get("/api/member")
    assert msgspec.json.decode(answer.content, type=Member) == place.north.card


def test_members_are_listed_without_their_tokens(place: Place) -> None:
    reader = bearer(place.users[Role.READER].token)
    answer = place.north.client.get("/api/members", headers=reader)
    listed = {one["card"]["id"]: one for one in answer.json()["members"]}
    south = listed[place.south.card.id]
    assert (south["known"], south["has_token"]) == (True, True)
    assert "token" not in south
    with place.north.node.store.read() as tx:
        tokens = [peer.token for peer in tx.peers() if peer.token]
    assert tokens
    assert not [token for token in tokens if token in answer.text]


def test_a_member_is_made_known_and_changed(place: Place) -> None:
    card = msgspec.to_builtins(place.north.card) | {
        "id": "5b0c8a52-4f0b-4a3e-9a55-0a5f6d3c9a11",
        "name": "Plaza (made up)",
    }
    for communities in ([], ["web"]):
        body = {"url": "https://plaza.example", "card": card, "communities": communities}
        entry = place.north.post("/api/members", body)
        assert entry["communities"] == communities
        assert entry["card"]["url"] == "https://plaza.example"


def test_what_is_wrong_with_a_member_is_named(place: Place) -> None:
    card = msgspec.to_builtins(place.south.card)
    own = msgspec.to_builtins(place.north.card)
    for body, status in (
        ({"url": "https://a.example", "card": {}}, 400),
        ({"url": "ftp://a.example", "card": card}, 400),
        ({"url": "https://a.example", "card": own}, 400),
        ({"url": "https://a.example", "card": card, "client_of": "Nowhere"}, 404),
        ({"url": "https://a.example", "card": card, "more": 1}, 400),
    ):
        answer = place.north.client.post("/api/members", json=body, headers=place.north.admin)
        assert answer.status_code == status, answer.text


def test_agreements_are_entered_and_listed(place: Place) -> None:
    body = {
        "name": "Made-up accord",
        "legal_basis": "Article 1 of a treaty that does not exist",
        "parties": [place.north.card.id, place.south.card.name],
        "purposes": ["investigation"],
    }
    first = place.north.post("/api/agreements", body)
    again = place.north.post("/api/agreements", body | {"retention_days": 30})
    assert first["id"] == again["id"]
    assert again["retention_days"] == 30
    listed = place.north.client.get("/api/agreements", headers=place.north.admin).json()
    assert listed["agreements"] == [again]


def test_what_is_wrong_with_an_agreement_is_named(place: Place) -> None:
    good = {
        "name": "Another",
        "legal_basis": "none",
        "parties": [place.north.card.id, place.south.card.id],
        "purposes": ["test"],
    }
    for change, status in (
        ({"parties": [place.north.card.id]}, 400),
        ({"parties": [place.north.card.id, "Nowhere"]}, 404),
        ({"purposes": []}, 400),
        ({"purposes": ["fun"]}, 400),
        ({"name": " "}, 400),
        ({"unknown": 1}, 400),
    ):
        body = good | change
        answer = place.north.client.post("/api/agreements", json=body, headers=place.north.admin)
        assert answer.status_code == status, answer.text
