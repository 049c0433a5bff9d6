"""A member's card as it travels."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InputError
from comity.model.ids import CARD_EXTENSION
from comity.model.member import FocalPoint, Member, MemberKind
from comity.share.card import card_bytes, cards_collection, read_card
from comity.wire.checks import check
from comity.wire.remarks import remarks
from comity.wire.stix import Slice

MEMBER = Member(
    id="3787d547-d54b-4f49-adad-a7597fa082f8",
    name="Norland CERT",
    country="NO",
    kind=MemberKind.STATE,
    keys={"log": "comity/x+00000000+AAAA", "label": "comity/x/label+00000000+AAAA"},
    issued="2026-01-31T12:00:00.000000Z",
    url="https://norland.example",
    focal_points=(FocalPoint("*", "desk@norland.example", True, ("en",)),),
)

MEMBERS = st.builds(
    Member,
    id=st.uuids().map(str),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    country=st.sampled_from(("CA", "JP")),
    kind=st.sampled_from(MemberKind),
    keys=st.dictionaries(st.sampled_from(("log", "label")), st.text("abc+/=")),
    issued=st.just("2026-01-31T12:00:00.000000Z"),
    url=st.none() | st.just("https://node.example"),
    focal_points=st.lists(
        st.builds(FocalPoint, theme=st.just("*"), address=st.text("ab@", min_size=1)), max_size=2
    ).map(tuple),
)


@given(member=MEMBERS)
def test_what_is_written_is_read(member: Member) -> None:
    raw = card_bytes(member)
    assert read_card(json.loads(raw)) == member
    assert card_bytes(member) == raw


def test_a_card_is_a_whole_stix_identity_that_anyone_may_have() -> None:
    found = check(Slice(card_bytes(MEMBER)))
    assert remarks(found) == []
    assert (found.type, found.id) == ("identity", MEMBER.identity_id)
    assert found.marking_refs == ("marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",)
    assert not found.individual


def test_each_node_serves_cards_in_a_collection_of_its_own() -> None:
    assert cards_collection(MEMBER.id) == cards_collection(MEMBER.id)
    assert cards_collection(MEMBER.id) != cards_collection("4787d547-d54b-4f49-adad-a7597fa082f8")


@pytest.mark.parametrize(
    "value", [{}, {"extensions": {}}, {"extensions": None}, {"extensions": {"other": {}}}]
)
def test_another_identity_is_no_card(value: dict[str, object]) -> None:
    assert read_card(value) is None


def with_card(**changes: object) -> dict[str, object]:
    value = json.loads(card_bytes(MEMBER))
    value["extensions"][CARD_EXTENSION] |= changes
    return dict(value)


@pytest.mark.parametrize(
    "value",
    [
        with_card(kind="planet"),
        with_card(keys=None),
        with_card(keys={"log": 1}),
        with_card(country=7),
        with_card(focal_points=[{"address": "no theme"}]),
        {**with_card(), "id": "identity--not-a-uuid"},
        {**with_card(), "id": 5},
        {**with_card(), "name": None},
        {**with_card(), "modified": 2026},
        {**with_card(), "extensions": {CARD_EXTENSION: "text"}},
    ],
)
def test_a_card_that_cannot_be_read_is_an_error(value: dict[str, object]) -> None:
    with pytest.raises(InputError) as found:
        read_card(value)
    assert found.value.code == "bad-card"
