"""STIX objects and JSON texts for the tests of this room."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from comity.wire.problem import Problem
from comity.wire.stix import Slice

AUTHOR = "identity--11111111-1111-4111-8111-111111111111"
MARKING = "marking-definition--22222222-2222-4222-8222-222222222222"
INDICATOR = "indicator--33333333-3333-4333-8333-333333333333"
TIME = "2026-01-31T12:00:00.000Z"

JsonObject = dict[str, Any]

SPACES = st.text(alphabet=" \t\n\r", max_size=3)
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\{}[],:/\n'), max_size=12
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


def indicator(**changes: object) -> JsonObject:
    """A whole indicator; a change to `...` leaves a property out."""
    value = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": INDICATOR,
        "created": TIME,
        "modified": TIME,
        "pattern": "[domain-name:value = 'made-up.example']",
        "pattern_type": "stix",
        "valid_from": TIME,
        **changes,
    }
    return {key: inner for key, inner in value.items() if inner is not ...}


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def piece(value: object) -> Slice:
    return Slice(dumped(value), "test.json")


def bundle_of(parts: Iterable[bytes]) -> bytes:
    return b'{"type": "bundle", "id": "bundle--x", "objects": [' + b", ".join(parts) + b"]}"


def raws(found: Iterable[Slice | Problem]) -> list[bytes]:
    return [one.raw for one in found if isinstance(one, Slice)]


def codes(found: Iterable[Slice | Problem]) -> list[str]:
    return [one.code for one in found if isinstance(one, Problem)]


def written(value: object, spaces: Iterator[str], ascii_only: bool) -> str:
    """JSON with any white space between its tokens."""

    def join(inner: Sequence[str], brackets: str) -> str:
        parts = [f"{next(spaces)}{part}{next(spaces)}" for part in inner] or [next(spaces)]
        return brackets[0] + ",".join(parts) + brackets[1]

    if isinstance(value, dict):
        pairs = [
            f"{written(key, spaces, ascii_only)}{next(spaces)}:{next(spaces)}"
            f"{written(inner, spaces, ascii_only)}"
            for key, inner in value.items()
        ]
        return join(pairs, "{}")
    if isinstance(value, list):
        return join([written(inner, spaces, ascii_only) for inner in value], "[]")
    return json.dumps(value, ensure_ascii=ascii_only)


class Trickle:
    """A file that gives no more than so many bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._data = data
        self._step = step

    def read(self, size: int, /) -> bytes:
        size = min(size, self._step)
        given, self._data = self._data[:size], self._data[size:]
        return given

    def close(self) -> None:
        pass


class Parts:
    """A file made up as it is read, of parts: nothing of it is kept."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = iter(parts)
        self._left = b""

    def read(self, size: int, /) -> bytes:
        if not self._left:
            self._left = next(self._parts, b"")
        given, self._left = self._left[:size], self._left[size:]
        return given

    def close(self) -> None:
        pass
