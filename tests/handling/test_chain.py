"""Chains of nodes in pure handling, without a store: nothing read further on was not allowed here.

A node takes in what the one before released to it, with the markings and labels that travel,
and judges by its own entries. Whether a reader belongs to the audience is asked of a second,
independent reading of the design (`in_audience`), not of the rules under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import msgspec
from hypothesis import given as forall
from hypothesis import settings
from hypothesis import strategies as st
from tests.handling.builders import (
    AGREEMENTS,
    MEMBERS,
    NOW,
    PURPOSES,
    SPYWARE,
    every_reader,
    sparse_handlings,
    standings,
)

from comity.errors import RefusedError
from comity.handling import (
    Act,
    Arrival,
    Channel,
    DataClass,
    Facts,
    Handling,
    HandlingRow,
    Label,
    Page,
    Policy,
    Reader,
    Reading,
    Row,
    Standing,
    Terms,
    admit,
    decide,
    grant,
    join,
    release,
)
from comity.handling.labels import Seal
from comity.model.marking import Code, Tlp
from comity.model.purpose import CRIME, Purpose
from comity.model.time import Micros

A = "arden"
OTHERS = tuple(sorted(set(MEMBERS) - {A}))
SEAL = Seal(salt="", root="", index=0, size=1, path=(), signature="")
MANY = settings(max_examples=max(100, settings().max_examples))


@dataclass
class Thing:
    """One object: its bytes never change, so neither do its markings and its author."""

    readings: tuple[Reading, ...]
    author: str | None
    data_class: DataClass


@dataclass
class Node:
    """A node that holds at most one object, with the labels it knows over it."""

    policy: Policy
    terms: Terms | None = None
    labels: list[tuple[Label, Handling]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.policy.self_id

    def take(self, thing: Thing, arrival: Arrival) -> bool:
        """Take the object in, labelling it where bytes and labels do not tell the terms."""
        known = thing.author in self.policy.members
        arrival = msgspec.structs.replace(
            arrival,
            author=thing.author if known else None,
            readings=thing.readings,
            data_class=thing.data_class,
        )
        try:
            self.terms = admit(b"{}", arrival, self.policy).terms
        except RefusedError:
            return False
        self.labels = list(arrival.labels)
        if self.terms.needs_label:
            self.labels.append(self._label(self.terms))
        return True

    def _label(self, terms: Terms) -> tuple[Label, Handling]:
        made = Label(
            id="x-comity-label--1",
            covers=(),
            handling_id=terms.handling.id,
            labelled_by=self.name,
            created=NOW,
            expires_at=terms.facts.expires_at,
            review_at=terms.facts.review_at,
            seal=SEAL,
        )
        return made, terms.handling

    def gives(self, reader: Reader, purpose: Purpose | None) -> bool:
        """Whether a pull by this reader gets the object: grant, the store's part, release."""
        assert self.terms is not None
        facts = self.terms.facts
        row = HandlingRow(1, self.terms.handling, facts.data_class)
        given = grant(reader, purpose, NOW, self.policy, [row])
        expired = facts.expires_at is not None and facts.expires_at <= NOW
        hidden = facts.case_id is not None and facts.case_id not in reader.cases
        if not given.readable or expired or hidden:
            return False
        page = Page([Row(NOW, 1, "indicator--1", NOW, "2.1", b"{}")], False)
        return bool(release(given, page).value.rows)


def share(policy: Policy, thing: Thing, **more: object) -> Node | None:
    """The originator's node with the object in it, shared by itself."""
    node = Node(policy)
    arrival = msgspec.structs.replace(Arrival(channel=Channel.OWN, sender=policy.self_id), **more)
    return node if node.take(thing, arrival) else None


def pull(source: Node, target: Node, thing: Thing, purpose: Purpose | None) -> bool:
    """One step of a sync: the target's program asks, and takes in what the source released."""
    if not source.gives(Reader(member_id=target.name), purpose):
        return False
    arrival = Arrival(channel=Channel.PULLED, sender=source.name, labels=tuple(source.labels))
    return target.take(thing, arrival)


def chain(start: Node, path: Sequence[Policy], thing: Thing, purpose: Purpose | None) -> list[Node]:
    """The nodes that the object reaches along a path, the first one included."""
    reached = [start]
    for policy in path:
        if policy.self_id in {node.name for node in reached}:
            continue
        target = Node(policy)
        if not pull(reached[-1], target, thing, purpose):
            break
        reached.append(target)
    return reached


# ------------------------------------------------------- who may read, by a second reading


def in_audience(
    said: Handling, facts: Facts, reader: Reader, purpose: Purpose | None, at: Policy
) -> bool:
    """Who may read by what the originator said, taken from the design's table of section 4.

    Written apart from the rules, and wider where in doubt: the node's own people and the sole
    originator are never shut out by their label, only by lists, purposes and time.
    """
    if facts.expires_at is not None and facts.expires_at <= NOW:
        return False
    if said.purposes is not None and purpose not in said.purposes:
        return False
    if said.codes and purpose not in CRIME:
        return False
    if said.originators == {reader.member_id} and said.tlp is not Tlp.RED:
        return True
    home = reader.member_id == at.self_id
    if not home and not _may_go_on(said, facts, reader, at):
        return False
    return _named(said, reader, at, home) and _label_lets(said, facts, reader, at, home)


def _may_go_on(said: Handling, facts: Facts, reader: Reader, at: Policy) -> bool:
    first_hand = said.originators == {at.self_id}
    if said.unread or ((said.orcon or Code.H2 in said.codes) and not first_hand):
        return False
    if facts.data_class is not DataClass.PERSONAL or said.tlp is Tlp.CLEAR:
        return True
    return any(one.joins(at.self_id, reader.member_id or "") for one in at.agreements)


def _entry(reader: Reader, at: Policy) -> Standing | None:
    entry = at.members.get(reader.member_id or "")
    return entry if entry is not None and entry.known else None


def _named(said: Handling, reader: Reader, at: Policy, home: bool) -> bool:
    entry = _entry(reader, at)
    patron = entry.client_of if entry is not None and said.tlp <= Tlp.AMBER else None
    communities = entry.communities if entry is not None else frozenset()
    listed = said.recipients is None or not said.recipients.isdisjoint({reader.member_id, patron})
    return listed and (home or said.communities is None or bool(communities & said.communities))


def _label_lets(said: Handling, facts: Facts, reader: Reader, at: Policy, home: bool) -> bool:
    known = home or _entry(reader, at) is not None
    match said.tlp:
        case Tlp.RED:
            person = not reader.program and reader.name in (said.persons or ())
            return person and said.originators == {at.self_id}
        case Tlp.AMBER_STRICT | Tlp.AMBER:
            return known
        case Tlp.GREEN:
            technical = facts.data_class is DataClass.CYBER
            return home or (known and (said.communities is not None or technical))
        case Tlp.CLEAR:
            return True


# ------------------------------------------------------------------------------ strategies

COPYRIGHT = Reading(id="marking-definition--c", caveats=frozenset({"Copyright 2026"}))


def marked(handling: Handling) -> Reading:
    return Reading(id=handling.id, handling=handling)


plain_tlp = st.sampled_from(Tlp).map(lambda tlp: marked(Handling(tlp=tlp)))
our_terms = sparse_handlings().map(marked)
things = st.builds(
    Thing,
    readings=st.lists(st.just(COPYRIGHT) | plain_tlp | our_terms, max_size=1).map(tuple),
    author=st.none() | st.sampled_from((A, "brisco", "falk")),
    data_class=st.sampled_from(DataClass),
)


KNOWN = dict.fromkeys(MEMBERS, MEMBERS["brisco"])
entries = st.dictionaries(st.sampled_from(sorted(MEMBERS)), standings(), max_size=2)
policies = st.builds(
    # Most members are known everywhere; of one or two each node has entries of its own.
    lambda name, own, agreements: Policy(
        self_id=name, members={**KNOWN, **own}, agreements=agreements
    ),
    st.sampled_from(OTHERS),
    entries,
    st.sampled_from(((), AGREEMENTS)),
)
paths = st.lists(policies, min_size=1, max_size=4)
at_arden = policies.map(lambda policy: msgspec.structs.replace(policy, self_id=A))
wishes = sparse_handlings() | st.none()
purposes = st.sampled_from((Purpose.DETECTION, Purpose.INVESTIGATION))


# ------------------------------------------------------------------------------- properties


@MANY
@forall(things, at_arden, wishes, st.none() | st.just(SPYWARE), paths, purposes)
def test_no_chain_of_nodes_widens_the_audience(
    thing: Thing,
    policy: Policy,
    options: Handling | None,
    community: str | None,
    path: Sequence[Policy],
    purpose: Purpose | None,
) -> None:
    start = share(policy, thing, options=options, community=community)
    if start is None or start.terms is None:
        return
    said, facts = start.terms.handling, start.terms.facts
    for node in chain(start, path, thing, purpose):
        if node is not start and said.originators == {node.name}:
            return  # Its own information came home, where its own terms hold again.
        assert node.terms is not None
        here, beside = node.terms.handling, node.terms.facts
        for reader, wanted in product(every_reader(), (None, *PURPOSES)):
            if decide(here, beside, reader, Act.READ, wanted, NOW, node.policy).allow:
                assert in_audience(said, facts, reader, wanted, node.policy), (node.name, reader)


@MANY
@forall(things, at_arden, wishes, st.none() | st.just(SPYWARE), paths, purposes)
def test_terms_only_get_stricter_along_a_chain(
    thing: Thing,
    policy: Policy,
    options: Handling | None,
    community: str | None,
    path: Sequence[Policy],
    purpose: Purpose | None,
) -> None:
    start = share(policy, thing, options=options, community=community)
    if start is None:
        return
    reached = chain(start, path, thing, purpose)
    for before, after in pairwise(reached):
        assert before.terms is not None
        assert after.terms is not None
        if before.terms.handling.originators == {after.name}:
            return  # Its own information came home, where its own terms hold again.
        earlier = msgspec.structs.replace(before.terms.handling, originators=frozenset())
        assert join([earlier, after.terms.handling]) == after.terms.handling
        assert after.terms.facts.expires_at == before.terms.facts.expires_at


@MANY
@forall(things, at_arden, wishes, paths, purposes)
def test_red_and_what_is_unread_never_leave_and_orcon_goes_one_step(
    thing: Thing,
    policy: Policy,
    options: Handling | None,
    path: Sequence[Policy],
    purpose: Purpose | None,
) -> None:
    start = share(policy, thing, options=options)
    if start is None or start.terms is None:
        return
    said = start.terms.handling
    reached = len(chain(start, path, thing, purpose))
    if said.originators != {A}:
        return
    if said.tlp is Tlp.RED or said.unread:
        assert reached == 1
    if said.orcon or Code.H2 in said.codes:
        assert reached <= 2


# --------------------------------------------------- the same terms, and the same decisions

bare = st.builds(
    Thing,
    readings=st.sampled_from(((), (COPYRIGHT,))),
    author=st.none(),
    data_class=st.just(DataClass.CYBER),
)
labelled = sparse_handlings().map(
    # What goes no further is tested above.
    lambda one: msgspec.structs.replace(
        one, orcon=False, codes=one.codes - {Code.H2}, unread=frozenset(), originators=frozenset()
    )
)
worlds = st.dictionaries(st.sampled_from(OTHERS), standings(), max_size=3).map(
    lambda others: {**dict.fromkeys(MEMBERS, MEMBERS["brisco"]), **others}
)


@MANY
@forall(
    bare,
    labelled,
    worlds,
    st.none() | st.just(SPYWARE),
    st.permutations(OTHERS),
    st.none() | st.just(Micros(NOW + 5)),
    purposes,
)
def test_what_came_unmarked_and_was_labelled_is_the_same_on_every_node(
    thing: Thing,
    options: Handling,
    world: dict[str, Standing],
    community: str | None,
    order: list[str],
    expiry: Micros | None,
    purpose: Purpose | None,
) -> None:
    """A labels it; B and C hold it under A's terms and answer any question as A does.

    They know the same members: whom a node takes for a client or for one of a community is its
    own to say, and there they may differ.
    """

    def of(name: str) -> Policy:
        return Policy(self_id=name, members=world)

    start = share(of(A), thing, options=options, community=community, asked_expiry=expiry)
    if start is None or start.terms is None:
        return
    for node in chain(start, [of(name) for name in order], thing, purpose):
        assert node.terms is not None
        assert node.terms.handling == start.terms.handling
        assert node.terms.facts == start.terms.facts
        assert len(node.labels) == (node is not start or start.terms.needs_label)
        for reader, act, wanted in product(every_reader(), Act, (None, Purpose.DETECTION)):
            question = (node.terms.handling, node.terms.facts, reader, act, wanted, NOW)
            here, there = decide(*question, node.policy), decide(*question, start.policy)
            if not here.allow or not there.allow:
                assert here.allow == there.allow, (node.name, reader, act, wanted, here, there)
            assert [one.rule for one in here.reasons] == [one.rule for one in there.reasons]


def test_the_chains_of_these_tests_do_get_somewhere() -> None:
    """A chain of four, so that the properties above do not hold of nothing."""
    world = dict.fromkeys(MEMBERS, MEMBERS["brisco"])
    thing = Thing((COPYRIGHT,), None, DataClass.CYBER)
    path = [Policy(self_id=name, members=world) for name in ("brisco", "cairn", "eden")]
    for options, length in (
        (Handling(tlp=Tlp.CLEAR), 4),
        (Handling(tlp=Tlp.GREEN), 4),
        (Handling(tlp=Tlp.AMBER), 4),
        (Handling(tlp=Tlp.AMBER_STRICT), 4),
        (Handling(tlp=Tlp.AMBER, recipients=frozenset({"brisco", "cairn"})), 3),
        (Handling(tlp=Tlp.GREEN, orcon=True), 2),
        (Handling(tlp=Tlp.GREEN, codes=frozenset({Code.H2})), 2),
        (Handling(tlp=Tlp.RED, persons=frozenset({"ann"})), 1),
        (None, 4),
    ):
        start = share(Policy(self_id=A, members=world), thing, options=options)
        assert start is not None
        assert len(chain(start, path, thing, Purpose.DETECTION)) == length, options
