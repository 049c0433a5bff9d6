"""What information may be used for: a closed list, so that a purpose always means the same."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from comity.errors import UsageError

__all__ = ["CRIME", "DEFAULT_PURPOSES", "Purpose", "parse_purposes"]


class Purpose(StrEnum):
    """A purpose of use. `immigration-control` exists only so that a handling can name it."""

    PREVENTION = "prevention"
    DETECTION = "detection"
    INVESTIGATION = "investigation"
    PROSECUTION = "prosecution"
    BORDER_CONTROL = "border-control"
    NETWORK_DEFENCE = "network-defence"
    CONTENT_MODERATION = "content-moderation"
    SANCTIONS_COMPLIANCE = "sanctions-compliance"
    VICTIM_PROTECTION = "victim-protection"
    MISSING_PERSONS = "missing-persons"
    OVERSIGHT = "oversight"
    STATISTICS = "statistics"
    TEST = "test"
    IMMIGRATION_CONTROL = "immigration-control"


CRIME: Final = frozenset(
    {Purpose.PREVENTION, Purpose.DETECTION, Purpose.INVESTIGATION, Purpose.PROSECUTION}
)
"""Preventing and combating crime: the purposes of Europol's handling code H0."""

DEFAULT_PURPOSES: Final = (Purpose.DETECTION, Purpose.NETWORK_DEFENCE)
"""What a credential holds when nobody said otherwise; the first is the one it reads under."""


def parse_purposes(texts: list[str] | tuple[str, ...]) -> tuple[Purpose, ...]:
    """Read purposes, kept in the order given.

    Raises UsageError (`unknown-purpose`) naming the first that is not in the list.
    """
    found: list[Purpose] = []
    for text in texts:
        try:
            found.append(Purpose(text))
        except ValueError:
            raise UsageError(
                f"{text!r} is no purpose",
                code="unknown-purpose",
                advice="Use one of: " + ", ".join(Purpose) + ".",
            ) from None
    return tuple(dict.fromkeys(found))
