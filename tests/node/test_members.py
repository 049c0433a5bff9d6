"""Making members known: addresses, entries, and what a card may not change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.node.world import Site, World

from comity.errors import NotFoundError, UsageError
from comity.holdings import Collection
from comity.node.acts.collections import collection_named
from comity.node.acts.members import add_peer, list_members


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def arden(world: World) -> Site:
    return world.site("arden")


@pytest.fixture
def brisco(world: World) -> Site:
    return world.site("brisco")


@pytest.mark.parametrize(
    "url",
    [
        "http://node.example",
        "https://node.example:8443/",
        "http://127.0.0.1:8700",
        "http://[::1]:8700",
        "https://node.example/below",
    ],
)
def test_an_address_is_entered_as_it_is(arden: Site, brisco: Site, url: str) -> None:
    assert add_peer(arden.node, url, brisco.card).card.url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "node.example",
        "ftp://node.example",
        "http://",
        "http:///below",
        "http://[::1",
        "https://node.example:port",
        "https://node.example:99999",
        "https://user:word@node.example",
        "https://node.example?token=secret",
        "https://node.example#there",
        "https://node .example",
        "https://node.example\n",
    ],
)
def test_what_is_no_address_is_refused(arden: Site, brisco: Site, url: str) -> None:
    with pytest.raises(UsageError) as found:
        add_peer(arden.node, url, brisco.card)
    assert found.value.code == "bad-url"
    assert len(list_members(arden.node)) == 1


def test_a_token_that_is_not_given_anew_is_kept(arden: Site, brisco: Site) -> None:
    add_peer(arden.node, brisco.url, brisco.card, token="first")
    changed = add_peer(arden.node, brisco.url, brisco.card, communities=("circle",))
    assert changed.has_token
    assert changed.communities == ("circle",)
    assert "first" not in repr(changed)


def test_a_patron_must_be_known(arden: Site, brisco: Site) -> None:
    with pytest.raises(NotFoundError):
        add_peer(arden.node, brisco.url, brisco.card, client_of="Nobody")


def test_no_name_of_a_copy_passes_for_another_collections_id(arden: Site) -> None:
    """Whoever names a collection of theirs by the id of one of ours gets no say in ours."""
    ours = arden.collection("zebra")
    copy = Collection(id="a" * 8 + ours[8:], name=ours, home="somebody", access="read")
    with arden.node.store.write() as tx:
        tx.put_collection(copy)
        assert collection_named(tx, ours).home == arden.id
        assert collection_named(tx, copy.id) == copy
