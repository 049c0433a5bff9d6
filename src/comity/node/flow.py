"""The whole flow of Comity, in the order in which it happens.

    inwards     read -> check -> admit -> label -> keep -> journal
    outwards    grant -> page -> release -> journal

What comes in passes `handling.admit`, what goes out passes `handling.release`, and both are in
the journal before anybody is told that it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TypeVar

import msgspec

from comity.errors import InputError
from comity.handling import Channel, Handling, Page, Reader, Reading, Released, grant, release
from comity.handling.markings import read_marking
from comity.holdings import Collection, Holdings, Query
from comity.model.event import Event
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.node.wiring import Node
from comity.share.circumstances import Circumstances, Taken, Unread
from comity.share.markings import remember
from comity.share.receive import CHUNK
from comity.wire.checks import Parsed, check
from comity.wire.problem import Problem, problem_of
from comity.wire.stix import SOURCE_FAULTS, read_objects
from comity.wire.stream import Readable, open_source

__all__ = ["Sharing", "circumstances", "give", "markings_in", "read", "receive", "seek"]

T = TypeVar("T")
Arriving = Parsed | Unread
Step = Callable[[Holdings, Sequence[T], Circumstances], tuple[Taken, list[Event]]]
"""What takes a chunk in: `share.receive.take` objects, `share.signals.take_rows` rows of a list."""


class Sharing(msgspec.Struct, frozen=True, kw_only=True):
    """Who brings objects, by which way, into which collection, and what was asked for them."""

    collection: Collection
    channel: Channel
    sender: str
    actor: str
    options: Handling | None = None
    asks_tlp: bool = True
    expires_at: Micros | None = None
    case_id: str | None = None
    markings: Mapping[str, Reading] = {}


# ---------------------------------------------------------------------------------- inwards


def read(source: Readable, name: str | None = None) -> Iterator[Arriving]:
    """Bytes to checked objects, one at a time; what cannot be read is named in its place.

    Raises InputError only where nothing at all can be read.
    """
    for piece in read_objects(open_source(source, name)):
        if isinstance(piece, Problem):
            yield Unread(piece, is_object=piece.code not in SOURCE_FAULTS)
            continue
        try:
            yield check(piece)
        except InputError as problem:
            yield Unread(problem_of(problem, where=piece.where), is_object=True)


def markings_in(source: Readable, name: str | None = None) -> dict[str, Reading]:
    """What the marking definitions of a file say, wherever in it they stand.

    A reading ahead: an object is judged by its markings, and a file may name them last.
    """
    found: dict[str, Reading] = {}
    if isinstance(source, bytes) and _is_plain_without(source, b'"marking-definition"'):
        return found
    for piece in read_objects(open_source(source, name)):
        if isinstance(piece, Problem) or b'"marking-definition"' not in piece.raw:
            continue
        with suppress(InputError):  # Named when its turn comes.
            one = check(piece)
            if one.type == "marking-definition":
                remember(found, read_marking(one.value))
    return found


def _is_plain_without(body: bytes, word: bytes) -> bool:
    """Whether a message is not compressed and surely lacks a word."""
    return body.lstrip()[:1] in (b"{", b"[") and word not in body


def receive(
    node: Node,
    arriving: Iterable[T],
    sharing: Sharing,
    step: Step[T],
    told: Callable[[Taken], None] = lambda _: None,
    *,
    each: bool = False,
) -> Taken:
    """Take in what arrives, a chunk a transaction; `told` hears of each chunk once it is kept.

    A run that breaks off has kept whole chunks, each with its event, and can be repeated. An
    attempt that brings nothing is journalled too. `each`: the answer lists every object kept.
    """
    total = Taken()
    for chunk in _chunks(arriving, CHUNK):
        taken = node.act(partial(_take_chunk, node, chunk, sharing, step))
        total.add(taken, each=each)
        told(taken)
    return total


def _take_chunk(
    node: Node, chunk: Sequence[T], sharing: Sharing, step: Step[T], tx: Holdings
) -> tuple[Taken, list[Event]]:
    return step(tx, chunk, circumstances(node, tx, sharing))


def circumstances(node: Node, tx: Holdings, sharing: Sharing) -> Circumstances:
    """What a step of SHARE must know, as of this transaction."""
    return Circumstances(
        collection=sharing.collection,
        channel=sharing.channel,
        sender=sharing.sender,
        actor=sharing.actor,
        policy=tx.policy(),
        now=node.now(),
        sign=node.sign_label,
        verify=node.label_verifier(tx),
        random=node.random,
        options=sharing.options,
        asks_tlp=sharing.asks_tlp,
        expires_at=sharing.expires_at,
        case_id=sharing.case_id,
        markings=sharing.markings,
    )


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size`; one empty list of no items at all."""
    remaining = iter(items)
    chunk = list(islice(remaining, size))
    yield chunk
    while chunk := list(islice(remaining, size)):
        yield chunk


# --------------------------------------------------------------------------------- outwards


def give(node: Node, reader: Reader, purpose: Purpose | None, query: Query) -> Released[Page]:
    """One page of a collection for a reader: what the rules open to it, and nothing else.

    The caller journals the read (`node.acts.reading`) before it hands the page on.
    """
    with node.store.read() as tx:
        given = grant(reader, purpose, node.now(), tx.policy(), tx.handlings())
        page = tx.iter_page(given, query)
    return release(given, page)


def seek(
    node: Node, reader: Reader, purpose: Purpose | None, terms: Sequence[str], limit: int
) -> Released[Page]:
    """The newest objects of all collections that have these terms, for a reader."""
    with node.store.read() as tx:
        given = grant(reader, purpose, node.now(), tx.policy(), tx.handlings())
        page = tx.search(given, terms, limit)
    return release(given, page)
