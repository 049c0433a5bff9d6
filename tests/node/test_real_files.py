"""Real files of other people: shared whole, again without a trace, and passed on unchanged."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.node.tables import rows_of
from tests.node.world import ALL, GREEN, JsonObject, Site, World

from comity.model.ids import HANDLING_EXTENSION, LABEL_TYPE
from comity.model.marking import Tlp
from comity.model.member import User
from comity.node.acts.share import Asked, share
from comity.wire.checks import check
from comity.wire.stix import Slice, read_objects

PEGASUS: Final = "tnr/pegasus-nso.stix2.json.gz"
MOBILE: Final = "cyber/attack-mobile-17.1.json.gz"
ICS: Final = "cyber/attack-ics-18.1.json.gz"
ATLAS: Final = "cyber/mitre-atlas-stix21.json.gz"
WHOLE: Final = {PEGASUS: 3099, MOBILE: 2148, ICS: 1826}

Name = tuple[str, str]
"""What makes an object one: its id and its SHA-256."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("real"))
    made.site("arden").collection("feed")
    yield made
    made.close()


@pytest.fixture(scope="module")
def arden(world: World) -> Site:
    return world.network.sites["arden.test"]


@pytest.fixture(scope="module")
def answers(arden: Site, shared_data: Path) -> dict[str, JsonObject]:
    """What sharing each file in one collection said, one after another."""
    return {
        name: share(arden.node, [shared_data / name], "feed", GREEN)
        for name in (PEGASUS, MOBILE, ICS, ATLAS)
    }


def objects_in(source: Path | bytes) -> list[Slice]:
    return [one for one in read_objects(source) if isinstance(one, Slice)]


def named(raw: bytes) -> Name:
    return json.loads(raw)["id"], hashlib.sha256(raw).hexdigest()


def is_term(value: JsonObject) -> bool:
    """A label, or the marking of a handling of ours."""
    ours = value["type"] == "marking-definition" and HANDLING_EXTENSION in value.get(
        "extensions", {}
    )
    return value["type"] == LABEL_TYPE or ours


def served(site: Site, user: User, collection: str) -> Counter[Name]:
    """How often each object is served, over all pages and versions; terms beside them apart."""
    found: Counter[Name] = Counter()
    for answer in site.pages(user, collection, ALL):
        for one in objects_in(answer.body.value):
            if not is_term(json.loads(one.raw)):
                found[named(one.raw)] += 1
    return found


def collection_named(site: Site, name: str) -> str:
    with site.node.store.read() as tx:
        return next(one.id for one in tx.collections() if one.name == name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_is_taken_whole(name: str, answers: dict[str, JsonObject]) -> None:
    said = answers[name]
    assert said["new"] + said["known"] == WHOLE[name]
    assert (said["conflicts"], said["refused"]) == (0, 0)
    assert said["handling"]["tlp"] == "green"


def test_the_same_objects_of_two_files_are_known_the_second_time(
    answers: dict[str, JsonObject],
) -> None:
    """Both ATT&CK files hold MITRE's identity, its marking and one more object."""
    assert answers[ICS]["known"] == 3


def test_other_content_under_a_held_version_is_named_as_a_conflict(
    answers: dict[str, JsonObject], arden: Site, shared_data: Path
) -> None:
    """ATLAS repeats 80 ids and versions with other content; two more end before they begin."""
    said = answers[ATLAS]
    assert (said["conflicts"], said["refused"]) == (80, 0)
    assert said["new"] + said["known"] + 80 == len(objects_in(shared_data / ATLAS))
    assert Counter(one["code"] for one in said["problems"]) == {"conflict": 80, "bad-property": 2}
    assert all("object " in one["where"] for one in said["problems"])
    with arden.node.store.read() as tx:
        assert len(tx.conflicts()) == 80


def test_a_second_run_changes_nothing(
    answers: dict[str, JsonObject], arden: Site, shared_data: Path
) -> None:
    """No object, label, marking or date; the journal grows by the attempts."""
    before = rows_of(arden.node)
    with arden.node.store.read() as tx:
        attempts = tx.journal_size()
    for name, first in answers.items():
        again = share(arden.node, [shared_data / name], "feed", GREEN)
        assert (again["new"], again["known"]) == (0, first["new"] + first["known"])
        assert (again["conflicts"], again["refused"]) == (first["conflicts"], first["refused"])
        assert again["problems"] == first["problems"]
        assert again["handlings"] == first["handlings"]
    assert rows_of(arden.node) == before
    with arden.node.store.read() as tx:
        assert tx.journal_size() > attempts


@pytest.mark.parametrize("name", WHOLE)
def test_without_options_the_strict_default_applies_and_stays(
    name: str, world: World, shared_data: Path
) -> None:
    site = world.site(f"alone-{name[-12:-8].strip('.')}")
    site.collection("feed")
    said = share(site.node, [shared_data / name], "feed", Asked())
    assert (said["new"], said["refused"], said["problems"]) == (WHOLE[name], 0, [])
    assert said["handling"]["tlp"] == "amber+strict"
    before = rows_of(site.node)
    again = share(site.node, [shared_data / name], "feed", Asked())
    assert (again["new"], again["known"], again["problems"]) == (0, WHOLE[name], [])
    assert rows_of(site.node) == before


def test_a_stricter_second_run_tightens_and_says_so_and_a_looser_one_does_not(
    arden: Site, shared_data: Path
) -> None:
    arden.collection("strict")
    path = shared_data / "tnr/novispy-serbia.stix2.json.gz"
    share(arden.node, [path], "strict", GREEN)
    tighter = share(arden.node, [path], "strict", Asked(tlp=Tlp.AMBER))
    assert (tighter["new"], tighter["handling"]["tlp"]) == (0, "amber")
    before = rows_of(arden.node)
    looser = share(arden.node, [path], "strict", Asked(tlp=Tlp.CLEAR))
    assert looser["handling"]["tlp"] == "amber"
    assert {one["code"] for one in looser["problems"]} == {"not-loosened"}
    assert rows_of(arden.node) == before


def test_every_slice_that_is_served_is_that_of_its_file(
    answers: dict[str, JsonObject], arden: Site, shared_data: Path
) -> None:
    """Each (id, version) once, in the very bytes of the file."""
    reader = arden.user("reader")
    given = served(arden, reader, collection_named(arden, "feed"))
    assert set(given.values()) == {1}
    files = {name: [named(one.raw) for one in objects_in(shared_data / name)] for name in answers}
    for name in WHOLE:
        # What a later file repeats in another spelling is served as it came first.
        missing = set(files[name]) - set(given)
        assert {one for one, _ in missing} <= {one for one, _ in files[MOBILE]}
        assert name == ICS or not missing
    assert set(given) <= {one for names in files.values() for one in names}


@pytest.mark.parametrize("most", [300, pytest.param(10_000, marks=pytest.mark.soak, id="whole")])
def test_a_chain_of_three_has_the_same_bytes_terms_and_answers(
    tmp_path: Path, shared_data: Path, most: int
) -> None:
    world = World(tmp_path)
    arden, brisco, cairn, eden = (world.site(name) for name in ("arden", "brisco", "cairn", "eden"))
    for site, others in (
        (arden, (brisco, cairn, eden)),
        (brisco, (cairn, eden)),
        (cairn, (arden, eden)),
    ):
        for other in others:
            site.know(other)
    brisco.pull_from(arden)
    cairn.pull_from(brisco)
    arden.collection("feed")
    for asked, names in ((GREEN, (PEGASUS, MOBILE)), (Asked(), (ICS,))):
        parts = [_beginning(shared_data / name, most, tmp_path) for name in names]
        share(arden.node, parts, "feed", asked)
    for near, far in ((brisco, arden), (cairn, brisco)):
        pulled = near.sync(far)
        assert (pulled.refused, pulled.conflicts, pulled.error) == (0, 0, None)
    held = [_held(site) for site in (arden, brisco, cairn)]
    assert len(held[0]) >= min(3 * most - 3, sum(WHOLE.values()) - 3)
    assert held[0] == held[1] == held[2]
    for object_id, _ in sorted(held[0])[:: len(held[0]) // 30]:
        for to in (arden, brisco, cairn, eden):
            decision = arden.explain(object_id, to)
            assert decision.allow
            assert decision == brisco.explain(object_id, to) == cairn.explain(object_id, to)
    world.close()


def _beginning(path: Path, most: int, folder: Path) -> Path:
    """A bundle of the markings and first objects of a file, in their own bytes."""
    made = folder / path.name.removesuffix(".gz")
    objects = [one.raw for one in objects_in(path)]
    objects.sort(key=lambda raw: b'"marking-definition"' not in raw)
    made.write_bytes(b'{"type":"bundle","objects":[' + b",".join(objects[:most]) + b"]}")
    return made


def _held(site: Site) -> dict[tuple[str, int], object]:
    """What of the shared feed a node holds: the bytes and terms of every version."""
    feed = collection_named(site, "feed")
    names = [
        (one.id, one.modified)
        for answer in site.pages(site.user("holder"), feed, ALL)
        for one in map(check, objects_in(answer.body.value))
        if not is_term(one.value)
    ]
    with site.node.store.read() as tx:
        handlings = {row.key: row.handling for row in tx.handlings()}
        return {
            name: (held.sha256, handlings[held.handling], held.facts)
            for name, held in tx.held(feed, names).items()
        }
