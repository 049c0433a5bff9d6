"""The closed list of purposes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import UsageError
from comity.model.purpose import CRIME, DEFAULT_PURPOSES, Purpose, parse_purposes


def test_the_list_is_closed() -> None:
    assert [*Purpose] == [
        "prevention",
        "detection",
        "investigation",
        "prosecution",
        "border-control",
        "network-defence",
        "content-moderation",
        "sanctions-compliance",
        "victim-protection",
        "missing-persons",
        "oversight",
        "statistics",
        "test",
        "immigration-control",
    ]


def test_the_purposes_of_h0_are_those_of_preventing_and_combating_crime() -> None:
    assert {"prevention", "detection", "investigation", "prosecution"} == CRIME


def test_a_credential_reads_for_detection_unless_somebody_said_otherwise() -> None:
    assert DEFAULT_PURPOSES == (Purpose.DETECTION, Purpose.NETWORK_DEFENCE)


@given(st.lists(st.sampled_from(Purpose)))
def test_purposes_are_read_in_the_order_given_and_once_each(some: list[Purpose]) -> None:
    read = parse_purposes([str(one) for one in some])
    assert read == tuple(dict.fromkeys(some))
    assert all(isinstance(one, Purpose) for one in read)


@pytest.mark.parametrize("text", ["", "Detection", "detection ", "curiosity", "immigration"])
def test_a_word_that_is_no_purpose_is_named(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_purposes(["detection", text])
    assert refused.value.code == "unknown-purpose"
    assert repr(text) in refused.value.message
    assert "network-defence" in refused.value.advice
