"""Instants as whole microseconds since 1970-01-01T00:00:00Z, and their text forms.

One integer form serves order, comparison and storage; text is made at the edge. Two forms of
text are read: RFC 3339 timestamps in UTC with any number of fraction digits (STIX 2.1,
section 2.16; digits beyond microseconds are cut), and plain dates (start of that day).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NewType

from comity.errors import InputError

Micros = NewType("Micros", int)
"""Microseconds since the Unix epoch, UTC."""

EPOCH: Final = Micros(0)
DAY: Final = 86_400_000_000

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?[Zz])?\Z", re.ASCII
)


def parse_time(text: str) -> Micros:
    """Read a STIX timestamp or a date (`2026-01-31`).

    Raises InputError (`bad-timestamp`) for anything else, other zones included: STIX and TAXII
    allow UTC alone.
    """
    found = _TIMESTAMP.match(text)
    if found is None:
        raise _bad(text)
    year, month, day, hour, minute, second, fraction = found.groups(default="0")
    try:
        # A leap second is legal in RFC 3339; it is read as the second that follows.
        leap = second == "60"
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), 59 if leap else int(second),
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        raise _bad(text) from None
    seconds = (moment.toordinal() - _EPOCH_DAY) * 86_400
    seconds += moment.hour * 3600 + moment.minute * 60 + moment.second + leap
    return Micros(seconds * 1_000_000 + int(fraction[:6].ljust(6, "0")))


def format_time(instant: int) -> str:
    """RFC 3339 in UTC with exactly six decimals (TAXII 2.1, section 3.6.1)."""
    seconds, micros = divmod(instant, 1_000_000)
    days, rest = divmod(seconds, 86_400)
    day = datetime.fromordinal(days + _EPOCH_DAY)
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    return (
        f"{day.year:04d}-{day.month:02d}-{day.day:02d}"
        f"T{hour:02d}:{minute:02d}:{second:02d}.{micros:06d}Z"
    )


def _bad(text: str) -> InputError:
    return InputError(
        f"{text[:60]!r} is no timestamp",
        code="bad-timestamp",
        advice="Write UTC as in 2026-01-31T12:00:00Z, fractions of a second optional.",
    )


_EPOCH_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
