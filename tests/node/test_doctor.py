"""`doctor`: everything that can be wrong is found, and nothing is changed by looking."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.node.tables import rows_of
from tests.node.world import HOUR, World, indicator

from comity.errors import StoreError
from comity.holdings import this_process
from comity.model.time import Micros
from comity.node.acts import doctor
from comity.node.acts.doctor import Diagnosis, Severity, examine, examine_directory
from comity.node.acts.log import settle
from comity.node.wiring import Node


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    # Nodes are begun by the machine's clock, and what was done must not lie in the future.
    made.clock.now = Micros(time.time_ns() // 1000)
    yield made
    made.close()


@pytest.fixture
def node(world: World) -> Node:
    site = world.site("arden")
    (site.node.directory / "admin.secret").unlink()
    return site.node


def codes(diagnosis: Diagnosis) -> list[str]:
    return [finding.code for finding in diagnosis.findings]


def test_a_node_that_is_well(node: Node) -> None:
    assert examine(node) == Diagnosis(ok=True, findings=())


def test_looking_changes_nothing(world: World, node: Node) -> None:
    before = rows_of(node, leave_out=frozenset())
    examine(node)
    assert rows_of(node, leave_out=frozenset()) == before


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        (".", 0o755),
        ("keys", 0o750),
        ("keys/log.key", 0o644),
        ("keys/label.key", 0o640),
        ("comity.toml", 0o604),
        ("comity.sqlite3", 0o644),
    ],
)
def test_what_others_can_read(node: Node, path: str, mode: int) -> None:
    (node.directory / path).chmod(mode)
    diagnosis = examine(node)
    assert (diagnosis.ok, codes(diagnosis)) == (False, ["exposed-file"])
    assert f"chmod {'700' if (node.directory / path).is_dir() else '600'}" in (
        diagnosis.findings[0].advice
    )


def test_the_first_secret_is_still_there(world: World) -> None:
    diagnosis = examine(world.site("birch").node)
    assert (diagnosis.ok, codes(diagnosis)) == (True, ["secret-file"])
    assert diagnosis.findings[0].severity is Severity.NOTICE


class Disk(NamedTuple):
    free: int


@pytest.mark.parametrize(
    ("free", "severity"), [(500 << 20, Severity.WARNING), (50 << 20, Severity.FAULT)]
)
def test_a_full_disk(
    node: Node, free: int, severity: Severity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(free))
    (finding,) = examine(node).findings
    assert (finding.code, finding.severity) == ("disk-space", severity)


def test_a_clock_that_went_back(world: World, node: Node) -> None:
    world.clock.move(-HOUR)
    diagnosis = examine(node)
    assert (diagnosis.ok, codes(diagnosis)) == (False, ["clock-behind"])


def test_a_key_that_is_not_ours(world: World, node: Node) -> None:
    other = world.site("birch").node
    shutil.copy(other.directory / "keys" / "label.key", node.directory / "keys" / "label.key")
    assert codes(examine_directory(node.directory)) == ["wrong-key"]


def test_a_log_that_does_not_verify(node: Node) -> None:
    with node.store.write() as tx:
        tx.put_tiles([(0, 0, bytes(8192))])
    diagnosis = examine(node)
    assert not diagnosis.ok
    assert diagnosis.findings[0].message.startswith("the log does not verify: ")


def test_a_log_that_lags(world: World, node: Node) -> None:
    world.network.sites["arden.test"].collection("watch")
    assert codes(examine(node)) == []
    world.clock.move(HOUR)
    (finding,) = examine(node).findings
    assert (finding.code, finding.severity) == ("log-behind", Severity.WARNING)
    assert finding.message.startswith("1 journal rows wait")
    settle(node)
    assert codes(examine(node)) == []


def test_a_lease_that_nobody_holds_any_more(world: World, node: Node) -> None:
    with node.store.write() as tx:
        tx.acquire_lease("sweep", this_process(), node.now(), 30)
    assert codes(examine(node)) == []
    world.clock.move(HOUR)
    assert codes(examine(node)) == ["stale-lease"]


def test_members(world: World, node: Node) -> None:
    arden, birch = world.network.sites["arden.test"], world.site("birch")
    arden.know(birch)
    assert codes(examine(node)) == ["peer-without-token"]
    birch.know(arden)
    arden.pull_from(birch)
    assert codes(examine(node)) == []


def test_a_card_that_was_only_seen_through_a_peer(world: World, node: Node) -> None:
    arden, birch, cedar = (
        world.network.sites["arden.test"],
        world.site("birch"),
        world.site("cedar"),
    )
    birch.know(cedar)
    cedar.know(birch)
    birch.pull_from(cedar)
    cedar.share(cedar.collection("watch"), [indicator(1)])
    birch.sync(cedar)
    birch.know(arden)
    arden.know(birch)
    arden.pull_from(birch)
    arden.sync(birch)
    settle(node)
    (finding,) = examine(node).findings
    assert (finding.code, finding.severity) == ("member-not-vouched", Severity.NOTICE)
    assert "Cedar" in finding.message


def test_labels_that_nobody_we_know_vouches_for(world: World, node: Node) -> None:
    arden, birch = world.network.sites["arden.test"], world.site("birch")
    watch = birch.collection("watch")
    birch.share(watch, [indicator(1)])
    handed_over = birch.objects(birch.user("jo"), watch)
    arden.share(arden.collection("watch"), handed_over)
    settle(node)
    (finding,) = examine(node).findings
    assert (finding.code, finding.severity) == ("label-not-verified", Severity.WARNING)
    assert finding.message.startswith(f"1 labels by {birch.id}")


def test_conflicts_wait_for_their_originator(world: World, node: Node) -> None:
    arden = world.network.sites["arden.test"]
    watch = arden.collection("watch")
    arden.share(watch, [indicator(1)])
    arden.share(watch, [indicator(1, name="another content")])
    settle(node)
    (finding,) = examine(node).findings
    assert (finding.code, finding.severity) == ("conflicts", Severity.WARNING)
    assert indicator(1)["id"] in finding.message


def test_a_node_that_cannot_be_opened(tmp_path: Path, node: Node) -> None:
    assert codes(examine_directory(tmp_path)) == ["no-node"]
    (node.directory / "keys" / "log.key").unlink()
    assert codes(examine_directory(node.directory)) == ["no-key"]
    (node.directory / "comity.toml").write_text("member_id = ")
    assert codes(examine_directory(node.directory)) == ["settings"]


def test_a_check_that_fails_hinders_no_other(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    (node.directory / "keys" / "log.key").chmod(0o644)

    def broken(_: Node) -> Iterator[doctor.Finding]:
        raise StoreError("no luck", code="broken", advice="Try again.")
        yield

    monkeypatch.setattr(doctor, "_CHECKS", (broken, *doctor._CHECKS))
    assert codes(examine(node)) == ["broken", "exposed-file"]
