"""`log`: checkpoints, proofs and verification, from a directory."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.cli.desk import Desk, typed

from comity.account.proof import verify_proof


def test_a_checkpoint_is_printed_as_it_is(desk: Desk, north: Path) -> None:
    vkey = desk.ask("member", "show", north)["keys"]["log"]
    text = typed("log", "checkpoint", north).out
    assert text.splitlines()[0] == vkey.partition("+")[0]
    assert text.endswith("\n")
    answer = desk.ask("log", "checkpoint", north)
    assert answer["checkpoint"] == text
    assert answer["size"] == int(text.splitlines()[1])


def test_every_command_that_wrote_leaves_the_log_up_to_date(desk: Desk, north: Path) -> None:
    before = desk.ask("log", "checkpoint", north)["size"]
    desk.ask("collection", "add", north, "watch")
    assert desk.ask("log", "checkpoint", north)["size"] == before + 1
    desk.ask("find", north, "x")
    assert desk.ask("log", "checkpoint", north)["size"] == before + 2


def test_a_proof_holds_with_the_public_key_alone(desk: Desk, north: Path) -> None:
    vkey = desk.ask("member", "show", north)["keys"]["log"]
    desk.ask("collection", "add", north, "watch")
    index = desk.ask("log", "checkpoint", north)["size"] - 1
    answer = desk.ask("log", "prove", north, index)
    assert answer["index"] == index
    assert json.loads(answer["payload"])["kind"] == "collection-added"
    head = verify_proof(
        answer["proof"].encode(), vkey, answer["payload"].encode(), bytes.fromhex(answer["salt"])
    )
    assert head.size == index + 1
    assert typed("log", "prove", north, index).out == answer["proof"]
    beyond = typed("log", "prove", north, index + 1, "--json")
    assert (beyond.code, beyond.error["code"]) == (1, "no-such-entry")
    below = typed("log", "prove", north, "--json", "--", "-1")
    assert below.code == 1


def test_verify(desk: Desk, north: Path) -> None:
    answer = typed("log", "verify", north, "--json")
    assert answer.code == 0
    assert answer.document["ok"] is True
    assert answer.document["problems"] == []
    assert answer.document["size"] > 0
    assert "is whole, and signed" in typed("log", "verify", north).out


@pytest.mark.parametrize("as_json", [False, True])
def test_verify_against_an_older_checkpoint(desk: Desk, north: Path, as_json: bool) -> None:
    older = typed("log", "checkpoint", north, *(["--json"] if as_json else [])).out
    desk.ask("collection", "add", north, "watch")
    assert desk.ask("log", "verify", north, "--against", desk.file("older", older))["ok"]


def test_a_fork_is_found_and_both_checkpoints_are_printed(desk: Desk, north: Path) -> None:
    copy = desk.home / "copy"
    shutil.copytree(north, copy)
    desk.ask("collection", "add", copy, "one way")
    older = desk.file("older", typed("log", "checkpoint", copy).out)
    desk.ask("collection", "add", north, "another way")
    desk.ask("collection", "add", north, "and on")
    answer = typed("log", "verify", north, "--against", older, "--json")
    assert answer.code == 1
    assert answer.document["ok"] is False
    (problem,) = [one for one in answer.document["problems"] if one.get("checkpoints")]
    assert problem["checkpoints"] == [older.read_text(), typed("log", "checkpoint", north).out]
    said = typed("log", "verify", north, "--against", older)
    assert said.code == 1
    assert older.read_text() in said.out


def test_another_key_verifies_nothing(desk: Desk, north: Path, south: Path) -> None:
    other = desk.ask("member", "show", south)["keys"]["log"]
    answer = typed("log", "verify", north, "--vkey", other, "--json")
    assert answer.code == 1
    assert answer.document["ok"] is False


def test_an_older_checkpoint_that_cannot_be_read(desk: Desk, north: Path) -> None:
    gone = typed("log", "verify", north, "--against", desk.home / "gone", "--json")
    assert (gone.code, gone.error["code"]) == (1, "bad-input")
    other = desk.file("other.json", '{"size": 3}')
    wrong = typed("log", "verify", north, "--against", other, "--json")
    assert (wrong.code, wrong.error["code"]) == (1, "bad-note")


def test_nobody_answers(desk: Desk) -> None:
    answer = typed("log", "verify", "http://127.0.0.1:9", "--json")
    assert (answer.code, answer.error["code"]) == (1, "peer")
    assert answer.err == ""
