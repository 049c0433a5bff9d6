"""The client side of TAXII: what it asks, whom it trusts with its token, and what it bears."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import httpx
import msgspec
import pytest

from comity.errors import PeerError
from comity.share import client as client_module
from comity.share.client import Client, http_client

ROOT = "https://peer.example/taxii2/api/"
Handler = Callable[[httpx.Request], httpx.Response]


class Peer:
    """A server that answers as a test says, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | Exception | dict[str, Any]) -> None:
        self._answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, dict):
            return httpx.Response(200, content=msgspec.json.encode(answer))
        return answer

    def client(self, url: str = "https://peer.example", token: str | None = "secret") -> Client:
        return Client(httpx.Client(transport=httpx.MockTransport(self)), url, token)


@pytest.mark.parametrize(
    ("discovery", "root"),
    [
        ({"default": ROOT}, ROOT),
        ({"default": ROOT.rstrip("/")}, ROOT),
        ({"default": "/taxii2/api/"}, ROOT),
        ({"api_roots": [ROOT, "https://peer.example/other/"]}, ROOT),
        ({"default": "http://10.0.0.1:8700/taxii2/api/", "title": "behind a proxy"}, ROOT),
        ({"default": "https://peer.example.evil.example/taxii2/api/"}, ROOT),
    ],
)
def test_the_root_is_at_the_address_that_was_entered(discovery: dict[str, Any], root: str) -> None:
    peer = Peer(discovery)
    with peer.client() as client:
        assert client.api_root() == root
    assert str(peer.asked[0].url) == "https://peer.example/taxii2/"


def test_it_says_who_it_is_and_what_it_takes() -> None:
    peer = Peer({"default": ROOT}, {"default": ROOT})
    peer.client().api_root()
    peer.client(token=None).api_root()
    first, second = (request.headers for request in peer.asked)
    assert first["Authorization"] == "Bearer secret"
    assert first["Accept"] == "application/taxii+json;version=2.1"
    assert first["Comity-Generation"] == "0"
    assert "Authorization" not in second


def test_collections_are_listed() -> None:
    one = {"id": "a", "title": "A", "can_read": True, "can_write": False, "x_other": 1}
    (found,) = Peer({"collections": [one]}).client().collections(ROOT)
    assert (found.id, found.title, found.can_read) == ("a", "A", True)
    assert Peer({}).client().collections(ROOT) == ()


def test_pages_are_followed_to_the_end() -> None:
    last = {"X-TAXII-Date-Added-Last": "2026-01-31T12:00:00.000001Z"}
    pages = [
        httpx.Response(200, headers=last, json={"more": True, "next": "5", "objects": [{}]}),
        httpx.Response(200, headers=last, json={"x_comity_generation": 7, "objects": [{}]}),
    ]
    peer = Peer(*pages)
    found = list(peer.client().pages(ROOT, "c", "2026-01-01T00:00:00Z"))
    assert [(page.more, page.last, page.generation) for page in found] == [
        (True, last["X-TAXII-Date-Added-Last"], None),
        (False, last["X-TAXII-Date-Added-Last"], 7),
    ]
    first, second = (dict(request.url.params) for request in peer.asked)
    assert first == {
        "limit": "1000",
        "match[version]": "all",
        "added_after": "2026-01-01T00:00:00Z",
    }
    assert second == {**first, "next": "5"}


def test_types_alone_are_asked_for_where_wanted() -> None:
    peer = Peer({})
    list(peer.client().pages(ROOT, "c", None, "marking-definition"))
    assert dict(peer.asked[0].url.params) == {
        "limit": "1000",
        "match[version]": "all",
        "match[type]": "marking-definition",
    }


WRONG: Final = (
    ("credential", httpx.Response(401), "peer-refused"),
    ("access", httpx.Response(403), "peer-refused"),
    ("absent", httpx.Response(404), "peer"),
    ("fault", httpx.Response(500), "peer"),
    ("moved", httpx.Response(301, headers={"Location": "https://evil.example/"}), "peer"),
    ("nothing", httpx.Response(200, content=b""), "peer"),
    ("html", httpx.Response(200, content=b"<html>"), "peer"),
    ("a list", httpx.Response(200, content=b"[]"), "peer"),
    ("a wrong type", httpx.Response(200, content=b'{"default": 5}'), "peer"),
    ("deep", httpx.Response(200, content=b'{"default": ' + b"[" * 10_000), "peer"),
    ("no UTF-8", httpx.Response(200, content=b'{"default": "\xff"}'), "peer"),
    ("no root", httpx.Response(200, content=b"{}"), "peer"),
    ("no connection", httpx.ConnectError("made up"), "peer"),
    ("no answer", httpx.ReadTimeout("made up"), "peer"),
    ("no HTTP", httpx.RemoteProtocolError("made up"), "peer"),
)


@pytest.mark.parametrize(
    ("answer", "code"), [case[1:] for case in WRONG], ids=[c[0] for c in WRONG]
)
def test_whatever_goes_wrong_is_the_peers_error(
    answer: httpx.Response | Exception, code: str
) -> None:
    peer = Peer(answer)
    with pytest.raises(PeerError) as found:
        peer.client().api_root()
    assert found.value.code == code
    assert "peer.example" in found.value.message
    assert "secret" not in found.value.message
    assert {request.url.host for request in peer.asked} == {"peer.example"}


@pytest.mark.parametrize("following", [{}, {"next": "5"}])
def test_a_peer_that_goes_round_in_circles_is_left(following: dict[str, str]) -> None:
    peer = Peer(
        {"more": True, "next": "5", "objects": [{}]}, {"more": True, "objects": [{}], **following}
    )
    with pytest.raises(PeerError):
        list(peer.client().pages(ROOT, "c", None))


def test_a_page_that_is_too_large_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "MOST_BYTES", 1000)
    read = 0

    def endless() -> Any:  # noqa: ANN401 - chunks of a body
        nonlocal read
        while True:
            read += 400
            yield b" " * 400

    with pytest.raises(PeerError):
        Peer(httpx.Response(200, content=endless())).client().api_root()
    assert read <= 1600


def test_the_networks_client_follows_no_redirect_and_waits_no_longer_than_it_says() -> None:
    with http_client() as http:
        assert http.follow_redirects is False
        assert (http.timeout.connect, http.timeout.read) == (10.0, 30.0)


@pytest.mark.parametrize(
    "root",
    [
        "https://[::1/taxii2/api/",
        "https://peer.example:port/taxii2/api/",
        "/taxii2/\x00/api/",
        pytest.param("/taxii2/" + "a" * 70_000, id="too long"),
        "ftp://peer.example/taxii2/api/",
        "//evil.example/taxii2/api/",
        "https://user:word@peer.example/taxii2/api/",
        "javascript:alert(1)",
    ],
)
def test_no_root_leads_elsewhere_or_anywhere_but_to_the_peers_error(root: str) -> None:
    peer = Peer({"default": root}, {"collections": []})
    try:
        with peer.client() as client:
            client.collections(client.api_root())
    except PeerError:
        pass
    assert {(request.url.scheme, request.url.host) for request in peer.asked} == {
        ("https", "peer.example")
    }


@pytest.mark.parametrize("url", ["http://[::1", "http://", "https://peer.example:port"])
def test_an_address_that_is_none_is_the_peers_error(url: str) -> None:
    with pytest.raises(PeerError):
        Peer({"default": ROOT}).client(url).api_root()


def test_a_cursor_that_is_too_long_is_the_peers_error() -> None:
    peer = Peer({"more": True, "next": "9" * 100_000, "objects": [{}]}, {})
    with pytest.raises(PeerError):
        list(peer.client().pages(ROOT, "c", None))
