"""Checkpoints (C2SP tlog-checkpoint): the signed head of a log, three lines of a signed note.

comity/<member uuid>      origin: which log
20852163                  how many entries
CsUYapGGPo4dkMgI...       the root over them, base64
"""

from __future__ import annotations

import re
import uuid
from typing import Final

import msgspec

from comity.account.note import (
    Note,
    Signer,
    VerifierKey,
    decode_base64,
    encode_base64,
    parse_note,
    sign_note,
    verify_note,
)
from comity.errors import InputError, LogError
from comity.model.merkle import HASH_SIZE
from comity.model.time import Micros

__all__ = ["Checkpoint", "log_name", "open_checkpoint", "parse_checkpoint", "sign_checkpoint"]

MAX_SIZE: Final = (1 << 63) - 1
MAX_EXTENSIONS: Final = 16

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Checkpoint(msgspec.Struct, frozen=True):
    """A log's head: its origin, its size in entries, its root (32 bytes), lines we cannot read."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """The note text that is signed."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines).encode()


def log_name(member_id: str) -> str:
    """Origin and key name of a member's log: `comity/<uuid>`.

    Raises InputError (`bad-member-id`) unless `member_id` is a UUID in its usual form.
    """
    try:
        is_usual = str(uuid.UUID(member_id)) == member_id
    except ValueError:
        is_usual = False
    if not is_usual:
        raise InputError("a member's id is a UUID in lower case", code="bad-member-id")
    return f"comity/{member_id}"


def parse_checkpoint(text: bytes) -> Checkpoint:
    """Read a note's text as a checkpoint. Raises InputError (`bad-checkpoint`).

    `parse_checkpoint(text).text() == text` for every text that is taken.
    """
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        raise _bad("it is not UTF-8") from None
    if lines.pop() or len(lines) < 3 or not all(lines):
        raise _bad("it needs three lines or more, none of them empty")
    origin, size, root, *extensions = lines
    if _SIZE.fullmatch(size) is None or int(size) > MAX_SIZE:
        raise _bad("the second line must be the size, a decimal number below 2^63")
    if len(extensions) > MAX_EXTENSIONS:
        raise _bad(f"more than {MAX_EXTENSIONS} extension lines")
    hash_ = decode_base64(root, "bad-checkpoint")
    if len(hash_) != HASH_SIZE:
        raise _bad(f"the root must have {HASH_SIZE} bytes")
    return Checkpoint(origin, int(size), hash_, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer, now: Micros) -> Note:
    """The checkpoint as a signed note."""
    return sign_note(checkpoint.text(), [signer], now)


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """Read a signed checkpoint of the log that `key` belongs to, and verify it.

    Raises InputError (`bad-note`, `bad-checkpoint`) if it cannot be read, LogError (`wrong-key`,
    `bad-signature`) if this key did not sign it, or signed it for another log (`wrong-origin`).
    """
    note = parse_note(data)
    verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise LogError(
            f"the checkpoint is of the log {checkpoint.origin!r}, the key of {key.name!r}",
            code="wrong-origin",
        )
    return checkpoint


def _bad(why: str) -> InputError:
    return InputError(f"not a checkpoint: {why}", code="bad-checkpoint")
