"""The servers that are measured, each a process of its own on the loopback address."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.feed import TAXII

__all__ = ["COMITY", "PEER", "Running", "comity", "make_node", "make_peer", "peer"]

ROOT = Path(__file__).resolve().parent.parent
COMITY = Path(sys.executable).with_name("comity")
PEER = ROOT / ".venv-bench-opentaxii" / "bin"
PATIENCE = 30


class Running(NamedTuple):
    """A server that answers, and how long it took from its start to its first answer."""

    address: str
    pid: int
    seconds: float

    def megabytes(self) -> float:
        """The memory of its processes; what they share counts once."""
        return sum(_proportional(pid) for pid in self._pids()) / 1024

    def cpu(self) -> float:
        """Seconds that its processes have computed, to a hundredth."""
        return sum(_computed(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        return [self.pid, *_children(self.pid)]


class Site(NamedTuple):
    """What a client needs to know of a server made ready: path of the collection, credentials."""

    directory: Path
    path: str
    writer: str
    reader: str
    basic: str


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """What a command prints; raises CalledProcessError when it fails."""
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def _told(*arguments: str | Path) -> dict[str, str]:
    """The JSON answer of a `comity` command."""
    answer: dict[str, str] = json.loads(run(COMITY, *arguments, "--json"))
    return answer


def make_node(directory: Path) -> Site:
    """A node that knows a second member, with a collection, an analyst and the other's program."""
    node, other = directory / "node", directory / "other"
    for where, name in ((node, "Norland CERT"), (other, "Sudria CERT")):
        _told("init", where, "--name", name, "--country", "XX", "--kind", "state")
    card = directory / "other.json"
    card.write_text(run(COMITY, "member", "show", other, "--json"))
    _told("peer", "add", node, "http://127.0.0.1:9", "--member", card)
    collection = _told("collection", "add", node, "all")["url"]
    writer = _told("user", "add", node, "writer", "--role", "analyst")
    reader = _told(
        "user", "add", node, "reader", "--role", "reader", "--program", "--member", "Sudria CERT"
    )
    return Site(
        directory=node,
        path=f"{collection.rstrip('/')}/objects/",
        writer=f"Bearer {writer['token']}",
        reader=f"Bearer {reader['token']}",
        basic=_basic("reader", reader["password"]),
    )


def make_peer(directory: Path) -> Site:
    """OpenTAXII on SQLite with one collection and an account that may read and write it.

    `PEER` is the folder of its programs. Its own commands make all that it needs.
    """
    directory.mkdir()
    env = _peer_settings(directory)
    run(PEER / "opentaxii-add-api-root", "--title", "bench", "--default", "--public", env=env)
    root = _first_id(run(PEER / "opentaxii-add-collection", "--help", env=env))
    run(PEER / "opentaxii-add-collection", "--rootid", root, "--title", "all", env=env)
    made = run(
        *(PEER / "opentaxii-create-account", "--username", "bench"),
        *("--password", "made-up", "--admin"),
        env=env,
    )
    token = f"Bearer {made.partition('token:')[2].strip()}"
    return Site(
        directory=directory,
        path=f"/taxii2/{root}/collections/{_collection_in(directory)}/objects/",
        writer=token,
        reader=token,
        basic=_basic("bench", "made-up"),
    )


def _peer_settings(directory: Path) -> dict[str, str]:
    """Write its settings; the environment that makes its programs use them."""
    settings = {
        "domain": "127.0.0.1",
        "support_basic_auth": True,
        "taxii1": None,
        "taxii2": {
            "persistence_api": _database("Taxii2SQLDatabaseAPI", "persistence", directory),
            "title": "bench",
            "public_discovery": True,
            "max_content_length": 209_715_200,
        },
        "auth_api": _database("SQLDatabaseAPI", "auth", directory, secret="x" * 32),
        "logging": {"opentaxii": "error", "root": "error"},
    }
    path = directory / "opentaxii.yml"
    path.write_text(json.dumps(settings))
    return os.environ | {
        "OPENTAXII_CONFIG": str(path),
        "HOME": str(directory),
        "PYTHONWARNINGS": "ignore",
    }


def _database(kind: str, module: str, directory: Path, **more: str) -> dict[str, object]:
    connection = f"sqlite:///{directory / module}.db"
    return {
        "class": f"opentaxii.{module}.sqldb.{kind}",
        "parameters": {"db_connection": connection, "create_tables": True, **more},
    }


def _first_id(text: str) -> str:
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    if found is None:
        raise RuntimeError(f"no id in: {text[:300]}")
    return found[0]


def _collection_in(directory: Path) -> str:
    """The id of the one collection: no command of the peer tells it."""
    with closing(sqlite3.connect(directory / "persistence.db")) as db:
        (kept,) = db.execute("select id from opentaxii_collection").fetchone()
    return str(uuid.UUID(kept))


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def comity(directory: Path) -> Iterator[Running]:
    """Serve a node."""
    port = _free_port()
    command = (COMITY, "serve", directory, "--port", str(port))
    with _served(command, port, directory.with_suffix(".log"), None) as running:
        yield running


@contextmanager
def peer(directory: Path) -> Iterator[Running]:
    """Serve OpenTAXII as its documents say, in one worker that keeps connections open."""
    port = _free_port()
    command = (
        *(PEER / "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"),
        *("--worker-class", "gthread", "--threads", "1", "--timeout", "120"),
        "opentaxii.http:app",
    )
    env = _peer_settings(directory)
    with _served(command, port, directory / "server.log", env) as running:
        yield running


@contextmanager
def _served(
    command: Sequence[str | Path], port: int, log: Path, env: dict[str, str] | None
) -> Iterator[Running]:
    """Start a server, wait for its first answer, end it."""
    start = time.perf_counter()
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env)
    try:
        _wait(process, port, log)
        yield Running(f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server answers a request, whatever the answer."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request("GET", "/taxii2/", headers={"Accept": TAXII})
            connection.getresponse().read()
        except OSError:
            time.sleep(0.005)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server did not answer: {log.read_text(errors='replace')[-800:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    """All processes that a process started, and theirs."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [one for child in listed for one in (int(child), *_children(int(child)))]


def _proportional(pid: int) -> int:
    """Proportional set size in kB: pages that several processes share are split among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"process {pid} tells no memory")


def _computed(pid: int) -> float:
    """User and system time in seconds: fields 14 and 15 of `stat`, counted after the name."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
