"""Pulling from a peer: what is asked for, the cursor, copies of collections, pinned cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.share.builders import (
    ARDEN,
    BRISCO,
    CAIRN,
    DELL,
    FEED,
    Place,
    changed,
    checked,
    circumstances,
    indicator,
)

from comity.errors import BusyError
from comity.handling import Channel
from comity.holdings import Collection, Peer
from comity.model.ids import CARD_EXTENSION
from comity.model.member import Member, MemberKind
from comity.share.card import card_bytes
from comity.share.pull import Cursor, mirror, read_cursor, take_cards, take_page, wanted
from comity.wire.envelope import CollectionResource

UUID = "12345678-0000-4000-8000-00000000000{}"
HOW = circumstances(channel=Channel.PULLED, sender=BRISCO)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def listed(number: int = 1, title: str = "theirs", *, can_read: bool = True) -> CollectionResource:
    return CollectionResource(UUID.format(number), title, can_read)


# ------------------------------------------------------------------------------------ collections


def test_all_that_may_be_read_is_wanted_but_what_is_at_home_here() -> None:
    remote = [listed(1), listed(2, can_read=False), CollectionResource(FEED.id, "feed", True)]
    theirs = Collection(id=UUID.format(1), name="theirs", home=BRISCO)
    assert wanted(remote, [FEED, theirs], ARDEN) == [remote[0]]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("x-mitre-collection--1f5f1533-f617-4ca8-9ab4-6a02367fa019", True),
        ("enterprise_attack", True),
        ("", False),
        ("../../taxii2", False),
        ("a/b", False),
        ("a?limit=1", False),
        (".", False),
        ("a" * 101, False),
    ],
)
def test_an_id_that_is_none_is_not_asked_for(name: str, good: bool) -> None:
    assert bool(wanted([CollectionResource(name, "x", True)], [], ARDEN)) == good


def test_a_copy_has_the_id_and_home_of_its_original(place: Place) -> None:
    with place.store.write() as tx:
        made, _ = mirror(tx, listed(), BRISCO)
        again, _ = mirror(tx, listed(title="renamed"), CAIRN)
        assert tx.collections() == [FEED, made]
    assert made == again
    assert (made.id, made.name, made.home, made.access) == (
        UUID.format(1),
        "theirs",
        BRISCO,
        "read",
    )


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("feed", "feed (12345678)"),
        ("", UUID.format(1)),
        ("a\nb\x1b[2Jc\u202e", "ab[2Jc"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_a_copy_has_a_name_that_can_be_shown_and_is_free(
    place: Place, title: str, name: str
) -> None:
    with place.store.write() as tx:
        made, _ = mirror(tx, listed(title=title), BRISCO)
    assert made.name == name


# ----------------------------------------------------------------------------------------- cursor


def test_a_cursor_moves_with_its_page(place: Place) -> None:
    with place.store.write() as tx:
        assert read_cursor(tx, BRISCO, FEED.id) == Cursor()
        _, events = take_page(tx, [indicator(1)], None, BRISCO, HOW)
        assert read_cursor(tx, BRISCO, FEED.id) == Cursor()
        assert len(events) == 1
        moved = Cursor("2026-01-31T12:00:00.000001Z", 7)
        taken, events = take_page(tx, [indicator(2)], moved, BRISCO, HOW)
        assert (taken.new, len(events)) == (1, 1)
    with place.store.read() as tx:
        assert read_cursor(tx, BRISCO, FEED.id) == moved
        assert read_cursor(tx, CAIRN, FEED.id) == Cursor()


def test_an_empty_page_moves_the_cursor_and_leaves_no_event(place: Place) -> None:
    moved = Cursor("2026-01-31T12:00:00.000001Z")
    with place.store.write() as tx:
        assert take_page(tx, [], moved, BRISCO, HOW)[1] == []
        assert read_cursor(tx, BRISCO, FEED.id) == moved


def test_a_page_that_is_not_kept_moves_no_cursor(place: Place) -> None:
    def break_off() -> None:
        with place.store.write() as tx:
            take_page(tx, [indicator()], Cursor("later"), BRISCO, HOW)
            raise BusyError("made up")

    with pytest.raises(BusyError):
        break_off()
    with place.store.read() as tx:
        assert read_cursor(tx, BRISCO, FEED.id) == Cursor()
        assert not tx.facts(indicator().id)


def test_a_page_again_changes_nothing(place: Place) -> None:
    page = [indicator(n) for n in range(3)]
    for expected in ((3, 0), (0, 3)):
        with place.store.write() as tx:
            taken, _ = take_page(tx, page, Cursor("t"), BRISCO, HOW)
        assert (taken.new, taken.known) == expected
    assert len(place.entries()) == 4


# ------------------------------------------------------------------------------------------ cards


def member(member_id: str, key: str = "a") -> Member:
    return Member(
        id=member_id,
        name=f"Member {member_id[0]}",
        country="XX",
        kind=MemberKind.STATE,
        keys={"label": key},
        issued="2026-01-31T12:00:00.000000Z",
    )


def test_members_seen_through_a_peer_are_pinned_and_not_vouched_for(place: Place) -> None:
    with place.store.write() as tx:
        problems, events = take_cards(tx, [checked(card_bytes(member(DELL)))], BRISCO)
        assert (problems, [event.subject for event in events]) == ([], [DELL])
        assert tx.peers() == [Peer(member=member(DELL), known=False)]
        assert take_cards(tx, [checked(card_bytes(member(DELL)))], CAIRN) == ([], [])


@pytest.mark.parametrize("known", [True, False])
def test_no_card_changes_an_entry_or_a_pinned_key(place: Place, known: bool) -> None:
    with place.store.write() as tx:
        tx.put_peer(Peer(member=member(DELL), known=known))
        assert take_cards(tx, [checked(card_bytes(member(DELL, "other")))], BRISCO) == ([], [])
        assert tx.peers() == [Peer(member=member(DELL), known=known)]


def test_a_broken_card_is_named_and_keeps_no_other_out(place: Place) -> None:
    whole = checked(card_bytes(member(DELL)))
    extensions = {CARD_EXTENSION: {"extension_type": "property-extension", "kind": "planet"}}
    broken = changed(checked(card_bytes(member(CAIRN))), extensions=extensions)
    with place.store.write() as tx:
        problems, _ = take_cards(tx, [broken, indicator(), whole], BRISCO)
        assert [(one.code, one.object) for one in problems] == [("bad-card", broken.id)]
        assert [peer.member.id for peer in tx.peers()] == [DELL]
