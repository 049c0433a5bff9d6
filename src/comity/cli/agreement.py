"""`comity agreement`: what members agreed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from comity.cli.opening import opened, settled
from comity.cli.options import Directory, Json, example, group
from comity.cli.output import Part, Table, give

if TYPE_CHECKING:
    from comity.model.member import Agreement

__all__ = ["verb"]

verb = group("agreement", "What members agreed on: legal basis, purposes, retention.")


@verb.command("add", epilog=example("comity agreement add north agreement.toml"))
def add(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The agreement, as TOML.")],
    *,
    as_json: Json = False,
) -> None:
    """Add an agreement, or change the one of the same name and parties.

    The file says: name, legal_basis, parties = [member ids], purposes = [...], themes = [...]
    or ["*"], retention_days.
    """
    from comity.node.acts.members import add_agreement, read_agreement_file

    with settled(directory) as node:
        agreement = add_agreement(node, read_agreement_file(file))
    answer = {"agreement_id": agreement.id, "name": agreement.name}
    give(answer, as_json, lambda: [f"Added {agreement.name}, id {agreement.id}."])


@verb.command("list", epilog=example("comity agreement list north"))
def list_(directory: Directory, *, as_json: Json = False) -> None:
    """List the agreements entered here."""
    from comity.node.acts.members import list_agreements, list_members

    with opened(directory) as node:
        agreements = list_agreements(node)
        names = {entry.card.id: entry.card.name for entry in list_members(node)}
    give({"agreements": agreements}, as_json, lambda: _table(agreements, names))


def _table(agreements: Sequence[Agreement], names: Mapping[str, str]) -> Iterator[Part]:
    yield Table(
        ("name", "legal basis", "parties", "purposes", "keeps days", "id"),
        [
            (
                one.name,
                one.legal_basis,
                ", ".join(names.get(party, party) for party in one.parties),
                ", ".join(one.purposes),
                str(one.retention_days or ""),
                one.id,
            )
            for one in agreements
        ],
    )
