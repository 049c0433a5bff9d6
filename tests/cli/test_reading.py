"""`explain`, `find` and `show`: who may read what, and who asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.desk import Desk, typed


@pytest.fixture
def token(desk: Desk, north: Path) -> str:
    return str(desk.ask("user", "add", north, "jo", "--role", "reader")["token"])


def test_explain_says_yes_with_the_rule_that_opened_the_way(
    desk: Desk, north: Path, south: Path
) -> None:
    desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    desk.share(north, "a.example", options=("--tlp", "green"))
    name = desk.id_of(north, "a.example")
    decision = desk.ask("explain", north, name, "--to", "South")
    assert set(decision) == {"allow", "reasons", "obligations", "counterfactuals", "redacted"}
    assert decision["allow"] is True
    assert decision["redacted"] == []
    assert [reason["rule"] for reason in decision["reasons"]] == ["tlp-green"]
    assert set(decision["reasons"][0]) == {"rule", "sentence", "source", "lifted_by"}
    said = typed("explain", north, name, "--to", "South").out
    assert said.startswith("Yes: South may read it.\n")
    assert "Obligations:\n" in said


def test_explain_says_no_with_every_rule_and_what_would_change_it(
    desk: Desk, north: Path, south: Path
) -> None:
    desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    desk.share(north, "a.example", options=("--tlp", "amber+strict", "--to", "North"))
    name = desk.id_of(north, "a.example")
    decision = desk.ask("explain", north, name, "--to", "South", "--act", "forward")
    assert decision["allow"] is False
    assert {"release-list", "tlp-amber-strict"} <= {one["rule"] for one in decision["reasons"]}
    assert decision["counterfactuals"]
    said = typed("explain", north, name, "--to", "South").out
    assert said.startswith("No: South may not read it.\n")
    assert "What would change it:\n" in said


def test_explain_as_a_person_needs_no_token(desk: Desk, north: Path, token: str) -> None:
    desk.share(north, "a.example", options=("--tlp", "red", "--person", "jo"))
    found = desk.ask_as(token, "find", north, "a.example", "--as", "jo")["found"]
    name = found[0]["id"]
    assert desk.ask("explain", north, name, "--to", "North", "--as", "jo")["allow"] is True
    assert desk.ask("explain", north, name, "--to", "North")["allow"] is False
    unknown = typed("explain", north, name, "--to", "North", "--as", "nobody", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "unknown-user")


def test_find_and_show_as_a_person_who_proves_it(desk: Desk, north: Path, token: str) -> None:
    desk.share(north, "a.example", options=("--tlp", "red", "--person", "jo"))
    assert desk.ask("find", north, "a.example")["found"] == []
    assert typed("find", north, "a.example").out == "Nothing that you may read.\n"
    words = ("find", north, "a.example", "--as", "jo", "--json")
    by_variable = typed(*words, env={"COMITY_TOKEN": token}).document["found"]
    by_file = typed(*words, "--token-file", desk.file("jo.token", f"{token}\n")).document["found"]
    lines = f"user: jo\ntoken: {token}\npassword: x\n"
    by_line = typed(*words, "--token-file", desk.file("jo.secret", lines)).document["found"]
    assert by_variable == by_file == by_line
    assert by_variable[0]["object"]["pattern"] == "[domain-name:value = 'a.example']"
    name = by_variable[0]["id"]
    shown = typed("show", north, name, "--as", "jo", env={"COMITY_TOKEN": token})
    assert "TLP:RED" in shown.out
    assert "a.example" in shown.out
    absent = typed("show", north, name, "--json")
    withheld = typed("show", north, name[:-1] + ("0" if name[-1] != "0" else "1"), "--json")
    assert absent == withheld
    assert (absent.code, absent.error["code"]) == (1, "no-object")


@pytest.mark.parametrize(
    ("env", "error"),
    [({}, "no-token"), ({"COMITY_TOKEN": "wrong"}, "bad-credential")],
)
def test_as_without_proof_is_refused(north: Path, env: dict[str, str], error: str) -> None:
    answer = typed("find", north, "x", "--as", "jo", "--json", env=env)
    assert (answer.code, answer.error["code"]) == (1, error)


def test_somebody_elses_token_is_no_proof(desk: Desk, north: Path, token: str) -> None:
    desk.ask("user", "add", north, "al", "--role", "reader")
    answer = typed("find", north, "x", "--as", "al", "--json", env={"COMITY_TOKEN": token})
    assert (answer.code, answer.error["code"]) == (1, "bad-credential")
    assert token not in answer.out + answer.err


def test_a_purpose_is_taken(desk: Desk, north: Path, token: str) -> None:
    desk.share(north, "a.example", options=("--tlp", "green", "--purpose", "investigation"))
    asked = ("find", north, "a.example", "--purpose", "investigation")
    assert desk.ask(*asked)["found"]
    assert desk.ask("find", north, "a.example", "--purpose", "statistics")["found"] == []
    denied = typed(*asked, "--as", "jo", "--json", env={"COMITY_TOKEN": token})
    assert (denied.code, denied.error["code"]) == (1, "purpose-not-held")


def test_found_things_are_listed_with_their_handling(desk: Desk, north: Path) -> None:
    desk.share(north, "a.example", options=("--tlp", "amber", "--pap", "green", "--orcon"))
    answer = desk.ask("find", north, "a.example")
    assert {"id", "modified", "handling", "object"} <= set(answer["found"][0])
    said = typed("find", north, "a.example").out
    assert "TLP:AMBER; to 1 member; originator control; PAP:GREEN" in said
    assert "[domain-name:value = 'a.example']" in said


def test_what_others_wrote_cannot_steer_a_terminal(desk: Desk, north: Path) -> None:
    desk.ask("collection", "add", north, "watch")
    text = (
        '{"type": "identity", "spec_version": "2.1", '
        '"id": "identity--00000000-0000-4000-8000-000000000001", '
        '"created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", '
        '"name": "evil\\u001b[2J\\u202egrin"}'
    )
    desk.ask("share", north, desk.file("o.json", text), "--collection", "watch", "--tlp", "clear")
    name = "identity--00000000-0000-4000-8000-000000000001"
    said = typed("find", north, name).out + typed("show", north, name).out
    assert "evil" in said
    assert "\x1b" not in said
    assert "\u202e" not in said
