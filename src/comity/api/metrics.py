"""Figures in Prometheus' text form: what this server answered, took in, gave, and has written.

With several workers each counts in files that all of them read (prometheus_client's
multiprocess mode, which PROMETHEUS_MULTIPROC_DIR turns on), so any of them can answer for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from typing_extensions import override

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4"


class Metrics:
    """The counters of one application; `sizes` gives the lengths of journal and log."""

    def __init__(self, sizes: Callable[[], tuple[int, int]]) -> None:
        own = CollectorRegistry()
        self.requests: Final = Counter(
            "comity_requests", "Requests answered.", ("method", "route", "status"), registry=own
        )
        self.objects: Final = Counter(
            "comity_objects", "Objects that arrived, by outcome.", ("outcome",), registry=own
        )
        self.pages: Final = Counter("comity_pages", "Pages of objects given.", registry=own)
        self._registry: Final = CollectorRegistry() if _several() else own
        if _several():
            MultiProcessCollector(self._registry)  # type: ignore[no-untyped-call]
        self._registry.register(_Sizes(sizes))

    def text(self) -> bytes:
        """All figures now."""
        return generate_latest(self._registry)


def _several() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


class _Sizes(Collector):
    """Journal and log, read when they are asked for."""

    def __init__(self, sizes: Callable[[], tuple[int, int]]) -> None:
        self._sizes: Final = sizes

    @override
    def collect(self) -> Iterable[Metric]:
        journal, log = self._sizes()
        yield GaugeMetricFamily("comity_journal_rows", "Rows of the journal.", value=journal)
        yield GaugeMetricFamily("comity_log_entries", "Rows under a checkpoint.", value=log)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the store."""
        return ()
