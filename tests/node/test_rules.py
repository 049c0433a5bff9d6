"""The handling rules at work on nodes: who may read what is shared, and to whom it travels on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.node.tables import rows_of, text_of
from tests.node.world import (
    ALL,
    NOW,
    JsonObject,
    Site,
    World,
    identity,
    indicator,
    made_id,
    made_ids,
)

from comity.holdings import Peer
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import Kind
from comity.model.marking import TLP1_IDS, TLP2_IDS, Code, Tlp
from comity.model.member import MemberKind, User
from comity.model.purpose import Purpose
from comity.model.time import Micros, format_time
from comity.node.acts.find import find
from comity.node.acts.members import AgreementTerms, add_agreement
from comity.node.acts.people import operator_reader, reader_of
from comity.node.acts.share import Asked, share
from comity.node.acts.taxii import Answer, Params

INVESTIGATION: Final = Purpose.INVESTIGATION
AMBER, GREEN, CLEAR, RED, STRICT = Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR, Tlp.RED, Tlp.AMBER_STRICT
MEMBERS: Final = ("arden", "brisco", "cairn", "dell", "eden", "grove", "falk", "lorn")
"""Known by their first letters in the table."""


class Row(NamedTuple):
    """A share and what follows from it, a letter a member whose program may read.

    `at_b` is who may read at Brisco's node, which pulled it. `persons` are those whom a RED
    object names; `refused` the code of a refusal.
    """

    name: str
    asked: Asked
    readers: str
    at_b: str
    community: bool = False
    carries: JsonObject | None = None
    persons: str = ""
    refused: str = ""


def _signal(kind: str, value: str) -> JsonObject:
    extension = {"extension_type": "property-extension", "kind": kind, "value": value}
    return {"extensions": {SIGNAL_EXTENSION: extension}}


PERSONAL: Final = _signal("email", "someone.made.up@host.example")
PDQ: Final = _signal("pdq", "0f" * 32)


def marked(*markings: str) -> JsonObject:
    return {"object_marking_refs": list(markings)}


TABLE: Final = (
    Row("red without names is nobody's", Asked(tlp=RED), "", ""),
    Row("red for named persons", Asked(tlp=RED, persons=("ann", "bob")), "", "", persons="ab"),
    Row("amber+strict: recipients then, no clients", Asked(tlp=STRICT), "ABCEG", "ABCEG"),
    Row("amber: and their clients", Asked(tlp=AMBER), "ABCDEG", "ABCDEG"),
    Row("amber+strict in a community", Asked(tlp=STRICT), "ABCG", "ABCG", community=True),
    Row("amber in a community", Asked(tlp=AMBER), "ABCDG", "ABCDG", community=True),
    Row("green, technical, no community: all known", Asked(tlp=GREEN), "ABCDEGL", "ABCDEGL"),
    Row("green in a community", Asked(tlp=GREEN), "ABCGL", "ABCGL", community=True),
    Row("green, not technical, no community", Asked(tlp=GREEN), "", "", carries=PDQ,
        refused="green-needs-community"),
    Row("green, not technical, in a community", Asked(tlp=GREEN), "ABCGL", "ABCGL",
        community=True, carries=PDQ),
    Row("clear is anyone's", Asked(tlp=CLEAR), "ABCDEGFL", "ABCDEGFL"),
    Row("a list narrows amber+strict", Asked(tlp=STRICT, to=("Brisco",)), "AB", "AB"),
    Row("a list narrows amber", Asked(tlp=AMBER, to=("Brisco",)), "ABD", "ABD"),
    Row("a list narrows green", Asked(tlp=GREEN, to=("Brisco", "Cairn")), "ABC", "ABC",
        community=True),
    Row("a list narrows clear", Asked(tlp=CLEAR, to=("Brisco", "Eden")), "ABDE", "ABDE"),
    Row("a list of one without us", Asked(tlp=AMBER, to=("Eden",)), "AE", ""),
    Row("originator control: no further", Asked(tlp=AMBER, orcon=True), "ABCDEG", "AB"),
    Row("originator control on green", Asked(tlp=GREEN, orcon=True), "ABCDEGL", "AB"),
    Row("without options: strict", Asked(), "ABCEG", "ABCEG"),
    Row("only a list: strict", Asked(to=("Brisco",)), "AB", "AB"),
    Row("carried amber stands against clear", Asked(tlp=CLEAR), "ABCDEG", "ABCDEG",
        carries=marked(TLP2_IDS[AMBER])),
    Row("carried TLP 1 white is clear", Asked(), "ABCDEGFL", "ABCDEGFL",
        carries=marked(TLP1_IDS[CLEAR])),
    Row("carried TLP 1 amber is amber", Asked(), "ABCDEG", "ABCDEG",
        carries=marked(TLP1_IDS[AMBER])),
    Row("options tighten what is carried", Asked(tlp=STRICT), "ABCEG", "ABCEG",
        carries=marked(TLP2_IDS[GREEN])),
    Row("of two carried the stricter", Asked(), "ABCDEG", "ABCDEG",
        carries=marked(TLP2_IDS[GREEN], TLP2_IDS[AMBER])),
    Row("a marking of a part counts for the whole", Asked(), "ABCDEG", "ABCDEG",
        carries=marked(TLP2_IDS[CLEAR]) | {
            "granular_markings": [{"selectors": ["name"], "marking_ref": TLP2_IDS[AMBER]}]}),
    Row("an unknown marking goes no further", Asked(tlp=CLEAR), "A", "",
        carries=marked("marking-definition--00000000-1111-4111-8111-000000000000")),
    Row("europol: crime only", Asked(tlp=AMBER, codes=(Code.H0,)), "ABCDEG", "ABCDEG"),
    Row("europol: no dissemination", Asked(tlp=AMBER, codes=(Code.H2,)), "ABCDEG", "AB"),
    Row("personal data: by agreement", Asked(tlp=AMBER), "AB", "AB", carries=PERSONAL),
    Row("published personal data", Asked(tlp=CLEAR), "ABCDEGFL", "ABCDEGFL", carries=PERSONAL),
    Row("purposes that nobody here reads under", Asked(tlp=GREEN, purposes=(INVESTIGATION,)),
        "", ""),
    Row("expired", Asked(tlp=CLEAR, expires_at=Micros(NOW - 1)), "", ""),
)  # fmt: skip


class Scene:
    """Arden's node with each row shared, and Brisco's, which has pulled what it may.

    Brisco, Cairn (a company) and Grove (a council) are in the community `circle`, Dell is a
    client of Brisco, of Falk only the card is known, and Lorn joins after the share.
    """

    def __init__(self, folder: Path) -> None:
        self.world: Final = World(folder)
        kinds = {"cairn": MemberKind.COMPANY, "grove": MemberKind.CIVIL}
        self.sites: Final = {
            name[0].upper(): self.world.site(name, kinds.get(name, MemberKind.STATE))
            for name in MEMBERS
        }
        self.arden: Final = self.sites["A"]
        self.brisco: Final = self.sites["B"]
        for home, other in ((self.arden, self.brisco), (self.brisco, self.arden)):
            self._introduce(home, other)
        self.persons: Final = {
            name[0]: self.arden.user(name, of) for name, of in (("ann", None), ("bob", self.brisco))
        }
        self.collections: Final = {
            "open": self.arden.collection("open"),
            "circle": self.arden.collection("circle", community="circle"),
        }
        self.said: Final = [self._share(number, row) for number, row in enumerate(TABLE)]
        for home in (self.arden, self.brisco):
            home.know(self.sites["L"], "circle")
        self.brisco.pull_from(self.arden)
        self.pulled: Final = self.brisco.sync(self.arden)
        self.given: Final = {
            home.name: {
                letter: self.all_given(home, home.user(f"program-{letter}", site, program=True))
                for letter, site in self.sites.items()
            }
            for home in (self.arden, self.brisco)
        }

    def _introduce(self, home: Site, other: Site) -> None:
        for site in (other, self.sites["C"], self.sites["G"]):
            home.know(site, "circle")
        home.know(self.sites["E"])
        home.know(self.sites["D"], client_of=self.brisco)
        with home.node.store.write() as tx:
            tx.put_peer(Peer(member=self.sites["F"].card, known=False))
        terms = AgreementTerms(
            name="Pact",
            legal_basis="Treaty",
            parties=(home.id, other.id),
            purposes=(Purpose.DETECTION,),
        )
        add_agreement(home.node, terms)

    def _share(self, number: int, row: Row) -> JsonObject:
        name = "circle" if row.community else "open"
        return self.arden.share(name, [indicator(number, **(row.carries or {}))], row.asked)

    def all_given(self, home: Site, user: User, *, pulls: bool = False) -> set[str]:
        """The made-up objects that a user is given, from both collections."""
        return {
            one
            for collection in self.collections.values()
            for one in made_ids(home.objects(user, collection, ALL, pulls=pulls))
        }

    def readers(self, home: Site, number: int) -> str:
        """Whose programs are given the object at a node, as letters."""
        given = self.given[home.name]
        return "".join(one for one in given if made_id("indicator", number) in given[one])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("rules"))
    yield made
    made.world.close()


def rows(wanted: Callable[[Row], bool] = lambda _: True) -> pytest.MarkDecorator:
    chosen = [(number, row) for number, row in enumerate(TABLE) if wanted(row)]
    return pytest.mark.parametrize(("number", "row"), chosen, ids=[row.name for _, row in chosen])


@rows()
def test_what_is_shared_is_taken_or_refused(scene: Scene, number: int, row: Row) -> None:
    said = scene.said[number]
    assert (said["new"], said["refused"]) == ((0, 1) if row.refused else (1, 0))
    assert {one["code"] for one in said["problems"]} >= ({row.refused} - {""})


@rows()
def test_who_reads_at_the_originators_node(scene: Scene, number: int, row: Row) -> None:
    assert scene.readers(scene.arden, number) == row.readers


@rows()
def test_who_reads_at_a_node_that_pulled_it(scene: Scene, number: int, row: Row) -> None:
    assert scene.readers(scene.brisco, number) == row.at_b
    assert set(row.at_b) <= set(row.readers)


@rows(lambda row: not row.refused)
def test_explain_says_the_same_to_whom_it_is_asked_about(
    scene: Scene, number: int, row: Row
) -> None:
    for letter, site in scene.sites.items():
        person = f"program-{letter}"
        said = scene.arden.explain(made_id("indicator", number), site, person=person)
        assert said.allow == (letter in row.readers)
        assert said.reasons
        assert said.allow or said.counterfactuals


@rows(lambda row: row.asked.tlp is RED)
def test_red_is_read_by_the_persons_named_where_it_is(scene: Scene, number: int, row: Row) -> None:
    object_id = made_id("indicator", number)
    for initial, user in scene.persons.items():
        assert (object_id in scene.all_given(scene.arden, user)) == (initial in row.persons)
        shown = find(scene.arden.node, reader_of(user), object_id).value["found"]
        assert bool(shown) == (initial in row.persons)


def test_what_a_pull_may_not_have_is_not_even_counted(scene: Scene) -> None:
    expected = sum("B" in row.readers for row in TABLE)
    assert (scene.pulled.new, scene.pulled.refused, scene.pulled.error) == (expected, 0, None)


def red_ids() -> set[str]:
    return {
        made_id("indicator", number) for number, row in enumerate(TABLE) if row.asked.tlp is RED
    }


def test_red_is_in_no_pull_whoever_pulls(scene: Scene) -> None:
    """Not by a program, nor with the credential of a person whom it names."""
    for user in scene.persons.values():
        assert not red_ids() & scene.all_given(scene.arden, user, pulls=True)
    assert not any(object_id.encode() in text_of(scene.brisco.node) for object_id in red_ids())


def test_red_is_in_no_answer_to_the_command_line(scene: Scene) -> None:
    """It acts for the member, and is no person."""
    reader = operator_reader(scene.arden.node)
    for object_id in red_ids():
        assert not find(scene.arden.node, reader, object_id).value["found"]
        assert not scene.arden.explain(object_id, scene.arden).allow


def test_a_node_refuses_red_that_a_peer_hands_out(tmp_path: Path) -> None:
    """The second lock: a peer of other software may send what ours would not."""
    world = World(tmp_path)
    arden, brisco = world.site("arden"), world.site("brisco")
    feed = arden.collection("feed")
    arden.know(brisco)
    arden.user("bob", brisco)
    brisco.pull_from(arden, program=False)
    secret = indicator(1, name="never to travel")
    arden.share("feed", [secret], Asked(tlp=RED, persons=("brisco-node",)))
    arden.taxii.objects = _never_tells(arden)  # type: ignore[method-assign]
    pulled = brisco.sync(arden)
    assert (pulled.new, pulled.refused) == (0, 1)
    assert pulled.problems[0]["code"] == "red-stays"
    assert b"never to travel" not in text_of(brisco.node)
    assert feed in brisco.collections()
    world.close()


def _never_tells(site: Site) -> Callable[..., Answer]:
    """A server that takes a pull for a person's reading."""
    objects = site.taxii.objects

    def asked(user: User, collection: str, params: Params, **how: object) -> Answer:
        return objects(user, collection, params)

    return asked


# ------------------------------------------------------------------------------ what is refused


def statement(number: int, words: str) -> JsonObject:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": made_id("marking-definition", number),
        "created": "2026-01-01T12:00:00.000Z",
        "definition_type": "statement",
        "definition": {"statement": words},
    }


def test_of_what_is_marked_classified_nothing_but_the_refusal_is_kept(tmp_path: Path) -> None:
    world = World(tmp_path)
    arden = world.site("arden")
    arden.collection("feed")
    banners = ("TOP SECRET//KRYPTON", "NATO SECRET", "VS-NUR FÜR DEN DIENSTGEBRAUCH")
    for number, banner in enumerate(banners):
        marking = statement(number, banner)
        whole = indicator(10 * number, name="krypton", **marked(marking["id"]))
        part = indicator(
            10 * number + 1,
            name="krypton",
            granular_markings=[{"selectors": ["name"], "marking_ref": marking["id"]}],
        )
        before = rows_of(arden.node)
        said = arden.share("feed", [whole, part, marking])
        assert (said["new"], said["refused"]) == (0, 3)
        assert {one["code"] for one in said["problems"]} == {"classified"}
        assert rows_of(arden.node) == before
        assert b"krypton" not in text_of(arden.node).lower()
    world.close()


def test_a_copyright_line_is_no_handling(scene: Scene) -> None:
    arden = scene.arden
    line = statement(500, "Copyright 2026, made up")
    own = indicator(501, **marked(line["id"]))
    arden.collection("lines")
    said = arden.share("lines", [own, line], Asked())
    assert {one["tlp"] for one in said["handlings"]} == {"amber+strict"}
    assert ["Copyright 2026, made up"] in [one.get("caveats") for one in said["handlings"]]
    other = indicator(502, **marked(line["id"]))
    said = arden.share("lines", [other], Asked(tlp=GREEN))
    assert said["handling"]["tlp"] == "green"
    assert said["handling"]["caveats"] == ["Copyright 2026, made up"]
    obligations = arden.explain(other["id"], scene.brisco).obligations
    assert "Observe: Copyright 2026, made up" in obligations


@pytest.mark.parametrize("kind", [MemberKind.CIVIL, MemberKind.COMPANY])
def test_some_kinds_of_member_keep_no_personal_data_of_others(
    tmp_path: Path, kind: MemberKind
) -> None:
    world = World(tmp_path)
    arden, cairn = world.site("arden"), world.site("cairn", kind)
    arden.collection("feed")
    arden.know(cairn)
    cairn.pull_from(arden)
    arden.share(
        "feed",
        [indicator(1, **PERSONAL), identity(2, name="someone.made.up"), indicator(3)],
        Asked(tlp=CLEAR),
    )
    pulled = cairn.sync(arden)
    assert (pulled.new, pulled.refused) == (1, 2)
    assert {one["code"] for one in pulled.problems} == {"personal-data"}
    assert b"someone.made.up" not in text_of(cairn.node)
    world.close()


# ---------------------------------------------------------------------------- expiry, by the row


@pytest.mark.parametrize("count", [3000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_as_many_expiry_dates_as_objects_give_no_more_handlings(tmp_path: Path, count: int) -> None:
    world = World(tmp_path)
    arden = world.site("arden")
    arden.collection("feed")
    numbers = {}
    for name, ends in (("without", lambda n: ""), ("dated", _date)):
        path = tmp_path / f"{name}.csv"
        with path.open("w") as file:
            file.write("value,expires\n")
            file.writelines(f"{name}-{n}.example,{ends(n)}\n" for n in range(count))
        asked = Asked(tlp=GREEN, kind=Kind.DOMAIN)
        assert share(arden.node, [path], "feed", asked)["new"] == count
        with arden.node.store.read() as tx:
            numbers[name] = len(tx.handlings())
    assert numbers["dated"] == numbers["without"]
    world.close()


def _date(number: int) -> str:
    return format_time(NOW + 3600 * 1_000_000 * (number + 1))
