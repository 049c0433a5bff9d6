"""An operator's desk: commands typed, what they print, and nodes to try them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from typer.testing import CliRunner

from comity.cli import app

__all__ = ["Answer", "Desk", "typed"]


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """What the document says went wrong."""
        error: dict[str, str] = self.document["error"]
        return error


def typed(*words: object, env: dict[str, str] | None = None, serve: object = None) -> Answer:
    """Type a command."""
    done = CliRunner().invoke(
        app,
        [str(word) for word in words],
        prog_name="comity",
        env=env or {},
        obj=serve,
    )
    return Answer(done.exit_code, done.stdout, done.stderr)


class Desk:
    """A folder with nodes in it."""

    def __init__(self, home: Path) -> None:
        self.home: Final = home

    def node(self, name: str = "north", country: str = "XN") -> Path:
        """A new node, of a member called like its directory."""
        where = self.home / name
        self.ask("init", where, "--name", name.title(), "--country", country, "--kind", "state")
        return where

    def ask(self, *words: object) -> Any:  # noqa: ANN401
        """The document of a command that must succeed."""
        answer = typed(*words, "--json")
        assert answer.code == 0, answer
        return answer.document

    def ask_as(self, token: str, *words: object) -> Any:  # noqa: ANN401
        """The same with a user's token at hand."""
        answer = typed(*words, "--json", env={"COMITY_TOKEN": token})
        assert answer.code == 0, answer
        return answer.document

    def file(self, name: str, text: str) -> Path:
        """A file on the desk."""
        path = self.home / name
        path.write_text(text)
        return path

    def card(self, node: Path) -> Path:
        """A node's card as a file."""
        return self.file(f"{node.name}.json", typed("member", "show", node, "--json").out)

    def share(self, node: Path, *values: str, options: tuple[object, ...] = ()) -> Any:  # noqa: ANN401
        """Share domains in the collection `watch`, which is made where it is not there."""
        names = [one["name"] for one in self.ask("collection", "list", node)["collections"]]
        if "watch" not in names:
            self.ask("collection", "add", node, "watch")
        path = self.file("domains.txt", "\n".join(values) + "\n")
        words = ("share", node, path, "--collection", "watch", "--kind", "domain")
        return self.ask(*words, *options)

    def id_of(self, node: Path, value: str) -> str:
        """The id of the indicator of a value."""
        found: list[dict[str, Any]] = self.ask("find", node, value)["found"]
        return str(found[0]["id"])
