"""Opening a node for one command, and proving who asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from comity.cli.output import remark
from comity.errors import ComityError, InputError, NotAllowedError

if TYPE_CHECKING:
    from comity.handling import Reader
    from comity.node.wiring import Node

__all__ = ["opened", "reader", "secret_in", "settled"]

_VARIABLE: Final = "COMITY_TOKEN"


@contextmanager
def opened(directory: Path) -> Iterator[Node]:
    """The node in a directory, for a command that writes nothing."""
    from comity.node.wiring import open_node

    node = open_node(directory)
    try:
        yield node
    finally:
        node.close()


@contextmanager
def settled(directory: Path) -> Iterator[Node]:
    """The node in a directory; what the command wrote is in the log's checkpoint at the end.

    What is done is done: where the log cannot follow, that is said beside the answer.
    """
    from comity.node.acts.log import settle

    with opened(directory) as node:
        try:
            yield node
        finally:
            try:
                settle(node)
            except ComityError as why:
                remark(f"Warning: the log has no new checkpoint: {why.message}. {why.advice}")


def reader(node: Node, name: str | None, token_file: Path | None) -> Reader:
    """Who reads: the operator, or the user who is named and proves it by a token.

    Raises NotAllowedError: `no-token`, `bad-credential`.
    """
    from comity.node.acts.people import operator_reader, reader_of, sign_in_token

    if name is None:
        return operator_reader(node)
    user = sign_in_token(node, _token(token_file))
    if user.name != name:
        raise NotAllowedError(
            f"this token is not that of {name!r}",
            code="bad-credential",
            advice="Give the token of the user named with --as.",
        )
    return reader_of(user)


def _token(path: Path | None) -> str:
    token = os.environ.get(_VARIABLE, "").strip() if path is None else secret_in(path)
    if not token:
        raise NotAllowedError(
            "--as needs the user's token",
            code="no-token",
            advice=f"Put it into a file and give --token-file FILE, or set {_VARIABLE}.",
        )
    return token


def secret_in(path: Path) -> str:
    """The token in a file: alone, or in the line `token: ...` as `comity init` writes it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as why:
        reason = why.strerror if isinstance(why, OSError) else "it is no text"
        raise InputError(f"the token cannot be read: {reason}", where=str(path)) from None
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() == "token":
            return value.strip()
    return text.strip()
