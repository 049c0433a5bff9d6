from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.account.memory import KEY, NAME, NOW, OTHER, VKEY

from comity.account.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    SignatureType,
    SigningKey,
    parse_note,
    parse_skey,
    parse_vkey,
    sign_note,
    verify_note,
)
from comity.errors import InputError, LimitError, LogError

# The worked example of the standard (C2SP signed-note, "Verifier keys").
EXAMPLE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n"
    "\n"
    "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3m"
    "FXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
TEXT = "comity\n\n\u00e9t\u00e9\n".encode()
WITNESS = SigningKey("comity/witness", b"\x07" * 32, SignatureType.COSIGNATURE)

names = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="+"), min_size=1)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"))


def test_the_example_of_the_standard() -> None:
    key = parse_vkey(EXAMPLE_VKEY)
    note = parse_note(EXAMPLE_NOTE)
    assert verify_note(note, [key]) == [key]
    assert note.text == b"This is an example message.\n"
    assert note.encode() == EXAMPLE_NOTE
    assert key.encode() == EXAMPLE_VKEY


@given(texts, names.filter(lambda name: len(name) < 200), st.binary(min_size=32, max_size=32))
def test_what_is_signed_can_be_read_and_verified(text: str, name: str, seed: bytes) -> None:
    key = SigningKey(name, seed)
    data = sign_note(f"{text}\n".encode(), [key], NOW).encode()
    note = parse_note(data)
    assert note.encode() == data
    assert note.text.decode() == f"{text}\n"
    assert verify_note(note, [parse_vkey(key.verifier.encode())]) == [key.verifier]


def test_keys_survive_their_text_form() -> None:
    again = parse_skey(KEY.encode() + "\n")
    assert again.verifier == KEY.verifier == parse_vkey(f" {VKEY}\n")
    assert again.encode() == KEY.encode()
    assert KEY.encode().startswith(f"PRIVATE+KEY+{NAME}+")
    assert parse_skey(WITNESS.encode()).verifier.type is SignatureType.COSIGNATURE


def test_a_key_shown_does_not_show_its_seed() -> None:
    secret = KEY.encode().rpartition("+")[2]
    assert secret not in repr(KEY)
    assert secret not in VKEY


def test_several_signatures_and_strangers() -> None:
    note = sign_note(TEXT, [OTHER, KEY, WITNESS], NOW)
    assert verify_note(note, [KEY.verifier]) == [KEY.verifier]
    assert verify_note(note, [KEY.verifier, WITNESS.verifier]) == [KEY.verifier, WITNESS.verifier]
    stranger = Signature("example.org/quantum", b"\x00\x01\x02\x03", bytes(2_420))
    assert verify_note(note.with_signatures([stranger]), [OTHER.verifier]) == [OTHER.verifier]


def test_a_name_alone_is_not_the_key() -> None:
    namesake = SigningKey(NAME, b"\x09" * 32)
    note = sign_note(TEXT, [namesake], NOW)
    with pytest.raises(LogError) as caught:
        verify_note(note, [KEY.verifier])
    assert caught.value.code == "wrong-key"


def test_a_wrong_signature_spoils_the_note() -> None:
    note = sign_note(TEXT, [KEY, OTHER], NOW)
    changed = Note(b"other\n", note.signatures)
    for keys in ([KEY.verifier], [OTHER.verifier, KEY.verifier]):
        with pytest.raises(LogError) as caught:
            verify_note(changed, keys)
        assert caught.value.code == "bad-signature"
    good, _ = note.signatures
    twice = Note(TEXT, (good, Signature(good.name, good.key_id, bytes(64))))
    with pytest.raises(LogError):
        verify_note(twice, [KEY.verifier])


def test_a_cosignature_is_bound_to_its_time() -> None:
    one = WITNESS.sign(TEXT, NOW)
    assert int.from_bytes(one.value[:8]) == NOW // 1_000_000
    assert WITNESS.verifier.verify(TEXT, one)
    earlier = Signature(one.name, one.key_id, bytes(8) + one.value[8:])
    assert not WITNESS.verifier.verify(TEXT, earlier)
    assert not WITNESS.verifier.verify(TEXT, Signature(one.name, one.key_id, b"\x01"))


def test_a_newer_signature_of_the_same_key_takes_the_old_ones_place() -> None:
    note = sign_note(TEXT, [KEY, WITNESS], NOW)
    newer = WITNESS.sign(TEXT, NOW + 1_000_000)  # type: ignore[arg-type]
    again = note.with_signatures([newer])
    assert again.signatures == (note.signatures[0], newer)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        EXAMPLE_NOTE[:-1],
        EXAMPLE_NOTE.replace(b"\n\n", b"\n"),
        EXAMPLE_NOTE.replace("\u2014".encode(), b"-"),
        EXAMPLE_NOTE.replace(b"foo ", b"f+oo "),
        EXAMPLE_NOTE.replace(b"foo ", b"foo  "),
        EXAMPLE_NOTE.replace(b"foo ", "f\u00a0oo ".encode()),
        EXAMPLE_NOTE.replace(b"aQM=", b"aQM"),
        EXAMPLE_NOTE.replace(b"aQM=", b"aQN="),
        EXAMPLE_NOTE.replace(b"is", b"\ris"),
        EXAMPLE_NOTE.replace(b"is", b"\xff\xfe"),
        EXAMPLE_NOTE.replace(b"Uw2QOkn8", b"").replace(EXAMPLE_NOTE[62:], b"Uw2QOg==\n"),
        "text\n\n\u2014 name AAAAAA==\n".encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_note(data)
    assert caught.value.code == "bad-note"


def test_bounds() -> None:
    with pytest.raises(LimitError) as caught:
        parse_note(b"x" * (MAX_NOTE_BYTES + 1))
    assert caught.value.code == "note-too-long"
    line = "\u2014 n AAAAAAA=\n".encode()
    assert len(parse_note(b"text\n\n" + line * MAX_SIGNATURES).signatures) == MAX_SIGNATURES
    with pytest.raises(LimitError):
        parse_note(b"text\n\n" + line * (MAX_SIGNATURES + 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    for data in (tail, EXAMPLE_NOTE + tail, EXAMPLE_NOTE[:40] + tail):
        try:
            note = parse_note(data)
        except InputError:
            continue
        assert note.encode() == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U",
        "example .com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+!",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_vkey(text)
    assert caught.value.code == "bad-vkey"
    with pytest.raises(InputError) as secret:
        parse_skey(f"PRIVATE+KEY+{text}")
    assert secret.value.code == "bad-skey"


def test_a_verifier_key_is_no_signing_key() -> None:
    with pytest.raises(InputError):
        parse_skey(VKEY)
    with pytest.raises(InputError):
        SigningKey("two words", bytes(32))
    with pytest.raises(InputError):
        SigningKey(NAME, bytes(31))


@pytest.mark.parametrize("text", [b"no newline", b"\x07bell\n", b"\xff\n"])
def test_what_cannot_be_a_note_is_not_signed(text: bytes) -> None:
    with pytest.raises(InputError):
        sign_note(text, [KEY], NOW)
