"""Our canonical JSON is that of RFC 8785, told by another's implementation of it."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from comity.model.canonical import canonical

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_equal_to_rfc_8785(value: dict[str, object]) -> None:
    written = canonical(value)
    assert written == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert json.loads(written) == value


@pytest.mark.parametrize("start", range(0, 0x110000, 0x8000))
def test_every_character_is_written_as_rfc_8785_writes_it(start: int) -> None:
    span = range(start, start + 0x8000)
    text = "".join(chr(point) for point in span if not 0xD800 <= point <= 0xDFFF)
    assert canonical({"text": text}) == rfc8785.dumps({"text": text})


def test_the_order_of_properties_does_not_matter() -> None:
    assert canonical({"b": 1, "a": {"d": 2, "c": 3}}) == b'{"a":{"c":3,"d":2},"b":1}'
    assert canonical({"a": {"c": 3, "d": 2}, "b": 1}) == b'{"a":{"c":3,"d":2},"b":1}'
