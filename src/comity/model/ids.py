"""Identifiers: Comity's namespace, its STIX extension definitions, and ids made from content.

These are constants of the wire: change one and nodes no longer agree on what is the same. A test
holds golden values.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

__all__ = [
    "CARD_EXTENSION",
    "CREATED",
    "HANDLING_EXTENSION",
    "LABEL_EXTENSION",
    "LABEL_TYPE",
    "NAMESPACE",
    "SIGNAL_EXTENSION",
    "deterministic_id",
    "is_stix_id",
]

NAMESPACE: Final = uuid.UUID("5c1f0f3a-6a41-4a0e-8f6c-0d4a2a7f5b19")
"""UUIDv5 namespace of every id that Comity derives from content."""

CREATED: Final = "2026-01-01T00:00:00.000Z"
"""`created` of every object whose id derives from its content: constant, as the content is."""

LABEL_TYPE: Final = "x-comity-label"
"""STIX type of the objects that carry a handling for objects that cannot."""


def deterministic_id(stix_type: str, *parts: str) -> str:
    """`type--uuid`, the same for the same parts everywhere (UUIDv5, RFC 9562, section 5.5).

    Parts are joined by a character that none of them may hold.
    """
    name = "\x00".join((stix_type, *parts))
    return f"{stix_type}--{uuid.uuid5(NAMESPACE, name)}"


def is_stix_id(text: str) -> bool:
    """Whether `text` has the form of a STIX identifier (STIX 2.1, section 2.9).

    UUIDs may be written in capitals, as some are; ids are then compared as they are written.
    """
    return len(text) <= _LONGEST_ID and _STIX_ID.match(text) is not None


_LONGEST_ID: Final = 250 + len("--") + 36
# A possessive group must not fail half-way: before Python 3.11.5 it then stays where it failed
# (CPython issue 106052). So here, and wherever such groups stand, each looks ahead first.
_STIX_ID: Final = re.compile(
    r"[a-z][a-z0-9]*+(?:(?=-[a-z0-9])-[a-z0-9]++)*+"
    r"--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z"
)

HANDLING_EXTENSION: Final = deterministic_id("extension-definition", "handling")
"""On marking-definitions: a handling."""

LABEL_EXTENSION: Final = deterministic_id("extension-definition", "label")
"""Makes LABEL_TYPE a new object type (STIX 2.1, section 7.3)."""

SIGNAL_EXTENSION: Final = deterministic_id("extension-definition", "signal")
"""On indicators: `{kind, value, ...}`."""

CARD_EXTENSION: Final = deterministic_id("extension-definition", "card")
"""On identities: a member's card."""
