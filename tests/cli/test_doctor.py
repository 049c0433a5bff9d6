"""`doctor` as a command; what it looks at is tested with the node."""

from __future__ import annotations

from pathlib import Path

from tests.cli.desk import Desk, typed


def test_a_fresh_node_is_well(desk: Desk, north: Path) -> None:
    answer = typed("doctor", north, "--json")
    assert answer.code == 0
    assert answer.document["ok"] is True
    assert [one["code"] for one in answer.document["findings"]] == ["secret-file"]
    said = typed("doctor", north).out
    assert said.startswith("notice: ")
    assert said.endswith("Nothing is at fault.\n")


def test_a_fault_gives_1(north: Path) -> None:
    (north / "keys" / "log.key").chmod(0o644)
    answer = typed("doctor", north, "--json")
    assert answer.code == 1
    assert answer.document["ok"] is False
    first = answer.document["findings"][0]
    assert (first["code"], first["severity"]) == ("exposed-file", "fault")
    assert "chmod 600" in first["advice"]
    assert typed("doctor", north).out.endswith("1 at fault.\n")


def test_no_node_is_a_finding(tmp_path: Path) -> None:
    answer = typed("doctor", tmp_path, "--json")
    assert answer.code == 1
    assert [one["code"] for one in answer.document["findings"]] == ["no-node"]
