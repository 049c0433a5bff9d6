"""What a benchmark hands back, and the one table that all of them are printed in."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["WARM_RUNS", "Figure", "Unit", "missed", "seconds", "table", "warm"]

WARM_RUNS = 10

Unit = Literal["/s", "s", "ms", "us", "MB"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value. A rate (`/s`) is better when high, all else when low.

    `limit` is the most that a timed line may take, in `unit`. `floor` is what plain Python needs
    for the same work, `peer` what another server does with it; both in `unit`.
    """

    name: str
    value: float
    unit: Unit
    limit: float | None = None
    floor: float | None = None
    peer: float | None = None

    @property
    def missed(self) -> bool:
        """Whether this is a timed line that takes longer than it may."""
        return self.limit is not None and self.value > self.limit


def missed(figures: Iterable[Figure]) -> list[Figure]:
    """The timed lines that were missed."""
    return [figure for figure in figures if figure.missed]


def seconds(act: Callable[[], object]) -> float:
    """How long one run takes, by the wall clock."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def warm(act: Callable[[], object], runs: int = WARM_RUNS) -> float:
    """The median of `runs` runs in seconds, after one that is not counted."""
    act()
    return statistics.median(seconds(act) for _ in range(runs))


def table(figures: Iterable[Figure]) -> str:
    """The figures as lines of text: value, limit, how it stands to the floor and to the peer."""
    rows = [("", "measured", "limit", "of the floor", "to the peer", "")]
    rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    return (
        figure.name,
        _amount(figure.value, figure.unit),
        "" if figure.limit is None else f"<= {_amount(figure.limit, figure.unit)}",
        "" if figure.floor is None else f"{_times(figure, figure.floor)} ({_bare(figure.floor)})",
        "" if figure.peer is None else f"{_times(figure, figure.peer)} ({_bare(figure.peer)})",
        "MISSED" if figure.missed else "",
    )


def _times(figure: Figure, other: float) -> str:
    """Rates as a multiple of the other's, times as how often the other's goes into ours."""
    ratio = figure.value / other if other else float("inf")
    return f"{ratio:.3g} x" if ratio < 1000 else f"{ratio:,.0f} x"


def _amount(value: float, unit: Unit) -> str:
    return f"{_bare(value)}{'' if unit == '/s' else ' '}{unit}"


def _bare(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
