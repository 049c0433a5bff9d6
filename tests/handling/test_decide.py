"""The rules of handling as a table: under which terms who may do what, and which rule refuses.

Read a row from left to right: the terms an object is under, what is special about the object,
whose node is asked, who asks, what for, and the answer: `yes` with the rule that opened the way,
or the rules that refuse. Arden originated everything unless a row says otherwise; `to` is the
list of recipients, which both AMBERs always have, since it is written down at the share.

Arden and Brisco are states, Cairn a company, all three in the community `spyware`; Dell is a
registered client of Brisco; Eden a state in no community; of Falk only a card was seen through
a peer; Grove is an advisory council. An agreement joins Arden, Brisco and Grove for detection
and investigation. `public` is anybody without sign-in.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from tests.handling.builders import (
    NOW,
    SPYWARE,
    all_facts,
    changed,
    every_question,
    handlings,
    node,
    policies,
    readers,
)

from comity.handling import (
    Act,
    DataClass,
    Decision,
    Facts,
    Handling,
    Policy,
    Reader,
    decide,
    disclose,
)
from comity.handling.rules import RULES
from comity.model.marking import Code, Pap, Tlp
from comity.model.purpose import Purpose
from comity.model.time import Micros

TABLE = """
# TLP:RED: the persons named, signed in themselves, at the originator's node. Nothing else.
red persons=ann               |          | arden  | arden ann   | read     | yes tlp-red
red persons=ann               |          | arden  | arden bob   | read     | tlp-red
red persons=ann               |          | arden  | arden       | read     | tlp-red
red persons=ann               |          | arden  | brisco ann  | read     | yes tlp-red
red persons=ann               |          | arden  | brisco bob  | read     | tlp-red
red persons=ann               |          | arden  | brisco      | read     | tlp-red
red persons=ann               |          | arden  | falk ann    | read     | known-member
red persons=ann               |          | arden  | public      | read     | known-member tlp-red
red persons=ann               |          | brisco | brisco ann  | read     | tlp-red
red persons=ann               |          | brisco | arden ann   | read     | tlp-red
red persons=ann               |          | arden  | arden ann   | forward  | tlp-red
red persons=ann               |          | arden  | arden ann   | act      | yes tlp-red
red persons=                  |          | arden  | arden ann   | read     | tlp-red
red                           |          | arden  | arden ann   | read     | tlp-red
red persons=ann of=arden,brisco |        | arden  | arden ann   | read     | tlp-red
red persons=ann to=cairn      |          | arden  | brisco ann  | read     | release-list
red persons=ann to=cairn      |          | arden  | cairn ann   | read     | yes tlp-red

# TLP:AMBER+STRICT: the organisations it was shared with, no clients, no further.
strict to=arden,brisco        |          | arden  | brisco      | read     | yes tlp-amber-strict
strict to=arden,brisco        |          | arden  | brisco ann  | read     | yes tlp-amber-strict
strict to=arden,brisco        |          | arden  | dell        | read     | release-list tlp-amber-strict
strict to=arden,brisco        |          | arden  | cairn       | read     | release-list tlp-amber-strict
strict to=arden,brisco        |          | arden  | public      | read     | known-member release-list tlp-amber-strict
strict to=arden,brisco        |          | arden  | arden       | read     | yes originator
strict to=arden,brisco        |          | brisco | brisco      | read     | yes tlp-amber-strict
strict to=arden,brisco        |          | brisco | arden       | read     | yes originator
strict to=arden,brisco        |          | brisco | dell        | read     | release-list tlp-amber-strict
strict to=arden,brisco        |          | arden  | brisco      | forward  | release-list tlp-amber-strict
strict to=arden,brisco        |          | arden  | arden       | forward  | yes originator
strict to=arden,brisco        |          | arden  | brisco      | act      | yes tlp-amber-strict
strict to=arden,brisco        |          | arden  | brisco      | evidence | yes tlp-amber-strict
strict to=brisco              |          | arden  | arden       | read     | yes originator
strict to=arden,falk          |          | arden  | falk        | read     | known-member
strict to=arden,brisco        |          | cairn  | cairn       | read     | release-list
strict to=arden,brisco,cairn  |          | brisco | cairn       | read     | yes tlp-amber-strict
strict                        |          | arden  | brisco      | read     | tlp-amber-strict

# TLP:AMBER: the same, and the registered clients of those organisations.
amber to=arden,brisco         |          | arden  | brisco      | read     | yes tlp-amber
amber to=arden,brisco         |          | arden  | dell        | read     | yes tlp-amber
amber to=arden,brisco         |          | brisco | dell        | read     | yes tlp-amber
amber to=arden,cairn          |          | arden  | dell        | read     | release-list tlp-amber
amber to=arden,brisco         |          | arden  | eden        | read     | release-list tlp-amber
amber to=arden,brisco         |          | arden  | public      | read     | known-member release-list tlp-amber
amber to=arden,brisco         |          | arden  | brisco      | forward  | release-list tlp-amber
amber to=arden,brisco         |          | arden  | dell        | forward  | release-list tlp-amber
amber to=                     |          | arden  | brisco      | read     | release-list tlp-amber
amber to=                     |          | arden  | arden       | read     | yes originator
amber                         |          | arden  | brisco      | read     | tlp-amber
amber                         |          | arden  | dell        | read     | tlp-amber
amber to=brisco in=ports      |          | arden  | brisco      | read     | community

# TLP:GREEN: the members of the community named, as this node's own entries have them.
green in=spyware              |          | arden  | brisco      | read     | yes tlp-green
green in=spyware              |          | arden  | cairn       | read     | yes tlp-green
green in=spyware              |          | arden  | eden        | read     | tlp-green
green in=spyware              |          | arden  | dell        | read     | tlp-green
green in=spyware              |          | arden  | falk        | read     | known-member tlp-green
green in=spyware              |          | arden  | public      | read     | known-member tlp-green
green in=spyware              |          | eden   | eden        | read     | yes tlp-green
green in=spyware              |          | brisco | cairn       | read     | yes tlp-green
green in=ports                |          | arden  | brisco      | read     | tlp-green
green in=                     |          | arden  | brisco      | read     | tlp-green
green in=spyware              |          | arden  | brisco      | forward  | yes tlp-green
# ... none named: technical objects to all members known, others to nobody outside.
green                         | cyber    | arden  | eden        | read     | yes tlp-green
green                         | cyber    | arden  | dell        | read     | yes tlp-green
green                         | cyber    | arden  | falk        | read     | known-member
green                         | cyber    | arden  | public      | read     | known-member
green                         | other    | arden  | eden        | read     | tlp-green
green in=spyware              | other    | arden  | brisco      | read     | yes tlp-green

# TLP:CLEAR: the world.
clear                         |          | arden  | public      | read     | yes tlp-clear
clear                         |          | arden  | falk        | read     | yes tlp-clear
clear                         |          | arden  | stranger    | forward  | yes tlp-clear
clear                         |          | arden  | public      | act      | yes tlp-clear
clear                         | personal | arden  | public      | read     | yes tlp-clear

# A release list narrows, never widens.
clear to=brisco               |          | arden  | brisco      | read     | yes tlp-clear
clear to=brisco               |          | arden  | dell        | read     | yes tlp-clear
clear to=brisco               |          | arden  | cairn       | read     | release-list
clear to=brisco               |          | arden  | public      | read     | release-list
clear to=brisco               |          | arden  | brisco      | forward  | release-list
green in=spyware to=brisco    |          | arden  | brisco      | read     | yes tlp-green
green in=spyware to=brisco    |          | arden  | cairn       | read     | release-list
green in=spyware to=brisco    |          | arden  | dell        | read     | tlp-green
green in=spyware to=eden      |          | arden  | eden        | read     | tlp-green
clear in=spyware              |          | arden  | eden        | read     | community
clear in=spyware              |          | arden  | public      | read     | community
clear in=spyware              |          | arden  | brisco      | read     | yes tlp-clear

# Originator control survives every hop: the originator serves, nobody else does.
amber to=arden,brisco orcon   |          | arden  | brisco      | read     | yes tlp-amber
amber to=arden,brisco orcon   |          | brisco | brisco      | read     | yes tlp-amber
amber to=arden,brisco,cairn orcon |      | brisco | cairn       | read     | originator-control
amber to=arden,brisco         |          | brisco | arden       | read     | yes originator
amber to=arden,brisco orcon   |          | brisco | arden       | read     | yes originator
clear orcon                   |          | arden  | public      | read     | yes tlp-clear
clear orcon                   |          | brisco | public      | read     | originator-control
clear orcon                   |          | arden  | brisco      | forward  | originator-control
clear orcon                   |          | arden  | arden       | forward  | yes originator
# ... of two originators neither may hand on what is the other's as well.
clear orcon of=arden,brisco   |          | arden  | cairn       | read     | originator-control
clear orcon of=arden,brisco   |          | arden  | brisco      | read     | originator-control
strict to=cairn of=arden,brisco |        | cairn  | arden       | read     | release-list tlp-amber-strict

# Expiry: at that instant its time is over, for its originator too.
clear                         | expired  | arden  | public      | read     | expiry
clear                         | expired  | arden  | arden       | read     | expiry
clear                         | expires-now | arden | public    | read     | expiry
clear                         | expires-next | arden | public   | read     | yes tlp-clear

# Need-to-know: an object of a case is for those who work on it.
green in=spyware              | case-1   | arden  | brisco      | read     | need-to-know
green in=spyware              | case-1   | arden  | brisco case-1 | read   | yes tlp-green
green in=spyware              | case-1   | arden  | brisco case-2 | read   | need-to-know
clear                         | case-1   | arden  | arden       | read     | need-to-know

# Agreements: named in the handling, and the ground for personal data.
green in=spyware under=pact   |          | arden  | brisco      | read     | yes tlp-green
green in=spyware under=pact   |          | arden  | cairn       | read     | agreement-party
green in=spyware under=       |          | arden  | brisco      | read     | agreement-party
clear under=pact              |          | arden  | public      | read     | agreement-party
amber to=arden,brisco         | personal | arden  | brisco      | read     | yes tlp-amber
amber to=arden,cairn          | personal | arden  | cairn       | read     | agreement-personal-data
amber to=arden,brisco         | personal | arden  | brisco      | read for network-defence | agreement-personal-data
amber to=arden,brisco         | personal | arden  | brisco      | read for nothing | agreement-personal-data
amber to=arden,brisco         | personal | arden  | dell        | read     | agreement-personal-data
amber to=arden,brisco         | personal | brisco | brisco      | read     | yes tlp-amber
amber to=arden,brisco         | personal | brisco | arden       | read     | yes originator
amber to=arden,cairn          | other    | arden  | cairn       | read     | yes tlp-amber
amber to=arden,grove          | personal | arden  | grove       | read     | civil-personal-data
amber to=arden,grove          | personal | grove  | grove       | read     | civil-personal-data
amber to=arden,grove of=grove | personal | arden  | grove       | read     | yes originator
clear                         | personal | arden  | grove       | read     | yes tlp-clear

# Purposes: of the handling, and of the reader's credential.
clear for=detection           |          | arden  | brisco      | read     | yes tlp-clear
clear for=detection           |          | arden  | brisco      | read for statistics | purpose
clear for=detection           |          | arden  | brisco      | read for nothing | purpose
clear for=                    |          | arden  | arden       | read     | purpose
clear                         |          | arden  | brisco      | read for nothing | yes tlp-clear
clear                         |          | arden  | brisco holds=statistics | read | credential-purpose
clear                         |          | arden  | brisco holds=detection,statistics | read | yes tlp-clear
clear for=immigration-control |          | arden  | brisco      | read     | purpose

# PAP: what may be done. Matching one's own data is reading; an active step needs GREEN.
clear pap=red                 |          | arden  | brisco      | read     | yes tlp-clear
clear pap=red                 |          | arden  | brisco      | act      | pap
clear pap=amber               |          | arden  | brisco      | act      | pap
clear pap=green               |          | arden  | brisco      | act      | yes tlp-clear
clear pap=clear               |          | arden  | brisco      | act      | yes tlp-clear
clear                         |          | arden  | brisco      | act      | yes tlp-clear
clear pap=red                 |          | arden  | brisco      | evidence | yes tlp-clear

# Europol's codes: H0 crime only, and any code brings it; H1 no court; H2 no passing on.
clear codes=H0                |          | arden  | brisco      | read     | yes tlp-clear
clear codes=H0                |          | arden  | brisco      | read for network-defence | europol-h0
clear codes=H0                |          | arden  | brisco      | read for nothing | europol-h0
clear codes=H1                |          | arden  | brisco      | read for border-control | europol-h0
clear codes=H1                |          | arden  | brisco      | read     | yes tlp-clear
clear codes=H1                |          | arden  | brisco      | evidence | europol-h1
clear codes=H0                |          | arden  | brisco      | evidence | yes tlp-clear
clear codes=H2                |          | arden  | brisco      | read     | yes tlp-clear
clear codes=H2                |          | brisco | cairn       | read     | europol-h2
clear codes=H2                |          | arden  | brisco      | forward  | europol-h2
clear codes=H2                |          | brisco | arden       | read     | yes originator
clear codes=H3                |          | arden  | brisco      | read     | yes tlp-clear
clear codes=H3                |          | arden  | brisco      | read for statistics | europol-h0

# A marking that this node cannot express (an IEP policy): it goes no further.
strict to=arden,brisco unread |          | brisco | brisco      | read     | yes tlp-amber-strict
strict to=arden,brisco unread |          | arden  | brisco      | read     | unread-marking
clear unread                  |          | arden  | public      | read     | unread-marking
clear unread                  |          | brisco | arden       | read     | yes originator
clear unread                  |          | arden  | arden       | forward  | unread-marking

# Several rules may refuse at once, and all of them are named, in the order of the table.
strict to=brisco orcon for=test codes=H1 pap=red | expired | brisco | cairn | act for network-defence | purpose europol-h0 expiry originator-control release-list tlp-amber-strict pap
"""  # noqa: E501  (a table reads across)


class Row(NamedTuple):
    """One row of the table."""

    line: str
    handling: Handling
    facts: Facts
    policy: Policy
    reader: Reader
    act: Act
    purpose: Purpose | None
    answer: str


def names(text: str) -> frozenset[str]:
    return frozenset(text.split(",") if text else ())


def handling_of(text: str) -> Handling:
    label, *words = text.split()
    terms = {word.partition("=")[0]: word.partition("=")[2] for word in words}
    return Handling(
        tlp=Tlp.AMBER_STRICT if label == "strict" else Tlp.parse(label),
        originators=names(terms.get("of", "arden")),
        recipients=names(terms["to"]) if "to" in terms else None,
        persons=names(terms["persons"]) if "persons" in terms else None,
        communities=names(terms["in"]) if "in" in terms else None,
        agreements=names(terms["under"]) if "under" in terms else None,
        purposes=frozenset(map(Purpose, names(terms["for"]))) if "for" in terms else None,
        pap=Pap.parse(terms["pap"]) if "pap" in terms else None,
        codes=frozenset(map(Code, names(terms.get("codes", "")))),
        orcon="orcon" in terms,
        unread=frozenset({"marking-definition--1"} if "unread" in terms else ()),
    )


OBJECTS = {
    "": Facts(),
    "cyber": Facts(data_class=DataClass.CYBER),
    "other": Facts(data_class=DataClass.OTHER),
    "personal": Facts(data_class=DataClass.PERSONAL),
    "expired": Facts(expires_at=Micros(NOW - 1)),
    "expires-now": Facts(expires_at=NOW),
    "expires-next": Facts(expires_at=Micros(NOW + 1)),
    "case-1": Facts(case_id="case-1"),
}


def reader_of(text: str) -> Reader:
    member, *words = text.split()
    reader = Reader(member_id=None if member == "public" else member)
    for word in words:
        if word.startswith("holds="):
            held = tuple(Purpose(one) for one in word.removeprefix("holds=").split(","))
            reader = msgspec.structs.replace(reader, purposes=held)
        elif word.startswith("case-"):
            reader = msgspec.structs.replace(reader, cases=frozenset({word}))
        else:
            reader = msgspec.structs.replace(reader, name=word, program=False)
    return reader


def row_of(line: str) -> Row:
    terms, what, where, who, wants, answer = (cell.strip() for cell in line.split("|"))
    act, _, purpose = wants.partition(" for ")
    asked = None if purpose == "nothing" else Purpose(purpose or "detection")
    return Row(
        line,
        handling_of(terms),
        OBJECTS[what],
        node(where),
        reader_of(who),
        Act(act),
        asked,
        answer,
    )


ROWS = [row_of(line) for line in TABLE.splitlines() if line and not line.startswith("#")]


def ask(row: Row) -> Decision:
    return decide(row.handling, row.facts, row.reader, row.act, row.purpose, NOW, row.policy)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.line.split()))
def test_the_table(row: Row) -> None:
    decision = ask(row)
    rules = " ".join(reason.rule for reason in decision.reasons)
    assert ("yes " if decision.allow else "") + rules == row.answer


def test_every_rule_refuses_in_some_row() -> None:
    refusing = {
        word for row in ROWS if not row.answer.startswith("yes") for word in row.answer.split()
    }
    assert refusing == {rule.id for rule in RULES}


def test_the_rules_stand_in_the_order_of_the_law() -> None:
    order = (
        "agreement-party", "agreement-personal-data", "civil-personal-data",
        "credential-purpose", "purpose", "europol-h0",
        "expiry",
        "originator-control", "unread-marking", "europol-h2",
        "known-member", "release-list", "community",
        "tlp-red", "tlp-amber-strict", "tlp-amber", "tlp-green",
        "need-to-know", "pap", "europol-h1",
    )  # fmt: skip
    assert tuple(rule.id for rule in RULES) == order


def test_every_rule_says_why_whence_and_who_can_lift_it() -> None:
    for rule in RULES:
        assert rule.sentence.endswith(".")
        assert rule.sentence[0].isupper()
        assert rule.source
        assert rule.lifted_by
        assert not rule.would.endswith(".")
    assert len({rule.id for rule in RULES}) == len(RULES)


# ----------------------------------------------------------------------- what changes an answer


def test_who_joins_after_the_share_gets_green_and_clear_but_nothing_older_under_amber() -> None:
    eden = msgspec.structs.replace(node("arden").members["eden"], communities=frozenset({SPYWARE}))
    before, after = node("arden"), changed(node("arden"), "eden", eden)
    reader = Reader(member_id="eden")
    shared = {
        "green in=spyware": (False, True),
        "amber to=arden,brisco,cairn": (False, False),
        "strict to=arden,brisco,cairn": (False, False),
        "clear": (True, True),
    }
    for terms, answers in shared.items():
        found = tuple(
            decide(handling_of(terms), Facts(), reader, Act.READ, None, NOW, policy).allow
            for policy in (before, after)
        )
        assert found == answers, terms


def test_who_leaves_the_community_reads_no_more_of_it() -> None:
    left = msgspec.structs.replace(node("arden").members["brisco"], communities=frozenset())
    policy = changed(node("arden"), "brisco", left)
    reader = Reader(member_id="brisco")
    assert not decide(
        handling_of("green in=spyware"), Facts(), reader, Act.READ, None, NOW, policy
    ).allow


def test_a_client_is_one_by_this_nodes_entry_alone() -> None:
    terms, reader = handling_of("amber to=arden,brisco"), Reader(member_id="dell")
    for standing in (
        msgspec.structs.replace(node("arden").members["dell"], client_of=None),
        msgspec.structs.replace(node("arden").members["dell"], known=False),
    ):
        policy = changed(node("arden"), "dell", standing)
        assert not decide(terms, Facts(), reader, Act.READ, None, NOW, policy).allow


# ---------------------------------------------------------------------------------- properties


@given(handlings(), all_facts(), readers(), policies())
def test_decide_is_total_and_says_why(
    handling: Handling, facts: Facts, reader: Reader, policy: Policy
) -> None:
    for act in Act:
        for purpose in (None, *Purpose):
            decision = decide(handling, facts, reader, act, purpose, NOW, policy)
            assert decision.reasons
            assert decision.allow is not bool(decision.counterfactuals)
            assert decision.allow is bool(decision.obligations)


@given(handlings(), all_facts(), policies())
def test_nobody_unknown_gets_what_is_not_clear(
    handling: Handling, facts: Facts, policy: Policy
) -> None:
    for reader, act, purpose in every_question():
        standing = policy.members.get(reader.member_id or "")
        known = standing is not None and standing.known
        own = handling.originators == frozenset({reader.member_id})
        if (
            handling.tlp > Tlp.CLEAR
            and not known
            and not own
            and reader.member_id != policy.self_id
        ):
            assert not decide(handling, facts, reader, act, purpose, NOW, policy).allow


@given(handlings((Tlp.RED,)), all_facts(), policies())
def test_red_opens_to_named_persons_at_the_originators_node_alone(
    handling: Handling, facts: Facts, policy: Policy
) -> None:
    for reader, act, purpose in every_question():
        if decide(handling, facts, reader, act, purpose, NOW, policy).allow:
            assert not reader.program
            assert reader.name in (handling.persons or ())
            assert handling.originators == frozenset({policy.self_id})
            assert act is not Act.FORWARD


# --------------------------------------------------------------------------------- obligations


def test_obligations_say_what_a_reader_owes() -> None:
    handling = Handling(
        tlp=Tlp.AMBER,
        originators=frozenset({"arden"}),
        recipients=frozenset({"arden", "brisco"}),
        orcon=True,
        purposes=frozenset({Purpose.DETECTION, Purpose.INVESTIGATION}),
        pap=Pap.AMBER,
        codes=frozenset({Code.H1, Code.H3}),
        notices=frozenset({"Acknowledge receipt."}),
        retention_days=30,
        caveats=frozenset({"Copyright 2026"}),
    )
    facts = Facts(review_at=NOW)
    found = decide(
        handling, facts, Reader(member_id="brisco"), Act.READ, Purpose.DETECTION, NOW, node("arden")
    )
    assert found.obligations == (
        "Keep it within your organisation and its clients, to those who need to know.",
        "Ask the originator before you hand it on in any form.",
        "Use it only for: detection, investigation.",
        "PAP:AMBER: passive look-ups at third parties at most.",
        "H0: for preventing and combating crime only.",
        "H1: no use in judicial proceedings without the provider's permission.",
        "H3: further restrictions apply; read and acknowledge their text.",
        "Erase it after 30 days.",
        "Its review is due: ask the originator whether it still stands.",
        "Observe: Acknowledge receipt.",
        "Observe: Copyright 2026",
    )


def test_a_release_list_on_a_weak_label_is_an_obligation() -> None:
    handling = handling_of("clear to=brisco")
    reader = Reader(member_id="brisco")
    found = decide(handling, Facts(), reader, Act.READ, None, NOW, node("arden"))
    assert "Do not pass it beyond the release list." in found.obligations


def test_originator_control_on_a_weak_label_is_not_contradicted() -> None:
    handling = handling_of("clear orcon")
    reader = Reader(member_id="brisco")
    found = decide(handling, Facts(), reader, Act.READ, None, NOW, node("arden"))
    assert found.obligations == (
        "Its label sets no limit on passing it on; copyright still applies.",
        "Ask the originator before you hand it on in any form.",
    )


def test_what_would_change_it_names_all_conditions_together() -> None:
    handling = handling_of("strict to=brisco pap=red")
    reader = Reader(member_id="cairn")
    found = decide(handling, Facts(), reader, Act.ACT, None, NOW, node("arden"))
    assert found.counterfactuals == (
        "It would be allowed if the originator added the organisation to the release list, "
        "and the originator shared it with the reader's organisation, "
        "and the originator stated PAP:GREEN or PAP:CLEAR.",
    )


# ------------------------------------------------------------------ what a reader itself learns


def told(terms: str, who: str, act: Act = Act.READ, at: str = "arden") -> Decision | None:
    handling, reader = handling_of(terms), reader_of(who)
    return disclose(handling, Facts(), reader, act, Purpose.DETECTION, NOW, node(at))


def test_the_owner_and_the_own_people_learn_every_reason_and_what_would_change_it() -> None:
    for who in ("arden", "arden bob"):
        found = told("red persons=ann", who)
        assert found is not None
        assert [reason.rule for reason in found.reasons] == ["tlp-red"]
        assert found.counterfactuals
    at_another_node = told("clear for=test", "arden", at="brisco")
    assert at_another_node is not None
    assert at_another_node.counterfactuals


def test_to_who_may_not_read_it_there_is_no_such_object() -> None:
    assert told("amber to=arden,cairn", "brisco") is None
    assert told("amber to=arden,cairn", "brisco", Act.ACT) is None
    assert told("clear to=cairn", "public") is None
    assert told("red persons=ann", "brisco bob") is None


def test_who_may_read_it_learns_why_an_act_is_refused_but_of_no_list() -> None:
    found = told("amber to=arden,brisco pap=red", "brisco", Act.ACT)
    assert found is not None
    assert [reason.rule for reason in found.reasons] == ["pap"]
    assert found.counterfactuals == ()


def test_who_may_read_it_for_another_purpose_learns_that_the_purpose_is_wrong() -> None:
    handling = handling_of("clear for=test")
    for purposes, learns in (
        ((Purpose.DETECTION, Purpose.TEST), True),
        ((Purpose.DETECTION,), False),
    ):
        reader = Reader(member_id="brisco", purposes=purposes)
        found = disclose(handling, Facts(), reader, Act.READ, Purpose.DETECTION, NOW, node("arden"))
        assert (found is not None) is learns


@given(handlings(), all_facts(), readers(), policies())
def test_disclosing_tells_strangers_nothing_of_what_they_may_not_read(
    handling: Handling, facts: Facts, reader: Reader, policy: Policy
) -> None:
    for act in Act:
        full = decide(handling, facts, reader, act, Purpose.DETECTION, NOW, policy)
        found = disclose(handling, facts, reader, act, Purpose.DETECTION, NOW, policy)
        if found is None:
            assert not full.allow
            held = reader.purposes if reader.purposes is not None else tuple(Purpose)
            for purpose in (None, *held):
                assert not decide(handling, facts, reader, Act.READ, purpose, NOW, policy).allow
        else:
            assert (found.allow, found.reasons) == (full.allow, full.reasons)
