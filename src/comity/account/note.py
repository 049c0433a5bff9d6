"""Signed notes (C2SP signed-note): a text, an empty line, and one line a signature.

Keys and signatures are Ed25519. Two kinds of signature are made and checked: the plain one over
the text (type 1), and the dated cosignature of a checkpoint (type 4, C2SP tlog-cosignature), by
which a witness says when it saw it. Lines of unknown keys are kept and passed over, as the
standard wants: keys can then be changed and witnesses added without breaking any reader.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from enum import IntEnum
from hashlib import sha256
from typing import Final, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.errors import InputError, LimitError, LogError
from comity.model.time import Micros

__all__ = [
    "MAX_NOTE_BYTES",
    "MAX_SIGNATURES",
    "Note",
    "Signature",
    "SignatureType",
    "Signer",
    "SigningKey",
    "VerifierKey",
    "decode_base64",
    "encode_base64",
    "parse_note",
    "parse_skey",
    "parse_vkey",
    "sign_note",
    "verify_note",
]

MAX_NOTE_BYTES: Final = 256 * 1024
MAX_SIGNATURES: Final = 64
"""The standard asks for at least 16; post-quantum ones take up to 5 kB each."""

_DASH: Final = "\u2014 "
_KEY_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_MAX_NAME: Final = 255
_SKEY_PREFIX: Final = "PRIVATE+KEY+"
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class SignatureType(IntEnum):
    """The type byte of a key (C2SP signed-note, "Signature types")."""

    ED25519 = 1
    COSIGNATURE = 4


class Signature(msgspec.Struct, frozen=True):
    """One signature line: key name, key id (4 bytes) and what the key's type defines."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line as it stands in a note, newline included."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.value)}\n"


class Note(msgspec.Struct, frozen=True):
    """A text (UTF-8 bytes that end in a newline) and its signatures, not yet verified."""

    text: bytes
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The note as it is stored and served."""
        return self.text + b"\n" + "".join(one.line() for one in self.signatures).encode()

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """The same note with further signatures; a newer one of the same key takes its place."""
        merged = {(one.name, one.key_id): one for one in self.signatures}
        merged.update({(one.name, one.key_id): one for one in more})
        return Note(self.text, tuple(merged.values()))


class VerifierKey(msgspec.Struct, frozen=True):
    """A public key with its name: whom to believe. `public_key` is 32 bytes (RFC 8032)."""

    name: str
    type: SignatureType
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of a hash over name, type and key: a hint, no proof."""
        return sha256(self.name.encode() + b"\n" + self._material()).digest()[:_KEY_ID_SIZE]

    def encode(self) -> str:
        """The text form ("vkey"): `name+id+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self._material())}"

    def made(self, signature: Signature) -> bool:
        """Whether this signature claims to be of this key."""
        return signature.name == self.name and signature.key_id == self.key_id

    def verify(self, text: bytes, signature: Signature) -> bool:
        """Whether this signature over `text` is this key's."""
        value = signature.value
        message = text
        if self.type is SignatureType.COSIGNATURE:
            seconds, value = int.from_bytes(value[:_TIME_SIZE]), value[_TIME_SIZE:]
            message = _dated(text, seconds)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(value, message)
        except (InvalidSignature, ValueError):
            return False
        return self.made(signature)

    def _material(self) -> bytes:
        return bytes([self.type]) + self.public_key


class Signer(Protocol):
    """Whatever holds a private key: a SigningKey, or hardware behind the same two names."""

    @property
    def verifier(self) -> VerifierKey:
        """The public key that checks what this one signs."""

    def sign(self, text: bytes, now: Micros) -> Signature:
        """Sign a note's text; `now` enters dated signatures only."""


class SigningKey:
    """An Ed25519 private key with its name, from its 32-byte seed.

    The key id and the public key may be shown; the seed only leaves by `encode`.
    """

    def __init__(
        self, name: str, seed: bytes, signature_type: SignatureType = SignatureType.ED25519
    ) -> None:
        _check_name(name)
        if len(seed) != 32:
            raise InputError("an Ed25519 seed has 32 bytes", code="bad-skey")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        public = self._key.public_key().public_bytes_raw()
        self.verifier: Final = VerifierKey(name, signature_type, public)

    def sign(self, text: bytes, now: Micros) -> Signature:
        """The signature line for a note's text; `now` is the date of a cosignature."""
        key = self.verifier
        if key.type is SignatureType.COSIGNATURE:
            seconds = now // 1_000_000
            value = seconds.to_bytes(_TIME_SIZE) + self._key.sign(_dated(text, seconds))
        else:
            value = self._key.sign(text)
        return Signature(key.name, key.key_id, value)

    def encode(self) -> str:
        """The secret text form ("skey"): `PRIVATE+KEY+name+id+base64`, for a file of mode 600."""
        key = self.verifier
        material = bytes([key.type]) + self._key.private_bytes_raw()
        return f"{_SKEY_PREFIX}{key.name}+{key.key_id.hex()}+{encode_base64(material)}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key. Raises InputError (`bad-vkey`)."""
    name, key_id, type_, material = _parse_key(text, "bad-vkey")
    key = VerifierKey(name, type_, material)
    if key.key_id != key_id:
        raise InputError("the key id is not that of name and key", code="bad-vkey")
    return key


def parse_skey(text: str) -> SigningKey:
    """Read a signing key. Raises InputError (`bad-skey`); the message never repeats the text."""
    if not text.startswith(_SKEY_PREFIX):
        raise InputError(f"a signing key begins with {_SKEY_PREFIX}", code="bad-skey")
    name, key_id, type_, seed = _parse_key(text.removeprefix(_SKEY_PREFIX), "bad-skey")
    key = SigningKey(name, seed, type_)
    if key.verifier.key_id != key_id:
        raise InputError("the key id is not that of name and key", code="bad-skey")
    return key


def parse_note(data: bytes) -> Note:
    """Split a note into text and signatures, without verifying any of them.

    Raises LimitError above MAX_NOTE_BYTES or MAX_SIGNATURES, InputError (`bad-note`) for any
    other form.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise LimitError(f"a signed note has at most {MAX_NOTE_BYTES} bytes", code="note-too-long")
    _check_text(data)
    split = data.rfind(b"\n\n")
    if split < 0 or not data.endswith(b"\n"):
        raise _bad_note("an empty line and signature lines must follow the text")
    lines = data[split + 2 :].decode().split("\n")[:-1]
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise LimitError(
            f"a note has 1 to {MAX_SIGNATURES} signatures, not {len(lines)}", code="bad-note"
        )
    return Note(data[: split + 1], tuple(_parse_signature(line) for line in lines))


def sign_note(text: bytes, signers: Iterable[Signer], now: Micros) -> Note:
    """Sign `text` with each signer. Raises InputError (`bad-note`) if it cannot be a note."""
    _check_text(text)
    if not text.endswith(b"\n"):
        raise _bad_note("the text must end in a newline")
    return Note(text, tuple(signer.sign(text, now) for signer in signers))


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """The keys among `keys` that signed the note; never empty.

    Raises LogError: `bad-signature` if a line that claims to be of one of them is not (the whole
    note is then worth nothing), `wrong-key` if none of them signed.
    """
    found = []
    for key in keys:
        claimed = [one for one in note.signatures if key.made(one)]
        if not all(key.verify(note.text, one) for one in claimed):
            raise LogError(
                f"the signature of {key.name} is not that of its key, or the text was changed",
                code="bad-signature",
            )
        if claimed:
            found.append(key)
    if not found:
        names = ", ".join(one.name for one in note.signatures)[:300]
        raise LogError(
            f"no signature is of the key asked for; the note names {names!r}",
            code="wrong-key",
            advice="Ask the log's owner for its verifier key over another channel and compare.",
        )
    return found


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def decode_base64(text: str, code: str) -> bytes:
    """Read base64 in its one canonical form, so that equal bytes have one text.

    Raises InputError with this code.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or encode_base64(data) != text:
        raise InputError("this is not canonical base64", code=code)
    return data


def _dated(text: bytes, seconds: int) -> bytes:
    """What a dated cosignature signs (C2SP tlog-cosignature, "Ed25519 signed message")."""
    return b"cosignature/v1\ntime %d\n" % seconds + text


def _parse_key(text: str, code: str) -> tuple[str, bytes, SignatureType, bytes]:
    """The parts of `name+id+base64`: name, id, type, key material (32 bytes)."""
    parts = text.strip().split("+", maxsplit=2)
    if len(parts) != 3 or re.fullmatch(r"[0-9a-f]{8}", parts[1]) is None:
        raise InputError("a key reads name+id+base64, the id as 8 hex digits", code=code)
    name, key_id, encoded = parts
    _check_name(name, code)
    material = decode_base64(encoded, code)
    if len(material) != 33 or material[0] not in set(SignatureType):
        raise InputError(
            "the key is not an Ed25519 key of type 1 (note) or 4 (cosignature)", code=code
        )
    return name, bytes.fromhex(key_id), SignatureType(material[0]), material[1:]


def _parse_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH[0]:
        raise _bad_note("a signature line reads: dash, key name, base64")
    _check_name(parts[1], "bad-note")
    data = decode_base64(parts[2], "bad-note")
    if len(data) <= _KEY_ID_SIZE:
        raise _bad_note("a signature line holds a key id of 4 bytes and a signature")
    return Signature(parts[1], data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])


def _check_name(name: str, code: str = "bad-key-name") -> None:
    """Raise InputError unless this may be a key's name."""
    illegal = "+" in name or not name.isprintable() or any(map(str.isspace, name))
    if illegal or not 0 < len(name) <= _MAX_NAME:
        raise InputError("a key's name holds no space and no plus, and is not empty", code=code)


def _check_text(data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _bad_note("it is not UTF-8") from None
    if _CONTROL.search(text) is not None:
        raise _bad_note("it holds a control character")


def _bad_note(why: str) -> InputError:
    return InputError(f"not a signed note: {why}", code="bad-note")
