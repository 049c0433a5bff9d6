"""Write docs/commands.md anew, from what the commands say of themselves with `--help`.

A test fails where the page is behind: run `python tools/commands.py` after a change of a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer
from typer.main import get_command

from comity.cli import app

__all__ = ["PAGE", "commands", "page"]

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
_WIDTH: Final = 90

_HEAD: Final = """# Commands

What `comity --help` and the `--help` of every command say. This page is written by
`tools/commands.py`; change the command, not the page.

DIR is a node's directory. With `--json` a command prints one JSON document on standard output
and nothing else there; messages go to standard error. Exit codes: 0 done, 1 refused or failed
(the document then is `{"error": {"code", "message", "advice", "where"?}}`), 2 wrong usage, 130
interrupted. No command asks a question.
"""


def commands() -> Iterator[tuple[str, str]]:
    """Each command with its help, `comity` itself first, groups before their members."""
    context = typer.Context(get_command(app), info_name="comity", terminal_width=_WIDTH)
    yield from _below(context)


def _below(context: typer.Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, context.get_help()
    for name, command in getattr(context.command, "commands", {}).items():
        yield from _below(
            typer.Context(command, parent=context, info_name=name, terminal_width=_WIDTH)
        )


def page() -> str:
    """The page as it should be."""
    found = list(commands())
    links = [f"- [`{name}`](#{name.replace(' ', '-')})" for name, _ in found]
    sections = [
        f"## {name}\n\n```text\n{re.sub(' +$', '', text, flags=re.MULTILINE).strip()}\n```"
        for name, text in found
    ]
    return "\n\n".join((_HEAD.strip(), "\n".join(links), *sections)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
