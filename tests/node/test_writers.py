"""Four writers, two of them processes of their own, and a poller: nothing lost, nothing twice."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import pytest
from tests.node.world import ALL, JsonObject, Site, World, indicator, made_id
from tests.node.writer import write

from comity.model.ids import LABEL_TYPE
from comity.model.marking import Tlp
from comity.model.member import User
from comity.node.acts.log import settle, sizes, verify_directory
from comity.node.acts.share import Asked, share_objects
from comity.node.wiring import open_node

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A node under the real clock, as other processes open it."""
    world = World(tmp_path)
    world.site("arden").node.close()
    made = Site("arden", open_node(tmp_path / "arden"))
    yield made
    made.node.close()


class Poller:
    """Reads a collection by `added_after` again and again, as a plain client does."""

    def __init__(self, site: Site, user: User, collection: str) -> None:
        self._site: Final = site
        self._user: Final = user
        self._collection: Final = collection
        self._after = "1970-01-01T00:00:00.000000Z"
        self.objects: Final[list[JsonObject]] = []

    def poll(self) -> bool:
        """Take in one page; False if it was empty."""
        asked = {**ALL, "added_after": [self._after], "limit": ["170"]}
        answer = self._site.taxii.objects(self._user, self._collection, asked)
        last = answer.headers["X-TAXII-Date-Added-Last"]
        found = msgspec.json.decode(answer.body.value).get("objects", [])
        assert (last > self._after) == bool(found)
        self._after = last
        self.objects.extend(found)
        return bool(found)

    def until(self, writers: list[Future[None]]) -> None:
        """Poll until all have written and nothing more comes."""
        while not all(one.done() for one in writers):
            self.poll()
        while self.poll():
            pass


@pytest.mark.parametrize("each", [400, pytest.param(10_000, marks=pytest.mark.soak)])
def test_nothing_is_lost_and_nothing_comes_twice(site: Site, each: int) -> None:
    feed = site.collection("feed")
    poller = Poller(site, site.user("poller"), feed)
    other = Poller(site, site.user("other"), feed)
    with ThreadPoolExecutor(6) as pool:
        writers = [
            pool.submit(write, site.node, "feed", 0, each),
            pool.submit(write, site.node, "feed", each, each),
            pool.submit(_process, site.node.directory, 2 * each, each),
            pool.submit(_process, site.node.directory, 3 * each, each),
        ]
        polls = [pool.submit(one.until, writers) for one in (poller, other)]
        for future in (*writers, *polls):
            future.result()
    for one in (poller, other):
        counted = Counter(found["id"] for found in one.objects)
        assert set(counted.values()) == {1}
        assert {made_id("indicator", n) for n in range(4 * each)} <= counted.keys()
        _assert_terms_come_first(one.objects)
    assert poller.objects == other.objects
    settle(site.node)
    journalled, logged = sizes(site.node)
    assert journalled == logged
    assert verify_directory(site.node, None, None).ok


def _process(directory: Path, first: int, count: int) -> None:
    command = ["-m", "tests.node.writer", str(directory), "feed", str(first), str(count)]
    subprocess.run([sys.executable, *command], check=True, cwd=ROOT)


def _assert_terms_come_first(objects: list[JsonObject]) -> None:
    """Before each object its label, and before that the marking of its handling."""
    seen: set[str] = set()
    covered: set[str] = set()
    for one in objects:
        if one["type"] == LABEL_TYPE:
            assert one["handling_ref"] in seen
            covered |= {cover["id"] for cover in one["covers"]}
        assert one["type"] != "indicator" or one["id"] in covered
        seen.add(one["id"])


def test_the_same_objects_from_two_writers_are_kept_once(site: Site) -> None:
    """Whoever comes second knows them; neither sees half of the other's chunk."""
    feed = site.collection("feed")
    bundle = msgspec.json.encode({"objects": [indicator(n) for n in range(600)]})

    def share() -> JsonObject:
        asked = Asked(tlp=Tlp.GREEN)
        return share_objects(site.node, bundle, "feed", asked, actor=site.node.operator)

    with ThreadPoolExecutor(3) as pool:
        said = [future.result() for future in [pool.submit(share) for _ in range(3)]]
    assert sum(one["new"] for one in said) == 600
    assert all(one["new"] + one["known"] == 600 for one in said)
    found = Counter(one["id"] for one in site.objects(site.user("reader"), feed, ALL))
    assert set(found.values()) == {1}
