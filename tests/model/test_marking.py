"""The vocabularies of markings: their order, their words, and the published ids of TLP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import UsageError
from comity.model.marking import (
    TLP1_IDS,
    TLP2_EXTENSION,
    TLP2_IDS,
    TLP_BY_ID,
    Code,
    Pap,
    Tlp,
)


def test_the_ids_are_those_that_were_published() -> None:
    assert TLP2_EXTENSION == "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
    assert TLP2_IDS == {
        Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
    assert TLP1_IDS == {
        Tlp.CLEAR: "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
        Tlp.GREEN: "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
        Tlp.AMBER: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
        Tlp.RED: "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
    }


def test_both_versions_are_read_and_each_label_is_written_in_one_way() -> None:
    assert len(TLP_BY_ID) == len(TLP1_IDS) + len(TLP2_IDS)
    assert set(TLP2_IDS) == set(Tlp)
    for ids in (TLP1_IDS, TLP2_IDS):
        for tlp, marking_id in ids.items():
            assert TLP_BY_ID[marking_id] is tlp


def test_the_greater_is_the_stricter() -> None:
    assert sorted(Tlp) == [Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT, Tlp.RED]
    assert sorted(Pap) == [Pap.CLEAR, Pap.GREEN, Pap.AMBER, Pap.RED]


def test_the_words() -> None:
    assert [tlp.text for tlp in Tlp] == ["clear", "green", "amber", "amber+strict", "red"]
    assert [pap.text for pap in Pap] == ["clear", "green", "amber", "red"]
    assert [*Code] == ["H0", "H1", "H2", "H3"]


@pytest.mark.parametrize("tlp", Tlp)
def test_a_tlp_label_is_read_as_people_write_it(tlp: Tlp) -> None:
    upper = tlp.text.upper()
    for text in (tlp.text, upper, f"TLP:{upper}", f"tlp:{tlp.text}", f"  {upper}\n"):
        assert Tlp.parse(text) is tlp


def test_white_of_tlp_1_is_clear() -> None:
    assert Tlp.parse("TLP:WHITE") is Tlp.CLEAR
    assert Pap.parse("PAP:WHITE") is Pap.CLEAR


@pytest.mark.parametrize("pap", Pap)
def test_a_pap_label_is_read_as_people_write_it(pap: Pap) -> None:
    upper = pap.text.upper()
    for text in (pap.text, upper, f"PAP:{upper}", f"pap:{pap.text}"):
        assert Pap.parse(text) is pap


@pytest.mark.parametrize("text", ["", "TLP:", "orange", "PAP:RED", "amber+", "red!", "4"])
def test_anything_else_is_no_tlp_label(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Tlp.parse(text)
    assert refused.value.code == "unknown-tlp"
    assert "amber+strict" in refused.value.advice


@pytest.mark.parametrize("text", ["", "PAP:", "amber+strict", "TLP:RED", "no"])
def test_anything_else_is_no_pap_label(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        Pap.parse(text)
    assert refused.value.code == "unknown-pap"
    assert "amber" in refused.value.advice


@given(st.text())
def test_any_text_is_a_label_or_refused_and_never_repeated_at_length(text: str) -> None:
    for vocabulary in (Tlp, Pap):
        try:
            assert vocabulary.parse(text) in vocabulary
        except UsageError as refused:
            message = refused.message
            assert len(message) < 500
