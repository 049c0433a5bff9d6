"""Nodes from outside: real processes, the command line and HTTP, and nothing of the code."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import httpx

__all__ = ["Node", "Writers", "comity", "made_up", "objects_of"]

_COMMAND: Final = (sys.executable, "-m", "comity")
_TAXII: Final = "application/taxii+json;version=2.1"


def comity(*words: object, check: bool = True) -> Any:  # noqa: ANN401
    """Run a command with `--json`; the document it printed."""
    done = subprocess.run(
        [*_COMMAND, *(str(word) for word in words), "--json"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    assert not check or done.returncode == 0, (words, done.stdout, done.stderr)
    return json.loads(done.stdout)


def made_up(count: int, prefix: str = "") -> list[dict[str, object]]:
    """So many indicators of made-up hosts, each of its own."""
    moment = "2026-01-01T00:00:00.000Z"
    return [
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{uuid.uuid4()}",
            "created": moment,
            "modified": moment,
            "pattern": f"[domain-name:value = '{prefix}{number}.example']",
            "pattern_type": "stix",
            "valid_from": moment,
        }
        for number in range(count)
    ]


class Node:
    """A node in a directory, served by a process that may be killed."""

    def __init__(self, directory: Path, name: str = "Norland") -> None:
        self.directory: Final = directory
        made = comity("init", directory, "--name", name, "--country", "XN", "--kind", "state")
        self.member_id: Final[str] = made["member_id"]
        self.vkey: Final[str] = made["log_vkey"]
        collection = comity("collection", "add", directory, "feed")
        self.collection: Final[str] = collection["collection_id"]
        user = comity("user", "add", directory, "writer", "--role", "releaser", "--program")
        self._headers: Final = {"Authorization": f"Bearer {user['token']}", "Accept": _TAXII}
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Serve on a free port; returns once requests are answered."""
        command = [*_COMMAND, "serve", str(self.directory), "--port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["listening"]

    def kill(self) -> None:
        """SIGKILL, at once and from outside."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A TAXII client of this node's own writer, at its collection."""
        base = f"{self.url}/taxii2/api/collections/{self.collection}/"
        with httpx.Client(base_url=base, headers=self._headers, timeout=60) as http:
            yield http

    def post(self, http: httpx.Client, objects: Sequence[dict[str, object]]) -> set[str]:
        """Add objects; the ids that the answer says are kept."""
        answer = http.post("objects/", json={"objects": objects}, headers={"Content-Type": _TAXII})
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return {one["id"] for one in answer.json().get("successes", ())}

    def listed(self) -> list[str]:
        """The ids of all that the manifest lists, labels and markings too, in order."""
        with self.client() as http:
            return [one["id"] for page in pages(http, "manifest/") for one in page]


def pages(http: httpx.Client, resource: str) -> Iterator[list[dict[str, str]]]:
    """All pages of a listing."""
    following: str | None = None
    while True:
        params = {"limit": "500", "match[version]": "all"}
        if following is not None:
            params["next"] = following
        answer = http.get(resource, params=params)
        assert answer.status_code == httpx.codes.OK, answer.text
        document = answer.json()
        yield document.get("objects", [])
        if not document.get("more"):
            return
        following = document["next"]


def objects_of(ids: Sequence[str]) -> list[str]:
    """Without what Comity adds: labels and handling markings."""
    return [one for one in ids if not one.startswith(("x-comity-label--", "marking-definition--"))]


class Writers:
    """Threads that post batches until the server is gone, and what they were told is kept."""

    def __init__(self, node: Node, threads: int, size: int) -> None:
        self.acknowledged: Final[set[str]] = set()
        self._lock: Final = threading.Lock()
        self._begun: Final = threading.Event()
        self._node: Final = node
        self._size: Final = size
        self._threads: Final = [threading.Thread(target=self._write) for _ in range(threads)]

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._threads:
            one.join()

    def wait_for_first(self) -> None:
        """Wait until something was acknowledged, so that a kill comes under load."""
        assert self._begun.wait(60), "nothing was acknowledged"

    def _write(self) -> None:
        with self._node.client() as http:
            while True:
                try:
                    kept = self._node.post(http, made_up(self._size))
                except httpx.HTTPError:
                    return
                with self._lock:
                    self.acknowledged.update(kept)
                self._begun.set()
