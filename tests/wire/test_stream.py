from __future__ import annotations

import gzip
import io
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import Trickle

from comity.errors import InputError, LimitError
from comity.wire.limits import Limits
from comity.wire.stream import Readable, Source, open_source

TEXT = random.Random(7).randbytes(150_000).hex().encode()


def everything(source: Source, size: int = 10_000) -> bytes:
    parts = []
    while part := source.read(size):
        parts.append(part)
    return b"".join(parts)


def fault_of(source: Source) -> tuple[bytes, InputError]:
    """What is given out before the fault, and the fault."""
    given = bytearray()
    while len(source.peek(1)) > 0:
        given += source.read(1000)
    with pytest.raises(InputError) as caught:
        source.read(1)
    return bytes(given), caught.value


@given(st.binary(max_size=400), st.integers(1, 100), st.integers(1, 100), st.booleans())
def test_any_text_comes_through_any_way(data: bytes, step: int, size: int, packed: bool) -> None:
    data = b"text" + data
    file = Trickle(gzip.compress(data) if packed else data, step)
    assert everything(open_source(file), size) == data


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_reads_are_full_but_for_the_last(size: int) -> None:
    with open_source(gzip.compress(TEXT)) as source:
        assert source.read(size) == TEXT[:size]
        assert source.peek(5) == TEXT[size:][:5]
        assert everything(source) == TEXT[size:]
        assert source.read(1) == b""


def test_paths_bytes_and_files_are_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(TEXT)
    with path.open("rb") as file:
        ways: list[Readable] = [path, str(path), TEXT, file]
        sources = [open_source(way) for way in ways]
        assert [everything(source) for source in sources] == [TEXT] * 4
        assert [source.name for source in sources] == ["a.json", "a.json", "input", "a.json"]
    assert open_source(b"x", "named").name == "named"


def test_a_file_of_its_own_is_closed_at_the_end_and_anothers_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"text")
    everything(open_source(path))  # an unclosed file is a warning, and warnings are errors
    file = io.BytesIO(b"text")
    everything(open_source(file))
    assert not file.closed


def test_the_byte_order_mark_is_passed_over() -> None:
    for data in (b"\xef\xbb\xbftext", gzip.compress(b"\xef\xbb\xbftext")):
        source = open_source(data)
        assert source.start == 3
        assert everything(source) == b"text"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_wide_encodings_are_refused_with_what_to_do(coding: str) -> None:
    for data in ('{"type": "x"}'.encode(coding), gzip.compress('{"a": 1}'.encode(coding))):
        with pytest.raises(InputError) as caught:
            open_source(data, "wide.json")
        assert caught.value.code == "encoding"
        assert caught.value.where == "wide.json"
        assert "iconv" in caught.value.advice


@pytest.mark.parametrize("name", ["none", "folder", "nul\0"])
def test_what_cannot_be_opened_is_an_input_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as caught:
        open_source(tmp_path / name)
    assert caught.value.code == "unreadable"


class Failing:
    """A file whose disk breaks after its first bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int, /) -> bytes:
        if not self._data:
            raise OSError(5, "Input/output error")
        given, self._data = self._data[:size], self._data[size:]
        return given

    def close(self) -> None:
        pass


def test_a_file_that_fails_while_it_is_read() -> None:
    given, fault = fault_of(open_source(Failing(TEXT), "disk"))
    assert given == TEXT
    assert (fault.code, fault.where) == ("unreadable", "disk")


# ------------------------------------------------------------------------------------------ gzip


def test_members_follow_one_another_and_zeros_may_follow_them() -> None:
    packed = gzip.compress(b"one, ") + gzip.compress(b"") + gzip.compress(b"two")
    for padding in (b"", b"\0" * 700):
        assert everything(open_source(packed + padding)) == b"one, two"
        assert everything(open_source(Trickle(packed + padding, 3))) == b"one, two"


@given(st.integers(2, 100_000))
def test_a_cut_stream_gives_what_it_holds(cut: int) -> None:
    packed = gzip.compress(TEXT)
    cut = min(cut, len(packed) - 1)
    given, fault = fault_of(open_source(packed[:cut], "cut.gz"))
    expected = zlib.decompressobj(31).decompress(packed[:cut])
    assert given == expected
    assert fault.code == "gzip-truncated"
    assert fault.where == f"cut.gz: byte {cut} of the compressed data"


def test_a_broken_stream_gives_all_before_the_break() -> None:
    packed = gzip.compress(TEXT)
    broken = packed[:-8] + b"\0\0\0\0" + packed[-4:]  # a wrong checksum, after all the data
    given, fault = fault_of(open_source(broken))
    assert given == TEXT
    assert fault.code == "gzip-broken"
    given, fault = fault_of(open_source(packed + b"garbage"))
    assert given == TEXT
    assert fault.code == "gzip-broken"
    middle = packed[:50_000] + b"\xff" * 100 + packed[50_100:]
    given, fault = fault_of(open_source(middle))
    assert len(given) > 40_000
    assert given[:40_000] == TEXT[:40_000]


@given(st.binary(min_size=1, max_size=200))
def test_random_bytes_after_the_magic_are_our_error(data: bytes) -> None:
    with pytest.raises(InputError):
        everything(open_source(b"\x1f\x8b" + data))


def test_a_bomb_is_stopped_at_the_bound() -> None:
    packed = gzip.compress(b"x" * (64 << 20))
    given, fault = fault_of(open_source(packed, "bomb.gz"))
    assert isinstance(fault, LimitError)
    assert fault.code == "gzip-bomb"
    assert 10_000_000 < len(given) < 14_000_000


def test_dense_but_small_or_long_but_varied_is_no_bomb() -> None:
    small = gzip.compress(b"x" * 9_000_000)
    assert len(everything(open_source(small), 1 << 20)) == 9_000_000
    varied = gzip.compress(TEXT * 40, compresslevel=1)
    assert len(
        everything(open_source(varied, limits=Limits(ratio_after=1000)), 1 << 20)
    ) == 40 * len(TEXT)
