"""`admit`: under which terms an arriving object is kept, case by case, and what is refused.

Arden's node is asked. Terms are written as in the table of decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from tests.handling.builders import (
    MEMBERS,
    NOW,
    PACT,
    SPYWARE,
    changed,
    node,
)
from tests.handling.test_decide import handling_of

from comity.errors import RefusedError
from comity.handling import (
    Act,
    Arrival,
    Channel,
    DataClass,
    Facts,
    Handling,
    Label,
    Policy,
    Reader,
    Reading,
    Terms,
    admit,
    decide,
)
from comity.handling.labels import Seal
from comity.model.marking import Code, Pap
from comity.model.member import Agreement, MemberKind
from comity.model.purpose import Purpose
from comity.model.time import Micros

ARDEN = node("arden")
EVERYBODY = frozenset({"arden", "brisco", "cairn", "eden", "grove"})
"""All that Arden knows: not Dell, a client, nor Falk, seen through a peer."""

Labelled = tuple[Label, Handling]


SEAL = Seal(salt="00" * 16, root="00" * 32, index=0, size=1, path=(), signature="00" * 64)


def label(by: str, handling: Handling, **dates: Micros) -> Labelled:
    """A valid label by some member; what it covers is no matter here."""
    made = Label(
        id="x-comity-label--1",
        covers=(),
        handling_id=handling.id,
        labelled_by=by,
        created=NOW,
        seal=SEAL,
    )
    return msgspec.structs.replace(made, **dates), handling


def terms(text: str) -> Handling:
    """Terms as in the table of decisions, here without an originator unless they name one."""
    return handling_of(text if " of=" in text else f"{text} of=")


def tlp(text: str) -> Reading:
    return Reading(id=f"marking-definition--{text}", handling=terms(text))


COPYRIGHT = Reading(id="marking-definition--c", caveats=frozenset({"Copyright 2026"}))
UNREAD = Reading(id="marking-definition--1", handling=terms("strict unread"))


def arrival(channel: Channel, sender: str = "arden", /, **more: object) -> Arrival:
    return msgspec.structs.replace(Arrival(channel=channel, sender=sender), **more)


def own(**more: object) -> Arrival:
    return arrival(Channel.OWN, **more)


def pushed(**more: object) -> Arrival:
    return arrival(Channel.PUSHED, "brisco", **more)


def pulled(**more: object) -> Arrival:
    return arrival(Channel.PULLED, "brisco", **more)


def kept(one: Arrival, policy: Policy = ARDEN) -> Terms:
    return admit(b"{}", one, policy).terms


def all_known(text: str, originator: str = "arden") -> Handling:
    """Terms whose recipients are all that Arden knows."""
    return msgspec.structs.replace(terms(f"{text} of={originator}"), recipients=EVERYBODY)


def agreed(handling: Handling) -> Handling:
    """The default for what a party of the pact brings."""
    return msgspec.structs.replace(
        handling,
        purposes=frozenset(PACT.purposes),
        legal_bases=frozenset({PACT.legal_basis}),
        retention_days=PACT.retention_days,
    )


@dataclass(frozen=True)
class Case:
    """What arrives, and what becomes of it."""

    what: str
    arrival: Arrival
    handling: Handling
    needs_label: bool
    remarks: tuple[str, ...] = ()


DEFAULT = ("default-handling",)
CASES = [
    # ------------------------------------------------- nothing said: strict, and the sender is told
    Case("own, bare", own(), all_known("strict"), True, DEFAULT),
    Case("own, a copyright line is no handling", own(readings=(COPYRIGHT,)),
         msgspec.structs.replace(all_known("strict"), caveats=COPYRIGHT.caveats), True, DEFAULT),
    Case("own, bare, into a community", own(community=SPYWARE),
         terms("strict of=arden to=arden,brisco,cairn,grove"), True, DEFAULT),
    Case("pushed, bare: purposes as agreed", pushed(),
         agreed(all_known("strict", "brisco")), True, DEFAULT),
    Case("pushed, bare, without agreement", arrival(Channel.PUSHED, "cairn"),
         all_known("strict", "cairn"), True, DEFAULT),
    Case("pushed, bare, into a community", pushed(community=SPYWARE),
         agreed(terms("strict of=brisco to=arden,brisco,cairn,grove")), True, DEFAULT),
    Case("pulled, bare: stays here", pulled(),
         agreed(terms("strict of=brisco to=arden")), False, DEFAULT),
    Case("pushed for another: stays here", pushed(author="cairn"),
         agreed(terms("strict of=cairn to=arden")), False, DEFAULT),
    # ----------------------------------------------------------------- a carried label of the TLP
    Case("own, clear", own(readings=(tlp("clear"),)), terms("clear of=arden"), True),
    Case("own, clear, written by us", own(author="arden", readings=(tlp("clear"),)),
         terms("clear of=arden"), False),
    Case("own, green", own(author="arden", readings=(tlp("green"),)),
         terms("green of=arden"), False),
    Case("own, green, into a community", own(readings=(tlp("green"),), community=SPYWARE),
         terms("green in=spyware of=arden"), True),
    Case("own, green, of a community, into another",
         own(readings=(tlp("green in=ports"),), community=SPYWARE),
         terms("green in=ports of=arden"), True),
    Case("own, amber: audience written down", own(readings=(tlp("amber"),)),
         all_known("amber"), True),
    Case("own, amber, into a community", own(readings=(tlp("amber"),), community=SPYWARE),
         terms("amber to=arden,brisco,cairn,grove of=arden"), True),
    Case("own, strict", own(readings=(tlp("strict"),)), all_known("strict"), True),
    Case("own, red: nobody was named", own(readings=(tlp("red"),)),
         terms("red persons= of=arden"), True),
    Case("own, two labels", own(readings=(tlp("green"), tlp("amber"), COPYRIGHT)),
         msgspec.structs.replace(all_known("amber"), caveats=COPYRIGHT.caveats), True),
    Case("own, another's amber is not ours to spread", own(author="brisco",
         readings=(tlp("amber"),)), terms("amber to=arden of=brisco"), True),
    Case("pushed, amber", pushed(readings=(tlp("amber"),)), all_known("amber", "brisco"), True),
    Case("pushed, another's amber", pushed(author="cairn", readings=(tlp("amber"),)),
         terms("amber to=arden of=cairn"), True),
    Case("pushed, green, into a community", pushed(readings=(tlp("green"),), community=SPYWARE),
         terms("green in=spyware of=brisco"), True),
    Case("pulled, amber: for us", pulled(readings=(tlp("amber"),), community=SPYWARE),
         terms("amber to=arden of=brisco"), True),
    Case("pulled, strict: for us, and stays here", pulled(readings=(tlp("strict"),)),
         terms("strict to=arden of=brisco"), False),
    Case("pulled, green", pulled(readings=(tlp("green"),), community=SPYWARE),
         terms("green of=brisco"), True),
    Case("pulled, green, by a known author", pulled(author="cairn", readings=(tlp("green"),)),
         terms("green of=cairn"), False),
    # ------------------------------------------------------------ carried terms, and unread ones
    Case("own, terms of ours carried", own(readings=(tlp("amber to=brisco orcon of=arden"),)),
         terms("amber to=brisco orcon of=arden"), False),
    Case("own, another's terms", own(readings=(tlp("amber to=arden of=cairn"),)),
         terms("amber to=arden of=cairn"), False),
    Case("own, terms and another author", own(author="brisco",
         readings=(tlp("clear of=cairn"),)), terms("clear of=brisco,cairn"), False),
    Case("pulled, a marking we cannot express adds to the default", pulled(readings=(UNREAD,)),
         agreed(terms("strict unread of=brisco to=arden")), False,
         (*DEFAULT, "unread-marking")),
    Case("pulled, unread beside a label", pulled(readings=(UNREAD, tlp("green"))),
         terms("strict unread of=brisco to=arden"), False, ("unread-marking",)),
    # ------------------------------------------------------------------------------ our options
    Case("options set it", own(options=terms("green")), terms("green of=arden"), True),
    Case("options set it, a copyright line notwithstanding",
         own(options=terms("clear"), readings=(COPYRIGHT,)),
         msgspec.structs.replace(terms("clear of=arden"), caveats=COPYRIGHT.caveats), True),
    Case("options: amber for all known", own(options=terms("amber")), all_known("amber"), True),
    Case("options: amber for the community", own(options=terms("amber"), community=SPYWARE),
         terms("amber to=arden,brisco,cairn,grove of=arden"), True),
    Case("options: amber for some", own(options=terms("amber to=brisco"), community=SPYWARE),
         terms("amber to=brisco of=arden"), True),
    Case("options: green for some", own(options=terms("green to=brisco")),
         terms("green to=brisco of=arden"), True),
    Case("options: red for a person", own(options=terms("red persons=ann")),
         terms("red persons=ann of=arden"), True),
    Case("options name the persons of our own red", own(options=terms("red persons=ann"),
         readings=(tlp("red"),)), terms("red persons=ann of=arden"), True),
    Case("options do not name the recipients of another's amber", own(author="brisco",
         options=terms("amber to=eden"), readings=(tlp("amber"),)),
         terms("amber to=arden of=brisco"), True),
    Case("options do not name the recipients of another's label", own(author="brisco",
         options=terms("amber to=eden"), labels=(label("brisco", terms("strict of=brisco")),)),
         terms("strict to=arden of=brisco"), False, ("not-loosened",)),
    Case("options tighten", own(options=terms("amber to=brisco"), readings=(tlp("green"),)),
         terms("amber to=brisco of=arden"), True),
    Case("options never loosen the label", own(options=terms("clear"), readings=(tlp("amber"),)),
         all_known("amber"), True, ("not-loosened",)),
    Case("options never widen a list", own(options=terms("clear to=brisco,cairn"),
         readings=(tlp("clear to=brisco of=arden"),)), terms("clear to=brisco of=arden"), False,
         ("not-loosened",)),
    Case("options never widen purposes", own(options=terms("clear for=test"),
         readings=(tlp("clear for=detection of=arden"),)), terms("clear for= of=arden"), True,
         ("not-loosened",)),
    Case("options never widen actions", own(options=terms("clear pap=clear"),
         readings=(tlp("clear pap=red of=arden"),)), terms("clear pap=red of=arden"), False,
         ("not-loosened",)),
    Case("options without a label leave the default", own(options=terms("clear to=brisco"),
         asks_tlp=False), terms("strict to=brisco of=arden"), True, DEFAULT),
    Case("options without a label: whatever label they hold", own(options=terms("red to=brisco"),
         asks_tlp=False), terms("strict to=brisco of=arden"), True, DEFAULT),
    Case("options without a label tighten", own(options=terms("clear orcon"), asks_tlp=False,
         readings=(tlp("green"),)), terms("green orcon of=arden"), True),
    Case("options for another's object: rights stay with the author",
         own(options=terms("green"), author="brisco"), terms("green of=brisco"), True),
    Case("options for another's object: the list names us too",
         own(options=terms("strict to=cairn"), author="brisco"),
         terms("strict to=arden,cairn of=brisco"), True),
    Case("options for another's amber", own(options=terms("amber"), author="brisco",
         readings=(tlp("amber"),)), terms("amber to=arden of=brisco"), True),
    # ----------------------------------------------------------------------------------- labels
    Case("the bringer's label", pulled(labels=(label("brisco", terms("green of=brisco")),)),
         terms("green of=brisco"), False),
    Case("the originator's label, through another",
         pulled(labels=(label("cairn", terms("green of=cairn")),)), terms("green of=cairn"), False),
    Case("the author's label", pulled(author="cairn",
         labels=(label("cairn", terms("green of=cairn")),)), terms("green of=cairn"), False),
    Case("the bringer's label on its author's object: told again by us", pulled(author="cairn",
         labels=(label("brisco", terms("green of=cairn")),)), terms("green of=cairn"), True),
    Case("our own label, on what we shared", own(labels=(label("arden", terms("green of=arden")),)),
         terms("green of=arden"), False),
    Case("two labels tighten one another", pulled(labels=(
         label("brisco", terms("green of=brisco")),
         label("brisco", terms("amber to=arden,cairn of=brisco")))),
         terms("amber to=arden,cairn of=brisco"), False),
    Case("a stranger's label only tightens: the default stands", pulled(
         labels=(label("cairn", terms("clear orcon of=brisco")),)),
         agreed(terms("strict to=arden orcon of=brisco")), False, DEFAULT),
    Case("a stranger cannot make itself the originator of an author's object", pulled(
         author="cairn", labels=(label("eden", terms("clear of=eden")),)),
         agreed(terms("strict to=arden of=cairn")), False, DEFAULT),
    Case("... nor beside the author's label", pulled(author="cairn", labels=(
         label("cairn", terms("amber to=arden,brisco of=cairn")),
         label("eden", terms("amber to=arden,eden of=eden")))),
         terms("amber to=arden of=cairn"), False),
    Case("a third party cannot say whom another's amber is for", pulled(readings=(tlp("amber"),),
         labels=(label("eden", terms("amber to=arden,eden of=brisco")),)),
         terms("amber to=arden of=brisco"), True),
    Case("... nor open what nobody was named for", pulled(readings=(tlp("amber"),),
         labels=(label("eden", terms("amber to=eden of=brisco")),)),
         terms("amber to= of=brisco"), True),
    Case("... nor two of them together", own(author="arden", labels=(
         label("eden", terms("red of=eden")), label("dell", terms("clear persons=ann of=dell")))),
         msgspec.structs.replace(terms("red persons= of=arden"), recipients=EVERYBODY), True,
         DEFAULT),
    Case("a third party tightens clear to amber for some", pulled(readings=(tlp("clear"),),
         labels=(label("eden", terms("amber to=arden,eden of=brisco")),)),
         terms("amber to=arden,eden of=brisco"), False),
    Case("a label does not loosen what is carried", pulled(readings=(tlp("amber of=cairn"),),
         labels=(label("cairn", terms("clear of=cairn")),)),
         terms("amber to=arden of=cairn"), True),
    # ------------------------------------------------------------------------ held here already
    Case("held, comes again bare", pulled(held=terms("green of=cairn")),
         terms("green of=cairn"), True),
    Case("held, shared again as asked", own(held=terms("green of=arden"), options=terms("green"),
         labels=(label("arden", terms("green of=arden")),)), terms("green of=arden"), False),
    Case("held, asked looser", own(held=terms("amber to=brisco of=arden"), options=terms("clear")),
         terms("amber to=brisco of=arden"), True, ("not-loosened",)),
    Case("held, more recipients asked", own(held=terms("amber to=brisco of=arden"),
         options=terms("amber to=brisco,cairn")), terms("amber to=brisco of=arden"), True,
         ("not-loosened",)),
    Case("held for nobody, a person asked", own(held=terms("red persons= of=arden"),
         options=terms("red persons=ann")), terms("red persons= of=arden"), True,
         ("not-loosened",)),
    Case("held, tightened", own(held=terms("green of=arden"), options=terms("amber to=brisco")),
         terms("amber to=brisco of=arden"), True),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_the_terms_under_which_an_object_is_kept(case: Case) -> None:
    found = kept(case.arrival)
    assert found.handling == case.handling
    assert tuple(code for code, _ in found.remarks) == case.remarks
    assert found.needs_label is case.needs_label
    assert all(sentence for _, sentence in found.remarks)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_taking_it_in_again_changes_nothing(case: Case) -> None:
    """With our label, if one was made, and what is held: the second run is the first."""
    first = kept(case.arrival)
    labels = case.arrival.labels
    if first.needs_label:
        labels = (*labels, label("arden", first.handling))
    again = msgspec.structs.replace(
        case.arrival, labels=labels, held=first.handling, held_facts=first.facts
    )
    second = kept(again)
    assert (second.handling, second.facts) == (first.handling, first.facts)
    assert not second.needs_label or not first.needs_label


# --------------------------------------------------------------------------------- refused

COMPANY = node("cairn")
COUNCIL = node("grove")
PERSONAL = DataClass.PERSONAL
FOR_CAIRN = msgspec.structs.replace(PACT, parties=("cairn", "brisco"))
SECRET = Reading(id="marking-definition--s", classified="SECRET")


@pytest.mark.parametrize(
    ("one", "policy", "code"),
    [
        (own(readings=(SECRET,)), ARDEN, "classified"),
        (own(readings=(tlp("clear"), SECRET), options=terms("clear")), ARDEN, "classified"),
        (pulled(readings=(SECRET,), held=terms("clear of=brisco")), ARDEN, "classified"),
        (pulled(readings=(tlp("red"),)), ARDEN, "red-stays"),
        (pushed(readings=(tlp("red"),)), ARDEN, "red-stays"),
        (pulled(labels=(label("brisco", terms("red persons=ann of=brisco")),)), ARDEN, "red-stays"),
        (own(readings=(tlp("red"),), author="brisco"), ARDEN, "red-stays"),
        (own(options=terms("red persons=ann"), author="brisco"), ARDEN, "red-stays"),
        (own(options=terms("red persons=ann of=arden,brisco")), ARDEN, "red-stays"),
        (pulled(labels=(label("brisco", terms("red persons=ann of=arden,brisco")),)), ARDEN,
         "red-stays"),
        (own(options=terms("green"), data_class=DataClass.OTHER), ARDEN, "green-needs-community"),
        (own(options=terms("green"), data_class=PERSONAL), ARDEN, "green-needs-community"),
        (pulled(readings=(tlp("green"),), data_class=DataClass.OTHER, community=SPYWARE), ARDEN,
         "green-needs-community"),
        (pulled(readings=(tlp("green"),), data_class=DataClass.OTHER,
                labels=(label("eden", terms("green in=spyware of=brisco")),)), ARDEN,
         "green-needs-community"),
        (pulled(data_class=PERSONAL), COMPANY, "personal-data"),
        (arrival(Channel.OWN, "cairn", data_class=PERSONAL), COMPANY, "personal-data"),
        (arrival(Channel.PULLED, "eden", data_class=PERSONAL),
         node("cairn", agreements=(FOR_CAIRN,)), "personal-data"),
        (pulled(data_class=PERSONAL), COUNCIL, "personal-data"),
        (pushed(data_class=PERSONAL), COUNCIL, "personal-data"),
        (own(options=msgspec.structs.replace(terms("clear"), codes=frozenset({Code.H3}))), ARDEN,
         "h3-needs-text"),
    ],
)  # fmt: skip
def test_what_is_refused(one: Arrival, policy: Policy, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        kept(one, policy)
    assert refused.value.code == code
    assert refused.value.advice


@pytest.mark.parametrize(
    ("one", "policy"),
    [
        (own(options=terms("green"), data_class=DataClass.OTHER, community=SPYWARE), ARDEN),
        (own(options=terms("green in=spyware"), data_class=DataClass.OTHER), ARDEN),
        (own(options=terms("green")), ARDEN),
        (own(options=terms("red persons=ann")), ARDEN),
        (own(data_class=PERSONAL), ARDEN),
        (pulled(data_class=PERSONAL), ARDEN),
        (pulled(data_class=PERSONAL), node("cairn", agreements=(FOR_CAIRN,))),
        (arrival(Channel.OWN, "cairn", data_class=PERSONAL),
         node("cairn", agreements=(FOR_CAIRN,))),
        (pulled(data_class=DataClass.OTHER), COMPANY),
        (arrival(Channel.OWN, "grove", data_class=PERSONAL), COUNCIL),
        (own(options=msgspec.structs.replace(terms("clear"), codes=frozenset({Code.H3}),
                                             caveats=frozenset({"Ask before use."}))), ARDEN),
    ],
)  # fmt: skip
def test_what_lies_just_beside_a_refusal_is_kept(one: Arrival, policy: Policy) -> None:
    assert kept(one, policy).handling.originators


# ---------------------------------------------------------------------- dates, review, case


@pytest.mark.parametrize(
    ("stated", "asked", "labelled", "held", "expires", "needs_label"),
    [
        (None, None, None, None, None, False),
        (5, None, None, None, 5, False),
        (None, None, 5, None, 5, False),
        (None, 5, None, None, 5, True),
        (5, 9, None, None, 5, False),
        (9, 5, None, None, 5, True),
        (9, None, 5, None, 5, False),
        (9, None, None, 5, 5, True),
        (5, None, None, 9, 5, False),
        (None, 9, None, 5, 5, True),
    ],
)
def test_of_several_dates_the_earliest_and_a_label_where_nothing_tells_it(
    stated: Micros | None,
    asked: Micros | None,
    labelled: Micros | None,
    held: Micros | None,
    expires: Micros | None,
    needs_label: bool,
) -> None:
    handling = terms("green of=arden")
    dates = {} if labelled is None else {"expires_at": labelled}
    found = kept(
        own(
            labels=(label("arden", handling, **dates),),
            held=handling,
            held_facts=Facts(expires_at=held),
            stated_expiry=stated,
            asked_expiry=asked,
        )
    )
    assert found.facts.expires_at == expires
    assert found.needs_label is needs_label


def test_a_review_date_comes_from_bytes_labels_or_what_is_held() -> None:
    early, late = Micros(5), Micros(9)
    one = own(labels=(label("arden", terms("green of=arden"), review_at=late),), review_at=early)
    assert kept(one).facts.review_at == early
    assert kept(msgspec.structs.replace(one, review_at=None)).facts.review_at == late
    held = msgspec.structs.replace(one, held_facts=Facts(review_at=Micros(1)))
    assert kept(held).facts.review_at == 1


def test_an_object_of_a_case_stays_in_it_when_it_comes_again_without() -> None:
    assert kept(own(case_id="case-1")).facts.case_id == "case-1"
    again = own(held=terms("green of=arden"), held_facts=Facts(case_id="case-1"))
    assert kept(again).facts.case_id == "case-1"
    assert kept(msgspec.structs.replace(again, case_id="case-2")).facts.case_id == "case-1"


def test_a_million_dates_make_one_handling() -> None:
    one = own(options=terms("green"))
    found = {
        kept(msgspec.structs.replace(one, asked_expiry=Micros(NOW + day))).handling.id
        for day in range(1000)
    }
    assert len(found) == 1


# --------------------------------------------------------------------------- default, audience


def test_the_default_takes_purposes_and_the_shortest_retention_of_the_agreements() -> None:
    other = Agreement(
        id="other",
        name="Other",
        legal_basis="Memorandum of 2026",
        parties=("arden", "brisco"),
        purposes=(Purpose.STATISTICS,),
        themes=("*",),
        retention_days=30,
    )
    handling = kept(pulled(), node("arden", agreements=(PACT, other))).handling
    assert handling.purposes == frozenset((*PACT.purposes, Purpose.STATISTICS))
    assert handling.legal_bases == {PACT.legal_basis, "Memorandum of 2026"}
    assert handling.retention_days == 30


def test_who_joins_after_the_share_is_no_recipient_of_it() -> None:
    late = changed(ARDEN, "newcomer", MEMBERS["brisco"])
    for text in ("amber", "strict"):
        for community in (None, SPYWARE):
            handling = kept(own(options=terms(text), community=community)).handling
            reader = Reader(member_id="newcomer")
            assert not decide(handling, Facts(), reader, Act.READ, None, NOW, late).allow
    green = kept(own(options=terms("green"), community=SPYWARE)).handling
    assert decide(green, Facts(), Reader(member_id="newcomer"), Act.READ, None, NOW, late).allow


def test_clients_are_reached_by_amber_alone() -> None:
    for text, reached in (("amber", True), ("strict", False)):
        handling = kept(own(options=terms(text))).handling
        reader = Reader(member_id="dell")
        assert decide(handling, Facts(), reader, Act.READ, None, NOW, ARDEN).allow is reached


# ----------------------------------------------------------------------------------- in full


def test_pap_and_codes_of_options_are_kept() -> None:
    asked = msgspec.structs.replace(
        terms("green"), pap=Pap.AMBER, codes=frozenset({Code.H1}), orcon=True
    )
    handling = kept(own(options=asked)).handling
    assert handling == msgspec.structs.replace(asked, originators=frozenset({"arden"}))


def test_a_company_under_an_agreement_with_somebody_else_keeps_none_from_this_sender() -> None:
    kind = msgspec.structs.replace(MEMBERS["arden"], kind=MemberKind.COMPANY)
    policy = changed(ARDEN, "arden", kind)
    assert kept(pulled(data_class=PERSONAL), policy).handling.originators
    with pytest.raises(RefusedError):
        kept(arrival(Channel.PULLED, "eden", data_class=PERSONAL), policy)
