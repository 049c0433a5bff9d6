"""Indicators made here from the rows of a list: the same row is the same object for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.share.builders import (
    ARDEN,
    GREEN,
    NOW,
    JsonObject,
    Place,
    circumstances,
    everything,
    is_label,
    own,
)

from comity.handling import DataClass, Handling
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import CYBER, PERSONAL, Kind
from comity.model.marking import TLP2_IDS, Tlp
from comity.model.time import Micros, parse_time
from comity.share.arrivals import data_class_of
from comity.share.circumstances import Taken, Unread
from comity.share.signals import take_rows, terms_for
from comity.wire.lists import Row
from comity.wire.problem import Problem


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def row(number: int = 1, kind: Kind = Kind.DOMAIN, **more: object) -> Row:
    value = f"host-{number}.example" if kind is Kind.DOMAIN else "0f" * 32
    fields = {"kind": kind, "value": value, "source": "list.csv", "row": number, "line": number + 1}
    return Row(**(fields | more))  # type: ignore[arg-type]


def share(place: Place, rows: list[Row | Unread], *, later: int = 0, **more: object) -> Taken:
    fields: JsonObject = {"options": GREEN, "now": Micros(NOW + later), **more}
    with place.store.write() as tx:
        taken, _ = take_rows(tx, rows, circumstances(**fields))
    return taken


def made(place: Place) -> list[JsonObject]:
    with place.store.read() as tx:
        rows = [row for row in everything(tx) if row.id.startswith("indicator--")]
    return [msgspec.json.decode(row.slice) for row in rows]


def test_a_row_becomes_an_indicator_of_ours_that_carries_its_terms(place: Place) -> None:
    taken = share(place, [row()], options=Handling(tlp=Tlp.GREEN, orcon=True))
    (one,) = made(place)
    terms = own(Handling(tlp=Tlp.GREEN, orcon=True), ARDEN)
    assert (taken.new, taken.problems) == (1, [])
    assert one["created_by_ref"] == f"identity--{ARDEN}"
    assert one["object_marking_refs"] == [TLP2_IDS[Tlp.GREEN], terms.id]
    assert one["extensions"][SIGNAL_EXTENSION]["value"] == "host-1.example"
    assert taken.handlings == {terms: 1}
    with place.store.read() as tx:
        order = [row.id for row in everything(tx)]
    assert order == [terms.id, one["id"]]
    assert not any(map(is_label, order))


def test_the_same_rows_again_change_nothing(place: Place) -> None:
    rows: list[Row | Unread] = [row(n) for n in range(20)]
    share(place, rows)
    before, entries = made(place), place.entries()
    again = share(place, rows, later=9_000_000)
    assert (again.new, again.known, again.conflicts) == (0, 20, 0)
    assert (made(place), place.entries()) == (before, entries)


def test_a_row_that_stands_twice_is_one_object(place: Place) -> None:
    taken = share(place, [row(1), row(1, line=9)])
    assert (taken.new, taken.known) == (1, 1)


def test_a_row_with_another_date_is_a_new_version(place: Place) -> None:
    share(place, [row(expires_at=Micros(NOW + 10_000_000))])
    taken = share(place, [row(expires_at=Micros(NOW + 20_000_000))], later=1_000)
    assert taken.new == 1
    first, second = made(place)
    assert first["id"] == second["id"]
    assert first["created"] == second["created"] == second["valid_from"]
    assert parse_time(second["modified"]) == NOW + 1_000


def test_versions_made_in_the_same_instant_are_two(place: Place) -> None:
    share(place, [row(quality=None)])
    taken = share(place, [row(review_at=Micros(NOW + 10_000_000))])
    assert (taken.new, taken.conflicts) == (1, 0)
    assert len({one["modified"] for one in made(place)}) == 2


def test_tighter_options_tighten_the_object_that_is_held_and_looser_ones_do_not(
    place: Place,
) -> None:
    """As for any object: no version under the old terms stays open beside it."""
    share(place, [row()])
    taken = share(place, [row()], later=5_000_000, options=Handling(tlp=Tlp.AMBER))
    assert (taken.new, taken.known) == (0, 1)
    (one,) = made(place)
    with place.store.read() as tx:
        ((_, _, held, _),) = tx.facts(one["id"])
    assert held.handling.tlp is Tlp.AMBER
    before = place.entries()
    looser = share(place, [row()], later=9_000_000, options=Handling(tlp=Tlp.CLEAR))
    assert [problem.code for problem in looser.problems] == ["not-loosened"]
    assert place.entries() == before


@pytest.mark.parametrize(
    ("of_row", "asked", "expected"),
    [(None, None, None), (5, None, 5), (None, 7, 7), (5, 7, 5), (7, 5, 5)],
)
def test_the_earlier_expiry_holds(
    place: Place, of_row: int | None, asked: int | None, expected: int | None
) -> None:
    ends = None if of_row is None else Micros(NOW + of_row)
    share(
        place,
        [row(expires_at=ends)],
        expires_at=None if asked is None else Micros(NOW + asked),
    )
    (one,) = made(place)
    with place.store.read() as tx:
        ((_, _, _, facts),) = tx.facts(one["id"])
    assert facts.expires_at == (None if expected is None else NOW + expected)


def test_as_many_dates_as_rows_are_one_handling(place: Place) -> None:
    share(place, [row(n, expires_at=Micros(NOW + 10 + n)) for n in range(300)])
    with place.store.read() as tx:
        assert len(tx.handlings()) == 1


def test_a_bad_row_is_refused_in_its_place(place: Place) -> None:
    bad = Unread(Problem(code="bad-value", message="x", where="list.csv: row 2"), is_object=True)
    taken = share(place, [row(1), bad, row(3)])
    assert (taken.new, taken.refused) == (2, 1)
    assert [problem.where for problem in taken.problems] == ["list.csv: row 2"]


def test_what_the_rules_refuse_is_refused_by_row(place: Place) -> None:
    """TLP:GREEN without a community is for technical indicators alone."""
    taken = share(place, [row(1), row(2, Kind.PDQ)])
    assert (taken.new, taken.refused) == (1, 1)
    (problem,) = taken.problems
    assert problem.code == "green-needs-community"
    assert problem.where.startswith("list.csv")
    assert "0f0f" not in problem.message


def test_without_options_the_strict_default_stands_in_the_bytes(place: Place) -> None:
    share(place, [row()], options=None)
    (one,) = made(place)
    assert one["object_marking_refs"][0] == TLP2_IDS[Tlp.AMBER_STRICT]
    assert terms_for(Kind.DOMAIN, circumstances()).tlp is Tlp.AMBER_STRICT


@pytest.mark.parametrize("kind", list(Kind))
def test_each_kind_is_of_one_class(kind: Kind) -> None:
    expected = (
        DataClass.PERSONAL
        if kind in PERSONAL
        else DataClass.CYBER
        if kind in CYBER
        else DataClass.OTHER
    )
    assert data_class_of(kind) is expected
    assert data_class_of(None) is DataClass.CYBER
    assert data_class_of(None, individual=True) is DataClass.PERSONAL
