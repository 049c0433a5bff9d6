"""The OASIS committee's own client, unmodified, against a node that is really served."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests
from taxii2client.exceptions import AccessError
from taxii2client.v21 import Collection, Server, as_pages
from tests.api.conftest import indicator
from tests.api.served import Served, served

from comity.model.member import MemberKind, Role
from comity.node.acts.begin import begin
from comity.node.acts.collections import add_collection
from comity.node.acts.people import Secret, add_user
from comity.node.wiring import open_node


class Reached(NamedTuple):
    server: Served
    user: Secret
    collection: Collection
    objects: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    """A collection of 25 objects, one of which has two versions."""
    folder = tmp_path_factory.mktemp("served") / "north"
    begin(folder, "North (made up)", "XX", MemberKind.STATE)
    node = open_node(folder)
    add_collection(node, "open")
    user = add_user(node, "analyst", Role.ANALYST)
    node.close()
    objects = {one["id"]: one for one in (indicator(f"c{n}.example") for n in range(25))}
    with served(folder) as server:
        found = Server(f"{server.url}/taxii2/", user=user.user, password=user.password)
        (collection,) = [one for one in found.default.collections if one.title == "open"]
        status = collection.add_objects({"objects": list(objects.values())})
        assert (status.status, status.success_count) == ("complete", 25)
        yield Reached(server, user, collection, objects)
        for one in (found, collection):
            one.close()


def test_objects_are_paged_each_exactly_once(reached: Reached) -> None:
    pages = list(as_pages(reached.collection.get_objects, per_request=10))
    assert len(pages) > 2
    paged = [one for page in pages for one in page["objects"]]
    ours = [one for one in paged if one["type"] == "indicator"]
    assert len(ours) == len(reached.objects)
    assert {one["id"]: one for one in ours} == reached.objects
    # What comes besides is Comity's own: markings and labels, told apart by their types.
    others = {one["type"] for one in paged} - {"indicator"}
    assert others <= {"marking-definition", "x-comity-label"}


def test_the_manifest_is_paged_alike(reached: Reached) -> None:
    records = [
        record
        for page in as_pages(reached.collection.get_manifest, per_request=7)
        for record in page["objects"]
    ]
    ids = [record["id"] for record in records]
    assert len(set(ids)) == len(ids)
    assert {name for name in ids if name.startswith("indicator")} == set(reached.objects)


def test_one_object_and_its_versions(reached: Reached) -> None:
    name = next(iter(reached.objects))
    newer = reached.objects[name] | {"modified": "2026-05-02T00:00:00.000Z"}
    reached.collection.add_objects({"objects": [newer]})
    assert reached.collection.get_object(name)["objects"] == [newer]
    assert len(reached.collection.object_versions(name)["versions"]) == 2
    reached.collection.delete_object(name, version="2026-05-02T00:00:00.000Z")
    assert reached.collection.get_object(name)["objects"] == [reached.objects[name]]


def test_what_the_client_may_it_is_told(reached: Reached) -> None:
    (members,) = [
        one
        for one in Server(
            f"{reached.server.url}/taxii2/",
            user=reached.user.user,
            password=reached.user.password,
        ).default.collections
        if one.title == "members"
    ]
    assert (members.can_read, members.can_write) == (True, False)
    with pytest.raises(AccessError):
        members.add_objects({"objects": []})
    with pytest.raises(requests.HTTPError, match="404"):
        reached.collection.get_object("indicator--00000000-0000-4000-8000-000000000000")


def test_without_a_credential_there_is_nothing(reached: Reached) -> None:
    with pytest.raises(requests.HTTPError, match="401"):
        _ = Server(f"{reached.server.url}/taxii2/").title
