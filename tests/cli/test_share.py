"""`share`, with what it says of files, of handlings and of a dry run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.desk import Desk, typed

COUNTS = ("new", "known", "conflicts", "refused")


def counts(answer: dict[str, int]) -> tuple[int, ...]:
    return tuple(answer[name] for name in COUNTS)


def test_a_list_is_shared_once(desk: Desk, north: Path) -> None:
    answer = desk.share(north, "a.example", "b.example", options=("--tlp", "amber"))
    assert counts(answer) == (2, 0, 0, 0)
    assert answer["problems"] == []
    assert answer["handling"]["tlp"] == "amber"
    assert answer["handling"]["objects"] == 2
    assert counts(desk.share(north, "a.example", "b.example", options=("--tlp", "amber"))) == (
        (0, 2, 0, 0)
    )


def test_options_make_the_handling(desk: Desk, north: Path, south: Path) -> None:
    desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    desk.ask("user", "add", north, "jo", "--role", "reader")
    answer = desk.share(
        north,
        "a.example",
        options=(
            *("--tlp", "RED", "--to", "South", "--person", "jo", "--orcon"),
            *("--purpose", "detection", "--purpose", "investigation"),
            *("--pap", "amber", "--codes", "H1", "--caveat", "call first"),
            *("--expires", "2999-12-31"),
        ),
    )
    handling = answer["handling"]
    assert handling["tlp"] == "red"
    assert handling["persons"] == ["jo"]
    assert handling["orcon"] is True
    assert handling["purposes"] == ["detection", "investigation"]
    assert handling["pap"] == "amber"
    assert "H1" in handling["codes"]
    assert handling["caveats"] == ["call first"]
    ids = [desk.ask("member", "show", node)["id"] for node in (north, south)]
    assert handling["recipients"] == sorted(ids)


def test_what_is_wrong_is_named_and_the_rest_is_kept(desk: Desk, north: Path) -> None:
    answer = desk.share(north, "a.example", "not a domain", "b.example")
    assert counts(answer) == (2, 0, 0, 1)
    (problem,) = answer["problems"]
    assert problem["where"] == "domains.txt: line 2"
    assert {"where", "code", "message"} <= set(problem)
    words = ("share", north, desk.home / "domains.txt", "--collection", "watch", "--kind", "domain")
    said = typed(*words).out
    assert said.startswith("0 new, 2 known, 0 conflicts, 1 refused.\n")
    assert "domains.txt: line 2" in said


def test_many_problems_are_cut_short_for_people_only(desk: Desk, north: Path) -> None:
    bad = tuple(f"not a domain {n}" for n in range(30))
    assert len(desk.share(north, "a.example", *bad)["problems"]) == 30
    words = ("share", north, desk.home / "domains.txt", "--collection", "watch", "--kind", "domain")
    assert "... and 10 more; --json shows them all." in typed(*words).out


def test_a_bundle_keeps_what_it_says(desk: Desk, north: Path) -> None:
    desk.ask("collection", "add", north, "watch")
    objects = [
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": f"identity--00000000-0000-4000-8000-{n:012}",
            "created": "2026-01-01T00:00:00Z",
            "modified": "2026-01-01T00:00:00Z",
            "name": f"Made Up {n}",
        }
        for n in range(3)
    ]
    bundle = {"type": "bundle", "id": "bundle--1", "objects": objects}
    path = desk.file("bundle.json", json.dumps(bundle))
    answer = desk.ask("share", north, path, "--collection", "watch", "--tlp", "green")
    assert counts(answer) == (3, 0, 0, 0)
    shown = desk.ask("show", north, objects[1]["id"])
    assert shown["object"] == objects[1]
    assert shown["handling"]["tlp"] == "green"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("--collection", "nowhere"), 1, "unknown-collection"),
        (("--collection", "watch", "--to", "Nobody"), 1, "unknown-member"),
        (("--collection", "watch", "--kind", "rumour"), 2, "unknown-kind"),
        (("--collection", "watch", "--pap", "pink"), 2, "unknown-pap"),
        (("--collection", "watch", "--expires", "soon"), 2, "bad-timestamp"),
    ],
)
def test_what_cannot_be_asked_for(
    desk: Desk, north: Path, words: tuple[str, ...], code: int, error: str
) -> None:
    desk.ask("collection", "add", north, "watch")
    path = desk.file("domains.txt", "a.example\n")
    answer = typed("share", north, path, *words, "--json")
    assert (answer.code, answer.error["code"]) == (code, error)


def test_labels_and_codes_may_be_written_in_either_case(desk: Desk, north: Path) -> None:
    desk.ask("collection", "add", north, "watch")
    path = desk.file("domains.txt", "a.example\n")
    words = ("--collection", "watch", "--tlp", "AMBER", "--pap", "Green", "--codes", "h1")
    handling = desk.ask("share", north, path, *words)["handling"]
    assert (handling["tlp"], handling["pap"], handling["codes"]) == ("amber", "green", ["H1"])


def test_a_file_that_is_not_there_may_be_a_word_too_many(desk: Desk, north: Path) -> None:
    desk.ask("collection", "add", north, "watch")
    path = desk.file("domains.txt", "a.example\n")
    words = ("share", north, path, "--collection", "watch", "--to", "North", "South", "--json")
    answer = typed(*words)
    assert (answer.code, answer.error["code"]) == (1, "no-file")
    assert "'South'" in answer.error["message"]
    assert "repeat the option" in answer.error["advice"]
    assert desk.ask("find", north, "a.example")["found"] == []


def test_a_dry_run_says_who_would_get_it_and_keeps_nothing(
    desk: Desk, north: Path, south: Path
) -> None:
    west = desk.node("west", "XW")
    for other in (south, west):
        desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(other))
    desk.share(north, "a.example", options=("--tlp", "clear"))
    before = desk.ask("log", "checkpoint", north)["size"]
    options = ("--tlp", "amber", "--to", "South", "--dry-run")
    answer = desk.share(north, "b.example", "c.example", options=options)
    assert counts(answer) == (2, 0, 0, 0)
    recipients = {one["name"]: one for one in answer["recipients"]}
    assert set(recipients) == {"South", "West"}
    assert recipients["South"]["objects"] == 2
    assert recipients["South"]["reasons"] == []
    assert recipients["West"]["objects"] == 0
    assert "release-list" in recipients["West"]["reasons"]
    assert desk.ask("find", north, "b.example")["found"] == []
    assert desk.ask("log", "checkpoint", north)["size"] == before + 1, "the find alone is logged"
    words = ("share", north, desk.home / "domains.txt", "--collection", "watch")
    said = typed(*words, "--kind", "domain", *options).out
    assert said.startswith("A dry run: nothing was kept.")
    assert "South may read 2" in said
    assert "West may read 0; not all because of: release-list" in said
    assert counts(desk.share(north, "b.example", "c.example", options=options[:-1])) == (2, 0, 0, 0)


def test_a_dry_run_names_persons_too(desk: Desk, north: Path) -> None:
    desk.ask("user", "add", north, "jo", "--role", "reader")
    options = ("--tlp", "red", "--person", "jo", "--dry-run")
    (recipient,) = desk.share(north, "b.example", options=options)["recipients"]
    assert (recipient["user"], recipient["objects"]) == ("jo", 1)
