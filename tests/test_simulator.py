from __future__ import annotations

from pathlib import Path

import pytest
from tests.simulator import Simulator

from comity.node.acts.sync import sync


def test_a_chain_of_three_passes_on_what_may_be_passed_on(tmp_path: Path) -> None:
    with Simulator(tmp_path) as world:
        north, south, plaza = (world.node(name) for name in ("north", "south", "plaza"))
        world.introduce(north, south)
        world.introduce(south, plaza)
        north.collection("watch")
        north.share("clear.example", collection="watch", tlp="clear")
        north.share("strict.example", collection="watch", tlp="amber+strict")
        south.sync()
        plaza.sync()
        for one, known in ((south, 2), (plaza, 1)):
            found = [
                one.client.get("/api/find", params={"q": name}, headers=one.admin).json()["found"]
                for name in ("clear.example", "strict.example")
            ]
            assert sum(map(len, found)) == known


def test_nodes_are_the_same_run_after_run(tmp_path: Path) -> None:
    cards = []
    for run in ("first", "second"):
        with Simulator(tmp_path / run) as world:
            cards.append(world.node("north").card)
    assert cards[0].id == cards[1].id
    assert cards[0].keys == cards[1].keys


def test_who_is_not_there_does_not_answer(tmp_path: Path) -> None:
    with Simulator(tmp_path) as world:
        north, south = world.node("north"), world.node("south")
        world.introduce(north, south)
        del world.nodes["north"]
        (pulled,) = sync(south.node)
        assert pulled.error is not None
        assert pulled.error["code"] == "peer"
        with pytest.raises(AssertionError):
            south.sync()
        world.nodes["north"] = north


def test_time_moves_only_when_told(tmp_path: Path) -> None:
    with Simulator(tmp_path) as world:
        north = world.node("north")
        before = north.node.now()
        assert north.node.now() == before
        world.clock.advance(1.5)
        assert north.node.now() == before + 1_500_000
