"""What a reader sees is what `explain` allows: in every listing, by id, in a search, in a pull."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Final, NamedTuple

import msgspec
import pytest
from tests.node.scene import Scene
from tests.node.tables import versions_of
from tests.node.world import ALL, JsonObject, sees

from comity.errors import NotAllowedError, NotFoundError
from comity.handling import Act, decide
from comity.model.ids import LABEL_TYPE
from comity.model.member import User
from comity.model.purpose import Purpose
from comity.model.time import parse_time
from comity.node.acts.explain import explain_to_reader
from comity.node.acts.find import find, show
from comity.node.acts.people import reader_of

QUESTIONS: Final = 1000
PURPOSES: Final = (None, *list(Purpose)[:6], Purpose.STATISTICS)

Version = tuple[str, str, int]
"""A version where it stands: collection, id, modified."""

Versions = frozenset[Version]


class Listed(NamedTuple):
    """What one user is given for one purpose by the listings."""

    newest: Versions
    oldest: Versions
    every: Versions
    manifest: Versions


class Views:
    """Every way in which a user of the scene may come by an object."""

    def __init__(self, scene: Scene) -> None:
        self.scene: Final = scene
        self.site: Final = scene.arden
        self.collections: Final = self.site.collections()
        self.homes: Final = defaultdict(set)
        for collection, object_id, _ in versions_of(self.site.node):
            self.homes[object_id].add(collection)
        self.ids: Final = sorted(self.homes)
        self.listed: Final = lru_cache(None)(self._listed)
        self.pulled: Final = lru_cache(None)(self._pulled)

    def allowed(self, user: User, purpose: Purpose | None, object_id: str, **as_: bool) -> Versions:
        """The versions that the rules open, one by one."""
        node = self.site.node
        reader = msgspec.structs.replace(reader_of(user), **as_)
        asked = purpose or reader.default_purpose
        with node.store.read() as tx:
            policy = tx.policy()
            return frozenset(
                (collection, object_id, modified)
                for collection, modified, row, facts in tx.facts(object_id)
                if decide(row.handling, facts, reader, Act.READ, asked, node.now(), policy).allow
            )

    def _listed(self, user: User, purpose: Purpose | None) -> Listed:
        newest, oldest, every = (
            self._objects(user, purpose, which) for which in ("last", "first", "all")
        )
        return Listed(newest, oldest, every, self._manifest(user, purpose))

    def _objects(self, user: User, purpose: Purpose | None, which: str) -> Versions:
        params = {"match[version]": [which], "limit": ["600"]}
        return _each_once(
            (collection, one["id"], _version(one))
            for collection in self.collections
            for one in self.site.objects(user, collection, params, purpose)
        )

    def _manifest(self, user: User, purpose: Purpose | None) -> Versions:
        return _each_once(
            (collection, one["id"], parse_time(one["version"]))
            for collection in self.collections
            for one in self._records(user, purpose, collection)
        )

    def _records(
        self, user: User, purpose: Purpose | None, collection: str
    ) -> Iterator[JsonObject]:
        asked = {**ALL, "limit": ["500"]}
        while True:
            answer = self.site.taxii.manifest(user, collection, asked, purpose=purpose)
            page = msgspec.json.decode(answer.body.value)
            yield from page.get("objects", ())
            if "next" not in page:
                return
            asked["next"] = [page["next"]]

    def _pulled(self, user: User) -> Versions:
        """What another node gets that signs in as this user."""
        return _each_once(
            (collection, one["id"], _version(one))
            for collection in self.collections
            for one in self.site.objects(user, collection, ALL, pulls=True)
        )

    def by_id(self, user: User, purpose: Purpose | None, object_id: str) -> Versions:
        found: list[Version] = []
        for collection in self.homes[object_id]:

            def ask(collection: str = collection) -> None:
                answer = self.site.taxii.by_id(user, collection, object_id, ALL, purpose=purpose)
                objects = msgspec.json.decode(answer.body.value)["objects"]
                found.extend((collection, one["id"], _version(one)) for one in objects)

            sees(ask)
        return _each_once(iter(found))

    def versions(self, user: User, purpose: Purpose | None, object_id: str) -> Versions:
        found: list[Version] = []
        for collection in self.homes[object_id]:

            def ask(collection: str = collection) -> None:
                answer = self.site.taxii.versions(user, collection, object_id, {}, purpose=purpose)
                at = msgspec.json.decode(answer.body.value)["versions"]
                found.extend((collection, object_id, parse_time(one)) for one in at)

            sees(ask)
        return _each_once(iter(found))

    def found(self, user: User, purpose: Purpose | None, words: str) -> set[tuple[str, int]]:
        answer = find(self.site.node, reader_of(user), words, purpose=purpose).value
        return {(one["id"], parse_time(one["modified"])) for one in answer["found"]}

    def shown(self, user: User, purpose: Purpose | None, object_id: str) -> bool:
        return sees(lambda: show(self.site.node, reader_of(user), object_id, purpose=purpose))


def _version(one: JsonObject) -> int:
    return parse_time(str(one.get("modified") or one["created"]))


def _each_once(found: Iterator[Version]) -> Versions:
    counted = Counter(found)
    assert set(counted.values()) <= {1}
    return frozenset(counted)


def _extremes(versions: Versions) -> tuple[Versions, Versions]:
    """The newest and the oldest of the versions of one object, in each collection."""
    by_collection = defaultdict(list)
    for one in sorted(versions, key=lambda version: version[2]):
        by_collection[one[0]].append(one)
    newest = frozenset(several[-1] for several in by_collection.values())
    return newest, frozenset(several[0] for several in by_collection.values())


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    scene = Scene(tmp_path_factory.mktemp("scene"))
    yield Views(scene)
    scene.world.close()


def questions(views: Views) -> Iterator[tuple[str, User, Purpose | None]]:
    """A thousand of (object, user, purpose), most of them for a purpose that the user holds."""
    random = Random(11)
    users = list(views.scene.users)
    for _ in range(QUESTIONS):
        user = random.choice(users)
        purpose = random.choice((None, *user.purposes, random.choice(PURPOSES)))
        yield random.choice(views.ids), user, purpose


def explained(views: Views, object_id: str, user: User, purpose: Purpose | None) -> bool:
    of = views.scene.users[user]
    return views.site.explain(object_id, of, person=user.name, purpose=purpose).allow


def holds(user: User, purpose: Purpose | None) -> bool:
    return purpose is None or purpose in user.purposes


# By id every question takes several requests; the listings are asked for once a user and purpose.
sampled = pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.soak)])


def test_the_scene_is_rich(views: Views) -> None:
    """Enough of everything that a thousand questions mean something."""
    with views.site.node.store.read() as tx:
        assert len(tx.handlings()) > 60
    opened = Counter(
        bool(views.allowed(user, purpose, one)) for one, user, purpose in questions(views)
    )
    assert min(opened[True], opened[False]) > QUESTIONS / 6


def test_every_listing_shows_exactly_what_explain_allows(views: Views) -> None:
    for object_id, user, purpose in questions(views):
        told = explained(views, object_id, user, purpose)
        allowed = views.allowed(user, purpose, object_id)
        assert told == bool(allowed)
        if not holds(user, purpose):
            assert not told
            with pytest.raises(NotAllowedError):
                views.listed(user, purpose)
            continue
        newest, oldest = _extremes(allowed)
        for seen, expected in zip(
            views.listed(user, purpose), (newest, oldest, allowed, allowed), strict=True
        ):
            assert {one for one in seen if one[1] == object_id} == expected


@sampled
def test_by_id_a_reader_gets_exactly_what_explain_allows(views: Views, every: int) -> None:
    for object_id, user, purpose in list(questions(views))[::every]:
        allowed = views.allowed(user, purpose, object_id)
        assert views.by_id(user, purpose, object_id) == allowed
        assert views.versions(user, purpose, object_id) == allowed


@sampled
def test_find_and_show_give_exactly_what_explain_allows(views: Views, every: int) -> None:
    for object_id, user, purpose in list(questions(views))[::every]:
        if not holds(user, purpose):
            continue
        allowed = views.allowed(user, purpose, object_id)
        newest = max((modified for _, _, modified in allowed), default=None)
        assert views.found(user, purpose, object_id) == (
            {(object_id, newest)} if allowed else set()
        )
        assert views.shown(user, purpose, object_id) == bool(allowed)
        if object_id.startswith("indicator--"):
            number = int(object_id.removeprefix("indicator--")[:8], 16)
            by_value = views.found(user, purpose, f"host-{number}.example")
            assert by_value == {(one, at) for _, one, at in allowed}


def test_a_pull_gets_exactly_what_explain_allows_a_program(views: Views) -> None:
    """Whoever's credential the other node holds: what is for named persons does not travel."""
    for object_id, user, _ in questions(views):
        allowed = views.allowed(user, None, object_id, program=True)
        assert {one for one in views.pulled(user) if one[1] == object_id} == allowed


def test_a_reader_is_told_of_no_object_that_it_may_see_for_none_of_its_purposes(
    views: Views,
) -> None:
    for object_id, user, purpose in questions(views):
        if not holds(user, purpose):
            continue
        some = any(views.allowed(user, one, object_id) for one in user.purposes)
        try:
            said = explain_to_reader(views.site.node, reader_of(user), object_id, purpose=purpose)
        except NotFoundError:
            assert not some
            assert user.member_id != views.site.id
        else:
            assert said.allow == bool(views.allowed(user, purpose, object_id))


def test_a_label_names_nothing_that_its_reader_may_not_see(views: Views) -> None:
    """But what was tightened since: a label that was given is not taken back."""
    with views.site.node.store.read() as tx:
        under = {
            (one, modified): row.handling.id
            for object_id in views.ids
            for _, modified, row, _ in tx.facts(object_id)
            for one in [object_id]
        }
    for user in views.scene.users:
        seen = {(one, modified) for _, one, modified in views.listed(user, None).every}
        for label in _labels(views, user):
            covers = {(one["id"], parse_time(one["modified"])) for one in label["covers"]}
            still = {one for one in covers if under[one] == label["handling_ref"]}
            assert still <= seen


def _labels(views: Views, user: User) -> Iterator[JsonObject]:
    for collection in views.collections:
        for one in views.site.objects(user, collection, ALL):
            if one["type"] == LABEL_TYPE:
                yield one
