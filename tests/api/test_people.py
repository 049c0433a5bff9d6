from __future__ import annotations

from tests.api.conftest import Place
from tests.simulator import bearer

from comity.model.member import Role


def test_whoami_says_who_a_credential_stands_for(place: Place) -> None:
    reader = place.users[Role.READER]
    assert place.north.client.get("/api/whoami", headers=bearer(reader.token)).json() == {
        "user": reader.user,
        "role": "reader",
        "member_id": place.north.card.id,
        "at_home": True,
        "program": False,
        "purposes": ["detection", "network-defence"],
    }
    program = place.north.client.get("/api/whoami", headers=bearer(place.program.token)).json()
    assert (program["at_home"], program["program"]) == (False, True)
    assert program["member_id"] == place.south.card.id


def test_a_new_user_is_told_its_secrets_once(place: Place) -> None:
    added = place.north.client.post(
        "/api/users",
        json={"user": "fresh", "role": "analyst", "purposes": ["investigation"]},
        headers=place.north.admin,
    )
    assert added.status_code == 201
    assert added.headers["Cache-Control"] == "no-store"
    secret = added.json()
    assert set(secret) == {"user", "token", "password"}
    asked = place.north.client.get("/api/whoami", headers=bearer(secret["token"])).json()
    assert (asked["user"], asked["purposes"]) == ("fresh", ["investigation"])
    listed = place.north.client.get("/api/users?limit=1000", headers=place.north.admin)
    assert "fresh" in {user["name"] for user in listed.json()["users"]}
    assert secret["token"] not in listed.text
    assert secret["password"] not in listed.text


def test_users_are_given_a_page_at_a_time(place: Place) -> None:
    names: list[str] = []
    params = {"limit": "3"}
    while True:
        page = place.north.client.get("/api/users", params=params, headers=place.north.admin).json()
        names += [user["name"] for user in page["users"]]
        if "next" not in page:
            break
        params["cursor"] = page["next"]
    assert names == sorted(set(names))
    assert {secret.user for secret in place.users.values()} <= set(names)


def test_what_is_wrong_with_a_user_is_named(place: Place) -> None:
    for body, status, code in (
        ({"user": "x"}, 400, "bad-request"),
        ({"user": "x", "role": "king"}, 400, "bad-request"),
        ({"user": "x", "role": "reader", "purposes": ["fun"]}, 400, "bad-request"),
        ({"user": "a b", "role": "reader"}, 400, "bad-name"),
        ({"user": "admin", "role": "reader"}, 409, "user-exists"),
        ({"user": "x", "role": "reader", "member": "Nowhere"}, 404, "unknown-member"),
    ):
        answer = place.north.client.post("/api/users", json=body, headers=place.north.admin)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == code


def test_the_journal_names_who_added_a_user(place: Place) -> None:
    place.north.post("/api/users", {"user": "named", "role": "reader"})
    with place.north.node.store.read() as tx:
        (_, row), *_ = tx.journal_rows(tx.journal_size() - 1, 1)
    assert f'"actor":"{place.north.card.id}/admin"'.encode() in row.payload
