"""The kit that every engine must pass.

    from comity.holdings.kit import CHECKS

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_the_kit(check, tmp_path):
        stores = itertools.count()
        check(lambda: open_store(f"sqlite:///{tmp_path}/{next(stores)}.db", create=True))

Each check takes a function that opens a new, empty store, and raises AssertionError where the
engine breaks a promise of `comity.holdings.protocol`. The kit needs no test framework and no
more than the Protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from comity.holdings.kit import journal, objects, order, pages, registry
from comity.holdings.kit.values import MakeStore

__all__ = ["CHECKS", "Check", "MakeStore"]

Check = Callable[[MakeStore], None]

CHECKS: Final[tuple[Check, ...]] = (
    *objects.CHECKS,
    *pages.CHECKS,
    *order.CHECKS,
    *registry.CHECKS,
    *journal.CHECKS,
)
