"""`comity doctor`: what is wrong with a node, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from comity.cli.options import Directory, Json, example
from comity.cli.output import Part, give

if TYPE_CHECKING:
    from comity.node.acts.doctor import Diagnosis

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(epilog=example("comity doctor north"))
def doctor(directory: Directory, *, as_json: Json = False) -> None:
    """Look a node over: what is wrong, and what to do.

    It looks at settings, keys, store, log, members and what waits for a person, and changes
    nothing. Exit code 1 where something is at fault; warnings and notices are no fault.
    """
    from comity.node.acts.doctor import examine_directory

    diagnosis = examine_directory(directory)
    give(diagnosis, as_json, lambda: _words(diagnosis))
    if not diagnosis.ok:
        raise typer.Exit(1)


def _words(diagnosis: Diagnosis) -> Iterator[Part]:
    for finding in diagnosis.findings:
        yield f"{finding.severity}: {finding.message} ({finding.code})"
        yield f"  what to do: {finding.advice}"
    faults = sum(finding.severity == "fault" for finding in diagnosis.findings)
    yield f"{faults} at fault." if faults else "Nothing is at fault."
