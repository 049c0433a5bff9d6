"""Labels over arriving objects: which count, which are made, and where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.share.builders import (
    ARDEN,
    BRISCO,
    CAIRN,
    DELL,
    GREEN,
    NOW,
    JsonObject,
    Place,
    changed,
    checked,
    circumstances,
    everything,
    indicator,
    is_label,
    label,
    marking,
    own,
)

from comity.handling import Channel, Handling
from comity.handling.labels import MAX_COVERS
from comity.model.marking import Tlp
from comity.model.time import Micros
from comity.share.labelling import Labels, cover_of

PULLED = {"channel": Channel.PULLED, "sender": BRISCO, "actor": f"{ARDEN}/node"}
BRISCOS = own(GREEN, BRISCO)
CAIRNS = own(GREEN, CAIRN)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def made_labels(place: Place) -> list[JsonObject]:
    with place.store.read() as tx:
        rows = [row for row in everything(tx) if is_label(row.id)]
    return [msgspec.json.decode(row.slice) for row in rows]


# --------------------------------------------------------------------------------- which count


def test_a_label_of_the_bringer_says_the_terms(place: Place) -> None:
    one = indicator()
    place.take([marking(BRISCOS), label(BRISCO, BRISCOS, one), one], **PULLED)
    assert place.terms(one) == BRISCOS


def test_a_label_of_the_originator_says_them_whoever_brings_it(place: Place) -> None:
    one = indicator()
    place.take([marking(CAIRNS), label(CAIRN, CAIRNS, one), one], **PULLED)
    assert place.terms(one) == CAIRNS


def test_anyone_elses_label_only_tightens(place: Place) -> None:
    one = indicator()
    stranger = own(Handling(tlp=Tlp.CLEAR, orcon=True), BRISCO)
    place.take([marking(stranger), label(CAIRN, stranger, one), one], **PULLED)
    assert place.terms(one).tlp is Tlp.AMBER_STRICT
    assert place.terms(one).orcon


def test_all_valid_labels_count_together(place: Place) -> None:
    one = indicator()
    amber = own(Handling(tlp=Tlp.AMBER, recipients=frozenset({ARDEN, BRISCO})), CAIRN)
    objects = [
        marking(CAIRNS),
        label(CAIRN, CAIRNS, one),
        marking(amber),
        label(BRISCO, amber, one),
    ]
    place.take([*objects, one], **PULLED)
    assert place.terms(one) == amber


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: changed(one, created="2026-02-01T00:00:00.000000Z"),
        lambda one: changed(one, seal={**one.value["seal"], "signature": "00" * 64}),
        lambda one: changed(one, seal={**one.value["seal"], "index": 0, "salt": "00" * 16}),
        lambda one: changed(one, seal={**one.value["seal"], "path": []}),
        lambda one: changed(one, seal={**one.value["seal"], "root": "00" * 32}),
    ],
    ids=["created", "signature", "place", "path", "root"],
)
def test_a_label_that_was_tampered_with_says_nothing(place: Place, spoil: object) -> None:
    one = indicator()
    assert callable(spoil)
    taken = place.take([marking(BRISCOS), spoil(label(BRISCO, BRISCOS, one)), one], **PULLED)
    assert taken.new == 1
    assert place.terms(one).tlp is Tlp.AMBER_STRICT
    assert not made_labels(place)


def test_a_label_of_somebody_without_a_pinned_key_says_nothing(place: Place) -> None:
    one = indicator()
    dells = own(GREEN, DELL)
    place.take([marking(dells), label(DELL, dells, one), one], **PULLED)
    assert place.terms(one).tlp is Tlp.AMBER_STRICT


def test_a_label_under_a_handling_that_nobody_sent_says_nothing(place: Place) -> None:
    one = indicator()
    place.take([label(BRISCO, BRISCOS, one), one], **PULLED)
    assert place.terms(one).tlp is Tlp.AMBER_STRICT


def test_a_label_counts_for_exactly_the_bytes_it_names(place: Place) -> None:
    one = indicator()
    other = checked(one.raw.replace(b'"pattern":', b'"pattern" :'))
    place.take([marking(BRISCOS), label(BRISCO, BRISCOS, one), other], **PULLED)
    assert place.terms(other).tlp is Tlp.AMBER_STRICT


def test_a_broken_seal_keeps_no_sound_label_out(place: Place) -> None:
    """Neither when it comes first, nor in the same chunk."""
    one, two = indicator(1), indicator(2)
    for number, first in ((1, one), (2, two)):
        sound = label(BRISCO, BRISCOS, first)
        broken = changed(sound, seal={**sound.value["seal"], "signature": "00" * 64})
        assert broken.id == sound.id
        if number == 1:
            place.take([marking(BRISCOS), broken], **PULLED)
            place.take([sound, first], **PULLED)
        else:
            place.take([broken, sound, first], **PULLED)
        assert place.terms(first) == BRISCOS


def test_expiry_and_review_of_a_label_hold(place: Place) -> None:
    one = indicator()
    dates = {"expires_at": Micros(NOW + 5_000_000), "review_at": Micros(NOW + 1)}
    place.take([marking(BRISCOS), label(BRISCO, BRISCOS, one, **dates), one], **PULLED)
    with place.store.read() as tx:
        ((_, _, _, facts),) = tx.facts(one.id)
    assert (facts.expires_at, facts.review_at) == (dates["expires_at"], dates["review_at"])


# ----------------------------------------------------------------------- whom they do not bind


def test_what_is_ours_stands_whatever_others_say_of_their_copies(place: Place) -> None:
    """Anyone may tighten its own copy: in our collection, our own label alone counts."""
    one = indicator()
    place.take([one], options=GREEN)
    theirs = own(Handling(tlp=Tlp.AMBER, recipients=frozenset({BRISCO})), ARDEN)
    place.take([marking(theirs), label(BRISCO, theirs, one)], **PULLED)
    before = place.entries()
    place.take([one], options=GREEN)
    assert (place.terms(one).tlp, place.entries()) == (Tlp.GREEN, before)
    place.take([one], options=Handling(tlp=Tlp.GREEN, orcon=True))
    assert [label["labelled_by_ref"] for label in made_labels(place)] == [f"identity--{ARDEN}"] * 2


def test_what_names_us_as_its_author_is_ours(place: Place) -> None:
    one = indicator(created_by_ref=f"identity--{ARDEN}")
    theirs = own(Handling(tlp=Tlp.AMBER, recipients=frozenset({BRISCO})), BRISCO)
    place.take([marking(theirs), label(BRISCO, theirs, one)], **PULLED)
    place.take([one], options=GREEN)
    assert place.terms(one) == own(GREEN, ARDEN)


@pytest.mark.parametrize("of", [ARDEN, CAIRN])
def test_who_hands_in_what_is_anothers_does_not_tighten_it(place: Place, of: str) -> None:
    one = indicator()
    if of == ARDEN:
        place.take([one], options=GREEN)
    else:
        place.take([marking(CAIRNS), label(CAIRN, CAIRNS, one), one], **pushed(CAIRN))
    before = place.entries()
    for claimed in (BRISCO, of):
        theirs = own(Handling(tlp=Tlp.AMBER, recipients=frozenset({BRISCO})), claimed)
        taken = place.take([marking(theirs), label(BRISCO, theirs, one), one], **pushed(BRISCO))
        assert taken.refused == 0
    assert place.terms(one).tlp is Tlp.GREEN
    assert place.entries() == before


def test_who_handed_it_in_may_tighten_it(place: Place) -> None:
    one = indicator()
    place.take([marking(CAIRNS), label(CAIRN, CAIRNS, one), one], **pushed(CAIRN))
    tighter = own(Handling(tlp=Tlp.GREEN, orcon=True), CAIRN)
    place.take([marking(tighter), label(CAIRN, tighter, one), one], **pushed(CAIRN))
    assert place.terms(one).orcon


def pushed(by: str) -> JsonObject:
    return {"channel": Channel.PUSHED, "sender": by, "actor": f"{by}/analyst"}


# ------------------------------------------------------------------------------ which are made


def test_objects_of_the_same_terms_share_one_label(place: Place) -> None:
    objects = [indicator(n) for n in range(400)]
    place.take(objects, options=GREEN)
    (made,) = made_labels(place)
    assert {cover["id"] for cover in made["covers"]} == {one.id for one in objects}


def test_no_label_covers_more_than_it_may(place: Place) -> None:
    objects = [indicator(n) for n in range(MAX_COVERS + 50)]
    place.take(objects[:500], options=GREEN)
    place.take(objects[500:], options=GREEN)
    assert all(len(made["covers"]) <= MAX_COVERS for made in made_labels(place))
    assert sum(len(made["covers"]) for made in made_labels(place)) == len(objects)


def relationship(number: int) -> JsonObject:
    made = "2026-01-31T12:00:00.000Z"
    return {
        "type": "relationship",
        "spec_version": "2.1",
        "id": f"relationship--{number:08x}-0000-4000-8000-000000000000",
        "created": made,
        "modified": made,
        "relationship_type": "related-to",
        "source_ref": indicator(1).id,
        "target_ref": indicator(2).id,
    }


def test_what_may_be_withheld_alone_gets_a_label_of_its_own(place: Place) -> None:
    """For a label that covers it and others would tell of it."""
    objects = [indicator(1), indicator(2), *(checked(relationship(n)) for n in range(3))]
    place.take(objects, options=GREEN)
    sizes = sorted(len(made["covers"]) for made in made_labels(place))
    assert sizes == [1, 1, 1, 2]


def test_what_expires_at_another_time_gets_another_label(place: Place) -> None:
    place.take([indicator(1)], options=GREEN)
    place.take([indicator(2)], options=GREEN, expires_at=Micros(NOW + 1))
    assert len(made_labels(place)) == 2


def test_what_its_bytes_tell_needs_no_label(place: Place) -> None:
    ours = own(GREEN, ARDEN)
    one = indicator(object_marking_refs=[ours.id])
    place.take([marking(ours), one], options=None)
    assert place.terms(one) == ours
    assert not made_labels(place)


def test_what_stays_here_needs_no_label(place: Place) -> None:
    one = indicator()
    place.take([one], **PULLED)
    assert place.terms(one).recipients == frozenset({ARDEN})
    assert not made_labels(place)


def test_a_label_made_once_serves_again(place: Place) -> None:
    one = indicator()
    place.take([one], options=GREEN)
    before = place.entries()
    place.take([one], options=GREEN)
    assert place.entries() == before


def test_a_tightening_moves_the_object_behind_its_new_label(place: Place) -> None:
    one, two = indicator(1), indicator(2)
    place.take([one, two], options=GREEN)
    place.take([one], options=Handling(tlp=Tlp.GREEN, orcon=True))
    order = place.entries()
    assert order[-1] == one.id
    assert is_label(order[-2])
    assert order[-3].startswith("marking-definition--")
    assert order[2] == two.id


# ---------------------------------------------------------------------------------- their place


def test_terms_stand_before_what_they_speak_for(place: Place) -> None:
    objects = [indicator(n) for n in range(3)]
    place.take([label(BRISCO, BRISCOS, *objects), *objects, marking(BRISCOS)], **PULLED)
    order = place.entries()
    assert order[0] == BRISCOS.id
    assert is_label(order[1])
    assert order[2:] == [one.id for one in objects]


def test_a_label_enters_with_the_first_object_that_it_covers(place: Place) -> None:
    """Alone it would tell a reader of what it may not see."""
    one, two = indicator(1), indicator(2)
    both = label(BRISCO, BRISCOS, one, two)
    place.take([marking(BRISCOS), both], **PULLED)
    assert place.entries() == []
    place.take([two], **PULLED)
    place.take([one], **PULLED)
    assert place.entries() == [BRISCOS.id, both.id, two.id, one.id]


def test_each_label_is_verified_once_for_a_chunk(place: Place) -> None:
    objects = [indicator(n) for n in range(50)]
    asked: list[str] = []

    def counting(member: str, _message: bytes, _signature: bytes) -> bool:
        asked.append(member)
        return True

    place.take([marking(BRISCOS), label(BRISCO, BRISCOS, *objects)], **PULLED)
    place.take(objects, verify=counting, **PULLED)
    assert asked == [BRISCO]


def test_a_label_names_an_object_by_its_version_and_bytes(place: Place) -> None:
    one = indicator()
    cover = cover_of(one)
    assert (cover.id, cover.modified, cover.sha256) == (one.id, one.modified, one.sha256.hex())
    with place.store.write() as tx:
        assert Labels(tx, [one], circumstances()).over(one, None) == []
