"""The demo's nodes: each a directory and a process of its own, as in earnest."""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

import msgspec
from typer.core import TyperGroup

from comity.cli.progress import INTERRUPTED
from comity.errors import ComityError

__all__ = ["Command", "DemoNode"]

_START_SECONDS: Final = 30
_STOP_SECONDS: Final = 10


class Command:
    """Runs commands of Comity as if they were typed.

    They run in this process, which saves the start of Python each time; the servers are
    processes of their own. `program` is what the demo itself is a command of.
    """

    def __init__(self, program: TyperGroup) -> None:
        self._program: Final = program

    def __call__(self, *words: object) -> dict[str, Any]:
        """The JSON document of a command; raises ComityError with what it complained of."""
        typed = [*(str(word) for word in words), "--json"]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self._program.main(typed, standalone_mode=False)
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        answer: dict[str, Any] = msgspec.json.decode(out.getvalue() or "{}")
        if code:
            error = answer.get("error", {})
            raise ComityError(
                f"comity {words[0]}: {error.get('message') or answer or err.getvalue()}",
                code=error.get("code", "demo"),
            )
        return answer


class DemoNode:
    """One member's node: `name`, `directory`, and where its server answers."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name: Final = name
        self.directory: Final = directory
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start its server, at the same port as before if it had one; returns at once."""
        port = urlsplit(self.url).port if self.url else 0
        command = ("-P", "-m", "comity", "serve", str(self.directory), "--port", str(port))
        with (self.directory / "serve.log").open("ab") as log:
            # What runs is this very program, with arguments that we chose.
            self.process = subprocess.Popen(  # noqa: S603
                (sys.executable, *command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which stops them in order.
            )

    def wait(self) -> None:
        """Wait until the server says where it listens, or ends, or its time is over."""
        if self.process is None or self.process.stdout is None:
            return
        line = _line(self.process.stdout, time.monotonic() + _START_SECONDS)
        if line.startswith(b"{"):
            self.url = str(msgspec.json.decode(line)["listening"])
        else:
            self.stop()

    def runs(self) -> bool:
        """Whether its server is there."""
        return self.process is not None and self.process.poll() is None

    def check(self) -> None:
        """Raise ComityError unless its server runs."""
        if not self.runs():
            raise ComityError(f"{self.name}'s server is not running: see {self._log}")

    def kill(self) -> None:
        """Kill the server as a power cut would: SIGKILL, no time to tidy up."""
        self.check()
        self.ask_to_end(signal.SIGKILL)
        self.stop()

    def ask_to_end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Tell the server to end; returns at once."""
        if self.process is not None:
            self.process.send_signal(how)

    def stop(self) -> None:
        """Let the server end, and see that it does."""
        if self.process is None:
            return
        self.ask_to_end()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def _log(self) -> Path:
        return self.directory / "serve.log"


def _line(stream: IO[bytes], deadline: float) -> bytes:
    """The next line of a pipe, or what there is of it at the deadline or the end."""
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(stream.fileno(), 4096) if ready else b""
        if not part:
            break
        line += part
    return line
