"""Handlings, labels and markings among arriving objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.share.builders import (
    BRISCO,
    GREEN,
    JsonObject,
    Place,
    changed,
    checked,
    circumstances,
    indicator,
    label,
    marking,
    own,
)

from comity.handling import Channel, Handling, Reading
from comity.model.marking import TLP1_IDS, TLP2_IDS, Tlp
from comity.share.markings import readings_of, remember

PULLED = {"channel": Channel.PULLED, "sender": BRISCO}
MARKING = "marking-definition--22222222-2222-4222-8222-222222222222"
BRISCOS = own(GREEN, BRISCO)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def statement(text: str, marking_id: str = MARKING) -> JsonObject:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": marking_id,
        "created": "2026-01-31T12:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": text},
    }


# ------------------------------------------------------------------------------------- what counts


def test_in_a_pull_terms_are_remembered_and_not_counted(place: Place) -> None:
    one = indicator()
    taken = place.take([marking(BRISCOS), label(BRISCO, BRISCOS, one)], **PULLED)
    assert (taken.read, taken.problems) == (0, [])
    with place.store.read() as tx:
        assert tx.handling(BRISCOS.id) == BRISCOS


def test_in_a_share_they_are_objects_like_others(place: Place) -> None:
    one = indicator()
    terms = [marking(BRISCOS), label(BRISCO, BRISCOS, one)]
    taken = place.take(terms)
    assert (taken.new, taken.known) == (2, 0)
    again = place.take(terms)
    assert (again.new, again.known) == (0, 2)
    assert [name for name, _ in taken.stored] == [BRISCOS.id, terms[1].id]


@pytest.mark.parametrize("channel", list(Channel))
def test_terms_that_cannot_be_read_are_refused_by_name(place: Place, channel: Channel) -> None:
    one = indicator()
    forged = {**marking(BRISCOS).value, "id": MARKING}
    broken = [checked(forged), changed(label(BRISCO, BRISCOS, one), covers=[])]
    taken = place.take([*broken, one], channel=channel, sender=BRISCO)
    assert (taken.new, taken.refused) == (1, 2)
    assert {problem.code for problem in taken.problems} >= {"forged-handling", "bad-label"}
    assert {problem.object for problem in taken.problems} >= {one.id for one in broken}


def test_other_markings_are_objects(place: Place) -> None:
    taken = place.take([checked(statement("Copyright 2026"))])
    assert taken.new == 1
    assert place.entries()[-1] == MARKING


# ---------------------------------------------------------------------------------- what they say


def said_by(place: Place, refs: list[str], **more: object) -> dict[str, Reading]:
    one = indicator(object_marking_refs=refs)
    with place.store.write() as tx:
        return readings_of(tx, [one], circumstances(**more))


def test_tlp_ids_of_both_versions_are_known(place: Place) -> None:
    refs = [TLP1_IDS[Tlp.CLEAR], TLP2_IDS[Tlp.AMBER_STRICT]]
    found = said_by(place, refs)
    assert [found[ref].handling for ref in refs] == [
        Handling(tlp=Tlp.CLEAR),
        Handling(tlp=Tlp.AMBER_STRICT),
    ]


def test_a_tlp_id_says_what_it_says_whatever_a_file_tells(place: Place) -> None:
    ref = TLP2_IDS[Tlp.RED]
    told = {ref: Reading(id=ref, handling=Handling(tlp=Tlp.CLEAR))}
    assert said_by(place, [ref], markings=told)[ref].handling == Handling(tlp=Tlp.RED)


def test_a_handling_that_is_known_needs_no_definition_at_hand(place: Place) -> None:
    place.take([marking(BRISCOS)], **PULLED)
    assert said_by(place, [BRISCOS.id])[BRISCOS.id].handling == BRISCOS


def test_a_marking_of_the_store_is_read(place: Place) -> None:
    place.take([checked(statement("Copyright 2026"))])
    found = said_by(place, [MARKING])[MARKING]
    assert found == Reading(id=MARKING, caveats=frozenset({"Copyright 2026"}))


def test_what_nobody_has_seen_is_unread(place: Place) -> None:
    found = said_by(place, [MARKING])[MARKING]
    assert found.handling is not None
    assert found.handling.unread == {MARKING}


def test_granular_markings_count_too(place: Place) -> None:
    one = indicator(granular_markings=[{"selectors": ["pattern"], "marking_ref": MARKING}])
    with place.store.write() as tx:
        assert set(readings_of(tx, [one], circumstances())) == {MARKING}


def test_a_second_definition_replaces_nothing(place: Place) -> None:
    """Neither in another file, nor in the same one: all that is said counts."""
    place.take([checked(statement("Copyright 2026"))])
    other = Reading(id=MARKING, handling=Handling(tlp=Tlp.AMBER), caveats=frozenset({"Mine"}))
    found = said_by(place, [MARKING], markings={MARKING: other})[MARKING]
    assert found.handling == Handling(tlp=Tlp.AMBER)
    assert found.caveats == {"Copyright 2026", "Mine"}


def test_what_a_marking_says_is_remembered_together() -> None:
    readings = [
        Reading(id=MARKING, caveats=frozenset({"one"})),
        Reading(id=MARKING, classified="SECRET"),
        Reading(id=MARKING, handling=Handling(tlp=Tlp.GREEN, orcon=True)),
        Reading(id=MARKING, handling=Handling(tlp=Tlp.AMBER)),
    ]
    found: dict[str, Reading] = {}
    for one in readings:
        remember(found, one)
    assert found == {
        MARKING: Reading(
            id=MARKING,
            handling=Handling(tlp=Tlp.AMBER, orcon=True),
            caveats=frozenset({"one"}),
            classified="SECRET",
        )
    }


# ------------------------------------------------------------------------------------ classified


@pytest.mark.parametrize(
    "more", [{}, {"extensions": marking(BRISCOS).value["extensions"]}], ids=["plain", "as ours"]
)
def test_a_marking_that_calls_itself_classified_is_refused(place: Place, more: JsonObject) -> None:
    taken = place.take([checked(statement("TOP SECRET//KRYPTON") | more)])
    assert (taken.new, taken.refused) == (0, 1)
    assert [problem.code for problem in taken.problems] == ["classified"]
    assert "KRYPTON" not in msgspec.json.encode(taken.problems).decode()
    assert place.entries() == []


def test_what_it_marks_is_refused_wherever_it_stands(place: Place) -> None:
    told = {MARKING: Reading(id=MARKING, classified="SECRET")}
    whole = indicator(1, object_marking_refs=[MARKING])
    part = indicator(2, granular_markings=[{"selectors": ["name"], "marking_ref": MARKING}])
    taken = place.take([whole, part, indicator(3)], markings=told, options=GREEN)
    assert (taken.new, taken.refused) == (1, 2)
    with place.store.read() as tx:
        assert not tx.facts(whole.id)
