"""`comity user`: who may sign in at this node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from comity.cli.opening import opened, settled
from comity.cli.options import Directory, Json, Purposes, example, group
from comity.cli.output import Part, Table, give
from comity.model.member import Role

if TYPE_CHECKING:
    from comity.model.member import User
    from comity.node.acts.people import Secret

__all__ = ["verb"]

verb = group("user", "People and programs that may sign in at this node.")


@verb.command(
    "add",
    epilog=example(
        "comity user add north jo --role analyst",
        'comity user add north south-pull --role reader --member "South CERT" --program',
    ),
)
def add(
    directory: Directory,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the user signs in as.")],
    *,
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    member: Annotated[
        str | None,
        typer.Option(metavar="MEMBER", help="The user's member, by id or name; else our own."),
    ] = None,
    program: Annotated[
        bool, typer.Option("--program", help="A client program, which never sees TLP:RED.")
    ] = False,
    purpose: Purposes = None,
    as_json: Json = False,
) -> None:
    """Add a person or a program, and print its token and its password: once, keep them."""
    from comity.node.acts.people import add_user

    with settled(directory) as node:
        secret = add_user(
            node, name, role, member=member, program=program, purposes=tuple(purpose or ())
        )
    give(secret, as_json, lambda: _secret(secret))


def _secret(secret: Secret) -> Iterator[str]:
    yield f"Added {secret.user}. Hand these over by a safe way; they are not shown again."
    yield f"  token     {secret.token}"
    yield f"  password  {secret.password}"


@verb.command("list", epilog=example("comity user list north"))
def list_(directory: Directory, *, as_json: Json = False) -> None:
    """List who may sign in."""
    from comity.node.acts.members import list_members
    from comity.node.acts.people import list_users

    with opened(directory) as node:
        users = list_users(node)
        names = {entry.card.id: entry.card.name for entry in list_members(node)}
    give({"users": users}, as_json, lambda: _table(users, names))


def _table(users: Sequence[User], names: Mapping[str, str]) -> Iterator[Part]:
    yield Table(
        ("name", "role", "member", "kind", "purposes"),
        [
            (
                user.name,
                user.role,
                names.get(user.member_id, user.member_id),
                "program" if user.program else "person",
                ", ".join(user.purposes),
            )
            for user in users
        ],
    )
