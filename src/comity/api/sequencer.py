"""The thread that keeps the log up with the journal: a row is under a checkpoint within a second.

Each process of a server has one; the log's lease lets one of them work at a time.
"""

from __future__ import annotations

import threading
from typing import Final

from comity.api.records import Records
from comity.errors import BusyError
from comity.node.acts import log
from comity.node.wiring import Node

__all__ = ["Sequencer"]

_PAUSE: Final = 0.3
"""Seconds between two looks at the journal."""


class Sequencer:
    """Looks whether the journal has grown, and has the log take in what is new."""

    def __init__(self, node: Node, records: Records) -> None:
        self._node: Final = node
        self._records: Final = records
        self._stop: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="sequencer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after a last pass, so that what was answered is in the log."""
        self._stop.set()
        self._thread.join()
        self.look()

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE):
            self.look()

    def look(self) -> None:
        """One look at the journal, and a pass of the log if there is something new."""
        try:
            journal, logged = log.sizes(self._node)
            if journal != logged:
                log.settle(self._node)
        except BusyError:
            pass  # The next pass is soon.
        except Exception as why:  # noqa: BLE001 - a fault of ours must not end the thread
            self._records.fault("log-not-settled", why)
