"""Pulling from one node to another: terms travel, repeats change nothing, breaks are resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.node.tables import rows_of
from tests.node.world import (
    ALL,
    HOUR,
    Site,
    World,
    indicator,
    made_id,
    made_ids,
    relationship,
)

from comity.handling import Act
from comity.model.marking import Tlp
from comity.model.time import Micros
from comity.node.acts.members import add_peer
from comity.node.acts.share import Asked
from comity.node.acts.sync import sync


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def arden(world: World) -> Site:
    return world.site("arden")


@pytest.fixture
def brisco(world: World, arden: Site) -> Site:
    """A node that pulls from Arden's."""
    site = world.site("brisco")
    arden.know(site)
    site.pull_from(arden)
    return site


@pytest.fixture
def cairn(world: World, arden: Site, brisco: Site) -> Site:
    """A node that pulls from Brisco's alone; all three know each other."""
    site = world.site("cairn")
    arden.know(site)
    brisco.know(site)
    site.know(arden)
    site.pull_from(brisco)
    return site


def test_a_chain_of_three_holds_the_same_bytes_under_the_same_terms(
    arden: Site, brisco: Site, cairn: Site
) -> None:
    feed = arden.collection("feed")
    objects = [indicator(n) for n in range(1200)]
    objects.append(relationship(1, made_id("indicator", 1), made_id("indicator", 2)))
    arden.share("feed", objects, Asked(tlp=Tlp.GREEN, caveats=("Not for the press",)))
    assert brisco.sync(arden).new == 1201
    assert cairn.sync(brisco).new == 1201
    for one in (made_id("indicator", 7), made_id("relationship", 1)):
        assert _held(arden, feed, one) == _held(brisco, feed, one) == _held(cairn, feed, one)
        for to in (arden, brisco, cairn):
            for act in Act:
                decision = arden.explain(one, to, act=act)
                assert decision == brisco.explain(one, to, act=act)
                assert decision == cairn.explain(one, to, act=act)


def _held(site: Site, collection: str, object_id: str) -> list[object]:
    with site.node.store.read() as tx:
        return [
            (modified, row.handling, facts, tx.raw(collection, object_id, modified))
            for _, modified, row, facts in tx.facts(object_id)
        ]


@pytest.mark.parametrize("full", [False, True])
def test_a_second_pull_changes_nothing(arden: Site, brisco: Site, full: bool) -> None:
    arden.collection("feed")
    arden.share("feed", [indicator(n) for n in range(700)])
    brisco.sync(arden)
    before = rows_of(brisco.node)
    again = brisco.sync(arden, full=full)
    assert (again.new, again.refused, again.error) == (0, 0, None)
    assert again.known == (700 if full else 0)
    assert rows_of(brisco.node) == before


def test_only_what_is_new_is_asked_for_again(world: World, arden: Site, brisco: Site) -> None:
    arden.collection("feed")
    arden.share("feed", [indicator(1)])
    brisco.sync(arden)
    arden.share("feed", [indicator(2)])
    assert brisco.sync(arden).new == 1


def _breaking(at: int, how: Callable[[], httpx.Response]) -> Callable[[httpx.Request], object]:
    """Answers the `at`-th page of objects in another way."""
    pages = 0

    def fault(request: httpx.Request) -> httpx.Response | None:
        nonlocal pages
        if request.url.path.endswith("/objects/") and "match[type]" not in request.url.params:
            pages += 1
            if pages == at:
                return how()
        return None

    return fault


def _times_out() -> httpx.Response:
    raise httpx.ReadTimeout("made up")


@pytest.mark.parametrize(
    "how",
    [
        _times_out,
        lambda: httpx.Response(500),
        lambda: httpx.Response(200, content=b'{"objects": [{"type": "ind'),
        lambda: httpx.Response(200, content=b"<html>"),
        lambda: httpx.Response(302, headers={"Location": "http://elsewhere.test/"}),
    ],
    ids=["timeout", "500", "cut", "html", "moved"],
)
def test_a_pull_that_breaks_off_goes_on_where_it_stood(
    world: World, arden: Site, brisco: Site, how: Callable[[], httpx.Response]
) -> None:
    feed = arden.collection("feed")
    arden.share("feed", [indicator(n) for n in range(2500)])
    cards, first = 1, 1
    world.network.fault = _breaking(cards + first + 1, how)  # type: ignore[assignment]
    broken = brisco.sync(arden)
    assert broken.error is not None
    assert broken.error["code"] == "peer"
    assert 0 < broken.new < 1000
    world.network.fault = lambda _: None
    world.network.asked.clear()
    again = brisco.sync(arden)
    assert (again.error, again.known, again.new) == (None, 0, 2500 - broken.new)
    asked = [url for url in world.network.asked if feed in url.path]
    assert all("added_after" in url.params for url in asked)


def test_what_a_new_policy_opens_is_pulled_from_the_beginning(
    world: World, arden: Site, brisco: Site
) -> None:
    arden.collection("circle", community="circle")
    arden.share("circle", [indicator(1)])
    arden.collection("feed")
    arden.share("feed", [indicator(2)])
    assert brisco.sync(arden).new == 1
    arden.know(brisco, "circle")
    opened = brisco.sync(arden)
    assert (opened.new, opened.known, opened.error) == (1, 1, None)
    settled = brisco.sync(arden)
    assert (settled.new, settled.known) == (0, 0)


def test_a_policy_that_changes_under_way_starts_the_pull_again(
    world: World, arden: Site, brisco: Site
) -> None:
    """Pages told under two generations: what the first left out may be open by the second."""
    circle = arden.collection("circle", community="circle")
    open_one, closed = [indicator(n) for n in range(1100)], indicator(9000)
    arden.share("circle", [closed])
    arden.share("circle", open_one, Asked(tlp=Tlp.CLEAR))

    def opens(request: httpx.Request) -> None:
        if circle in request.url.path and "next" in request.url.params:
            world.network.fault = lambda _: None
            arden.know(brisco, "circle")

    world.network.fault = opens
    pulled = brisco.sync(arden)
    assert (pulled.new, pulled.error) == (1101, None)
    settled = brisco.sync(arden)
    assert (settled.new, settled.known) == (0, 0)


def test_a_node_does_not_pull_back_what_has_its_home_there(
    world: World, arden: Site, brisco: Site
) -> None:
    feed = arden.collection("feed")
    arden.share("feed", [indicator(1)])
    brisco.sync(arden)
    brisco.know(arden)
    arden.pull_from(brisco)
    world.network.asked.clear()
    back = arden.sync(brisco)
    assert (back.new, back.known, back.error) == (0, 0, None)
    assert not [url for url in world.network.asked if feed in url.path]


def test_what_expires_there_expires_here(world: World, arden: Site, brisco: Site) -> None:
    feed = arden.collection("feed")
    ends = Micros(world.clock.now + HOUR)
    arden.share("feed", [indicator(1)], Asked(tlp=Tlp.GREEN, expires_at=ends))
    assert brisco.sync(arden).new == 1
    reader = brisco.user("reader")
    assert made_ids(brisco.objects(reader, feed)) == {made_id("indicator", 1)}
    world.clock.move(HOUR)
    assert not made_ids(brisco.objects(reader, feed))


def test_tighter_terms_follow_to_the_copies(world: World, arden: Site, brisco: Site) -> None:
    arden.collection("feed")
    arden.share("feed", [indicator(1), indicator(2)])
    brisco.sync(arden)
    arden.share("feed", [indicator(1)], Asked(tlp=Tlp.GREEN, orcon=True))
    again = brisco.sync(arden)
    assert (again.new, again.known) == (0, 1)
    with brisco.node.store.read() as tx:
        (_, _, row, _), *others = tx.facts(made_id("indicator", 1))
    assert row.handling.orcon
    assert not others


def test_what_another_tightens_in_its_copy_does_not_bind_its_originator(
    arden: Site, brisco: Site
) -> None:
    """Brisco tightens what it has of Arden, who pulls that copy and shares its own again."""
    arden.collection("feed")
    brisco.collection("copies")
    arden.share("feed", [indicator(1)])
    brisco.sync(arden)
    brisco.share("copies", [indicator(1)], Asked(tlp=Tlp.AMBER_STRICT))
    brisco.know(arden)
    arden.pull_from(brisco)
    assert arden.sync(brisco).new == 1
    before = rows_of(arden.node)
    again = arden.share("feed", [indicator(1)])
    assert (again["known"], again["handling"]["tlp"]) == (1, "green")
    assert rows_of(arden.node) == before


def test_all_versions_come(arden: Site, brisco: Site) -> None:
    feed = arden.collection("feed")
    arden.share("feed", [indicator(1, version) for version in (3, 1, 2)])
    assert brisco.sync(arden).new == 3
    reader = brisco.user("reader")
    assert len([one for one in brisco.objects(reader, feed, ALL) if made_ids([one])]) == 3


def test_a_peer_without_a_good_token_is_named_and_hinders_nobody(
    world: World, arden: Site, brisco: Site
) -> None:
    arden.collection("feed")
    arden.share("feed", [indicator(1)])
    eden = world.site("eden")
    add_peer(brisco.node, eden.url, eden.card, token="made-up")
    found = {one.name: one for one in sync(brisco.node)}
    assert found["Arden"].new == 1
    assert found["Eden"].error is not None
    assert found["Eden"].error["code"] == "peer-refused"


def test_a_peer_lies_about_where_it_is(world: World, arden: Site, brisco: Site) -> None:
    """An API root at another host is asked for at the address that a person entered."""
    arden.collection("feed")
    arden.share("feed", [indicator(1)])

    def elsewhere(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/taxii2/":
            root = "http://elsewhere.test/taxii2/api/"
            body = msgspec.json.encode({"title": "x", "default": root, "api_roots": [root]})
            return httpx.Response(200, content=body)
        return None

    world.network.fault = elsewhere
    assert brisco.sync(arden).new == 1
    assert {url.host for url in world.network.asked} == {"arden.test"}
