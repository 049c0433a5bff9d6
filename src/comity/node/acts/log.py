"""The node's log: sequencing it, serving it, proving from it, verifying it from outside."""

from __future__ import annotations

from pathlib import Path

import msgspec

from comity.account.log import read_resource, sequence
from comity.account.proof import make_proof
from comity.account.verify import Verification, verify
from comity.errors import InputError, NotFoundError
from comity.holdings import Holdings, JournalRow, this_process
from comity.node.acts.members import own_card
from comity.node.wiring import Node

__all__ = [
    "Verification",
    "checkpoint",
    "entry",
    "prove",
    "read_older",
    "resource",
    "settle",
    "sizes",
    "verify_directory",
]

_LEASE = "log"
_LEASE_SECONDS = 10


def settle(node: Node) -> bool:
    """One pass of the log if its lease is free: every committed row gets into a checkpoint.

    False where another process holds the lease: that one does it, within a second.
    """
    holder = this_process()
    more = True
    while more:
        with node.store.write() as tx:
            if tx.acquire_lease(_LEASE, holder, node.now(), _LEASE_SECONDS) is None:
                return False
            sequence(tx, node.keys["log"], node.now())
            more = _logged(tx) < tx.journal_size()
            if not more:
                tx.release_lease(_LEASE, holder)
    return True


def _logged(tx: Holdings) -> int:
    """How many journal rows are under a checkpoint."""
    newest = tx.checkpoint()
    return 0 if newest is None else newest[0]


def sizes(node: Node) -> tuple[int, int]:
    """How many rows the journal has, and how many of them are under a checkpoint."""
    with node.store.read() as tx:
        return tx.journal_size(), _logged(tx)


def checkpoint(node: Node) -> bytes:
    """The newest checkpoint, as it is served; raises NotFoundError before the first."""
    with node.store.read() as tx:
        newest = tx.checkpoint()
    if newest is None:
        raise NotFoundError("the log has no checkpoint yet", advice="Run `comity doctor DIR`.")
    return newest[1]


def resource(node: Node, path: str) -> bytes:
    """What stands under a path of the log (C2SP tlog-tiles): checkpoint, tile, entries."""
    if path == "checkpoint":
        return checkpoint(node)
    with node.store.read() as tx:
        return read_resource(tx, path)


def prove(node: Node, index: int) -> bytes:
    """A proof that the entry of this index is in the log, checkable without the node."""
    with node.store.read() as tx:
        return make_proof(tx, index)


def entry(node: Node, index: int) -> JournalRow:
    """The journal row behind an entry; whoever has it, its salt and the proof can check it.

    Raises NotFoundError (`no-such-entry`).
    """
    with node.store.read() as tx:
        rows = tx.journal_rows(index, 1) if index >= 0 else ()
    if not rows:
        raise NotFoundError(f"the journal has no row {index}", code="no-such-entry")
    return rows[0][1]


def verify_directory(node: Node, vkey: str | None, older: bytes | None) -> Verification:
    """Verify this node's own log as it would be served."""
    return verify(lambda path: resource(node, path), vkey or own_card(node).keys["log"], older)


def read_older(path: Path | None) -> bytes | None:
    """The older checkpoint to hold a log against: its note, or the JSON that names it.

    Raises InputError where the file cannot be read.
    """
    if path is None:
        return None
    try:
        text = path.read_bytes()
    except OSError as why:
        raise InputError(
            f"the older checkpoint cannot be read: {why.strerror}", where=str(path)
        ) from None
    if not text.lstrip().startswith(b"{"):
        return text
    try:
        return msgspec.json.decode(text, type=_Kept).checkpoint.encode()
    except msgspec.MsgspecError:
        raise InputError(
            "this is no checkpoint",
            code="bad-note",
            advice="Give what `comity log checkpoint` printed.",
            where=str(path),
        ) from None


class _Kept(msgspec.Struct, frozen=True):
    checkpoint: str
