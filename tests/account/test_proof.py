from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.account.memory import KEY, OTHER, VKEY, MemoryStore, grow, log_of, payload, salt, signed

from comity.account.note import Signature, parse_note
from comity.account.proof import Proof, make_proof, parse_proof, verify_proof
from comity.errors import ComityError, InputError, LimitError, LogError, NotFoundError

STORE = log_of(1_000)


@given(st.integers(0, 999))
def test_a_row_is_proved_with_nothing_but_the_key(index: int) -> None:
    document = make_proof(STORE, index)
    head = verify_proof(document, VKEY, payload(index), salt(index))
    assert head.size == 1_000
    assert parse_proof(document).encode() == document
    assert parse_proof(document).index == index


def test_the_form_of_the_document() -> None:
    lines = make_proof(log_of(3), 2).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 2"]
    assert len(lines[2]) == 44
    assert lines[3] == ""
    assert lines[5] == "3"


def test_a_log_of_one_entry_needs_no_path() -> None:
    document = make_proof(log_of(1), 0)
    assert parse_proof(document).path == ()
    assert verify_proof(document, VKEY, payload(0), salt(0)).size == 1


def test_an_older_checkpoint_proves_as_well() -> None:
    store = log_of(10)
    grow(store, 10)
    signed(store)
    assert verify_proof(make_proof(store, 3, 10), VKEY, payload(3), salt(3)).size == 10
    with pytest.raises(NotFoundError) as caught:
        make_proof(store, 3, 11)
    assert caught.value.code == "no-checkpoint"
    with pytest.raises(NotFoundError) as missing:
        make_proof(store, 10, 10)
    assert missing.value.code == "no-such-entry"


def test_nothing_is_proved_before_anything_is_signed() -> None:
    with pytest.raises(NotFoundError):
        make_proof(MemoryStore(), 0)


def test_other_rows_salts_and_keys_are_refused() -> None:
    document = make_proof(STORE, 5)
    cases = [
        (VKEY, payload(6), salt(5), "not-included"),
        (VKEY, payload(5), salt(6), "not-included"),
        (VKEY, payload(6), salt(6), "not-included"),
        (OTHER.verifier.encode(), payload(5), salt(5), "wrong-key"),
    ]
    for vkey, row, with_salt, code in cases:
        with pytest.raises(LogError) as caught:
            verify_proof(document, vkey, row, with_salt)
        assert caught.value.code == code


def test_extra_data_and_cosignatures_are_carried() -> None:
    proof = parse_proof(make_proof(STORE, 5))
    note = parse_note(proof.note).with_signatures([Signature("w", b"\x00" * 4, bytes(72))])
    document = Proof(proof.index, proof.path, note.encode(), b"extra data").encode()
    assert parse_proof(document).extra == b"extra data"
    assert verify_proof(document, VKEY, payload(5), salt(5)).size == 1_000


@given(st.integers(0, 2_000), st.integers(0, 7))
def test_no_changed_document_proves_anything_else(at: int, bit: int) -> None:
    document = bytearray(make_proof(STORE, 700))
    document[at % len(document)] ^= 1 << bit
    try:
        head = verify_proof(bytes(document), VKEY, payload(700), salt(700))
    except ComityError:
        return
    # A line that claims another name is a stranger's, and there is none here.
    pytest.fail(f"a changed proof was believed: {head}")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"c2sp.org/tlog-proof@v1\n",
        b"c2sp.org/tlog-proof@v1\n\nnote",
        b"c2sp.org/tlog-proof@v2\nindex 1\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 01\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1\n!\n\nnote",
        b"c2sp.org/tlog-proof@v1\nextra !\nindex 1\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1\nextra AAAA\n\nnote",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"AAAA\n" * 64 + b"\nnote",
        b"\xff\n\nnote",
    ],
)
def test_what_is_no_proof_is_refused(document: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_proof(document)
    assert caught.value.code == "bad-proof"


def test_a_proof_is_bounded() -> None:
    with pytest.raises(LimitError):
        parse_proof(bytes(1_000_000))


def test_the_key_is_checked_before_the_proof() -> None:
    with pytest.raises(InputError) as caught:
        verify_proof(b"", "no key", payload(0), salt(0))
    assert caught.value.code == "bad-vkey"
    assert KEY.verifier.encode() == VKEY
