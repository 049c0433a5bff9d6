"""Which process holds what, and whether it still runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from comity.holdings import open_store, processes
from comity.holdings.kit.values import NOW
from comity.holdings.processes import is_gone, this_process
from comity.model.time import Micros

on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")


def another() -> tuple[str, subprocess.Popen[str]]:
    """Another process that waits, and its own word for itself."""
    code = "from comity.holdings import this_process; print(this_process(), flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process.stdout.readline().strip(), process


def test_this_process_is_there() -> None:
    assert this_process() == this_process()
    assert this_process().split(":")[1] == str(os.getpid())
    assert not is_gone(this_process())


@pytest.mark.parametrize(
    "holder", ["", "elsewhere:1:1", "::", "a:b", "x:y:z", "1", "::::", "elsewhere:99999999:1"]
)
def test_what_is_not_of_this_machine_is_not_judged(holder: str) -> None:
    assert not is_gone(holder)


def test_a_process_that_ended_is_gone() -> None:
    holder, process = another()
    assert not is_gone(holder)
    process.communicate("\n")
    assert is_gone(holder)


@on_linux
def test_a_process_that_nobody_has_buried_is_gone() -> None:
    holder, process = another()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_gone(holder)
    process.communicate()


@on_linux
def test_a_number_used_again_is_another_process() -> None:
    host, pid, start = this_process().rsplit(":", 2)
    assert is_gone(f"{host}:{pid}:{int(start) - 1}")
    assert is_gone(f"{host}:{2**40}:{start}")


def test_without_proc_a_process_is_known_by_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processes, "_PROC", tmp_path)
    holder = this_process()
    assert holder.endswith(f":{os.getpid()}:unknown")
    assert not is_gone(holder)
    assert is_gone(holder.replace(str(os.getpid()), str(2**22 + 1)))


def test_a_dead_holder_loses_its_lease_at_once(tmp_path: Path) -> None:
    holder, process = another()
    store = open_store(f"sqlite:///{tmp_path}/store.db", create=True)
    with store.write() as tx:
        assert tx.acquire_lease("job", holder, NOW, 3600) == 1
        assert tx.acquire_lease("job", this_process(), NOW, 3600) is None
        process.communicate("\n")
        assert tx.acquire_lease("job", this_process(), Micros(NOW + 1), 3600) == 2
        assert tx.acquire_lease("job", holder, Micros(NOW + 2), 3600) is None
    store.close()
