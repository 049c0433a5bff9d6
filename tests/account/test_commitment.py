from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.account.commitment import SALT_SIZE, commit
from comity.errors import InputError


def test_golden_value() -> None:
    # A constant of the log: if this changes, no row that was ever logged can be proved again.
    assert commit(bytes(32), b"{}").hex() == (
        "b2c4e0f0c7d12d8d903fbe2fd6cdae518ec9cb2558b7a2024948ec3a27c57ace"
    )


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_other_payloads_and_salts_give_other_commitments(one: bytes, other: bytes) -> None:
    salt = bytes(SALT_SIZE)
    assert (commit(salt, one) == commit(salt, other)) == (one == other)
    assert commit(b"\x01" * SALT_SIZE, one) != commit(salt, one)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError) as caught:
        commit(bytes(length), b"{}")
    assert caught.value.code == "bad-salt"
