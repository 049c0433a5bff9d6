"""Handlings: the laws of their join, their canonical form and id, and reading them back."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.handling.builders import (
    NOW,
    all_facts,
    every_question,
    full_handlings,
    handlings,
    policies,
)

from comity.errors import InputError
from comity.handling import DataClass, Facts, Handling, Policy, decide, join, read_handling
from comity.handling.markings import read_marking
from comity.model.ids import CREATED, HANDLING_EXTENSION
from comity.model.marking import TLP2_IDS, Code, Pap, Tlp
from comity.model.purpose import Purpose

OPEN = Handling(tlp=Tlp.CLEAR)
MANY = settings(max_examples=max(150, settings().max_examples))

# ------------------------------------------------------------------------ the join's own laws


@given(handlings())
def test_join_is_idempotent_and_clear_is_its_identity(one: Handling) -> None:
    assert join([one]) == join([one, one]) == one
    assert join([OPEN, one]) == join([one, OPEN]) == one
    assert join([]) == OPEN


@given(handlings(), handlings(), handlings())
def test_join_is_commutative_and_associative(one: Handling, two: Handling, three: Handling) -> None:
    assert join([one, two]) == join([two, one])
    assert join([join([one, two]), three]) == join([one, join([two, three])])
    assert join([one, two, three]) == join([three, one, two])


@pytest.mark.parametrize(
    ("field", "one", "other", "both"),
    [
        ("tlp", Tlp.GREEN, Tlp.AMBER, Tlp.AMBER),
        ("pap", None, Pap.CLEAR, Pap.CLEAR),
        ("pap", Pap.RED, Pap.GREEN, Pap.RED),
        ("orcon", False, True, True),
        ("retention_days", None, 30, 30),
        ("retention_days", 365, 30, 30),
        ("recipients", None, {"arden"}, {"arden"}),
        ("recipients", {"arden", "brisco"}, {"brisco", "cairn"}, {"brisco"}),
        ("recipients", {"arden"}, {"brisco"}, set()),
        ("recipients", None, set(), set()),
        ("persons", {"ann", "bob"}, {"ann"}, {"ann"}),
        ("communities", {"spyware"}, {"spyware", "ports"}, {"spyware"}),
        ("purposes", {Purpose.TEST}, {Purpose.DETECTION}, set()),
        ("agreements", {"pact"}, None, {"pact"}),
        ("originators", {"arden"}, {"brisco"}, {"arden", "brisco"}),
        ("codes", {Code.H1}, {Code.H3}, {Code.H1, Code.H3}),
        ("notices", {"one"}, {"two"}, {"one", "two"}),
        ("caveats", {"one"}, set(), {"one"}),
        ("legal_bases", {"one"}, {"two"}, {"one", "two"}),
        ("unread", {"one"}, {"two"}, {"one", "two"}),
    ],
)
def test_join_goes_to_the_stricter_side_of_each_field(
    field: str, one: object, other: object, both: object
) -> None:
    def with_field(value: object) -> Handling:
        frozen = frozenset(value) if isinstance(value, set) else value
        return msgspec.structs.replace(OPEN, **{field: frozen})

    assert join([with_field(one), with_field(other)]) == with_field(both)


# --------------------------------------------------- the join never allows what a part refuses


@MANY
@given(st.data(), all_facts(), policies())
def test_what_a_join_allows_each_of_its_parts_allows(
    data: st.DataObject, facts: Facts, policy: Policy
) -> None:
    full = full_handlings(facts.data_class)
    one, other = data.draw(full), data.draw(full)
    both = join([one, other])
    for reader, act, purpose in every_question():
        if decide(both, facts, reader, act, purpose, NOW, policy).allow:
            for part in (one, other):
                found = decide(part, facts, reader, act, purpose, NOW, policy)
                assert found.allow, (reader, act, purpose, found.reasons)


@given(st.data(), all_facts(), policies())
def test_half_a_sentence_lets_in_nobody_from_outside(
    data: st.DataObject, facts: Facts, policy: Policy
) -> None:
    """The law above is about handlings that name their audience, as all that are kept do.

    One that does not yet must not open anything in the meantime: RED without persons, AMBER
    without members, GREEN without a community on what is not technical.
    """
    half = {
        Tlp.RED: {"persons": None},
        Tlp.AMBER_STRICT: {"recipients": None},
        Tlp.AMBER: {"recipients": None},
        Tlp.GREEN: {"communities": None},
    }
    said = data.draw(handlings(tuple(half)))
    said = msgspec.structs.replace(said, originators=frozenset(), **half[said.tlp])
    if said.tlp is Tlp.GREEN:
        facts = msgspec.structs.replace(facts, data_class=DataClass.OTHER)
    for reader, act, purpose in every_question():
        if reader.member_id != policy.self_id:
            assert not decide(said, facts, reader, act, purpose, NOW, policy).allow


# ------------------------------------------------------------------- canonical form, ids, STIX

# Computed apart, by uuid.uuid5 over the namespace, "marking-definition", a NUL and the RFC 8785
# text. These are constants of the wire: nodes that differ here no longer agree on what is equal.
GOLDEN = {
    "marking-definition--4cfab514-ee38-50fd-b5bd-1921f182479a": Handling(tlp=Tlp.CLEAR),
    "marking-definition--76b1aa5d-d26f-5831-bd79-66f56f61f766": Handling(
        tlp=Tlp.AMBER_STRICT, originators=frozenset({"arden"})
    ),
    "marking-definition--ecbcc509-4b67-53f5-a41d-f8879af0d2a2": Handling(
        tlp=Tlp.AMBER, recipients=frozenset()
    ),
    "marking-definition--c3b8d45c-9b4f-5ab7-b26f-f10f251e3bc9": Handling(
        tlp=Tlp.RED,
        originators=frozenset({"brisco", "arden"}),
        recipients=frozenset({"cairn", "brisco"}),
        persons=frozenset({"ann"}),
        communities=frozenset({"spyware"}),
        orcon=True,
        purposes=frozenset({Purpose.INVESTIGATION, Purpose.DETECTION}),
        agreements=frozenset({"pact"}),
        legal_bases=frozenset({"Treaty of 2025, article 7"}),
        pap=Pap.AMBER,
        codes=frozenset({Code.H3, Code.H1}),
        notices=frozenset({"Read the annex."}),
        retention_days=365,
        caveats=frozenset({"Überlassen für Zwecke der Ermittlung"}),
        unread=frozenset({"marking-definition--1"}),
    ),
}


@pytest.mark.parametrize(("golden", "handling"), GOLDEN.items())
def test_ids_follow_from_content_and_never_change(golden: str, handling: Handling) -> None:
    assert handling.id == golden


@given(handlings(), handlings())
def test_equal_handlings_and_only_they_have_one_id(one: Handling, other: Handling) -> None:
    assert (one.id == other.id) == (one == other)


@given(handlings())
def test_content_reads_back(handling: Handling) -> None:
    assert read_handling(handling.content()) == handling
    assert read_handling(json.loads(handling.canonical())) == handling


def test_no_limit_and_nobody_are_not_the_same() -> None:
    nobody = Handling(tlp=Tlp.AMBER, recipients=frozenset())
    assert nobody.content() == {"tlp": "amber", "recipients": []}
    assert read_handling(nobody.content()) != Handling(tlp=Tlp.AMBER)
    assert nobody.id != Handling(tlp=Tlp.AMBER).id


@given(handlings())
def test_the_marking_carries_the_handling(handling: Handling) -> None:
    document = json.loads(handling.marking())
    assert document["type"] == "marking-definition"
    assert document["spec_version"] == "2.1"
    assert document["created"] == CREATED
    assert list(document["extensions"]) == [HANDLING_EXTENSION]
    reading = read_marking(document)
    assert reading.handling == handling
    assert reading.classified is None


def test_objects_made_here_name_the_standard_tlp_and_ours_only_where_there_is_more() -> None:
    plain = Handling(tlp=Tlp.GREEN, originators=frozenset({"arden"}))
    assert plain.marking_refs() == (TLP2_IDS[Tlp.GREEN],)
    more = msgspec.structs.replace(plain, orcon=True)
    assert more.marking_refs() == (TLP2_IDS[Tlp.GREEN], more.id)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"tlp": "puce"},
        {"tlp": ["red"]},
        {"tlp": None},
        {"tlp": "red", "until": "2027-01-01"},
        {"tlp": "red", "Recipients": ["arden"]},
        {"tlp": "amber", "recipients": None},
        {"tlp": "amber", "recipients": "arden"},
        {"tlp": "amber", "recipients": [1]},
        {"tlp": "amber", "purposes": ["curiosity"]},
        {"tlp": "amber", "codes": ["H9"]},
        {"tlp": "amber", "pap": "blue"},
        {"tlp": "amber", "pap": None},
        {"tlp": "amber", "orcon": "yes"},
        {"tlp": "amber", "orcon": 1},
        {"tlp": "amber", "retention_days": -1},
        {"tlp": "amber", "retention_days": 2**60},
        {"tlp": "amber", "retention_days": 1.5},
        {"tlp": "amber", "caveats": ["\ud800"]},
        {"tlp": "amber", "caveats": ["x" * (1 << 20)]},
    ],
)
def test_what_cannot_be_read_in_full_is_refused(content: dict[str, object]) -> None:
    with pytest.raises(InputError) as refused:
        read_handling(content)
    assert refused.value.code == "unread-handling"
    assert refused.value.advice


def test_a_forged_id_is_refused() -> None:
    wide = Handling(tlp=Tlp.CLEAR, originators=frozenset({"arden"}))
    strict = Handling(tlp=Tlp.RED, originators=frozenset({"arden"}), persons=frozenset({"ann"}))
    document = json.loads(wide.marking())
    document["id"] = strict.id
    with pytest.raises(InputError) as refused:
        read_marking(document)
    assert refused.value.code == "forged-handling"
