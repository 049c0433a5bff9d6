"""Run the benchmarks, print one table, exit 1 where a timed line is missed.

python bench/run.py              all of them, one after another
python bench/run.py share start  these
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.figures import Figure

ENTRIES = 100_000


def main(names: list[str]) -> int:
    """Run the benchmarks named, all where none is; the exit status."""
    # As a program this file knows only its own folder.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from bench import share, start
    from bench.figures import missed, table

    benchmarks: dict[str, Callable[[], list[Figure]]] = {
        "start": start.measure,
        "share": share.measure,
        "account": _account,
    }
    if unknown := set(names) - benchmarks.keys():
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks)}")
        return 2
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"load {load:.1f} on {cores} cores: trust ratios, not times", file=sys.stderr)
    figures: list[Figure] = []
    failed = 0
    for name in names or benchmarks:
        print(f"-- {name}", file=sys.stderr, flush=True)
        try:
            figures += benchmarks[name]()
        except (OSError, RuntimeError, subprocess.SubprocessError) as why:
            failed += 1
            print(f"{name} could not be measured: {why}", file=sys.stderr)
    if figures:
        print(table(figures))
    for figure in missed(figures):
        print(f"missed: {figure.name}", file=sys.stderr)
    return 1 if failed or missed(figures) else 0


def _account() -> list[Figure]:
    """The log's own benchmark prints its rates itself."""
    from bench import account

    account.main(ENTRIES)
    return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
