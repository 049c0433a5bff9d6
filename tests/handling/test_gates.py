"""The gates are sealed, the grant agrees with the decisions, and `release` is a second lock."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st
from tests.handling.builders import NOW, PURPOSES, handlings, node, policies, readers

from comity.errors import RefusedError
from comity.handling import (
    Act,
    Admission,
    Admitted,
    Arrival,
    Channel,
    DataClass,
    Facts,
    Grant,
    Handling,
    HandlingRow,
    Page,
    Policy,
    Reader,
    Released,
    Row,
    Terms,
    admit,
    decide,
    grant,
    judge,
    release,
)
from comity.model.marking import Tlp
from comity.model.purpose import Purpose
from comity.model.time import Micros

CLEAR = Handling(tlp=Tlp.CLEAR, originators=frozenset({"arden"}))
AMBER = Handling(
    tlp=Tlp.AMBER, originators=frozenset({"arden"}), recipients=frozenset({"arden", "brisco"})
)
PUBLIC = Reader(member_id=None)
TERMS = Terms(handling=CLEAR, facts=Facts(), needs_label=False, remarks=())
ROWS = [HandlingRow(1, CLEAR, DataClass.CYBER), HandlingRow(2, AMBER, DataClass.CYBER)]


def a_grant(reader: Reader = PUBLIC) -> Grant:
    return grant(reader, None, NOW, node("arden"), ROWS)


def page(*keys: int) -> Page:
    return Page(
        [Row(Micros(n), key, f"indicator--{n}", NOW, "2.1", b"{}") for n, key in enumerate(keys)],
        False,
    )


# --------------------------------------------------------------------------------- the seals


@pytest.mark.parametrize("seal", [None, object(), "handling", True, 0])
def test_nobody_else_makes_a_sealed_value(seal: object) -> None:
    makers: list[Callable[[], object]] = [
        lambda: Admitted(b"{}", TERMS, "arden", seal=seal),  # type: ignore[arg-type]
        lambda: Admission(TERMS, "arden", seal=seal),  # type: ignore[arg-type]
        lambda: Released(page(1), a_grant(), seal=seal),  # type: ignore[arg-type]
        lambda: Grant(
            PUBLIC,
            None,
            NOW,
            frozenset({2}),
            frozenset(),
            seal=seal,  # type: ignore[arg-type]
        ),
    ]
    for make in makers:
        with pytest.raises(TypeError, match="only handling"):
            make()


def test_a_sealed_value_stays_as_it_was_made() -> None:
    let_in = admit(b"{}", Arrival(channel=Channel.OWN, sender="arden"), node("arden"))
    given = a_grant()
    let_out = release(given, page(1))
    for sealed, field in (
        (let_in, "value"),
        (let_in, "terms"),
        (let_in, "sender"),
        (given, "whole"),
        (given, "redacted"),
        (given, "reader"),
        (let_out, "value"),
        (let_out, "grant"),
    ):
        with pytest.raises(AttributeError, match="stays as it is"):
            setattr(sealed, field, "other")
        with pytest.raises(AttributeError):
            sealed.another = 1  # type: ignore[union-attr]


def test_what_leads_from_one_sealed_value_to_another_keeps_its_terms() -> None:
    let_in = admit(b"{}", Arrival(channel=Channel.OWN, sender="arden"), node("arden"))
    beside = let_in.beside("a label")
    assert (beside.value, beside.terms, beside.sender) == ("a label", let_in.terms, "arden")
    marking = let_in.marking()
    assert marking.terms.handling == let_in.terms.handling
    assert marking.terms.facts == Facts()
    assert marking.value.id == let_in.terms.handling.id
    assert json.loads(marking.value.raw)["id"] == marking.value.id
    let_out = release(a_grant(), page(1))
    other = let_out.derive(lambda one: len(one.rows))
    assert other.value == 1
    assert other.grant is let_out.grant


def test_one_judgement_serves_every_object_that_arrives_in_the_same_way() -> None:
    arrival = Arrival(channel=Channel.OWN, sender="arden", options=AMBER, asked_expiry=NOW)
    judged = judge(arrival, node("arden"))
    for value in (b"one", b"other"):
        single = admit(value, arrival, node("arden"))
        let_in = judged.of(value)
        assert (let_in.value, let_in.terms, let_in.sender) == (value, single.terms, "arden")


@pytest.mark.parametrize(
    ("judged", "stated", "expected"),
    [(None, None, None), (None, 5, 5), (5, None, 5), (5, 9, 5), (9, 5, 5)],
)
def test_an_objects_own_dates_shorten_and_never_lengthen(
    judged: Micros | None, stated: Micros | None, expected: Micros | None
) -> None:
    arrival = Arrival(channel=Channel.OWN, sender="arden", asked_expiry=judged, review_at=judged)
    found = judge(arrival, node("arden")).dated(stated, stated)
    assert found.terms.facts == Facts(expires_at=expected, review_at=expected)
    assert found.terms.handling == judge(arrival, node("arden")).terms.handling


def test_a_copy_of_a_sealed_value_is_the_same_value_or_none() -> None:
    let_out = release(a_grant(), page(1))
    assert copy.copy(let_out).value is let_out.value


# ----------------------------------------------------------------------------------- release


def test_release_lets_out_what_the_grant_opens() -> None:
    assert release(a_grant(), page(1, 1)).value == page(1, 1)
    assert release(a_grant(), page()).value.rows == []
    brisco = a_grant(Reader(member_id="brisco"))
    assert release(brisco, page(1, 2)).value == page(1, 2)


@pytest.mark.parametrize("keys", [(2,), (1, 2), (1, 1, 3), (0,)])
def test_release_refuses_a_page_with_anything_outside_the_grant(keys: tuple[int, ...]) -> None:
    with pytest.raises(RefusedError) as refused:
        release(a_grant(), page(*keys))
    assert refused.value.code == "outside-grant"
    # Nothing of the page may show in the refusal.
    assert "indicator" not in str(refused.value.as_dict())


# ------------------------------------------------------------------- the grant and decide agree

rows = st.lists(st.tuples(handlings(), st.sampled_from(DataClass)), max_size=8).map(
    lambda some: [HandlingRow(key, *one) for key, one in enumerate(some)]
)


@settings(max_examples=max(200, settings().max_examples))
@forall(rows, readers(), st.none() | st.sampled_from(PURPOSES), policies(), st.sampled_from(Act))
def test_a_grant_opens_what_decide_allows_with_empty_facts(
    rows: list[HandlingRow], reader: Reader, purpose: Purpose | None, policy: Policy, act: Act
) -> None:
    given = grant(reader, purpose, NOW, policy, rows, act)
    allowed = {
        row.key
        for row in rows
        if decide(
            row.handling, Facts(data_class=row.data_class), reader, act, purpose, NOW, policy
        ).allow
    }
    assert given.readable == allowed
    assert (given.reader, given.purpose, given.now) == (reader, purpose, NOW)


@forall(
    handlings(), st.sampled_from(DataClass), readers(), policies(), st.none() | st.just("case-1")
)
def test_what_stands_beside_an_object_only_narrows_a_grant(
    handling: Handling,
    data_class: DataClass,
    reader: Reader,
    policy: Policy,
    case_id: str | None,
) -> None:
    """The store adds expiry and case to the grant; the two together are what `decide` says."""
    row = HandlingRow(1, handling, data_class)
    opened = bool(grant(reader, None, NOW, policy, [row]).readable)
    for expires_at in (None, NOW, Micros(NOW + 1)):
        facts = Facts(data_class=data_class, expires_at=expires_at, case_id=case_id)
        by_store = (expires_at is None or expires_at > NOW) and (
            case_id is None or case_id in reader.cases
        )
        decision = decide(handling, facts, reader, Act.READ, None, NOW, policy)
        assert decision.allow is (opened and by_store)


def test_a_million_objects_under_one_handling_are_one_decision() -> None:
    row = HandlingRow(7, CLEAR, DataClass.CYBER)
    given = grant(PUBLIC, None, NOW, node("arden"), [row])
    assert given.readable == {7}
    assert msgspec.structs.asdict(PUBLIC) == msgspec.structs.asdict(given.reader)
