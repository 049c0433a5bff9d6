from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.api.paging import page_of
from comity.errors import InputError


@given(st.sets(st.text(max_size=20)), st.integers(1, 7))
def test_pages_hold_everything_once_in_order(names: set[str], limit: int) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = page_of(names, lambda name: name, cursor, limit)
        seen += page
        assert len(page) <= limit
        if cursor is None:
            break
    assert seen == sorted(names)


def test_what_comes_and_goes_between_pages_does_no_harm() -> None:
    page, cursor = page_of(["a", "b", "c", "d"], str, None, 2)
    assert page == ["a", "b"]
    assert page_of(["a", "bb", "c", "d"], str, cursor, 9) == (["bb", "c", "d"], None)


@pytest.mark.parametrize("cursor", ["*", "a", "_w", "\u00e9"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InputError) as refused:
        page_of(["a"], str, cursor, 1)
    assert refused.value.code == "bad-cursor"
