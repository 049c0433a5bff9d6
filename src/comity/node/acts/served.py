"""The log of a node on a network, seen from outside: with its address and its public key alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx
import msgspec

from comity.account.checkpoint import open_checkpoint, parse_checkpoint
from comity.account.note import parse_note, parse_vkey
from comity.account.proof import make_proof
from comity.account.tiles import TILE_HEIGHT, TILE_WIDTH, TilePath, decode_bundle
from comity.account.verify import Fetch, Verification, verify
from comity.errors import LimitError, NotFoundError, PeerError
from comity.model.member import Member
from comity.share.client import http_client

__all__ = ["Connect", "card_at", "checkpoint_at", "prove_at", "verify_at"]

Connect = Callable[[], httpx.Client]
"""Gives a transport to other nodes; closed when it is done with."""

_MOST: Final = 17 << 20
"""Bytes of one answer at most: 256 entries of 64 kB are the largest thing a log serves."""


def verify_at(
    url: str, vkey: str, older: bytes | None, connect: Connect = http_client
) -> Verification:
    """Verify a served log against its key and, if given, an older checkpoint of it."""
    with _log(url, connect) as fetch:
        return verify(fetch, vkey, older)


def checkpoint_at(url: str, vkey: str, connect: Connect = http_client) -> bytes:
    """The newest checkpoint that is served, its signature verified.

    Raises PeerError where nobody answers, LogError where the key did not sign it.
    """
    with _log(url, connect) as fetch:
        note = fetch("checkpoint")
    open_checkpoint(note, parse_vkey(vkey))
    return note


def prove_at(url: str, vkey: str, index: int, connect: Connect = http_client) -> bytes:
    """A proof that entry `index` is in a served log, put together from its tiles.

    Raises as `checkpoint_at`; NotFoundError (`no-such-entry`) for an entry beyond the log.
    """
    with _log(url, connect) as fetch:
        note = fetch("checkpoint")
        open_checkpoint(note, parse_vkey(vkey))
        return make_proof(_ServedLog(fetch, note), index)


def card_at(url: str, connect: Connect = http_client) -> Member:
    """The card that a node gives of itself. Nobody vouches for it: it comes from whoever answers.

    Raises PeerError where no node of Comity answers.
    """
    with _below(url, connect) as fetch:
        body = fetch("api/member")
    try:
        return msgspec.json.decode(body, type=Member)
    except msgspec.MsgspecError:
        raise PeerError(
            f"{url} gives no card of a member",
            advice="Check the address, or give the log's key with --vkey.",
        ) from None


@contextmanager
def _log(url: str, connect: Connect = http_client) -> Iterator[Fetch]:
    with _below(url.rstrip("/") + "/log", connect) as fetch:
        yield fetch


@contextmanager
def _below(url: str, connect: Connect = http_client) -> Iterator[Fetch]:
    """Gives what stands at a path below an address; no answer, or no good one, is a PeerError."""
    base = url.rstrip("/") + "/"
    with connect() as http:

        def fetch(path: str) -> bytes:
            try:
                with http.stream("GET", base + path) as answer:
                    body = _read(answer, base + path)
            except (httpx.HTTPError, httpx.InvalidURL) as why:
                raise PeerError(
                    f"{base} did not answer ({type(why).__name__})",
                    advice="Check the address, and whether the node is served there.",
                ) from None
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise NotFoundError(f"{base} has no {path}", advice="Check the address.")
            if answer.status_code != httpx.codes.OK:
                raise PeerError(f"{base}{path} answered {answer.status_code}")
            return body

        yield fetch


def _read(answer: httpx.Response, address: str) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > _MOST:
            raise LimitError(f"{address} sends more than a log has in one place")
        parts.append(part)
    return b"".join(parts)


class _ServedLog:
    """A served log as `account` reads logs: as far as one checkpoint reaches."""

    def __init__(self, fetch: Fetch, note: bytes) -> None:
        self._fetch: Final = fetch
        self._note: Final = note
        self._size: Final = parse_checkpoint(parse_note(note).text).size

    def journal_size(self) -> int:
        return self._size

    def journal_commitments(self, first: int, count: int) -> Sequence[bytes]:
        index, start = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, self._size - index * TILE_WIDTH)
        bundle = decode_bundle(self._fetch(TilePath(None, index, width).path()))
        return bundle[start : start + count]

    def tile(self, level: int, index: int) -> bytes | None:
        hashes = self._size >> (TILE_HEIGHT * level)
        return self._fetch(
            TilePath(level, index, min(TILE_WIDTH, hashes - index * TILE_WIDTH)).path()
        )

    def checkpoint(self, size: int | None = None) -> tuple[int, bytes] | None:
        return (self._size, self._note) if size in (None, self._size) else None
