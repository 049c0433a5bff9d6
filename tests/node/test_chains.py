"""Real nodes that pass things on: whatever the terms and the way, nobody further on gains a reader.

Every node knows the same members in the same communities, by its own entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, pairwise
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.node.world import HOUR, NOW, JsonObject, Site, World, indicator

from comity.handling import Act, Reader, decide
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.marking import TLP1_IDS, TLP2_IDS, Code, Pap, Tlp
from comity.model.member import MemberKind, Role, User
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.node.acts.members import AgreementTerms, add_agreement
from comity.node.acts.share import Asked

NAMES: Final = ("arden", "brisco", "cairn", "dell")
COLLECTIONS: Final = ("open", "circle")
PURPOSES: Final = (Purpose.DETECTION, Purpose.INVESTIGATION, Purpose.NETWORK_DEFENCE)
# An example is a story of some seconds, and made smaller it would take as many of them again.
SOME: Final = settings(
    max_examples=max(25, settings().max_examples // 20),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


class Net:
    """Four nodes, each of which pulls from each other when it is told to.

    Arden, Brisco and Cairn (a company) are in the community `circle` and have an agreement; Dell
    is a client of Brisco.
    """

    def __init__(self, world: World) -> None:
        kinds = {"cairn": MemberKind.COMPANY}
        self.sites: Final = [world.site(name, kinds.get(name, MemberKind.STATE)) for name in NAMES]
        self.hands: Final[dict[tuple[str, str], User]] = {}
        self.open: Final[dict[str, str]] = {}
        self.numbers: Final = count(1)
        for home in self.sites:
            self._introduce(home)
        for home in self.sites:
            self._furnish(home)

    def _introduce(self, home: Site) -> None:
        _, brisco, _, dell = self.sites
        for site in self.sites:
            if site is home:
                continue
            if site is not dell:
                home.know(site, "circle")
            else:
                home.know(dell, client_of=brisco)
        if home is dell:
            return
        terms = AgreementTerms(
            name="Pact",
            legal_basis="Treaty",
            parties=tuple(site.id for site in self.sites if site is not dell),
            purposes=PURPOSES[:2],
        )
        add_agreement(home.node, terms)

    def _furnish(self, home: Site) -> None:
        self.open[home.name] = home.collection("open")
        home.collection("circle", community="circle")
        for name in ("ann", "bob"):
            home.user(name)
        for site in self.sites:
            if site is not home:
                home.pull_from(site)
                hand = home.user(f"{site.name}-hand", site, role=Role.ANALYST)
                self.hands[home.name, site.name] = hand

    def readers(self) -> Iterator[Reader]:
        for member in (*(site.id for site in self.sites), None):
            yield Reader(member_id=member)
            for name in ("ann", "bob"):
                yield Reader(member_id=member, name=name, program=False)

    def purposes(self, site: Site, object_id: str, reader: Reader) -> set[Purpose | None]:
        """For which purposes a reader may read an object at a node."""
        with site.node.store.read() as tx:
            policy, now = tx.policy(), site.node.now()
            return {
                purpose
                for _, _, row, facts in tx.facts(object_id)
                for purpose in (None, *PURPOSES)
                if decide(row.handling, facts, reader, Act.READ, purpose, now, policy).allow
            }

    def owner(self, site: Site, object_id: str) -> set[str]:
        """The originators of an object, as a node has it."""
        with site.node.store.read() as tx:
            return {one for _, _, row, _ in tx.facts(object_id) for one in row.handling.originators}

    def holds(self, site: Site, object_id: str) -> bool:
        with site.node.store.read() as tx:
            return bool(tx.facts(object_id))


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    world = World(tmp_path_factory.mktemp("chains"))
    yield Net(world)
    world.close()


# ------------------------------------------------------------------------------------ strategies


class Story(NamedTuple):
    """An object, how it begins, along which nodes it goes, and what each does with it there.

    `handed_by` names the member that hands it in at the first node, which shares it itself else.
    `again` are the options under which each further node shares it once more, None where not.
    """

    content: JsonObject
    author: int | None
    handed_by: int | None
    collection: str
    asked: Asked
    path: tuple[int, ...]
    again: tuple[Asked | None, ...]


def subsets(items: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(items), unique=True, max_size=2).map(tuple)


ASKED: Final = st.builds(
    Asked,
    tlp=st.none() | st.sampled_from(Tlp),
    to=st.just(()) | subsets(tuple(name.capitalize() for name in NAMES)),
    persons=st.just(()) | subsets(("ann", "bob")),
    orcon=st.sampled_from((False, False, True)),
    purposes=st.just(()) | st.just(PURPOSES[:1]) | st.just(PURPOSES[1:]),
    pap=st.none() | st.sampled_from(Pap),
    codes=st.just(()) | st.just((Code.H0,)) | st.just((Code.H2,)),
    expires_at=st.none() | st.just(Micros(NOW + HOUR)),
)
MARKINGS: Final = st.lists(
    st.sampled_from((*TLP1_IDS.values(), *TLP2_IDS.values())), unique=True, max_size=2
)
SIGNALS: Final = st.sampled_from(
    (None, ("domain", "host.example"), ("email", "someone@host.example"), ("pdq", "0f" * 32))
)


@st.composite
def contents(draw: st.DrawFn) -> JsonObject:
    content: JsonObject = {}
    markings, signal = draw(MARKINGS), draw(SIGNALS)
    if markings:
        content["object_marking_refs"] = markings
    if signal is not None:
        kind, value = signal
        extension = {"extension_type": "property-extension", "kind": kind, "value": value}
        content["extensions"] = {SIGNAL_EXTENSION: extension}
    return content


@st.composite
def stories(draw: st.DrawFn) -> Story:
    members = st.integers(0, len(NAMES) - 1)
    path = [draw(members)]
    for step in draw(st.lists(st.integers(1, len(NAMES) - 1), min_size=1, max_size=3)):
        path.append((path[-1] + step) % len(NAMES))
    return Story(
        content=draw(contents()),
        author=draw(st.none() | members),
        handed_by=draw(st.none() | members.filter(lambda one: one != path[0])),
        collection=draw(st.sampled_from(COLLECTIONS)),
        asked=draw(ASKED),
        path=tuple(path),
        again=tuple(draw(st.none() | ASKED) for _ in path[1:]),
    )


def begin(net: Net, story: Story) -> tuple[Site, JsonObject]:
    """Share or hand in the object at the first node of its way."""
    origin, one = net.sites[story.path[0]], indicator(next(net.numbers), **story.content)
    if story.author is not None:
        one["created_by_ref"] = net.sites[story.author].card.identity_id
    if story.handed_by is None:
        origin.share(story.collection, [one], story.asked)
    else:
        hand = net.hands[origin.name, net.sites[story.handed_by].name]
        origin.taxii.add(hand, net.open[origin.name], msgspec.json.encode({"objects": [one]}))
    return origin, one


# ------------------------------------------------------------------------------------- properties


@SOME
@given(story=stories())
def test_passing_on_never_widens_the_audience(net: Net, story: Story) -> None:
    """Not by pulling, nor by what the nodes on the way ask for when they share it again.

    At home a member's people go by what their member was given; else every reader, for every
    purpose, is one that the first node would have let read. Until it comes to whose it is.
    """
    origin, one = begin(net, story)
    allowed = {reader: net.purposes(origin, one["id"], reader) for reader in net.readers()}
    for (far, near), asked in zip(pairwise(story.path), story.again, strict=True):
        if net.owner(origin, one["id"]) == {net.sites[near].id}:
            break
        net.sites[near].sync(net.sites[far])
        if asked is not None and net.holds(net.sites[near], one["id"]):
            net.sites[near].share(story.collection, [one], asked)
    for site in net.sites:
        for reader, first in allowed.items():
            further = net.purposes(site, one["id"], reader)
            if not further:
                continue
            assert first if reader.member_id == site.id else further <= first, (
                f"{reader} reads at {site.name} for {further}, at {origin.name} for {first}"
            )


@SOME
@given(story=stories())
def test_what_is_passed_on_stands_under_the_same_terms(net: Net, story: Story) -> None:
    """Where nobody on the way asks for more, every copy has the terms of the first."""
    origin, one = begin(net, story)
    for far, near in pairwise(story.path):
        net.sites[near].sync(net.sites[far])
    with origin.node.store.read() as tx:
        first = [(modified, row, facts) for _, modified, row, facts in tx.facts(one["id"])]
    for site in net.sites:
        with site.node.store.read() as tx:
            for _, modified, row, facts in tx.facts(one["id"]):
                if row.handling.originators == {site.id}:
                    continue  # It came back to whose it is, whom nobody else binds.
                ((at, there, stated),) = first
                assert (modified, facts) == (at, stated)
                assert row.handling == there.handling
                assert row.data_class == there.data_class


@SOME
@given(story=stories())
def test_a_tightening_follows_to_whom_may_still_have_it(net: Net, story: Story) -> None:
    """What the first node tightens is, once pulled again, no wider at the nodes it names."""
    origin, one = begin(net, story)
    for again in (False, True):
        for far, near in pairwise(story.path):
            net.sites[near].sync(net.sites[far])
        if not again:
            name = "open" if story.handed_by is not None else story.collection
            origin.share(name, [one], Asked(tlp=Tlp.AMBER_STRICT))
    for site in [net.sites[number] for number in story.path]:
        if Purpose.DETECTION not in net.purposes(origin, one["id"], Reader(member_id=site.id)):
            return  # To it and whoever pulls from it, tightening is a recall.
        if net.owner(origin, one["id"]) == {site.id}:
            return  # Whose it is, is not bound by others.
        for reader in net.readers():
            first = net.purposes(origin, one["id"], reader)
            assert site.id == reader.member_id or net.purposes(site, one["id"], reader) <= first
