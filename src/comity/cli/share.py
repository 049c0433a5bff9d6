"""`comity share`: files into a collection, under a handling that travels with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from comity.cli.handlings import handling_in_words
from comity.cli.opening import opened, settled
from comity.cli.options import Directory, Json, Purposes, example
from comity.cli.output import Part, Table, give
from comity.cli.progress import interrupted, progress
from comity.cli.terms import (
    AUTO,
    Caveats,
    Codes,
    Expires,
    KindWord,
    Orcon,
    PapLabel,
    Persons,
    Recipients,
    TlpLabel,
    read_expiry,
    read_kind,
)
from comity.errors import InputError
from comity.model.marking import Pap, Tlp

if TYPE_CHECKING:
    from comity.node.acts.share import Asked

__all__ = ["problems_in_words", "verb"]

_SHOWN: Final = 20

verb = typer.Typer()


@verb.command(
    epilog=example(
        "comity share north domains.txt --collection watch --kind domain --tlp amber",
        'comity share north bundle.json.gz --collection watch --tlp green --to "South CERT"',
    ),
)
def share(
    directory: Directory,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="STIX, CSV or plain lists, gzip-compressed or not.",
            show_default=False,
        ),
    ],
    *,
    collection: Annotated[str, typer.Option(metavar="NAME", help="The collection, by name or id.")],
    tlp: TlpLabel = None,
    to: Recipients = None,
    person: Persons = None,
    orcon: Orcon = False,
    purpose: Purposes = None,
    pap: PapLabel = None,
    codes: Codes = None,
    caveat: Caveats = None,
    kind: KindWord = AUTO,
    expires: Expires = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Keep nothing; say what would come of it, and for whom."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Share files under a handling that travels with what they hold.

    The options set the handling of objects that carry none; that of others they may tighten,
    never loosen. What is wrong in a file is named with its place, and the rest is kept. Sharing
    the same again changes nothing.
    """
    from comity.node.acts.share import Asked

    asked = Asked(
        tlp=None if tlp is None else Tlp.parse(tlp),
        to=tuple(to or ()),
        persons=tuple(person or ()),
        orcon=orcon,
        purposes=tuple(purpose or ()),
        pap=None if pap is None else Pap.parse(pap),
        codes=tuple(codes or ()),
        caveats=tuple(caveat or ()),
        kind=read_kind(kind),
        expires_at=None if expires is None else read_expiry(expires),
    )
    _expect_files(files)
    if dry_run:
        answer = _rehearse(directory, files, collection, asked)
    else:
        answer = _share(directory, files, collection, asked, as_json)
    give(answer, as_json, lambda: _words(answer))


def _expect_files(files: Sequence[Path]) -> None:
    """Raise InputError for a file that is not there: it may be a word meant for an option."""
    for path in files:
        if not path.exists():
            raise InputError(
                f"there is no file {str(path)!r}, and nothing was shared",
                code="no-file",
                advice="Check its name. To give an option several words, repeat the option.",
            )


def _share(
    directory: Path, files: Sequence[Path], collection: str, asked: Asked, as_json: bool
) -> dict[str, Any]:
    from comity.node.acts.share import share as act

    kept = 0
    with settled(directory) as node, progress("Sharing") as advance:

        def told(new: int, read: int) -> None:
            nonlocal kept
            kept += new
            advance(read)

        try:
            return act(
                node, files, collection, asked, told=lambda taken: told(taken.new, taken.read)
            )
        except KeyboardInterrupt:
            interrupted(
                f"{kept:,} new objects are kept, in whole transactions",
                "Share the same files again: what is kept is known then, and the rest follows.",
                as_json,
            )


def _rehearse(
    directory: Path, files: Sequence[Path], collection: str, asked: Asked
) -> dict[str, Any]:
    from comity.node.acts.rehearse import rehearse

    with opened(directory) as node, progress("Reading") as advance:
        return rehearse(node, files, collection, asked, told=lambda taken: advance(taken.read))


def _words(answer: Mapping[str, Any]) -> Iterator[Part]:
    if "recipients" in answer:
        yield "A dry run: nothing was kept. It would be:"
    counts = (f"{answer[name]:,} {name}" for name in ("new", "known", "conflicts", "refused"))
    yield ", ".join(counts) + "."
    for handling in answer["handlings"]:
        yield f"  {handling['objects']:,} under {handling_in_words(handling)}"
    yield from problems_in_words(answer["problems"])
    for one in answer.get("recipients", ()):
        yield f"  {one['name']} may read {one['objects']:,}" + _because(one["reasons"])


def _because(reasons: Sequence[str]) -> str:
    return f"; not all because of: {', '.join(reasons)}" if reasons else ""


def problems_in_words(problems: Sequence[Mapping[str, str]]) -> Iterator[Part]:
    """The first problems as a table, and how many more there are."""
    if not problems:
        return
    yield ""
    yield Table(
        ("problem", "where", "what"),
        [(one["code"], one["where"], one["message"]) for one in problems[:_SHOWN]],
    )
    if len(problems) > _SHOWN:
        yield f"... and {len(problems) - _SHOWN:,} more; --json shows them all."
