from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.account.memory import (
    OTHER,
    VKEY,
    MemoryStore,
    copy_of,
    grow,
    log_of,
    published,
    signed,
    write_to,
)

from comity.account.tiles import encode_bundle
from comity.account.verify import MAX_PROBLEMS, Fetch, Verification, verify
from comity.errors import InputError, NotFoundError

STORE = log_of(700)
SERVED = published(STORE)


def served(files: dict[str, bytes]) -> Fetch:
    def fetch(path: str) -> bytes:
        if path not in files:
            raise NotFoundError("nothing there", code="no-such-tile")
        return files[path]

    return fetch


def codes(answer: Verification) -> list[str]:
    assert answer.ok is not bool(answer.problems)
    assert all(one.message.endswith(".") for one in answer.problems)
    return [one.code for one in answer.problems]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 700, 66_000])
def test_a_good_log_verifies(size: int) -> None:
    store = log_of(size)
    assert verify(served(published(store)), VKEY) == Verification(True, size, ())


def test_a_folder_of_files_verifies(tmp_path: Path) -> None:
    write_to(tmp_path, STORE)
    assert verify(lambda path: (tmp_path / path).read_bytes(), VKEY).ok
    (tmp_path / "tile/0/001").unlink()
    answer = verify(lambda path: (tmp_path / path).read_bytes(), VKEY)
    assert codes(answer) == ["unreadable"]
    assert str(tmp_path) not in answer.problems[0].message


@given(st.lists(st.integers(0, 600), min_size=2, max_size=4))
def test_a_log_that_grew_holds_every_older_checkpoint(steps: list[int]) -> None:
    store = MemoryStore()
    for step in steps:
        grow(store, step)
        signed(store)
    files = published(store)
    for older in store.notes.values():
        assert verify(served(files), VKEY, older).ok


def test_a_wrong_key_is_named() -> None:
    answer = verify(served(SERVED), OTHER.verifier.encode())
    assert codes(answer) == ["wrong-key"]
    assert answer.size == 0
    with pytest.raises(InputError) as caught:
        verify(served(SERVED), "not a key")
    assert caught.value.code == "bad-vkey"


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (b"", "bad-note"),
        (b"x" * 1_000_000, "note-too-long"),
        (SERVED["checkpoint"].replace(b"\n700\n", b"\n701\n"), "bad-signature"),
        (SERVED["checkpoint"][:-20], "bad-note"),
    ],
)
def test_a_bad_checkpoint_is_named(note: bytes, code: str) -> None:
    assert codes(verify(served({**SERVED, "checkpoint": note}), VKEY)) == [code]
    answer = verify(served(SERVED), VKEY, note)
    assert codes(answer) == [code]
    assert answer.problems[0].where == "older checkpoint"
    assert answer.size == 700


def test_a_missing_checkpoint_is_named() -> None:
    assert codes(verify(served({}), VKEY)) == ["unreadable"]


def test_an_older_checkpoint_of_another_log_proves_nothing() -> None:
    answer = verify(served(SERVED), OTHER.verifier.encode(), SERVED["checkpoint"])
    assert codes(answer) == ["wrong-key"]


def branches(common: int, one: int, other: int) -> tuple[MemoryStore, MemoryStore]:
    """A node, and a copy of its directory that went on differently."""
    store = log_of(common)
    twin = copy_of(store)
    grow(store, one)
    grow(twin, other, b"twin")
    signed(store)
    signed(twin)
    return store, twin


@pytest.mark.parametrize(
    ("one", "other"), [(50, 50), (50, 51), (1, 600), (300, 301)], ids=lambda rows: f"+{rows}"
)
def test_a_fork_shows_both_checkpoints(one: int, other: int) -> None:
    store, twin = branches(400, one, other)
    older, newer = store.notes[400 + one], twin.notes[400 + other]
    answer = verify(served(published(twin)), VKEY, older)
    assert codes(answer) == ["fork"]
    assert answer.problems[0].checkpoints == (older.decode(), newer.decode())
    # A checkpoint from before the copy fits both.
    assert verify(served(published(twin)), VKEY, store.notes[400]).ok


def test_a_shorter_branch_and_a_rolled_back_log_are_named() -> None:
    store, twin = branches(400, 50, 20)
    older = store.notes[450]
    answer = verify(served(published(twin)), VKEY, older)
    assert codes(answer) == ["rolled-back"]
    assert answer.problems[0].checkpoints == (older.decode(), twin.notes[420].decode())


FORGERIES: dict[str, Callable[[bytes, int], bytes]] = {
    "a bit flipped": lambda data, at: data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
    "truncated": lambda data, at: data[:at],
    "longer": lambda data, at: data + data[at : at + 1],
    "turned": lambda data, at: data[at:] + data[:at],
}


@given(st.sampled_from(sorted(SERVED)), st.sampled_from(sorted(FORGERIES)), st.data())
def test_whatever_is_forged_is_found(path: str, how: str, data: st.DataObject) -> None:
    good = SERVED[path]
    forged = FORGERIES[how](good, data.draw(st.integers(0, len(good) - 1)))
    if forged != good:
        answer = verify(served({**SERVED, path: forged}), VKEY)
        assert not answer.ok
        assert any(path == one.where or path in one.message for one in answer.problems)


def test_a_removed_tile_is_found() -> None:
    for path in SERVED:
        left = {name: data for name, data in SERVED.items() if name != path}
        answer = verify(served(left), VKEY)
        assert codes(answer) == ["unreadable"]
        assert answer.problems[0].where == path


def test_reordered_tiles_and_entries_are_found() -> None:
    swapped = {**SERVED, "tile/0/000": SERVED["tile/0/001"], "tile/0/001": SERVED["tile/0/000"]}
    assert codes(verify(served(swapped), VKEY)) == ["tile-mismatch"] * 2
    rows = [*STORE.rows[:256]]
    rows[3], rows[4] = rows[4], rows[3]
    turned = {**SERVED, "tile/entries/000": encode_bundle(rows)}
    answer = verify(served(turned), VKEY)
    assert codes(answer) == ["tile-mismatch", "tile-mismatch", "root-mismatch"]
    assert answer.problems[0].message == (
        "tile/0/000 is not what tile/entries/000 gives, first in place 3."
    )


def test_tiles_and_entries_changed_together_are_found_by_the_root() -> None:
    twin = MemoryStore()
    grow(twin, 700, b"twin")
    signed(twin)
    files = {**published(twin), "checkpoint": SERVED["checkpoint"]}
    assert codes(verify(served(files), VKEY)) == ["root-mismatch"]
    # Then nobody can say whether an older checkpoint still holds.
    older = log_of(300).notes[300]
    assert codes(verify(served(files), VKEY, older)) == ["root-mismatch", "consistency-unchecked"]


@pytest.mark.parametrize(
    "bundle",
    [
        b"",
        encode_bundle(STORE.rows[:255]),
        encode_bundle([b"short", *STORE.rows[1:256]]),
        encode_bundle(STORE.rows[:256])[:-1],
        encode_bundle(STORE.rows[:257]),
    ],
)
def test_a_broken_bundle_is_found_and_reading_goes_on(bundle: bytes) -> None:
    files = {**SERVED, "tile/entries/000": bundle}
    assert codes(verify(served(files), VKEY)) == ["bad-bundle"]


def test_entries_that_stand_nowhere_leave_the_root_unchecked() -> None:
    files = {**SERVED, "tile/entries/001": b"", "tile/0/001": b""}
    answer = verify(served(files), VKEY)
    assert codes(answer) == ["bad-bundle", "root-unchecked"]


def test_a_ruined_log_is_not_read_for_ever() -> None:
    store = log_of(66_000)
    only_tiles = {path: data for path, data in published(store).items() if "entries" not in path}
    answer = verify(served(only_tiles), VKEY)
    assert codes(answer) == ["unreadable"] * MAX_PROBLEMS + ["too-many-problems"]
