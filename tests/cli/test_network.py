"""`serve`, `sync` and `log` between processes."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.cli.desk import Desk, typed

from comity.account.proof import verify_proof


@pytest.fixture
def url(desk: Desk, north: Path) -> Iterator[str]:
    """Where `north` is served, by a process of its own."""
    command = (sys.executable, "-P", "-m", "comity", "serve", str(north), "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], 30)
        assert ready, "it did not start"
        line = process.stdout.readline()
        try:
            yield json.loads(line)["listening"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def known_to_each_other(desk: Desk, north: Path, south: Path, url: str) -> None:
    desk.ask("peer", "add", north, "http://127.0.0.1:9", "--member", desk.card(south))
    words = ("user", "add", north, "pull", "--role", "reader", "--member", "South", "--program")
    token = desk.file("token", desk.ask(*words)["token"])
    desk.ask("peer", "add", south, url, "--member", desk.card(north), "--token-file", token)


def test_sync_pulls_once(desk: Desk, north: Path, south: Path, url: str) -> None:
    known_to_each_other(desk, north, south, url)
    desk.share(north, "a.example", "b.example", options=("--tlp", "green"))
    desk.share(north, "c.example", options=("--tlp", "amber", "--to", "North"))
    (peer,) = desk.ask("sync", south)["peers"]
    assert {"member", "name", "new", "known", "refused", "recalled"} <= set(peer)
    assert (peer["name"], peer["new"], peer["known"]) == ("North", 2, 0)
    assert "error" not in peer
    (again,) = desk.ask("sync", south, "North")["peers"]
    assert again["new"] == 0
    (full,) = desk.ask("sync", south, "--full")["peers"]
    assert (full["new"], full["known"]) == (0, 2)
    assert "North" in typed("sync", south).out
    assert desk.ask("find", south, "a.example")["found"]
    assert desk.ask("find", south, "c.example")["found"] == []


def test_a_running_server_sees_what_commands_change(desk: Desk, north: Path, url: str) -> None:
    desk.share(north, "a.example", options=("--tlp", "green"))
    token = desk.ask("user", "add", north, "jo", "--role", "reader")["token"]
    found = httpx.get(
        f"{url}/api/find",
        params={"q": "a.example"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    ).json()
    assert len(found["found"]) == 1


def test_a_peer_that_does_not_answer_hinders_nobody_else(
    desk: Desk, north: Path, south: Path, url: str
) -> None:
    known_to_each_other(desk, north, south, url)
    west = desk.node("west", "XW")
    words = ("peer", "add", south, "http://127.0.0.1:9", "--member", desk.card(west))
    desk.ask(*words, "--token", "no matter")
    desk.share(north, "a.example", options=("--tlp", "green"))
    answer = typed("sync", south, "--json")
    assert answer.code == 1
    peers = {one["name"]: one for one in answer.document["peers"]}
    assert peers["North"]["new"] == 1
    assert peers["West"]["error"]["code"] == "peer"
    assert answer.error == peers["West"]["error"]
    assert "did not answer" in typed("sync", south).out


def test_the_log_is_verified_from_outside(desk: Desk, north: Path, url: str) -> None:
    vkey = desk.ask("member", "show", north)["keys"]["log"]
    older = desk.file("older", typed("log", "checkpoint", url, "--vkey", vkey).out)
    desk.ask("collection", "add", north, "watch")
    words = ("log", "verify", url, "--vkey", vkey, "--against", older, "--json")
    answer = typed(*words)
    assert (answer.code, answer.err) == (0, "")
    assert answer.document["ok"] is True
    assert answer.document["size"] > int(older.read_text().splitlines()[1])


def test_a_key_that_nobody_pinned_is_warned_of(desk: Desk, north: Path, url: str) -> None:
    answer = typed("log", "verify", url, "--json")
    assert answer.code == 0
    assert answer.document["ok"] is True
    assert "Warning: the key was not pinned" in answer.err


def test_a_proof_made_of_tiles_is_the_one_of_the_node(desk: Desk, north: Path, url: str) -> None:
    vkey = desk.ask("member", "show", north)["keys"]["log"]
    for n in range(3):
        desk.ask("collection", "add", north, f"watch {n}")
    at_home = desk.ask("log", "prove", north, 2)
    outside = typed("log", "prove", url, "2", "--vkey", vkey, "--json").document
    head = verify_proof(
        outside["proof"].encode(),
        vkey,
        at_home["payload"].encode(),
        bytes.fromhex(at_home["salt"]),
    )
    assert head.size >= 3
    assert typed("log", "prove", url, "999999", "--vkey", vkey, "--json").code == 1


def test_another_logs_key_does_not_pass(desk: Desk, north: Path, south: Path, url: str) -> None:
    other = desk.ask("member", "show", south)["keys"]["log"]
    assert typed("log", "verify", url, "--vkey", other, "--json").document["ok"] is False
    assert typed("log", "checkpoint", url, "--vkey", other, "--json").error["code"] == "wrong-key"


def test_serve_hands_everything_on(tmp_path: Path) -> None:
    asked: dict[str, object] = {}

    def serve(directory: Path, **options: object) -> None:
        asked.update(options, directory=directory)

    words = ("serve", tmp_path, "--host", "::1", "--port", "1", "--workers", "2")
    files = ("--tls-cert", tmp_path / "c", "--tls-key", tmp_path / "k", "--behind-proxy")
    assert typed(*words, *files, serve=serve).code == 0
    assert asked == {
        "directory": tmp_path,
        "host": "::1",
        "port": 1,
        "workers": 2,
        "tls_cert": tmp_path / "c",
        "tls_key": tmp_path / "k",
        "behind_proxy": True,
    }


def test_serve_keeps_to_loopback_without_tls(north: Path) -> None:
    words = (sys.executable, "-P", "-m", "comity", "serve", str(north), "--host", "0.0.0.0")
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert done.returncode == 2
    assert "--behind-proxy" in done.stderr
    assert "Traceback" not in done.stderr
