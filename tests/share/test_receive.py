"""A chunk of objects on its way in: counted, compared, kept, journalled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.share.builders import (
    ARDEN,
    BRISCO,
    FEED,
    GREEN,
    NOW,
    Place,
    changed,
    checked,
    circumstances,
    indicator,
    is_label,
)

from comity.handling import Channel, Handling
from comity.model import merkle
from comity.model.event import EventKind
from comity.model.marking import Tlp
from comity.model.time import Micros, format_time
from comity.share.circumstances import Taken, Unread
from comity.share.receive import take
from comity.wire.checks import Parsed
from comity.wire.problem import Problem


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def spelled(one: Parsed) -> Parsed:
    """The same content in other bytes."""
    return checked(json.dumps(one.value, indent=2, sort_keys=True).encode())


def objects_of(place: Place) -> list[str]:
    return [one for one in place.entries() if one.startswith("indicator--")]


def counts(taken: Taken) -> tuple[int, int, int, int]:
    return taken.new, taken.known, taken.conflicts, taken.refused


# ---------------------------------------------------------------------------------------- counted

UNREAD = Unread(Problem(code="bad-json", message="x", where="f: object 9"), is_object=True)
BROKEN_OFF = Unread(Problem(code="truncated", message="x", where="f: byte 9"), is_object=False)
ARRIVING = st.lists(
    st.one_of(
        st.integers(0, 4).map(indicator),
        st.integers(0, 4).map(lambda n: spelled(indicator(n))),
        st.integers(0, 4).map(lambda n: indicator(n, name="another content")),
        st.just(UNREAD),
        st.just(BROKEN_OFF),
    ),
    max_size=12,
)


@given(arriving=ARRIVING)
def test_every_object_read_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, arriving: list[Parsed | Unread]
) -> None:
    place = Place(tmp_path_factory.mktemp("counted"))
    first, again = (place.take(arriving, options=GREEN) for _ in range(2))  # type: ignore[arg-type]
    objects = [one for one in arriving if one is not BROKEN_OFF]
    assert first.read == again.read == len(objects)
    assert first.refused == arriving.count(UNREAD)
    assert first.new == len({one.id for one in arriving if isinstance(one, Parsed)})
    assert (again.new, again.conflicts) == (0, first.conflicts)
    assert len(objects_of(place)) == len(set(objects_of(place))) == first.new
    assert len(first.stored) == first.new + first.known
    assert len(first.failures) == first.conflicts + first.refused
    place.store.close()


def test_nothing_is_taken_of_nothing(place: Place) -> None:
    assert counts(place.take([])) == (0, 0, 0, 0)
    assert place.entries() == []


def test_counts_of_chunks_add_up_and_names_only_where_asked_for() -> None:
    one = Taken(new=1, known=2, conflicts=3, refused=4, stored=[("a", NOW)], handlings={GREEN: 1})
    total, named = Taken(), Taken()
    for _ in range(2):
        total.add(one)
        named.add(one, each=True)
    assert counts(total) == counts(named) == (2, 4, 6, 8)
    assert total.handlings == {GREEN: 2}
    assert (total.stored, len(named.stored)) == ([], 2)


# --------------------------------------------------------------------------------------- compared


def test_what_says_the_same_is_known_and_the_first_bytes_stay(place: Place) -> None:
    one = indicator()
    assert counts(place.take([one, spelled(one)], options=GREEN)) == (1, 1, 0, 0)
    assert counts(place.take([spelled(one)], options=GREEN)) == (0, 1, 0, 0)
    with place.store.read() as tx:
        assert tx.raw(FEED.id, one.id, one.modified) == one.raw
        assert not tx.conflicts()


@pytest.mark.parametrize("together", [True, False])
def test_another_content_is_kept_apart_and_unserved(place: Place, together: bool) -> None:
    one = indicator()
    other = changed(one, name="another content")
    if not together:
        place.take([one], channel=Channel.PUSHED, sender=BRISCO)
        place.take([other], channel=Channel.PUSHED, sender=BRISCO)
    taken = place.take([one, other], channel=Channel.PUSHED, sender=BRISCO)
    assert taken.conflicts == 1
    assert [problem.code for problem, _ in taken.failures] == ["conflict"]
    with place.store.read() as tx:
        (kept,) = tx.conflicts()
        assert (kept.id, kept.sha256, kept.source) == (other.id, other.sha256, BRISCO)
        assert tx.raw(FEED.id, one.id, one.modified) == one.raw


def test_a_new_version_is_another_object(place: Place) -> None:
    one = indicator()
    later = changed(one, modified="2026-02-01T00:00:00.000Z")
    assert place.take([later, one], options=GREEN).new == 2
    with place.store.read() as tx:
        assert tx.newest(FEED.id, [one.id]) == {one.id: later.raw}


# ---------------------------------------------------------------------------- under changed terms


@pytest.mark.parametrize(
    ("first", "second", "moves"),
    [
        ({}, {}, False),
        ({}, {"expires_at": Micros(NOW + 9)}, True),
        ({"expires_at": Micros(NOW + 9)}, {}, False),
        ({"expires_at": Micros(NOW + 9)}, {"expires_at": Micros(NOW + 10)}, False),
        ({"expires_at": Micros(NOW + 9)}, {"expires_at": Micros(NOW + 8)}, True),
        ({}, {"options": Handling(tlp=Tlp.CLEAR)}, False),
        ({}, {"options": Handling(tlp=Tlp.AMBER)}, True),
        ({}, {"options": Handling(tlp=Tlp.GREEN, retention_days=9)}, True),
    ],
)
def test_only_tighter_terms_move_an_object(
    place: Place, first: dict[str, object], second: dict[str, object], moves: bool
) -> None:
    one, two = indicator(1), indicator(2)
    place.take([one, two], **{"options": GREEN, **first})
    taken = place.take([one], **{"options": GREEN, **second})
    assert counts(taken) == (0, 1, 0, 0)
    assert objects_of(place) == ([two.id, one.id] if moves else [one.id, two.id])


def test_tighter_terms_for_another_spelling_are_those_of_what_is_served(place: Place) -> None:
    """The sharer means the object, not the bytes that its tool happened to write."""
    one = indicator()
    place.take([one, indicator(2)], options=GREEN)
    taken = place.take([spelled(one)], options=Handling(tlp=Tlp.AMBER))
    assert [handling.tlp for handling in taken.handlings] == [Tlp.AMBER]
    assert place.terms(one).tlp is Tlp.AMBER
    assert objects_of(place)[-1] == one.id
    before = place.entries()
    place.take([spelled(one)], options=GREEN)
    assert place.entries() == before
    with place.store.read() as tx:
        assert tx.raw(FEED.id, one.id, one.modified) == one.raw


# ------------------------------------------------------------------------------- kept, journalled


def test_a_marking_is_entered_once_for_its_collection(place: Place) -> None:
    place.take([indicator(1)], options=GREEN)
    place.take([indicator(2)], options=GREEN)
    markings = [one for one in place.entries() if one.startswith("marking-definition--")]
    assert len(markings) == 1
    assert len([one for one in place.entries() if is_label(one)]) == 2


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        (Channel.OWN, EventKind.SHARED),
        (Channel.PUSHED, EventKind.RECEIVED),
        (Channel.PULLED, EventKind.PULLED),
    ],
)
def test_the_event_tells_who_brought_how_much_and_no_content(
    place: Place, channel: Channel, kind: EventKind
) -> None:
    sender = ARDEN if channel is Channel.OWN else BRISCO
    how = circumstances(channel=channel, sender=sender, actor="somebody")
    objects = [indicator(n, name="private words") for n in range(3)]
    with place.store.write() as tx:
        _, (event,) = take(tx, [*objects, UNREAD], how)
        rows = tx.facts(objects[0].id)
    assert (event.kind, event.actor, event.subject) == (kind, "somebody", FEED.id)
    said = event.details
    assert (said["from"], said["new"], said["refused"]) == (sender, 3, 1)
    assert said["handlings"] == [rows[0][2].handling.id]
    assert "private words" not in repr(event)


def test_its_root_proves_each_object_without_the_others(place: Place) -> None:
    objects = [indicator(n) for n in range(5)]
    with place.store.write() as tx:
        _, (event,) = take(tx, objects, circumstances(options=GREEN))
    leaves = [
        merkle.leaf_hash(f"{one.id}|{format_time(one.modified)}|{one.sha256.hex()}".encode())
        for one in objects
    ]
    root = bytes.fromhex(str(event.details["root"]))
    for index, leaf in enumerate(leaves):
        proof = merkle.inclusion_proof(leaves, index)
        assert merkle.verify_inclusion(leaf, index, len(leaves), proof, root)


def test_an_attempt_that_keeps_nothing_is_journalled_all_the_same(place: Place) -> None:
    place.take([indicator()], options=GREEN)
    with place.store.write() as tx:
        _, (event,) = take(tx, [indicator()], circumstances(options=GREEN))
    assert event.details == {"from": ARDEN, "new": 0, "known": 1, "conflicts": 0, "refused": 0}
