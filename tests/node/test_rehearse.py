"""A share that is taken back leaves no trace, and answers as the share in earnest does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.node.tables import rows_of
from tests.node.world import Site, World, indicator

from comity.model.kind import Kind
from comity.model.marking import Tlp
from comity.node.acts.rehearse import rehearse
from comity.node.acts.share import Asked, share
from comity.share.receive import CHUNK


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def arden(world: World) -> Site:
    site = world.site("arden")
    site.collection("watch")
    for name in ("birch", "cedar"):
        site.know(world.site(name))
    return site


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(tlp=Tlp.GREEN),
        Asked(tlp=Tlp.AMBER, to=("Birch",)),
        Asked(tlp=Tlp.CLEAR, orcon=True),
    ],
)
def test_the_answer_is_the_one_in_earnest(
    world: World, arden: Site, tmp_path: Path, asked: Asked
) -> None:
    path = tmp_path / "bundle.json"
    objects = [indicator(n) for n in range(CHUNK + 20)]
    path.write_bytes(msgspec.json.encode({"type": "bundle", "objects": objects}))
    before = rows_of(arden.node, leave_out=frozenset())
    rehearsed = rehearse(arden.node, [path], "watch", asked)
    assert rows_of(arden.node, leave_out=frozenset()) == before
    recipients = rehearsed.pop("recipients")
    assert share(arden.node, [path], "watch", asked) == rehearsed
    assert [one["name"] for one in recipients] == ["Birch", "Cedar"]
    for one in recipients:
        site = world.network.sites[f"{one['name'].lower()}.test"]
        allowed = {arden.explain(str(each["id"]), site).allow for each in objects[::100]}
        assert one["objects"] == (len(objects) if allowed == {True} else 0)
        assert bool(one["reasons"]) is (allowed == {False})


def test_what_is_known_already_counts_for_its_recipients(arden: Site, tmp_path: Path) -> None:
    path = tmp_path / "domains.txt"
    path.write_text("a.example\nb.example\n")
    asked = Asked(tlp=Tlp.GREEN, kind=Kind.DOMAIN)
    share(arden.node, [path], "watch", asked)
    again = rehearse(arden.node, [path], "watch", asked)
    assert (again["new"], again["known"]) == (0, 2)
    assert {one["name"]: one["objects"] for one in again["recipients"]} == {"Birch": 2, "Cedar": 2}
