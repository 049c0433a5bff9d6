from __future__ import annotations

import httpx
import msgspec
import pytest
from tests.api.conftest import Place, indicator
from tests.simulator import bearer

from comity.api.reading import Found, FoundObject
from comity.model.member import Role

ABSENT = "indicator--00000000-0000-4000-8000-000000000000"


def get(place: Place, path: str, token: str, **params: str) -> httpx.Response:
    return place.north.client.get(path, params=params, headers=bearer(token))


def test_find_gives_what_the_reader_may_read(place: Place) -> None:
    reader, program = place.users[Role.READER].token, place.program.token
    for token, words, expected in (
        (reader, "clear.example", [place.clear]),
        (reader, "strict.example", [place.strict]),
        (program, "clear.example", [place.clear]),
        (program, "strict.example", []),
        (program, place.clear, [place.clear]),
        (program, place.strict, []),
        (program, "nothing.example", []),
    ):
        answer = get(place, "/api/find", token, q=words)
        found = msgspec.json.decode(answer.content, type=Found)
        assert [one.id for one in found.found] == expected


def test_find_says_where_it_was_cut_off(place: Place) -> None:
    several = [indicator(f"w{number}.example", name="Walrus") for number in range(3)]
    place.north.share_objects(*several, collection="open", tlp="clear")
    token = place.program.token
    assert get(place, "/api/find", token, q="walrus", limit="2").json()["more"] is True
    assert "more" not in get(place, "/api/find", token, q="walrus", limit="3").json()


def test_an_object_has_its_handling(place: Place) -> None:
    answer = get(place, f"/api/objects/{place.clear}", place.program.token)
    found = msgspec.json.decode(answer.content, type=FoundObject)
    assert (found.id, found.handling.tlp) == (place.clear, "clear")
    assert found.object["id"] == place.clear


def test_absent_and_withheld_objects_are_the_same_404(place: Place) -> None:
    token = place.program.token
    for path in ("/api/objects/{}", "/api/explain?object={}"):
        withheld, absent = (
            place.north.client.get(path.format(name), headers=bearer(token))
            for name in (place.strict, ABSENT)
        )
        assert withheld.status_code == absent.status_code == 404
        assert withheld.content == absent.content
        assert sorted(withheld.headers.items()) == sorted(absent.headers.items())


@pytest.mark.parametrize("purpose", ["prosecution", "curiosity"])
def test_purposes_must_be_held(place: Place, purpose: str) -> None:
    expected = 403 if purpose == "prosecution" else 400
    token = place.program.token
    assert get(place, f"/api/objects/{place.clear}", token, purpose=purpose).status_code == expected
    for path in ("/api/find?q=x", f"/api/objects/{place.clear}"):
        headers = bearer(token) | {"Comity-Purpose": purpose}
        assert place.north.client.get(path, headers=headers).status_code == expected


def test_this_members_users_learn_every_reason(place: Place) -> None:
    token = place.users[Role.READER].token
    allowed = get(place, "/api/explain", token, object=place.clear, to=place.south.card.id)
    assert allowed.json()["allow"] is True
    refused = get(
        place, "/api/explain", token, object=place.strict, to=place.south.card.name
    ).json()
    assert refused["allow"] is False
    assert {"rule", "sentence", "source", "lifted_by"} <= set(refused["reasons"][0])
    assert refused["counterfactuals"]
    person = get(
        place,
        "/api/explain",
        token,
        object=place.clear,
        to=place.south.card.id,
        **{"as": place.person.user},
        act="forward",
    )
    assert person.status_code == 200


def test_others_may_ask_about_themselves_alone(place: Place) -> None:
    token, own = place.program.token, place.south.card.id
    about_itself: tuple[dict[str, str], ...] = ({}, {"to": own}, {"as": place.program.user})
    for params in about_itself:
        answer = get(place, "/api/explain", token, object=place.clear, **params)
        assert answer.json()["allow"] is True, answer.text
    about_others: tuple[dict[str, str], ...] = (
        {"to": place.north.card.id},
        {"as": place.person.user},
        {"to": "Nowhere"},
    )
    for params in about_others:
        answer = get(place, "/api/explain", token, object=place.clear, **params)
        assert answer.status_code == 403, answer.text


def test_what_is_wrong_with_a_question_is_named(place: Place) -> None:
    token = place.users[Role.READER].token
    for params, status, code in (
        ({"object": place.clear}, 400, "no-member"),
        ({"to": place.south.card.id}, 400, "bad-request"),
        ({"object": ABSENT, "to": place.south.card.id}, 404, "unknown-object"),
        ({"object": place.clear, "to": "Nowhere"}, 404, "unknown-member"),
        ({"object": place.clear, "to": place.south.card.id, "act": "eat"}, 400, "bad-request"),
        ({"object": place.clear, "to": place.south.card.id, "as": "x"}, 400, "unknown-user"),
    ):
        answer = get(place, "/api/explain", token, **params)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_what_may_be_read_is_what_explain_allows(place: Place) -> None:
    own = place.users[Role.READER].token
    for token, to, name in (
        (own, place.north.card.id, place.users[Role.READER].user),
        (place.program.token, place.south.card.id, place.program.user),
        (place.person.token, place.south.card.id, place.person.user),
    ):
        for thing in (place.clear, place.strict):
            asked = {"object": thing, "to": to, "as": name}
            allowed = get(place, "/api/explain", own, **asked).json()["allow"]
            assert (get(place, f"/api/objects/{thing}", token).status_code == 200) is allowed
