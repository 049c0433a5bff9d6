"""Nodes that the tests of the API share: they read, or write what is theirs alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.simulator import Simulated, Simulator

from comity.model.member import Role
from comity.node.acts.people import Secret


class Place(NamedTuple):
    """One node `north`, its users by role, a program and a person of another member.

    `open` is a collection that may be read and written, `inbox` one that is written only,
    `board` one that is read only. `clear` and `strict` are objects in `open` that everybody
    may read, or this member alone.
    """

    north: Simulated
    south: Simulated
    users: dict[Role, Secret]
    program: Secret
    person: Secret
    open: str
    inbox: str
    board: str
    clear: str
    strict: str


def indicator(domain: str = "made-up.example", **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """A made-up indicator with an id of its own."""
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.uuid4()}",
        "created": "2026-05-01T00:00:00.000Z",
        "modified": "2026-05-01T00:00:00.000Z",
        "pattern": f"[domain-name:value = '{domain}']",
        "pattern_type": "stix",
        "valid_from": "2026-05-01T00:00:00Z",
        **fields,
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Simulator(tmp_path_factory.mktemp("nodes")) as world:
        north, south = world.node("north"), world.node("south")
        world.introduce(north, south)
        users = {role: north.user(f"a-{role}", role) for role in Role}
        opened, inbox = north.collection("open"), north.collection("inbox", access="write")
        board = north.collection("board", access="read")
        clear, strict = indicator("clear.example"), indicator("strict.example")
        north.share_objects(clear, collection="open", tlp="clear")
        north.share_objects(strict, collection="open", tlp="amber+strict", to=[north.card.id])
        north.settle()
        yield Place(
            north,
            south,
            users,
            north.user("south-program", Role.ANALYST, member=south, program=True),
            north.user("south-person", Role.ANALYST, member=south),
            opened,
            inbox,
            board,
            clear["id"],
            strict["id"],
        )
