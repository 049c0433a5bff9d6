"""The demo, as people see it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import cast

import httpx
from tests.cli.desk import Desk, typed
from typer.core import TyperGroup
from typer.main import get_command

from comity.cli import app
from comity.cli.demo.nodes import Command
from comity.cli.demo.story import Step, Story

COMITY = (sys.executable, "-P", "-m", "comity")


def test_the_story_goes_as_it_should_and_the_nodes_stay_up_until_ctrl_c(tmp_path: Path) -> None:
    home = tmp_path / "nodes"
    with subprocess.Popen(
        [*COMITY, "demo", "--json", "--dir", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        document = json.loads(demo.stdout.readline())
        told = ""
        while "comity log verify http" not in told:
            told += demo.stderr.readline()
        answers = [
            httpx.get(url, headers=dict([Path(file).read_text().strip().split(": ", 1)]))
            for file, url in re.findall(r"curl -s -H @(\S+) '?([^\s']+)", told)
        ]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert [step for step in document["steps"] if not step["ok"]] == []
    assert all(set(step) == {"step", "ok", "figure"} for step in document["steps"])
    text = " ".join(step["step"] for step in document["steps"])
    assert {"share", "sync", "explain"} <= set(re.findall(r"\w+", text))
    assert document["seconds"] > 0
    assert told.count("✓") == len(document["steps"])
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].json()["user"] == "sudria-liaison"
    assert len(answers[1].json()["found"]) == 1, "the liaison reads what is TLP:RED"
    for name in ("norland", "sudria", "plaza"):
        assert typed("log", "verify", home / name, "--json").document["ok"] is True


def test_where_a_process_dies_only_its_steps_fail(desk: Desk) -> None:
    program = cast("TyperGroup", get_command(app))
    story = Story(desk.home, Command(program))
    steps: dict[str, Step] = {}
    try:
        for step in story.tell():
            steps[step.step] = step
            if step.step.startswith("peer"):
                story.nodes["Plaza"].kill()
    finally:
        story.close()
    failed = [name for name, step in steps.items() if not step.ok]
    assert failed == [
        "share: Plaza's content hashes",
        "sync: Sudria pulls from both over TAXII",
        "sync: Plaza pulls from Sudria, third of a chain",
        "explain: why the rest stayed at Sudria",
        "log verify: from outside, by public key alone",
    ]
    for name, step in steps.items():
        if name in failed:
            assert step.figure.startswith("Plaza's server is not running: see ")


def test_a_directory_that_is_in_use_is_left_alone(desk: Desk, north: Path) -> None:
    answer = typed("demo", "--headless", "--dir", north, "--json")
    assert (answer.code, answer.error["code"]) == (1, "directory-in-use")
    assert typed("doctor", north).code == 0
