"""The command as a whole: help, exit codes, errors, what it does when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.desk import Desk, typed
from tools.commands import PAGE, commands, page

import comity
from comity.cli.explain import ActWord
from comity.errors import StoreError
from comity.handling import Act
from comity.node.acts.log import sizes
from comity.node.wiring import open_node

HELP = dict(commands())
VERBS = sorted(name for name, text in HELP.items() if "\nCommands:" not in text)
COMITY = (sys.executable, "-P", "-m", "comity")


def test_the_verbs_are_those_of_this_version() -> None:
    assert VERBS == [
        "comity agreement add",
        "comity agreement list",
        "comity collection add",
        "comity collection list",
        "comity demo",
        "comity doctor",
        "comity explain",
        "comity find",
        "comity init",
        "comity log checkpoint",
        "comity log prove",
        "comity log verify",
        "comity member list",
        "comity member show",
        "comity peer add",
        "comity serve",
        "comity share",
        "comity show",
        "comity sync",
        "comity user add",
        "comity user list",
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example_of_itself(verb: str) -> None:
    assert f"Example:\n    {verb}" in HELP[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_answers_in_json(verb: str) -> None:
    assert "\n  --json " in HELP[verb]


def test_short_descriptions_are_not_cut_off() -> None:
    listed = typed("--help").out.partition("Commands:")[2]
    assert listed.count("\n") > 10
    assert "..." not in listed


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python tools/commands.py`"


def test_the_words_of_explain_are_those_of_the_rules() -> None:
    assert [word.value for word in ActWord] == [act.value for act in Act]


def test_version() -> None:
    assert typed("--version").out == f"comity {comity.__version__}\n"


def test_nothing_asked_for_is_help() -> None:
    answer = typed("user")
    assert answer.code == 2
    assert "add" in answer.out


@pytest.mark.parametrize(
    "words",
    [
        ("share",),
        ("shar", "x"),
        ("share", "x", "y", "--collection", "z", "--no-such-option"),
        ("serve", "x", "--port", "70000"),
        ("init", "x", "--name", "N", "--country", "XN", "--kind", "kingdom"),
        ("find", "x", "y", "--purpose", "curiosity"),
    ],
)
def test_wrong_usage_is_2_and_json_where_asked(words: tuple[str, ...]) -> None:
    answer = typed(*words)
    assert (answer.code, answer.out) == (2, "")
    assert "Error: " in answer.err
    assert "--help" in answer.err
    answer = typed(*words, "--json")
    assert answer.code == 2
    assert answer.error["code"] == "usage"
    assert "--help" in answer.error["advice"]


def test_our_own_usage_errors_are_2_too(desk: Desk, north: Path) -> None:
    answer = typed("share", north, "x", "--collection", "watch", "--tlp", "purple", "--json")
    assert answer.code == 2
    assert answer.error["code"] == "unknown-tlp"


def test_an_error_says_what_where_and_what_to_do(tmp_path: Path) -> None:
    answer = typed("find", tmp_path, "x")
    assert (answer.code, answer.out) == (1, "")
    assert f"Error: there is no node in {tmp_path}." in answer.err
    assert f"where: {tmp_path / 'comity.toml'}" in answer.err
    assert "what to do: Make one with `comity init" in answer.err
    answer = typed("find", tmp_path, "x", "--json")
    assert answer.code == 1
    assert answer.error["code"] == "no-node"
    assert set(answer.error) == {"code", "message", "advice", "where"}
    assert answer.err == ""


def test_a_fault_of_our_own_shows_no_traceback_unless_asked(
    north: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("comity.node.acts.members.own_card", broken)
    answer = typed("member", "show", north, "--json", env={"COMITY_DEBUG": "0"})
    assert answer.code == 1
    assert answer.error["code"] == "internal"
    assert "secret detail" not in answer.out + answer.err
    answer = typed("member", "show", north, env={"COMITY_DEBUG": "1"})
    assert "Traceback" in answer.err


def test_where_the_log_cannot_follow_the_command_is_done_all_the_same(
    north: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full", advice="Make room.")

    monkeypatch.setattr("comity.node.acts.log.settle", full)
    answer = typed("collection", "add", north, "watch")
    assert answer.code == 0
    assert "Warning: the log has no new checkpoint: the disk is full. Make room." in answer.err


def run(*words: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMITY, *(str(word) for word in words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"NO_COLOR": "1"},
    )


def test_as_a_process_of_its_own(desk: Desk, north: Path) -> None:
    done = run("collection", "add", north, "watch")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Added watch, at /taxii2/api/collections/")
    done = run("collection", "add", north, "watch", "--json")
    assert done.returncode == 1
    assert '"code":"' in done.stdout
    assert run("colection").returncode == 2


def test_help_needs_nothing_but_the_command_line() -> None:
    done = subprocess.run(
        [*COMITY, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "comity.cli.share" in loaded
    heavy = {"comity.node", "comity.api", "comity.handling", "sqlalchemy", "httpx", "rich"}
    assert loaded & heavy == set()


def test_a_reader_who_has_enough_is_no_error(desk: Desk, north: Path) -> None:
    desk.share(north, *(f"{n}.example" for n in range(50)))
    script = f"{' '.join(COMITY)} find {north} indicator | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_ctrl_c_says_what_is_kept(desk: Desk, north: Path) -> None:
    desk.ask("collection", "add", north, "watch")
    many = desk.file("many.txt", "".join(f"d{n}.example\n" for n in range(200_000)))
    words = ("share", north, many, "--collection", "watch", "--kind", "domain", "--json")
    process = subprocess.Popen(
        [*COMITY, *(str(word) for word in words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    node = open_node(north)
    before = sizes(node)[0]
    while sizes(node)[0] == before:
        assert process.poll() is None
        time.sleep(0.02)
    node.close()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert '"code":"interrupted"' in out
    assert "new objects are kept, in whole transactions" in out
    assert "Traceback" not in err
    assert desk.ask("log", "verify", north)["ok"]
