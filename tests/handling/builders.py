"""A small world of made-up members for the tests of the gates, and strategies over it.

Arden and Brisco are states, Cairn a company, Dell a registered client of Brisco, Eden a state in
no community, Falk a member of which only the card was seen, Grove an advisory council.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, Final, TypeVar

import msgspec
from hypothesis import strategies as st

from comity.handling import Act, DataClass, Facts, Handling, Policy, Reader, Standing
from comity.model.marking import Code, Pap, Tlp
from comity.model.member import Agreement, MemberKind
from comity.model.purpose import Purpose
from comity.model.time import Micros

T = TypeVar("T")

NOW: Final = Micros(1_790_000_000_000_000)
SPYWARE: Final = "spyware"
PORTS: Final = "ports"

MEMBERS: Final = {
    "arden": Standing(kind=MemberKind.STATE, communities=frozenset({SPYWARE, PORTS})),
    "brisco": Standing(kind=MemberKind.STATE, communities=frozenset({SPYWARE})),
    "cairn": Standing(kind=MemberKind.COMPANY, communities=frozenset({SPYWARE})),
    "dell": Standing(kind=MemberKind.STATE, client_of="brisco"),
    "eden": Standing(kind=MemberKind.STATE),
    "falk": Standing(kind=MemberKind.STATE, known=False),
    "grove": Standing(kind=MemberKind.CIVIL, communities=frozenset({SPYWARE})),
}

PACT: Final = Agreement(
    id="pact",
    name="Pact of Arden, Brisco and Grove",
    legal_basis="Treaty of 2025, article 7",
    parties=("arden", "brisco", "grove"),
    purposes=(Purpose.DETECTION, Purpose.INVESTIGATION),
    themes=("*",),
    retention_days=365,
)


def node(self_id: str, *, agreements: tuple[Agreement, ...] = (PACT,)) -> Policy:
    """What one member's node knows: the same of all members, unless a test changes it."""
    return Policy(self_id=self_id, members=MEMBERS, agreements=agreements)


def changed(policy: Policy, member: str, standing: Standing) -> Policy:
    """The same snapshot with another entry for one member."""
    members = {**policy.members, member: standing}
    return msgspec.structs.replace(policy, members=members)


# ------------------------------------------------------------------------------- strategies

PURPOSES: Final = (Purpose.DETECTION, Purpose.INVESTIGATION, Purpose.NETWORK_DEFENCE)
PERSONS: Final = ("ann", "bob")
CASES: Final = ("case-1", "case-2")
AGREEMENTS: Final = (PACT, msgspec.structs.replace(PACT, id="annex", parties=("arden", "cairn")))


def subsets(items: Iterable[T]) -> st.SearchStrategy[frozenset[T]]:
    """Every subset of a few items, small and large ones alike."""
    return st.frozensets(st.sampled_from(sorted(items, key=str)), max_size=4)


def limits(items: Iterable[T]) -> st.SearchStrategy[frozenset[T] | None]:
    """A limiting field: no limit, nobody, or some."""
    return st.none() | subsets(items)


TERMS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "originators": subsets(("arden", "brisco", "cairn")),
    "recipients": limits(MEMBERS),
    "persons": limits(PERSONS),
    "communities": limits((SPYWARE, PORTS)),
    "orcon": st.booleans(),
    "purposes": limits(PURPOSES),
    "agreements": limits(("pact", "annex")),
    "legal_bases": subsets(("treaty", "statute")),
    "pap": st.none() | st.sampled_from(Pap),
    "codes": subsets(Code),
    "notices": subsets(("notice",)),
    "retention_days": st.none() | st.integers(0, 1_000_000),
    "caveats": subsets(("Copyright 2026", "Not for publication")),
    "unread": subsets(("marking-definition--1",)),
}


def handlings(tlps: Iterable[Tlp] = tuple(Tlp)) -> st.SearchStrategy[Handling]:
    """Any handling at all over the small world."""
    return st.builds(Handling, tlp=st.sampled_from(sorted(tlps)), **TERMS)


def sparse_handlings() -> st.SearchStrategy[Handling]:
    """Handlings as people make them: a label and a term or two, so that objects get somewhere."""
    term = st.one_of([st.tuples(st.just(name), value) for name, value in TERMS.items()])
    return st.builds(
        lambda tlp, terms: Handling(tlp=tlp, **dict(terms)),
        st.sampled_from(Tlp),
        st.lists(term, max_size=2),
    )


def said_in_full(handling: Handling, data_class: DataClass) -> bool:
    """Whether its audience is written down, as that of every handling that was admitted is.

    It names an originator; RED names persons, AMBER members, GREEN a community unless the
    object is technical. Before that, a handling is half a sentence, which lets nobody in.
    """
    if not handling.originators:
        return False
    if handling.tlp is Tlp.RED:
        return handling.persons is not None
    if handling.tlp is Tlp.GREEN:
        return handling.communities is not None or data_class is DataClass.CYBER
    return handling.tlp is Tlp.CLEAR or handling.recipients is not None


def complete(handling: Handling, data_class: DataClass) -> Handling:
    """The same with its audience written down: Arden's, and for nobody where nobody is named."""
    said = handling
    if not said.originators:
        said = msgspec.structs.replace(said, originators=frozenset({"arden"}))
    for field in ("persons", "recipients", "communities"):
        if not said_in_full(said, data_class) and getattr(said, field) is None:
            said = msgspec.structs.replace(said, **{field: frozenset()})
    return said


def full_handlings(data_class: DataClass) -> st.SearchStrategy[Handling]:
    """Handlings whose audience is written down."""
    return handlings().map(lambda one: complete(one, data_class))


def standings() -> st.SearchStrategy[Standing]:
    """How a member may stand to a node."""
    return st.builds(
        Standing,
        kind=st.sampled_from(MemberKind),
        communities=subsets((SPYWARE, PORTS)),
        client_of=st.none() | st.sampled_from(sorted(MEMBERS)),
        known=st.booleans(),
    )


def policies() -> st.SearchStrategy[Policy]:
    """What some node may know: any entries, its own member's among them or not."""
    return st.builds(
        Policy,
        self_id=st.sampled_from(("arden", "brisco", "cairn")),
        members=st.dictionaries(st.sampled_from(sorted(MEMBERS)), standings()),
        agreements=subsets(AGREEMENTS).map(tuple),
    )


def all_facts() -> st.SearchStrategy[Facts]:
    """What may stand beside an object."""
    return st.builds(
        Facts,
        data_class=st.sampled_from(DataClass),
        expires_at=st.none() | st.sampled_from((NOW, Micros(NOW + 1), Micros(NOW - 1))),
        review_at=st.none() | st.sampled_from((NOW, Micros(NOW + 1))),
        case_id=st.none() | st.sampled_from(CASES),
    )


def readers() -> st.SearchStrategy[Reader]:
    """Anybody: members' programs and persons, clients, strangers, the public."""
    return st.builds(
        Reader,
        member_id=st.none() | st.sampled_from((*sorted(MEMBERS), "stranger")),
        name=st.none() | st.sampled_from(PERSONS),
        program=st.booleans(),
        cases=subsets(CASES),
        purposes=st.none() | subsets(PURPOSES).map(lambda some: tuple(sorted(some))),
    )


def every_reader() -> Iterator[Reader]:
    """Each member and the public, as a program and as each person."""
    for member in (*MEMBERS, "stranger", None):
        yield Reader(member_id=member)
        for person in PERSONS:
            yield Reader(member_id=member, name=person, program=False)


def every_question() -> Iterator[tuple[Reader, Act, Purpose | None]]:
    """Each reader with each act and each of a few purposes."""
    return product(every_reader(), Act, (None, *PURPOSES))
