"""`comity demo`: three made-up members live through one story."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from comity.cli.options import Json, example
from comity.cli.output import give, remark, write
from comity.errors import ConflictError

if TYPE_CHECKING:
    from typer.core import TyperGroup

    from comity.cli.demo.story import Step, Story

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(epilog=example("comity demo", "comity demo --headless --json"))
def demo(
    context: typer.Context,
    *,
    headless: Annotated[
        bool, typer.Option("--headless", help="End after the story; else the nodes stay up.")
    ] = False,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Keep the nodes here; else nothing is kept."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Let three made-up members live through one story.

    They share, sync, explain and verify, each as a node with a directory, a process and a
    port of its own. Nothing in it is real.
    """
    from comity.cli.demo.nodes import Command
    from comity.cli.demo.story import Story

    program = cast("TyperGroup", context.find_root().command)
    began = time.monotonic()
    with _home(directory) as home, _stoppable():
        story = Story(home, Command(program))
        try:
            steps = []
            for step in story.tell():
                steps.append(step)
                _line(step, as_json)
            seconds = round(time.monotonic() - began, 1)
            give({"steps": steps, "seconds": seconds}, as_json, lambda: _summary(steps, seconds))
            if not headless:
                _stay_open(story, as_json)
        finally:
            story.close()
    if not all(step.ok for step in steps):
        raise typer.Exit(1)


@contextmanager
def _home(directory: Path | None) -> Iterator[Path]:
    """Where the nodes live: a directory to keep, or one that is removed at the end."""
    if directory is None:
        home = Path(tempfile.mkdtemp(prefix="comity-demo-"))
        try:
            yield home
        finally:
            shutil.rmtree(home, ignore_errors=True)
        return
    if directory.exists() and any(directory.iterdir()):
        raise ConflictError(
            f"{directory} is not empty",
            code="directory-in-use",
            advice="Name a directory that is new, or remove this one.",
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield directory.resolve()


@contextmanager
def _stoppable() -> Iterator[None]:
    """A polite request to end is taken like Ctrl-C, so that no server is left behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _line(step: Step, as_json: bool) -> None:
    """One line a step; on standard error where standard output is for the document."""
    line = f"{'✓' if step.ok else '✗'} {step.step:<48}  {step.figure}"
    if as_json:
        remark(line)
    else:
        write(line)
        sys.stdout.flush()


def _summary(steps: list[Step], seconds: float) -> Iterator[str]:
    good = sum(step.ok for step in steps)
    yield f"{good} of {len(steps)} steps went as they should, in {seconds:.1f} seconds."


def _stay_open(story: Story, as_json: bool) -> None:
    """Keep the nodes up until Ctrl-C, and say how to try them."""
    tell = remark if as_json else write
    tell("")
    tell("The nodes stay up until Ctrl-C. All in them is made up. Try in another terminal:")
    for line in story.to_try():
        tell(f"  {line}")
    sys.stdout.flush()
    try:
        while any(node.runs() for node in story.nodes.values()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        pass
    tell("The nodes end.")
