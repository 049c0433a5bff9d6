"""A log read from outside: over HTTP, with nothing but its address and its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.node.world import Site, World

from comity.account.proof import verify_proof
from comity.errors import ComityError, LogError, NotFoundError, PeerError
from comity.model.event import Event, EventKind
from comity.node.acts.log import entry, prove, resource, settle
from comity.node.acts.served import card_at, checkpoint_at, prove_at, verify_at

URL = "http://arden.test"
Connect = Callable[[], httpx.Client]


@pytest.fixture
def arden(tmp_path: Path) -> Iterator[Site]:
    world = World(tmp_path)
    site = world.site("arden")
    event = Event(kind=EventKind.QUERIED, actor=f"{site.id}/jo", subject="search")
    site.node.note([event] * 300)
    settle(site.node)
    yield site
    world.close()


@pytest.fixture
def connect(arden: Site) -> Connect:
    """Serves the log and the card of the site, and nothing else."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        try:
            if path == "/api/member":
                return httpx.Response(200, content=msgspec.json.encode(arden.card))
            if path.startswith("/log/"):
                content = resource(arden.node, path.removeprefix("/log/"))
                return httpx.Response(200, content=content)
        except NotFoundError:
            pass
        return httpx.Response(404)

    return lambda: httpx.Client(transport=httpx.MockTransport(answer))


def vkey(arden: Site) -> str:
    return arden.card.keys["log"]


def test_the_whole_log_is_verified(arden: Site, connect: Connect) -> None:
    found = verify_at(f"{URL}/", vkey(arden), None, connect)
    assert found.ok
    assert found.size > 300


def test_an_older_checkpoint_is_held_against_it(arden: Site, connect: Connect) -> None:
    older = checkpoint_at(URL, vkey(arden), connect)
    arden.collection("one more")
    settle(arden.node)
    assert verify_at(URL, vkey(arden), older, connect).ok
    assert checkpoint_at(URL, vkey(arden), connect) != older


@pytest.mark.parametrize("index", [0, 255, 256, 299])
def test_a_proof_made_of_tiles_is_the_nodes_own(arden: Site, connect: Connect, index: int) -> None:
    proof = prove_at(URL, vkey(arden), index, connect)
    assert proof == prove(arden.node, index)
    row = entry(arden.node, index)
    verify_proof(proof, vkey(arden), row.payload, row.salt)


def test_an_entry_beyond_the_log(arden: Site, connect: Connect) -> None:
    with pytest.raises(NotFoundError, match="has no entry 9999"):
        prove_at(URL, vkey(arden), 9999, connect)
    with pytest.raises(NotFoundError):
        entry(arden.node, 9999)


def test_another_key(arden: Site, connect: Connect, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    (tmp_path / "other").mkdir()
    key = other.site("birch").card.keys["log"]
    other.close()
    for act in (checkpoint_at, lambda *a: prove_at(a[0], a[1], 0, a[2])):
        with pytest.raises(LogError):
            act(URL, key, connect)
    assert not verify_at(URL, key, None, connect).ok


def test_the_card(arden: Site, connect: Connect) -> None:
    assert card_at(URL, connect) == arden.card


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(404),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=bytes(18 << 20)),
        httpx.ConnectError("nobody"),
        httpx.ReadTimeout("slow"),
    ],
    ids=["fault", "absent", "page", "flood", "nobody", "slow"],
)
def test_whatever_answers_is_told_as_ours(
    arden: Site, answer: httpx.Response | httpx.HTTPError
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.HTTPError):
            raise answer
        return answer

    def connect() -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(handle))

    with pytest.raises(ComityError):
        card_at(URL, connect)
    with pytest.raises(ComityError):
        checkpoint_at(URL, vkey(arden), connect)
    found = verify_at(URL, vkey(arden), None, connect)
    assert not found.ok
    assert found.problems


def test_an_address_that_is_none(arden: Site) -> None:
    with pytest.raises(PeerError):
        checkpoint_at("http://[", vkey(arden))
