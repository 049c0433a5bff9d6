"""SHARE in one run: the floor in plain Python, Comity over HTTP, another server over HTTP.

All three get the same objects in the same batches, and the same client talks to both servers.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.feed import Feed, ids_in
from bench.figures import Figure, Unit, seconds, warm
from bench.floor import Floor
from bench.objects import Material, material
from bench.servers import PEER, Running, Site, comity, make_node, make_peer, peer

__all__ = ["measure"]

ROUNDS = 3
"""Fresh stores of floor and Comity; the median counts. The peer is slow, and gets one."""

PAGE_LIMIT = 0.050
POLL_LIMIT = 0.010

Serve = Callable[[Path], AbstractContextManager[Running]]


class Measured(NamedTuple):
    """What one server, or the floor, needed: seconds and MB. `_cpu`: what it computed itself."""

    ingest: float
    ingest_cpu: float
    read: float
    read_cpu: float
    page: float
    poll: float
    page_basic: float = 0.0
    poll_basic: float = 0.0
    start: float = 0.0
    sealed: float = 0.0
    idle: float = 0.0
    used: float = 0.0


def measure() -> list[Figure]:
    """The figures of SHARE, with their ratios to floor and peer."""
    given = material()
    print(f"{len(given.objects):,} objects, {given.source}", file=sys.stderr)
    with TemporaryDirectory() as folder:
        where = Path(folder)
        floor = _median([_floor(where / f"floor-{n}.db", given) for n in range(ROUNDS)])
        site = make_node(where)
        ours = _median([_round(where / f"round-{n}", site, given) for n in range(ROUNDS)])
        theirs = None
        if PEER.exists():
            theirs = _serve(make_peer(where / "peer"), peer, given, sealing=False)
        else:
            print("no OpenTAXII to compare with: `make bench` installs it", file=sys.stderr)
    return _Compared(len(given.objects), floor, ours, theirs).figures()


def _median(rounds: list[Measured]) -> Measured:
    return Measured(*(statistics.median(values) for values in zip(*rounds, strict=True)))


def _floor(path: Path, given: Material) -> Measured:
    floor, batches = Floor(path), given.batches
    try:
        ingest, ingest_cpu = _timed(lambda: floor.ingest(batches), time.process_time)
        read, read_cpu = _timed(lambda: list(floor.pages()), time.process_time)
        return Measured(
            ingest=ingest,
            ingest_cpu=ingest_cpu,
            read=read,
            read_cpu=read_cpu,
            page=warm(floor.first_page),
            poll=warm(floor.poll),
        )
    finally:
        floor.close()


def _round(where: Path, site: Site, given: Material) -> Measured:
    """Comity on a fresh copy of a node."""
    shutil.copytree(site.directory, where)
    return _serve(site._replace(directory=where), comity, given, sealing=True)


def _serve(site: Site, serve: Serve, given: Material, *, sealing: bool) -> Measured:
    """One server from its start: ingest, full read, first page, empty poll."""
    batches = given.batches
    with (
        serve(site.directory) as running,
        Feed(running.address, site.path, site.writer) as writer,
        Feed(running.address, site.path, site.reader) as reader,
        Feed(running.address, site.path, site.basic) as basic,
    ):
        idle = running.megabytes()
        taken: list[int] = []
        pages: list[bytes] = []
        ingest, ingest_cpu = _timed(lambda: taken.extend(map(writer.post, batches)), running.cpu)
        sealed = _sealed(writer) if sealing else 0.0
        read, read_cpu = _timed(lambda: pages.extend(reader.pages()), running.cpu)
        _complete(given, sum(taken), pages)
        return Measured(
            ingest=ingest,
            ingest_cpu=ingest_cpu,
            read=read,
            read_cpu=read_cpu,
            page=warm(reader.page),
            poll=warm(reader.poll),
            page_basic=warm(basic.page),
            poll_basic=warm(basic.poll),
            start=running.seconds,
            sealed=sealed,
            idle=idle,
            used=running.megabytes(),
        )


def _timed(act: Callable[[], object], cpu: Callable[[], float]) -> tuple[float, float]:
    """The seconds that pass and those that `cpu` counts while something is done."""
    before = cpu()
    passed = seconds(act)
    return passed, cpu() - before


def _sealed(feed: Feed) -> float:
    """How long after the last post the log's checkpoint still changed: then all is under it."""
    start = last = time.perf_counter()
    newest = b""
    while time.perf_counter() - last < 1.5 and time.perf_counter() - start < 10:
        body = feed.ask("GET", "/log/checkpoint").body
        if body != newest:
            newest, last = body, time.perf_counter()
        time.sleep(0.01)
    return last - start


def _complete(given: Material, taken: int, pages: list[bytes]) -> None:
    """Nothing counts unless each object came back; servers may add objects of their own."""
    wanted = {id_ for batch in given.batches for id_ in ids_in(batch)}
    found = {id_ for page in pages for id_ in ids_in(page)}
    if taken != len(given.objects) or not wanted <= found:
        missing = len(wanted - found)
        raise RuntimeError(f"{taken} of {len(given.objects)} taken in, {missing} not given back")


Of = Callable[[Measured], float]


class _Compared(NamedTuple):
    """Ours beside the floor's and the peer's, as figures."""

    objects: int
    floor: Measured
    ours: Measured
    theirs: Measured | None

    def rate(self, name: str, of: Of) -> Figure:
        """Objects a second."""
        return self._figure(name, "/s", lambda one: self.objects / of(one))

    def computed(self, name: str, of: Of) -> Figure:
        """CPU microseconds an object."""
        return self._figure(name, "us", lambda one: of(one) / self.objects * 1_000_000)

    def milliseconds(self, name: str, of: Of, limit: float | None = None) -> Figure:
        """What one request takes; `limit` in seconds."""
        most = None if limit is None else limit * 1000
        return self._figure(name, "ms", lambda one: of(one) * 1000, limit=most)

    def plain(self, name: str, unit: Unit, of: Of) -> Figure:
        """A value of servers alone."""
        return self._figure(name, unit, of)

    def _figure(self, name: str, unit: Unit, of: Of, limit: float | None = None) -> Figure:
        floor = of(self.floor)
        return Figure(
            name=name,
            value=of(self.ours),
            unit=unit,
            limit=limit,
            floor=floor or None,  # 0: the floor has no such thing.
            peer=None if self.theirs is None else of(self.theirs),
        )

    def figures(self) -> list[Figure]:
        """All of them."""
        return [
            self.rate("ingest over HTTP, objects", lambda one: one.ingest),
            self.computed("ingest, CPU per object", lambda one: one.ingest_cpu),
            self.rate("full paged read, objects", lambda one: one.read),
            self.computed("full paged read, CPU per object", lambda one: one.read_cpu),
            self.milliseconds("page of 1,000", lambda one: one.page, PAGE_LIMIT),
            self.milliseconds("page of 1,000, Basic", lambda one: one.page_basic),
            self.milliseconds("empty poll", lambda one: one.poll, POLL_LIMIT),
            self.milliseconds("empty poll, Basic", lambda one: one.poll_basic),
            self.plain("start to first answer", "s", lambda one: one.start),
            self.plain("memory, idle", "MB", lambda one: one.idle),
            self.plain("memory, after all this", "MB", lambda one: one.used),
            Figure(name="last post to its checkpoint", value=self.ours.sealed, unit="s"),
        ]
