"""SIGKILL from outside, under load: what was acknowledged is there, journal and log agree."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.outside.processes import Node, Writers, comity, made_up, objects_of

_ROUNDS = [3, pytest.param(50, marks=pytest.mark.soak)]


def _agreed(node: Node, checkpoint: Path) -> None:
    """Within two seconds of a restart every journal row is in the log, which only ever grew."""
    limit = time.monotonic() + 2.0
    while _sizes(node)[0] != _sizes(node)[1]:
        assert time.monotonic() < limit, "the log does not follow the journal"
        time.sleep(0.1)
    words = ["log", "verify", node.url, "--vkey", node.vkey]
    if checkpoint.exists():
        words += ["--against", str(checkpoint)]
    assert comity(*words)["ok"]
    text = subprocess.run(
        [sys.executable, "-m", "comity", "log", "checkpoint", node.url],
        capture_output=True,
        check=True,
    ).stdout
    checkpoint.write_bytes(text)


def _sizes(node: Node) -> tuple[int, int]:
    """Rows of the journal, and entries of the log, as the store has them."""
    from comity.node.acts.log import sizes
    from comity.node.wiring import open_node

    opened = open_node(node.directory)
    try:
        return sizes(opened)
    finally:
        opened.close()


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_a_killed_server_keeps_what_it_acknowledged(tmp_path: Path, rounds: int) -> None:
    node = Node(tmp_path / "node")
    acknowledged: set[str] = set()
    node.start()
    try:
        for number in range(rounds):
            with Writers(node, threads=3, size=20) as writers:
                writers.wait_for_first()
                time.sleep(random.Random(number).random() / 2)
                node.kill()
            acknowledged |= writers.acknowledged
            node.start()
            _agreed(node, tmp_path / "checkpoint")
        listed = Counter(objects_of(node.listed()))
    finally:
        node.kill()
    assert acknowledged <= listed.keys()
    assert max(listed.values()) == 1
    assert comity("doctor", node.directory)["ok"]


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_a_killed_share_keeps_whole_transactions_and_can_be_repeated(
    tmp_path: Path, rounds: int
) -> None:
    node = Node(tmp_path / "node")
    chunk = 500
    for number in range(rounds):
        count = 6 * chunk + 7
        file = tmp_path / f"{number}.json"
        objects = made_up(count, f"{number}-")
        file.write_text(json.dumps({"type": "bundle", "objects": objects}))
        before = len(objects_of(_stored(node)))
        _killed_share(node, file, random.Random(number).uniform(0.5, 2.5))
        kept = len(objects_of(_stored(node))) - before
        assert kept == count or kept % chunk == 0
        again = comity("share", node.directory, file, "--collection", "feed", "--tlp", "green")
        assert (again["new"], again["known"]) == (count - kept, kept)
        assert len(objects_of(_stored(node))) - before == count
    with node:
        _agreed(node, tmp_path / "checkpoint")


def _killed_share(node: Node, file: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "comity", "share", str(node.directory), str(file)]
    command += ["--collection", "feed", "--tlp", "green", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stored(node: Node) -> list[str]:
    with node:
        return node.listed()
