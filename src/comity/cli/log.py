"""`comity log`: checkpoints, proofs and verification, at home or from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from comity.cli.opening import opened
from comity.cli.options import Json, example, group
from comity.cli.output import give, remark

if TYPE_CHECKING:
    from comity.node.acts.log import Verification

__all__ = ["verb"]

verb = group("log", "The log of all that was done: checkpoints and proofs.")

Where = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="A node's directory, or where a node answers.")
]
Vkey = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="The log's public key, as the member's card has it. Without it the key is the one "
        "that the node itself gives.",
    ),
]


@verb.command(
    "checkpoint",
    epilog=example(
        "comity log checkpoint north > north.checkpoint",
        "comity log checkpoint https://north.example --vkey comity/8c1f...+1a2b3c4d+AQ...",
    ),
)
def checkpoint(where: Where, *, vkey: Vkey = None, as_json: Json = False) -> None:
    """Print the newest signed checkpoint.

    Keep it: `comity log verify --against` holds the log against it later.
    """
    if _is_url(where):
        from comity.node.acts.served import checkpoint_at

        note = checkpoint_at(where, vkey or _key_given_at(where))
    else:
        from comity.node.acts.log import checkpoint as newest

        with opened(Path(where)) as node:
            note = newest(node)
    text = note.decode()
    origin, size, *_ = text.splitlines()
    give(
        {"origin": origin, "size": int(size), "checkpoint": text},
        as_json,
        # As it is, so that it can be kept as a file.
        lambda: [text],
    )


@verb.command("prove", epilog=example("comity log prove north 17 > 17.proof"))
def prove(
    where: Where,
    index: Annotated[int, typer.Argument(metavar="INDEX", help="The entry, counted from 0.")],
    *,
    vkey: Vkey = None,
    as_json: Json = False,
) -> None:
    """Print the proof that an entry is in the log (C2SP tlog-proof).

    From a directory --json adds the journal's row and its salt: with them, the proof and the
    public key anyone can check that the row was logged.
    """
    answer: dict[str, Any] = {"index": index}
    if _is_url(where):
        from comity.node.acts.served import prove_at

        text = prove_at(where, vkey or _key_given_at(where), index).decode()
    else:
        from comity.node.acts import log as acts

        with opened(Path(where)) as node:
            text = acts.prove(node, index).decode()
            row = acts.entry(node, index)
        answer |= {"payload": row.payload.decode(), "salt": row.salt.hex()}
    give(answer | {"proof": text}, as_json, lambda: [text])


@verb.command(
    "verify",
    epilog=example(
        "comity log verify north",
        "comity log verify https://north.example --vkey KEY --against north.checkpoint",
    ),
)
def verify(
    where: Where,
    *,
    vkey: Vkey = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An older checkpoint: has the log only grown since?"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Recompute a log, and hold it against what was signed.

    Exit code 1 where something is wrong. A log that went two ways is a fork: both checkpoints
    are printed, and each proves it.
    """
    found = _verify(where, vkey, against)
    give(found, as_json, lambda: _words(found))
    if not found.ok:
        raise typer.Exit(1)


def _verify(where: str, vkey: str | None, against: Path | None) -> Verification:
    from comity.node.acts.log import read_older, verify_directory

    older = read_older(against)
    if _is_url(where):
        from comity.node.acts.served import verify_at

        return verify_at(where, vkey or _key_given_at(where), older)
    with opened(Path(where)) as node:
        return verify_directory(node, vkey, older)


def _is_url(where: str) -> bool:
    return where.startswith(("http://", "https://"))


def _key_given_at(url: str) -> str:
    """The key that a node gives of itself, and a warning of what that is worth."""
    from comity.errors import PeerError
    from comity.node.acts.served import card_at

    key = card_at(url).keys.get("log")
    if key is None:
        raise PeerError(f"the card at {url} names no key of a log", advice="Give it with --vkey.")
    remark(
        f"Warning: the key was not pinned: {key} is what {url} itself says. "
        "Compare it with the member's card, or give --vkey."
    )
    return key


def _words(found: Verification) -> Iterator[str]:
    if found.ok:
        yield f"The log of {found.size:,} entries is whole, and signed."
        return
    yield f"The log of {found.size:,} entries is not as it should be:"
    for problem in found.problems:
        yield f"  {problem.code} at {problem.where}: {problem.message}"
        for note in problem.checkpoints:
            yield ""
            yield note
