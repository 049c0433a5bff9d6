from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.model import ids

PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def test_the_constants_of_the_wire_stay() -> None:
    assert str(ids.NAMESPACE) == "5c1f0f3a-6a41-4a0e-8f6c-0d4a2a7f5b19"
    assert ids.CREATED == "2026-01-01T00:00:00.000Z"
    assert ids.deterministic_id("indicator", "a", "b") == GOLDEN["indicator"]
    assert GOLDEN["handling"] == ids.HANDLING_EXTENSION
    assert GOLDEN["label"] == ids.LABEL_EXTENSION
    assert GOLDEN["signal"] == ids.SIGNAL_EXTENSION
    assert GOLDEN["card"] == ids.CARD_EXTENSION


@given(st.lists(PARTS, max_size=4), st.lists(PARTS, max_size=4))
def test_ids_follow_from_their_parts(one: list[str], other: list[str]) -> None:
    made = ids.deterministic_id("x-own", *one)
    assert ids.is_stix_id(made)
    assert (made == ids.deterministic_id("x-own", *other)) is (one == other)


UUID = "--33333333-3333-4333-8333-333333333333"


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("indicator" + UUID, True),
        ("ipv4-addr" + UUID, True),
        ("x" * 250 + UUID, True),
        ("x" * 251 + UUID, False),
        ("indicator" + UUID.replace("8", "A"), True),
        ("Indicator" + UUID, False),
        ("indicator-" + UUID, False),
        ("a--b" + UUID, False),
        (UUID, False),
        ("indicator" + UUID + "\n", False),
        ("indicator" + UUID[:-1], False),
        ("indicator--" + UUID[2:].replace("-", ""), False),
        ("x" * 100_000, False),
    ],
)
def test_what_is_an_identifier(text: str, legal: bool) -> None:
    assert ids.is_stix_id(text) is legal


GOLDEN = {
    "indicator": "indicator--dd876c19-ab83-5ea6-bf34-4517f8766a90",
    "handling": "extension-definition--e84faa23-0f46-5597-a335-34cc462860e5",
    "label": "extension-definition--8f62396c-3e0d-53a3-a125-d33ecc4cf7c8",
    "signal": "extension-definition--f2898d0e-7a0e-5c4a-b989-ff8b2a46aaf4",
    "card": "extension-definition--0bff6731-58c9-5032-ae14-f7af73a94542",
}
