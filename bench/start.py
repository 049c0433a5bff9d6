"""How soon a command answers: `--help`, a server's first answer, the whole demo."""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figures import WARM_RUNS, Figure, seconds, warm
from bench.servers import COMITY, comity, make_node, run

__all__ = ["measure"]

HELP_LIMIT = 0.3
SERVE_LIMIT = 2.5
DEMO_LIMIT = 20.0


def measure() -> list[Figure]:
    """The three timed lines."""
    return [
        Figure(
            name="comity --help",
            value=warm(lambda: run(COMITY, "--help")),
            unit="s",
            limit=HELP_LIMIT,
        ),
        Figure(
            name="comity serve, start to first answer",
            value=_first_answer(),
            unit="s",
            limit=SERVE_LIMIT,
        ),
        Figure(
            name="comity demo --headless, once",
            value=seconds(_demo),
            unit="s",
            limit=DEMO_LIMIT,
        ),
    ]


def _first_answer() -> float:
    """The median of warm starts; each ends before the next begins."""
    taken = []
    with TemporaryDirectory() as folder:
        site = make_node(Path(folder))
        for _ in range(1 + WARM_RUNS):
            with comity(site.directory) as running:
                taken.append(running.seconds)
    return statistics.median(taken[1:])


def _demo() -> None:
    subprocess.run(
        [COMITY, "demo", "--headless"], check=True, stdout=subprocess.DEVNULL, timeout=180
    )
