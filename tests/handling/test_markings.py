"""What each kind of marking definition says, and what is classified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.handling.builders import node

from comity.errors import InputError, RefusedError
from comity.handling import Arrival, Channel, Handling, Reading, admit, read_marking, unresolved
from comity.model.ids import HANDLING_EXTENSION
from comity.model.marking import TLP1_IDS, TLP2_EXTENSION, TLP2_IDS, Tlp

MARKING = "marking-definition--22222222-2222-4222-8222-222222222222"
ACS = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce"
IEP = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"
OTHER = "extension-definition--33333333-3333-4333-8333-333333333333"


def marking(**parts: object) -> dict[str, object]:
    return {"type": "marking-definition", "id": MARKING, **parts}


def statement(text: object) -> dict[str, object]:
    return marking(definition_type="statement", definition={"statement": text})


def unread(tlp: Tlp = Tlp.AMBER_STRICT) -> Handling:
    return Handling(tlp=tlp, unread=frozenset({MARKING}))


# --------------------------------------------------------------------------------------- TLP


@pytest.mark.parametrize(
    ("marking_id", "tlp"),
    [(one, tlp) for ids in (TLP1_IDS, TLP2_IDS) for tlp, one in ids.items()],
)
def test_the_standard_ids_of_tlp_1_and_2(marking_id: str, tlp: Tlp) -> None:
    expected = Reading(id=marking_id, handling=Handling(tlp=tlp))
    assert unresolved(marking_id) == expected
    assert read_marking({"id": marking_id}) == expected
    assert read_marking({"id": marking_id, "definition_type": "tlp"}) == expected
    capitals = marking_id.upper().replace("MARKING-DEFINITION", "marking-definition")
    assert unresolved(capitals).handling == read_marking({"id": capitals}).handling
    assert unresolved(capitals).handling == expected.handling


@pytest.mark.parametrize(
    ("word", "tlp"),
    [("white", Tlp.CLEAR), ("TLP:RED", Tlp.RED), ("amber+strict", Tlp.AMBER_STRICT)],
)
def test_a_tlp_label_under_an_id_of_its_own(word: str, tlp: Tlp) -> None:
    by_definition = marking(definition_type="tlp", definition={"tlp": word})
    by_extension = marking(extensions={TLP2_EXTENSION: {"tlp_2_0": word}})
    for document in (by_definition, by_extension):
        assert read_marking(document) == Reading(id=MARKING, handling=Handling(tlp=tlp))


def test_a_marking_of_which_only_the_id_is_known_is_unread() -> None:
    assert unresolved(MARKING) == Reading(id=MARKING, handling=unread())


# ---------------------------------------------------------------------- what is not expressed


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"definition_type": "tlp", "definition": {"tlp": "mauve"}},
        {"definition_type": "tlp"},
        {"definition_type": "x-house-rules", "definition": {"rules": 3}},
        {"definition_type": "statement", "definition": {"statement": ["TLP:RED"]}},
        {"definition_type": "statement", "definition": "Copyright"},
        {"extensions": "none"},
        {"extensions": {OTHER: {"anything": 1}}},
        {"extensions": {OTHER: "anything"}},
        {"extensions": {TLP2_EXTENSION: {}}},
        {"extensions": {IEP: {"tlp": "green"}}},
        {"extensions": {ACS: {"control_set": {"classification": "U"}}}},
    ],
)
def test_what_cannot_be_expressed_is_unread_and_strict(parts: dict[str, object]) -> None:
    assert read_marking(marking(**parts)) == Reading(id=MARKING, handling=unread())


def test_an_iep_policy_keeps_the_tlp_it_states() -> None:
    reading = read_marking(marking(extensions={IEP: {"tlp": "red"}}))
    assert reading.handling == unread(Tlp.RED)


def test_a_marking_that_speaks_twice_says_the_join() -> None:
    """None of its parts may be lost behind another: not a TLP, not what we cannot express."""
    ours = Handling(tlp=Tlp.GREEN, originators=frozenset({"arden"}))
    document = json.loads(ours.marking())
    assert read_marking(document).handling == ours
    document["extensions"][OTHER] = {"embargo": "2027"}
    more = read_marking(document).handling
    assert more is not None
    assert more.unread == frozenset({ours.id})
    assert more.tlp is Tlp.AMBER_STRICT
    assert more.originators == ours.originators
    both = marking(
        definition_type="tlp", definition={"tlp": "red"}, extensions={OTHER: {"anything": 1}}
    )
    assert read_marking(both).handling == unread(Tlp.RED)
    beside = statement("Copyright 2026")
    beside["extensions"] = {TLP2_EXTENSION: {"tlp_2_0": "amber"}}
    assert read_marking(beside) == Reading(
        id=MARKING, handling=Handling(tlp=Tlp.AMBER), caveats=frozenset({"Copyright 2026"})
    )


def test_our_extension_is_read_in_full_or_refused() -> None:
    with pytest.raises(InputError) as later:
        read_marking(marking(extensions={HANDLING_EXTENSION: {"tlp": "red", "until": "2027"}}))
    assert later.value.code == "unread-handling"
    with pytest.raises(InputError) as forged:
        read_marking(marking(extensions={HANDLING_EXTENSION: {"tlp": "clear"}}))
    assert forged.value.code == "forged-handling"


# --------------------------------------------------------------------------------- statements


def test_a_copyright_line_is_a_caveat_and_no_handling() -> None:
    text = "Copyright 2015-2026, The Example Corporation."
    assert read_marking(statement(text)) == Reading(id=MARKING, caveats=frozenset({text}))
    assert read_marking(statement("  ")) == Reading(id=MARKING)


# ----------------------------------------------------------------------------- classification

BANNERS = [
    # United States, Canada
    ("TOP SECRET//SI//NOFORN", "TOP SECRET"),
    ("SECRET//REL TO USA, CAN", "SECRET"),
    ("Confidential", "CONFIDENTIAL"),
    ("S//NF", "S"),
    ("(TS)", "TS"),
    ("(C//REL)", "C"),
    ("PROTECTED B", "PROTECTED B"),
    ("SECRET//CANADIAN EYES ONLY", "SECRET"),
    # United Kingdom
    ("UK SECRET - UK EYES ONLY", "UK SECRET"),
    ("Top-Secret", "TOP-SECRET"),
    # France
    ("TRÈS SECRET", "TRES SECRET"),
    ("Tre\u0300s secret", "TRES SECRET"),
    ("SECRET - SPÉCIAL FRANCE", "SECRET"),
    ("CONFIDENTIEL DÉFENSE", "CONFIDENTIEL DEFENSE"),
    ("Diffusion restreinte", "DIFFUSION RESTREINTE"),
    # Germany
    ("STRENG GEHEIM", "STRENG GEHEIM"),
    ("VS – Nur für den Dienstgebrauch", "VS - NUR FUR DEN DIENSTGEBRAUCH"),
    ("VS-NUR FUER DEN DIENSTGEBRAUCH", "VS-NUR FUER DEN DIENSTGEBRAUCH"),
    ("VS-NfD", "VS-NFD"),
    ("VS-VERTRAULICH", "VS-VERTRAULICH"),
    # Italy, Japan
    ("Segretissimo", "SEGRETISSIMO"),
    ("RISERVATO", "RISERVATO"),
    ("特定秘密", "特定秘密"),
    ("極秘", "極秘"),
    # European Union
    ("TRÈS SECRET UE/EU TOP SECRET", "TRES SECRET UE"),
    ("SECRET UE/EU SECRET", "SECRET UE"),
    ("CONFIDENTIEL UE/EU CONFIDENTIAL", "CONFIDENTIEL UE"),
    ("RESTREINT UE/EU RESTRICTED", "RESTREINT UE"),
    ("R-UE/EU-R", "R-UE/EU-R"),
    # NATO
    ("COSMIC TOP SECRET ATOMAL", "COSMIC TOP SECRET"),
    ("NATO SECRET", "NATO SECRET"),
    ("nato restricted", "NATO RESTRICTED"),
    # ... and hidden from the eye
    ("SE\u200bCRET", "SECRET"),
    ("ＳＥＣＲＥＴ", "SECRET"),
    ("//SECRET//", "SECRET"),
]


@pytest.mark.parametrize(("banner", "level"), BANNERS)
def test_banners_are_classified_wherever_a_marking_states_them(banner: str, level: str) -> None:
    places = [
        statement(banner),
        marking(name=banner),
        marking(extensions={OTHER: {"deep": {"classification": banner}}}),
        marking(extensions={OTHER: {"list": [{"classification": banner}]}}),
        marking(definition_type="x-national", definition={"classification": [banner]}),
    ]
    for place in places:
        assert read_marking(place) == Reading(id=MARKING, classified=level)


@pytest.mark.parametrize(
    "text",
    [
        "UNCLASSIFIED",
        "UNCLASSIFIED//FOUO",
        "NATO UNCLASSIFIED",
        "OFFICIAL-SENSITIVE",
        "Copyright 2017. All rights reserved; the secret is out.",
        "Secret Blizzard",
        "secret sharing",
        "Restricted-use data of the Example Institute",
        "Confidential information of the Example Corporation",
        "(c) 2026 The Example Corporation",
        "(C)",
        "C",
        "秘密結社",
        "",
    ],
)
def test_a_sentence_with_such_a_word_is_no_banner(text: str) -> None:
    assert read_marking(statement(text)).classified is None


@pytest.mark.parametrize(
    ("control_set", "classified"),
    [
        ({"classification": "TS"}, "TOP SECRET"),
        ({"classification": "S"}, "SECRET"),
        ({"classification": "C"}, "CONFIDENTIAL"),
        ({"classification": "r"}, "RESTRICTED"),
        ({"classification": "U"}, None),
        ({"classification": "UNCLASSIFIED"}, None),
        ({"classification": "Q"}, "ACS, level not readable"),
        ({"classification": 5}, "ACS, level not readable"),
        ({"classification": ["U", "S"]}, "SECRET"),
        ({"entity": ["GOV"]}, "ACS, level not readable"),
    ],
)
def test_acs(control_set: Mapping[str, object], classified: str | None) -> None:
    reading = read_marking(marking(extensions={ACS: {"control_set": control_set}}))
    assert reading.classified == classified


def test_a_standard_id_does_not_hide_a_classification() -> None:
    document = {"id": TLP2_IDS[Tlp.CLEAR], "name": "TOP SECRET"}
    assert read_marking(document).classified == "TOP SECRET"


def test_classified_is_refused_and_the_refusal_repeats_no_codeword() -> None:
    readings = (
        unresolved(TLP2_IDS[Tlp.CLEAR]),
        read_marking(statement("TOP SECRET//GLASS LANTERN//NOFORN")),
    )
    arrival = Arrival(channel=Channel.OWN, sender="arden", readings=readings)
    with pytest.raises(RefusedError) as refused:
        admit(b"{}", arrival, node("arden"))
    assert refused.value.code == "classified"
    assert "TOP SECRET" in refused.value.message
    assert "LANTERN" not in str(refused.value.as_dict())


# ---------------------------------------------------------------------------- other people's


def objects(path: Path) -> list[dict[str, object]]:
    document = json.loads(path.read_bytes())
    found: list[dict[str, object]] = document.get("objects", [document])
    return [one for one in found if one["type"] == "marking-definition"]


def test_the_published_acs_example_is_classified(shared_data: Path) -> None:
    (only,) = objects(shared_data / "cyber/oasis/acs-marking-use-case-1.json")
    assert read_marking(only).classified == "TOP SECRET"


def test_the_published_iep_example_is_unread_and_red(shared_data: Path) -> None:
    (only,) = objects(shared_data / "cyber/oasis/iep-marking-red.json")
    handling = read_marking(only).handling
    assert handling == Handling(tlp=Tlp.RED, unread=frozenset({str(only["id"])}))


def test_the_documentation_of_stix_marks_amber_and_states_a_copyright(shared_data: Path) -> None:
    amber, line = objects(shared_data / "cyber/oasis/documentation-using-marking-definitions.json")
    assert read_marking(amber).handling == Handling(tlp=Tlp.AMBER)
    assert read_marking(line).handling is None
    assert read_marking(line).caveats == frozenset({"Copyright (c) Stark Industries 2017."})


# --------------------------------------------------------------------------------- anything

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("classification", "statement", "name", "tlp", "tlp_2_0", "control_set", ACS, IEP)
            )
            | st.text(max_size=8),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"id": ANYTHING | st.just(MARKING)},
        optional={
            "definition_type": ANYTHING | st.sampled_from(("tlp", "statement")),
            "definition": ANYTHING,
            "name": ANYTHING,
            "extensions": ANYTHING
            | st.dictionaries(
                st.sampled_from((ACS, IEP, TLP2_EXTENSION, HANDLING_EXTENSION)), ANYTHING
            ),
        },
    )
)
def test_any_value_is_read_or_refused_in_our_own_words(value: dict[str, object]) -> None:
    try:
        reading = read_marking(value)
    except InputError:
        return
    assert reading.handling is not None or reading.classified or value.get("definition")
