"""Instants: whole microseconds, and the texts that stand for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InputError
from comity.model.time import DAY, EPOCH, Micros, format_time, parse_time

FIRST = -62_135_596_800_000_000
LAST = 253_402_300_799_999_999
"""The first microsecond of the year 1 and the last of the year 9999."""


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01", 0),
        ("1970-01-02", DAY),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-01-31T12:00:00Z", 1_769_860_800_000_000),
        ("2026-01-31T12:00:00.5Z", 1_769_860_800_500_000),
        ("2026-01-31T12:00:00.1234Z", 1_769_860_800_123_400),
        ("2026-01-31T12:00:00.123456Z", 1_769_860_800_123_456),
        ("2026-01-31T12:00:00.1234569Z", 1_769_860_800_123_456),
        ("2026-01-31T12:00:00.123456999999999999999999999999Z", 1_769_860_800_123_456),
        ("2026-01-31t12:00:00z", 1_769_860_800_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("2016-12-31T23:59:60.5Z", 1_483_228_800_500_000),
        ("2024-02-29", 1_709_164_800_000_000),
        ("0001-01-01T00:00:00Z", FIRST),
        ("9999-12-31T23:59:59.999999Z", LAST),
    ],
)
def test_what_is_read(text: str, instant: int) -> None:
    assert parse_time(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+00:00",
        "2026-01-31T12:00:00+02:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "0000-01-01",
        "26-01-31",
        "2026-1-31",
        "2026-01-31Z",
        " 2026-01-31",
        "2026-01-31\n",
        "٢٠٢٦-01-31",
        "2026-01-31T12:00:00." + "1" * 31 + "Z",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_time(text)
    assert refused.value.code == "bad-timestamp"
    assert refused.value.advice
    assert len(refused.value.message) < 200


@given(st.integers(FIRST, LAST).map(Micros))
def test_written_and_read_again_an_instant_is_the_same(instant: Micros) -> None:
    text = format_time(instant)
    assert parse_time(text) == instant
    assert len(text) == 27
    assert text.endswith("Z")


@given(st.integers(FIRST, LAST), st.integers(FIRST, LAST))
def test_texts_sort_as_instants_do(one: int, other: int) -> None:
    assert (format_time(one) < format_time(other)) == (one < other)


@given(st.datetimes(timezones=st.just(UTC)))
def test_the_standard_library_agrees(moment: datetime) -> None:
    instant = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    written = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert format_time(instant) == written
    assert parse_time(written) == instant


@given(st.text(max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    try:
        assert FIRST <= parse_time(text) <= LAST + 1
    except InputError as refused:
        code = refused.code
        assert code == "bad-timestamp"


def test_the_epoch() -> None:
    assert EPOCH == 0
    assert format_time(EPOCH) == "1970-01-01T00:00:00.000000Z"
