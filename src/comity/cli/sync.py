"""`comity sync`: pull from other members over TAXII."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from comity.cli.opening import settled
from comity.cli.options import Directory, Json, example
from comity.cli.output import Part, Table, give
from comity.cli.progress import interrupted, progress
from comity.cli.share import problems_in_words

if TYPE_CHECKING:
    from comity.node.acts.sync import Pulled

__all__ = ["verb"]

verb = typer.Typer()


@verb.command(
    epilog=example("comity sync south", 'comity sync south "North CERT" --full'),
)
def sync(
    directory: Directory,
    member: Annotated[
        str | None,
        typer.Argument(metavar="MEMBER", help="From this member only; else from all."),
    ] = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="From the beginning, not from where the last ended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pull what other members let us read, under its handling.

    It goes on where the last pull ended, and pulling the same again changes nothing. A member
    whose node does not answer does not hinder the others; the exit code is 1 then.
    """
    from comity.node.acts.sync import sync as act

    seen: dict[str, int] = {}
    with settled(directory) as node, progress("Pulling") as advance:

        def told(pulled: Pulled) -> None:
            read = pulled.new + pulled.known + pulled.refused + pulled.conflicts
            advance(read - seen.get(pulled.member, 0))
            seen[pulled.member] = read

        try:
            peers = [_document(one) for one in act(node, member, full=full, told=told)]
        except KeyboardInterrupt:
            interrupted(
                f"what was pulled is kept, {sum(seen.values()):,} objects in whole pages",
                "Sync again: it goes on from there.",
                as_json,
            )
    failed = [one for one in peers if "error" in one]
    answer = {"peers": peers, **({"error": failed[0]["error"]} if failed else {})}
    give(answer, as_json, lambda: _words(peers))
    if failed:
        raise typer.Exit(1)


def _document(pulled: Pulled) -> dict[str, Any]:
    """All its fields, zeros too; `error` only where there was one."""
    said = {name: getattr(pulled, name) for name in pulled.__struct_fields__}
    if pulled.error is None:
        del said["error"]
    return said


def _words(peers: Sequence[dict[str, Any]]) -> Iterator[Part]:
    if not peers:
        yield "No member with an address and a token is known; see `comity peer add --help`."
        return
    counts = ("new", "known", "refused", "recalled", "conflicts")
    yield Table(
        ("member", *counts, ""),
        [
            (
                one["name"],
                *(f"{one[name]:,}" for name in counts),
                f"{one['error']['message']}. {one['error']['advice']}" if "error" in one else "",
            )
            for one in peers
        ],
    )
    yield from problems_in_words([problem for one in peers for problem in one["problems"]])
