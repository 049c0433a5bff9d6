"""Constants of the wire: a changed value here means that nodes no longer understand each other."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.model import ids
from comity.model.ids import deterministic_id, is_stix_id

GOLDEN = {
    "NAMESPACE": uuid.UUID("5c1f0f3a-6a41-4a0e-8f6c-0d4a2a7f5b19"),
    "CREATED": "2026-01-01T00:00:00.000Z",
    "LABEL_TYPE": "x-comity-label",
    "HANDLING_EXTENSION": "extension-definition--e84faa23-0f46-5597-a335-34cc462860e5",
    "LABEL_EXTENSION": "extension-definition--8f62396c-3e0d-53a3-a125-d33ecc4cf7c8",
    "SIGNAL_EXTENSION": "extension-definition--f2898d0e-7a0e-5c4a-b989-ff8b2a46aaf4",
    "CARD_EXTENSION": "extension-definition--0bff6731-58c9-5032-ae14-f7af73a94542",
}


@pytest.mark.parametrize(("name", "value"), GOLDEN.items())
def test_the_constants_are_golden(name: str, value: object) -> None:
    assert getattr(ids, name) == value


def test_every_extension_of_ours_is_golden() -> None:
    named = {name for name in vars(ids) if name.endswith("_EXTENSION")}
    assert named == {name for name in GOLDEN if name.endswith("_EXTENSION")}
    assert len({GOLDEN[name] for name in named}) == len(named)


parts = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@given(parts)
def test_an_id_is_a_name_based_uuid_of_its_parts(some: list[str]) -> None:
    made = deterministic_id("indicator", *some)
    name = "\0".join(["indicator", *some])
    assert made == f"indicator--{uuid.uuid5(ids.NAMESPACE, name)}"
    assert uuid.UUID(made.removeprefix("indicator--")).version == 5
    assert is_stix_id(made)


@given(parts, parts)
def test_other_parts_make_another_id(some: list[str], others: list[str]) -> None:
    made, other = deterministic_id("indicator", *some), deterministic_id("indicator", *others)
    assert (made == other) == (some == others)


U = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (f"indicator--{U}", True),
        (f"x-comity-label--{U}", True),
        (f"a--{U}", True),
        (f"x509-certificate--{U}", True),
        (f"{'a' * 250}--{U}", True),
        (f"{'a' * 251}--{U}", False),
        (f"Indicator--{U}", False),
        (f"1indicator--{U}", False),
        (f"indicator--{U.replace('1', 'A')}", True),
        (f"indicator--{U.replace('1', 'g')}", False),
        (f"-indicator--{U}", False),
        (f"indicator---{U}", False),
        (f"indicator-{U}", False),
        (f"--{U}", False),
        (U, False),
        (f"indicator--{U}\n", False),
        (f" indicator--{U}", False),
        (f"indicator--{U[:-1]}", False),
        (f"indicator--{U}1", False),
        (f"indicator--{U.replace('-', '')}", False),
        ("indicator--١١١١١١١١-1111-4111-8111-111111111111", False),
        ("", False),
    ],
)
def test_the_form_of_an_id(text: str, is_one: bool) -> None:
    assert is_stix_id(text) is is_one


@given(st.text())
def test_what_passes_for_an_id_splits_in_two(text: str) -> None:
    if is_stix_id(text):
        stix_type, _, tail = text.rpartition("--")
        assert re.fullmatch(r"[a-z0-9-]+", stix_type)
        assert str(uuid.UUID(tail)) == tail.lower()
