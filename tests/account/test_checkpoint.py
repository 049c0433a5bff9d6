from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.account.memory import KEY, NAME, NOW, OTHER

from comity.account.checkpoint import (
    Checkpoint,
    log_name,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from comity.errors import InputError, LogError

ROOT = bytes(range(32))
HEAD = Checkpoint(NAME, 20_852_163, ROOT)

lines = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


def test_text_of_a_checkpoint() -> None:
    # The head of the standard's example, with our origin.
    assert HEAD.text().decode() == (
        f"{NAME}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )


@given(
    lines,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3),
)
def test_what_is_written_is_read(origin: str, size: int, root: bytes, more: list[str]) -> None:
    head = Checkpoint(origin, size, root, tuple(more))
    assert parse_checkpoint(head.text()) == head


def test_a_signed_checkpoint_opens_with_its_key_only() -> None:
    data = sign_checkpoint(HEAD, KEY, NOW).encode()
    assert open_checkpoint(data, KEY.verifier) == HEAD
    with pytest.raises(LogError) as caught:
        open_checkpoint(data, OTHER.verifier)
    assert caught.value.code == "wrong-key"
    forged = data.replace(b"20852163", b"20852164")
    with pytest.raises(LogError) as changed:
        open_checkpoint(forged, KEY.verifier)
    assert changed.value.code == "bad-signature"


def test_a_key_speaks_for_its_own_log_only() -> None:
    data = sign_checkpoint(HEAD, OTHER, NOW).encode()
    with pytest.raises(LogError) as caught:
        open_checkpoint(data, OTHER.verifier)
    assert caught.value.code == "wrong-origin"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"a\n1\n",
        HEAD.text()[:-1],
        b"\n" + HEAD.text(),
        HEAD.text() + b"\n",
        HEAD.text().replace(b"2085", b"02085"),
        HEAD.text().replace(b"2085", b"-2085"),
        HEAD.text().replace(b"2085", b"+2085"),
        HEAD.text().replace(b"2085", b" 2085"),
        HEAD.text().replace(b"20852163", "\u0661".encode()),
        HEAD.text().replace(b"20852163", b"9223372036854775808"),
        HEAD.text().replace(b"h8=", b"g=="),
        HEAD.text().replace(b"h8=", b"h9="),
        HEAD.text().replace(b"AAEC", b""),
        HEAD.text() + b"more\n" * 17,
        b"\xff" + HEAD.text(),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_checkpoint(text)
    assert caught.value.code == "bad-checkpoint"


def test_the_name_of_a_log() -> None:
    assert log_name(NAME.removeprefix("comity/")) == NAME
    for wrong in ("", "x", NAME, "8F14E45F-CEEA-467F-AB4D-2C1F1A1B0C3D"):
        with pytest.raises(InputError) as caught:
            log_name(wrong)
        assert caught.value.code == "bad-member-id"
