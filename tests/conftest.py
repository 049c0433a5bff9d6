"""What all tests share: the folder of public data, Hypothesis profiles and the `soak` mark."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

SOAK = os.environ.get("COMITY_SOAK") == "1"

# No profile has a deadline: how fast the machine is must never decide a test.
_QUIET = [HealthCheck.too_slow]
settings.register_profile("dev", deadline=None, max_examples=60, suppress_health_check=_QUIET)
settings.register_profile(
    # The same examples on every run, so that a red run says something about the change.
    "ci",
    deadline=None,
    max_examples=120,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=_QUIET,
)
settings.register_profile(
    "soak",
    deadline=None,
    max_examples=5_000,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
    print_blob=True,
    suppress_health_check=_QUIET,
)
settings.load_profile("soak" if SOAK else "ci" if os.environ.get("CI") else "dev")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background ignores Ctrl-C, and so would every process that a test starts and
    # stops by it: what a process ignores, its children do.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the full-sized cases out unless COMITY_SOAK=1 asks for them."""
    if SOAK:
        return
    skip = pytest.mark.skip(reason="full-sized case: runs with COMITY_SOAK=1 (make soak)")
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data that COMITY_TEST_DATA names; without one the test is skipped."""
    named = os.environ.get("COMITY_TEST_DATA")
    if not named:
        pytest.skip("COMITY_TEST_DATA names no folder of public data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"COMITY_TEST_DATA is set, but {folder} is no folder")
    return folder.resolve()
