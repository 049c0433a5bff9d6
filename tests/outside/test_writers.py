"""Four writers, threads and processes, and a poller by `added_after`: nothing lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from tests.outside.processes import Node, made_up, objects_of

_BATCHES = 8
_SIZE = 50


def test_a_poller_misses_nothing_while_four_write(tmp_path: Path) -> None:
    with Node(tmp_path / "node") as node:
        files = [_file(tmp_path, number) for number in range(2)]
        seen: Counter[str] = Counter()
        done = threading.Event()
        poller = threading.Thread(target=_poll, args=(node, seen, done))
        poller.start()
        shares = [_share(node, file) for file, _ in files]
        posted: set[str] = set()
        threads = [threading.Thread(target=_post, args=(node, posted)) for _ in range(2)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert [share.wait(120) for share in shares] == [0, 0]
        done.set()
        poller.join()
        wanted = posted.union(*(ids for _, ids in files))
        assert wanted == set(objects_of(list(seen)))
        assert max(seen.values()) == 1


def _file(tmp_path: Path, number: int) -> tuple[Path, set[str]]:
    objects = made_up(_BATCHES * _SIZE * 4, f"file{number}-")
    path = tmp_path / f"{number}.json"
    path.write_text(json.dumps(objects))
    return path, {str(one["id"]) for one in objects}


def _share(node: Node, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "comity", "share", str(node.directory), str(file)]
    command += ["--collection", "feed", "--tlp", "green", "--json"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _post(node: Node, posted: set[str]) -> None:
    with node.client() as http:
        for _ in range(_BATCHES):
            posted |= node.post(http, made_up(_SIZE))


def _poll(node: Node, seen: Counter[str], done: threading.Event) -> None:
    """Poll by the date of the last entry seen, until a poll after the last write is empty."""
    after = "1970-01-01T00:00:00.000000Z"
    with node.client() as http:
        while True:
            last = done.is_set()
            params = {"added_after": after, "limit": "100", "match[version]": "all"}
            answer = http.get("objects/", params=params)
            assert answer.status_code == httpx.codes.OK
            objects = answer.json().get("objects", [])
            seen.update(one["id"] for one in objects)
            after = answer.headers["X-TAXII-Date-Added-Last"]
            if not objects:
                if last:
                    return
                time.sleep(0.01)
