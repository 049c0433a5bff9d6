"""One TAXII 2.1 collection as a client sees it: the same client for every server measured."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote, urlsplit

import msgspec

__all__ = ["TAXII", "Answered", "Feed", "ids_in"]

TAXII = "application/taxii+json;version=2.1"
PAGE = 1_000
FUTURE = "2100-01-01T00:00:00.000000Z"
TIMEOUT = 120
MOST_PAGES = 10_000


class Answered(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes


class _Status(msgspec.Struct):
    success_count: int
    failure_count: int = 0
    pending_count: int = 0


class _Envelope(msgspec.Struct):
    objects: list[msgspec.Raw] = []
    more: bool = False
    next: str = ""


class _Named(msgspec.Struct):
    id: str


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class Feed:
    """A collection's objects over one connection. `credential` is the Authorization header."""

    def __init__(self, address: str, path: str, credential: str) -> None:
        self._path = path
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=TIMEOUT)
        self._headers = {"Accept": TAXII, "Authorization": credential}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self._connection.close()

    def post(self, batch: bytes) -> int:
        """Hand in an envelope: how many of its objects were taken in."""
        answered = self.ask("POST", self._path, batch)
        status = msgspec.json.decode(answered.body, type=_Status)
        if answered.status != 202 or status.failure_count or status.pending_count:
            raise RuntimeError(f"{answered.status}: {answered.body[:300]!r}")
        return status.success_count

    def pages(self) -> Iterator[bytes]:
        """The bodies of all pages, from the first on."""
        at = ""
        for _ in range(MOST_PAGES):
            body = self.page(at)
            yield body
            read = _ENVELOPE.decode(body)
            if not read.more:
                return
            at = f"&next={quote(read.next)}"
        raise RuntimeError("the pages do not end")

    def page(self, at: str = "") -> bytes:
        """The body of one page; `at` is a further part of the query."""
        return self._got(f"{self._path}?limit={PAGE}{at}")

    def poll(self) -> bytes:
        """What came after everything there is: an empty envelope."""
        return self._got(f"{self._path}?added_after={FUTURE}")

    def _got(self, path: str) -> bytes:
        answered = self.ask("GET", path)
        if answered.status != 200:
            raise RuntimeError(f"{answered.status}: {answered.body[:300]!r}")
        return answered.body

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answered:
        """One request, whatever its answer."""
        headers = self._headers if body is None else self._headers | {"Content-Type": TAXII}
        self._connection.request(method, path, body, headers)
        with self._connection.getresponse() as response:
            return Answered(response.status, response.read())


def ids_in(page: bytes) -> list[str]:
    """The ids of the objects of a page."""
    return [msgspec.json.decode(raw, type=_Named).id for raw in _ENVELOPE.decode(page).objects]
