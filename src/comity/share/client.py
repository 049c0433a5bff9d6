"""The TAXII 2.1 client side of a pull: discovery, collections, pages. Bounded and polite.

It speaks to the address of a peer's entry alone and follows no redirect: a peer that moved is
entered anew by a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from comity.errors import InputError, PeerError
from comity.share.taxii import MAX_LIMIT, MEDIA_TYPE
from comity.wire.envelope import (
    MOST_BYTES,
    CollectionResource,
    read_collections,
    read_discovery,
    read_paging,
)

__all__ = ["GENERATION_HEADER", "Client", "ClientPage", "http_client"]

GENERATION_HEADER: Final = "Comity-Generation"
"""Sent by another node of Comity: tell me the generation of your policy in the envelope."""

T = TypeVar("T")


class ClientPage(NamedTuple):
    """One page as it came: the envelope's bytes, and how to go on."""

    envelope: bytes
    more: bool
    last: str | None
    generation: int | None


def http_client() -> httpx.Client:
    """The transport of a node on a network; a simulator hands in another."""
    return httpx.Client(timeout=httpx.Timeout(30.0, connect=10.0), follow_redirects=False)


class Client:
    """Speaks to one peer. Not for several threads."""

    def __init__(self, http: httpx.Client, url: str, token: str | None) -> None:
        self._http: Final = http
        self._url: Final = url.rstrip("/") + "/"
        self._headers: Final = {"Accept": MEDIA_TYPE}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def api_root(self) -> str:
        """The address of the peer's default API root; raises PeerError."""
        found = self._read("taxii2/", read_discovery)
        root = found.default or (found.api_roots[0] if found.api_roots else None)
        if root is None:
            raise self._error("names no API root")
        try:
            address = urljoin(self._url, root)
            if urlsplit(address)[:2] != urlsplit(self._url)[:2]:
                # A peer behind a proxy may name an address that only it can reach; we stay with
                # the one that a person entered, which also keeps our token from going elsewhere.
                address = urljoin(self._url, urlsplit(address).path)
        except ValueError:
            raise self._error("names an API root that is no address") from None
        return address.rstrip("/") + "/"

    def collections(self, root: str) -> tuple[CollectionResource, ...]:
        """The collections that the peer lists for us; raises PeerError."""
        return self._read(f"{root}collections/", read_collections)

    def pages(
        self, root: str, collection: str, added_after: str | None, types: str | None = None
    ) -> Iterator[ClientPage]:
        """All versions in a collection added after an instant, a page at a time."""
        following: str | None = None
        while True:
            params = {"limit": str(MAX_LIMIT), "match[version]": "all"}
            if types is not None:
                params["match[type]"] = types
            if added_after is not None:
                params["added_after"] = added_after
            if following is not None:
                params["next"] = following
            body, headers = self._fetch(f"{root}collections/{collection}/objects/", params)
            paging = self._understood(body, read_paging)
            last = headers.get("X-TAXII-Date-Added-Last")
            yield ClientPage(body, paging.more, last, paging.x_comity_generation)
            if not paging.more:
                return
            if paging.next is None or paging.next == following:
                raise self._error("says that more follows, but not where")
            following = paging.next

    def _read(self, path: str, reader: Callable[[bytes], T]) -> T:
        body, _ = self._fetch(path, {})
        return self._understood(body, reader)

    def _understood(self, body: bytes, reader: Callable[[bytes], T]) -> T:
        try:
            return reader(body)
        except InputError:
            raise self._error("gave an answer that is no TAXII document") from None

    def _fetch(self, path: str, params: dict[str, str]) -> tuple[bytes, httpx.Headers]:
        headers = self._headers | {GENERATION_HEADER: "0"}
        try:
            with self._http.stream(
                "GET", urljoin(self._url, path), params=params, headers=headers
            ) as answer:
                body = self._body(answer)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as why:
            # ValueError: an address made of what the peer said, or a person entered, is none.
            raise self._error(f"did not answer ({type(why).__name__})") from None
        if answer.status_code in (401, 403):
            raise PeerError(
                f"{self._url} refused our credential",
                code="peer-refused",
                advice="Ask that member for a token, then `comity peer add` it with --token.",
            )
        if answer.status_code != httpx.codes.OK:
            raise self._error(f"answered {answer.status_code}")
        return body, answer.headers

    def _body(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise self._error("sent a page that is too large")
            parts.append(part)
        return b"".join(parts)

    def _error(self, what: str) -> PeerError:
        return PeerError(f"{self._url} {what}")
