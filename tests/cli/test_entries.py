"""Making a node, and entering users, members, agreements and collections."""

from __future__ import annotations

import stat
import uuid
from pathlib import Path

import pytest
from tests.cli.desk import Desk, typed

from comity.model.purpose import Purpose

AGREEMENT = """
name = "Glasswing"
legal_basis = "Treaty of Made Up, article 4"
parties = ["{one}", "{other}"]
purposes = ["detection", "investigation"]
themes = ["*"]
retention_days = 365
"""


def test_init_makes_a_node_and_tells_where_the_secret_is(desk: Desk) -> None:
    where = desk.home / "north"
    words = ("init", where, "--name", "North CERT", "--country", "xn", "--kind", "state")
    made = desk.ask(*words)
    assert set(made) == {"node", "member_id", "admin", "log_vkey", "database"}
    assert made["node"] == str(where)
    assert str(uuid.UUID(made["member_id"])) == made["member_id"]
    assert made["log_vkey"].startswith(f"comity/{made['member_id']}+")
    assert made["database"].startswith("sqlite:///")
    secret = Path(made["admin"]["secret_file"])
    assert made["admin"]["user"] == "admin"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert secret.read_text() not in typed("user", "list", where).out


def test_init_does_not_touch_a_node_that_is_there(desk: Desk, north: Path) -> None:
    before = (north / "comity.toml").read_bytes()
    answer = typed("init", north, "--name", "X", "--country", "XX", "--kind", "civil", "--json")
    assert (answer.code, answer.error["code"]) == (1, "node-exists")
    assert (north / "comity.toml").read_bytes() == before


def test_init_in_words(desk: Desk) -> None:
    answer = typed(
        "init", desk.home / "n", "--name", "North CERT", "--country", "XN", "--kind", "state"
    )
    assert answer.code == 0
    assert answer.out.startswith(f"Made the node of North CERT in {desk.home / 'n'}.")
    assert "secret in" in answer.out


def test_a_public_address_stands_in_the_card_and_in_collections(desk: Desk) -> None:
    where = desk.home / "n"
    words = ("init", where, "--name", "N", "--country", "XN", "--kind", "body")
    desk.ask(*words, "--url", "https://north.example")
    assert desk.ask("member", "show", where)["url"] == "https://north.example"
    url = desk.ask("collection", "add", where, "watch")["url"]
    assert url.startswith("https://north.example/taxii2/api/collections/")


def test_users(desk: Desk, north: Path) -> None:
    made = desk.ask("user", "add", north, "jo", "--role", "analyst", "--purpose", "oversight")
    assert set(made) == {"user", "token", "password"}
    assert made["user"] == "jo"
    desk.ask("user", "add", north, "poll", "--role", "reader", "--program")
    users = {one["name"]: one for one in desk.ask("user", "list", north)["users"]}
    assert set(users) == {"admin", "jo", "poll"}
    assert users["jo"]["purposes"] == [Purpose.OVERSIGHT]
    assert users["jo"]["program"] is False
    assert users["poll"]["program"] is True
    everything = typed("user", "list", north).out + typed("user", "list", north, "--json").out
    assert made["token"] not in everything
    assert made["password"] not in everything
    assert "jo" in typed("user", "list", north).out


def test_a_user_is_told_once_in_words_too(north: Path) -> None:
    answer = typed("user", "add", north, "jo", "--role", "reader")
    assert "token" in answer.out
    assert "password" in answer.out
    answer = typed("user", "add", north, "jo", "--role", "reader", "--json")
    assert answer.code == 1
    assert "token" not in answer.out.replace("bad-token", "")


def test_members(desk: Desk, north: Path, south: Path) -> None:
    card = desk.ask("member", "show", south)
    assert {"id", "name", "country", "kind", "keys", "issued"} <= set(card)
    words = ("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    answer = desk.ask(*words, "--community", "certs", "--token", "hidden-token")
    assert answer == {"member_id": card["id"], "name": "South"}
    members = {one["card"]["name"]: one for one in desk.ask("member", "list", north)["members"]}
    assert set(members) == {"North", "South"}
    assert members["South"]["communities"] == ["certs"]
    assert members["South"]["has_token"] is True
    assert "hidden-token" not in typed("member", "list", north, "--json").out
    assert "certs" in typed("member", "list", north).out
    desk.ask(*words, "--community", "allies")
    changed = {one["card"]["name"]: one for one in desk.ask("member", "list", north)["members"]}
    assert changed["South"]["communities"] == ["allies"]
    assert changed["South"]["has_token"] is True
    assert "log key" in typed("member", "show", north).out


def test_a_peers_token_may_stand_in_a_file(desk: Desk, north: Path, south: Path) -> None:
    words = ("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    assert "Without a token" in typed(*words).out
    desk.ask(*words, "--token-file", desk.file("token", "abc\n"))
    members = {one["card"]["name"]: one for one in desk.ask("member", "list", north)["members"]}
    assert members["South"]["has_token"] is True
    both = typed(*words, "--token", "x", "--token-file", desk.file("token", "abc"), "--json")
    assert both.code == 2
    missing = typed(*words, "--token-file", desk.home / "nowhere", "--json")
    assert missing.code == 1
    assert missing.error["where"].endswith("nowhere")


def test_agreements(desk: Desk, north: Path, south: Path) -> None:
    desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    ids = [desk.ask("member", "show", node)["id"] for node in (north, south)]
    text = AGREEMENT.format(one=ids[0], other=ids[1])
    added = desk.ask("agreement", "add", north, desk.file("agreement.toml", text))
    assert added["agreement_id"]
    again = desk.ask("agreement", "add", north, desk.file("agreement.toml", text))
    assert again == added
    (listed,) = desk.ask("agreement", "list", north)["agreements"]
    assert listed["id"] == added["agreement_id"]
    assert listed["parties"] == ids
    assert listed["retention_days"] == 365
    assert "North, South" in typed("agreement", "list", north).out
    broken = typed("agreement", "add", north, desk.file("bad.toml", "name = 3"), "--json")
    assert (broken.code, broken.error["code"]) == (1, "bad-agreement")


def test_collections(desk: Desk, north: Path) -> None:
    words = (
        "collection",
        "add",
        north,
        "watch",
        "--community",
        "certs",
        "--theme",
        "cyber-threats",
    )
    made = desk.ask(*words, "--access", "read")
    assert made["url"] == f"/taxii2/api/collections/{made['collection_id']}/"
    listed = {one["name"]: one for one in desk.ask("collection", "list", north)["collections"]}
    assert listed["watch"]["community"] == "certs"
    assert listed["watch"]["access"] == "read"
    assert "certs" in typed("collection", "list", north).out
    assert typed(*words, "--json").code == 1
    assert typed("collection", "add", north, "w", "--access", "none").code == 2


@pytest.mark.parametrize("name", ["", "a b", "a:b", "x" * 101])
def test_names_that_could_be_mistaken_are_refused(north: Path, name: str) -> None:
    answer = typed("user", "add", north, name, "--role", "reader", "--json")
    assert (answer.code, answer.error["code"]) == (2, "bad-name")
