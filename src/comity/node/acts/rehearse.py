"""A share that is taken back: what would come of it, and who would get to read it.

Each chunk runs through the same gates and the same store as in earnest, and its transaction is
then rolled back; so nothing is kept and nothing journalled, and each chunk is judged as if it
were the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from typing_extensions import override

from comity.handling import Act, Facts, HandlingRow, Reader, decide
from comity.holdings import Holdings
from comity.node.acts.collections import collection_named
from comity.node.acts.explain import reader_for
from comity.node.acts.people import purpose_for, reader_of, user_named
from comity.node.acts.share import Asked, share
from comity.node.wiring import Node, Step
from comity.share.circumstances import Taken

__all__ = ["rehearse"]

R = TypeVar("R")


def rehearse(
    node: Node,
    files: Sequence[Path],
    collection: str,
    asked: Asked,
    *,
    told: Callable[[Taken], None] = lambda _: None,
) -> dict[str, Any]:
    """What `share` would answer, and `recipients`: `[{member_id, name, user?, objects, reasons}]`.

    They are all members that this node made known, our own left out, and the persons named with
    a RED share. `objects` is how many each could read, `reasons` the rules that keep the rest.
    Raises as `share` does.
    """
    with node.store.read() as tx:
        home = collection_named(tx, collection).id
        readers = list(_readers(tx, node.member_id, asked.persons))
    rehearsal = _Rehearsal(node, home)
    answer = share(rehearsal, files, collection, asked, told=told)
    return {**answer, "recipients": [rehearsal.outcome(*reader) for reader in readers]}


def _readers(
    tx: Holdings, self_id: str, persons: Sequence[str]
) -> list[tuple[dict[str, str], Reader]]:
    names = {peer.member.id: peer.member.name for peer in tx.peers() if peer.known}
    members = [
        ({"member_id": member, "name": name}, reader_for(tx, member, None))
        for member, name in names.items()
        if member != self_id
    ]
    named = [reader_of(user_named(tx, person)) for person in persons]
    return members + [
        (
            {
                "member_id": str(one.member_id),
                "name": names.get(str(one.member_id), str(one.member_id)),
                "user": str(one.name),
            },
            one,
        )
        for one in named
    ]


class _Rehearsal(Node):
    """The node, but for what it does being taken back; it counts under which terms."""

    def __init__(self, node: Node, collection: str) -> None:
        super().__init__(
            node.directory,
            node.settings,
            node.store,
            node.keys,
            clock=node.now,
            random=node.random,
            connect=node.connect,
        )
        self._collection: Final = collection
        self._terms: Final[Counter[tuple[HandlingRow, Facts]]] = Counter()

    @override
    def act(self, step: Step[R]) -> R:
        try:
            with self.store.write() as tx:
                result, _ = step(tx)
                if isinstance(result, Taken):
                    self._count(tx, result)
                raise _TakenBackError(result)
        except _TakenBackError as taken_back:
            given: R = taken_back.result
            return given

    def _count(self, tx: Holdings, taken: Taken) -> None:
        rows = {row.key: row for row in tx.handlings()}
        for held in tx.held(self._collection, taken.stored).values():
            self._terms[rows[held.handling], held.facts] += 1

    def outcome(self, who: dict[str, str], reader: Reader) -> dict[str, Any]:
        """How much of it this reader could read, and which rules keep the rest from it."""
        with self.store.read() as tx:
            policy, now = tx.policy(), self.now()
        purpose = purpose_for(reader, None)
        objects, reasons = 0, set[str]()
        for (row, facts), count in self._terms.items():
            decision = decide(row.handling, facts, reader, Act.READ, purpose, now, policy)
            if decision.allow:
                objects += count
            else:
                reasons |= {reason.rule for reason in decision.reasons}
        return {**who, "objects": objects, "reasons": sorted(reasons)}


class _TakenBackError(Exception):
    """Ends a transaction that is not to be kept, and carries what its step gave."""

    def __init__(self, result: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.result: Final = result
