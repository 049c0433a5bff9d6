"""Reads in the journal: each once, before its page is handed on, many in one commit."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from tests.node.world import JsonObject, Site, World, indicator, made_id

from comity.errors import BusyError
from comity.model.event import Event, EventKind
from comity.node.acts.reading import ReadJournal


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def arden(world: World) -> Site:
    return world.site("arden")


def journal(site: Site) -> list[JsonObject]:
    with site.node.store.read() as tx:
        rows = tx.journal_rows(0, 10_000)
    return [msgspec.json.decode(row.payload) for _, row in rows]


def event(number: int) -> Event:
    return Event(kind=EventKind.READ, actor="a/b", subject=str(number))


def test_all_that_come_at_once_are_journalled_once_in_few_commits(
    arden: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    note = arden.node.note

    def counting(events: Sequence[Event]) -> None:
        commits.append(len(events))
        note(events)

    monkeypatch.setattr(arden.node, "note", counting)
    reads, start = ReadJournal(arden.node), threading.Barrier(8)

    def read_some(first: int) -> None:
        start.wait()
        for number in range(first, first + 25):
            reads.note(event(number))

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(read_some, n * 25) for n in range(8)]:
            future.result()
    noted = Counter(row["subject"] for row in journal(arden) if row["actor"] == "a/b")
    assert noted == Counter(str(number) for number in range(200))
    assert sum(commits) == 200
    assert len(commits) < 200


@pytest.mark.parametrize("why", [BusyError("made up"), RuntimeError("made up"), SystemExit()])
def test_who_waits_learns_that_there_was_no_commit(
    arden: Site, monkeypatch: pytest.MonkeyPatch, why: BaseException
) -> None:
    """And the next read is none the worse for it."""
    reads = ReadJournal(arden.node)

    def fail(_: Sequence[Event]) -> None:
        raise why

    with monkeypatch.context() as broken:
        broken.setattr(arden.node, "note", fail)
        with pytest.raises(type(why)):
            reads.note(event(1))
    reads.note(event(2))
    assert [row["subject"] for row in journal(arden) if row["actor"] == "a/b"] == ["2"]


def test_a_page_that_cannot_be_journalled_is_not_handed_on(
    arden: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = arden.collection("feed")
    arden.share("feed", [indicator(1)])
    user = arden.user("reader")

    def fail(_: Sequence[Event]) -> None:
        raise BusyError("made up")

    monkeypatch.setattr(arden.node, "note", fail)
    asks: tuple[Callable[[], object], ...] = (
        lambda: arden.taxii.objects(user, feed, {}),
        lambda: arden.taxii.manifest(user, feed, {}),
        lambda: arden.taxii.by_id(user, feed, made_id("indicator", 1), {}),
        lambda: arden.taxii.versions(user, feed, made_id("indicator", 1), {}),
    )
    for ask in asks:
        with pytest.raises(BusyError):
            ask()


def test_a_page_tells_who_read_what_span_for_what(arden: Site) -> None:
    feed = arden.collection("feed")
    arden.share("feed", [indicator(n) for n in range(3)])
    arden.taxii.objects(arden.user("reader"), feed, {"limit": ["2"]})
    said = journal(arden)[-1]
    assert (said["kind"], said["actor"], said["subject"]) == ("read", f"{arden.id}/reader", feed)
    assert (said["details"]["count"], said["details"]["purpose"]) == (2, "detection")
    assert said["details"]["first"] < said["details"]["last"]
    assert "indicator" not in msgspec.json.encode(said["details"]).decode()


def test_an_empty_poll_is_one_row_a_reader_a_collection_and_a_minute(
    world: World, arden: Site
) -> None:
    feeds = [arden.collection(name) for name in ("one", "two")]
    users = [arden.user(name) for name in ("ann", "bob")]

    def poll() -> int:
        before = len(journal(arden))
        for user in users:
            for feed in feeds:
                arden.taxii.objects(user, feed, {})
        return len(journal(arden)) - before

    assert poll() == 4
    assert poll() == 0
    world.clock.move(60_000_000)
    assert poll() == 4
    assert journal(arden)[-1]["kind"] == "polled"
