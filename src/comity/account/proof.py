"""The proof that one entry is in the log, as one text to hand over (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    index 73894
    <the audit path, one base64 hash a line, from the leaf upwards>

    <the signed checkpoint, as served>

With it, the journal row's bytes and its salt, anyone who has the log's verifier key can check
that the row was logged, without asking any node.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from comity.account.checkpoint import Checkpoint, open_checkpoint
from comity.account.commitment import commit
from comity.account.log import LogReader, inclusion
from comity.account.note import MAX_NOTE_BYTES, decode_base64, encode_base64, parse_vkey
from comity.errors import InputError, LimitError, LogError, NotFoundError
from comity.model.merkle import HASH_SIZE, leaf_hash, verify_inclusion

__all__ = ["Proof", "make_proof", "parse_proof", "verify_proof"]

_TITLE: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)
_MAX_PATH: Final = 63
_MAX_BYTES: Final = MAX_NOTE_BYTES + 64 * 1024


class Proof(msgspec.Struct, frozen=True):
    """An entry's index, its audit path (32-byte hashes, leaf upwards), the checkpoint's note.

    `extra` is carried along and proves nothing.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def encode(self) -> bytes:
        """The document."""
        lines = [_TITLE]
        if self.extra:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(encode_base64(one) for one in self.path)
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note


def make_proof(tx: LogReader, index: int, size: int | None = None) -> bytes:
    """The document for entry `index` under the newest checkpoint, or under that of `size`.

    Raises NotFoundError: `no-checkpoint`, or `no-such-entry` if it is not in that log (yet).
    """
    stored = tx.checkpoint(size)
    if stored is None:
        raise NotFoundError("no such checkpoint is stored", code="no-checkpoint")
    found, note = stored
    if not 0 <= index < found:
        raise NotFoundError(
            f"the log of {found} entries has no entry {index}",
            code="no-such-entry",
            advice="A new entry is in the log within a second or so.",
        )
    return Proof(index, tuple(inclusion(tx, index, found)), note).encode()


def parse_proof(document: bytes) -> Proof:
    """Read a proof without checking it. Raises InputError (`bad-proof`), LimitError."""
    if len(document) > _MAX_BYTES:
        raise LimitError(f"a proof has at most {_MAX_BYTES} bytes", code="proof-too-long")
    head, gap, note = document.partition(b"\n\n")
    try:
        title, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _bad("the part before the checkpoint is not ASCII") from None
    if title != _TITLE or not gap:
        raise _bad(f"it begins with {_TITLE} and has an empty line before the checkpoint")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "), "bad-proof")
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        raise _bad("the line `index <number>` is missing")
    if len(lines) > _MAX_PATH:
        raise _bad(f"more than {_MAX_PATH} hashes")
    path = tuple(decode_base64(line, "bad-proof") for line in lines)
    if any(len(one) != HASH_SIZE for one in path):
        raise _bad(f"a hash must have {HASH_SIZE} bytes")
    return Proof(int(index[1]), path, note, extra)


def verify_proof(document: bytes, vkey: str, payload: bytes, salt: bytes) -> Checkpoint:
    """Check that the log of `vkey` holds the journal row `payload` with this salt.

    Gives the signed checkpoint that it is in. Raises InputError if document, key or salt cannot
    be read, LogError if the checkpoint is not this key's (`wrong-key`, `wrong-origin`,
    `bad-signature`) or the row is not the entry that the proof is about (`not-included`).
    """
    key = parse_vkey(vkey)
    proof = parse_proof(document)
    head = open_checkpoint(proof.note, key)
    leaf = leaf_hash(commit(salt, payload))
    if not verify_inclusion(leaf, proof.index, head.size, proof.path, head.root):
        raise LogError(
            f"this row with this salt is not entry {proof.index} of the log of {head.size}",
            code="not-included",
            advice="Check that row, salt and proof belong together and are unchanged.",
        )
    return head


def _bad(why: str) -> InputError:
    return InputError(f"not a proof: {why}", code="bad-proof")
