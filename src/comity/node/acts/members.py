"""Members and agreements: who is known here, and what was agreed with whom."""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path

import msgspec

from comity.errors import InputError, NotFoundError, UsageError
from comity.holdings import Holdings, Peer
from comity.model.event import Event, EventKind
from comity.model.member import Agreement, Member
from comity.model.purpose import parse_purposes
from comity.node.wiring import Node

__all__ = [
    "add_agreement",
    "add_peer",
    "member_named",
    "own_card",
    "read_card_file",
]


def own_card(node: Node) -> Member:
    """This member's public card."""
    with node.store.read() as tx:
        return member_named(tx, node.member_id).member


def member_named(tx: Holdings, name: str) -> Peer:
    """A member by id or by name; raises NotFoundError, UsageError where a name means several."""
    peers = tx.peers()
    for peer in peers:
        if peer.member.id == name.removeprefix("identity--"):
            return peer
    found = [peer for peer in peers if peer.member.name == name]
    if len(found) > 1:
        raise UsageError(f"several members are named {name!r}", advice="Name it by its id.")
    if not found:
        raise NotFoundError(
            f"no member {name[:80]!r} is known here",
            code="unknown-member",
            advice="Enter it with `comity peer add DIR URL --member FILE`.",
        )
    return found[0]


def read_card_file(path: Path) -> Member:
    """A member's card from the file that `comity member show --json` wrote."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Member)
    except OSError as why:
        raise InputError(f"the card cannot be read: {why.strerror}", where=str(path)) from None
    except msgspec.MsgspecError as why:
        raise InputError(
            f"this is no member's card: {why}",
            code="bad-card",
            advice="Ask the member for the output of `comity member show DIR --json`.",
            where=str(path),
        ) from None


def add_peer(
    node: Node,
    url: str,
    member: Member,
    *,
    token: str | None = None,
    communities: tuple[str, ...] = (),
    client_of: str | None = None,
) -> Peer:
    """Make another member known, or change its entry; its address need not answer.

    A token that is not given anew is kept. Raises UsageError for an address that is none or
    for our own card, NotFoundError for a `client_of` that is not known.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url[:80]!r} is no http address", code="bad-url")
    if member.id == node.member_id:
        raise UsageError("this is our own card", advice="Give the other member's card.")

    def step(tx: Holdings) -> tuple[Peer, list[Event]]:
        patron = None if client_of is None else member_named(tx, client_of).member.id
        before = {peer.member.id: peer for peer in tx.peers()}.get(member.id)
        peer = Peer(
            member=msgspec.structs.replace(member, url=url),
            communities=communities,
            client_of=patron,
            token=token or (before.token if before is not None else None),
        )
        tx.put_peer(peer)
        details: dict[str, object] = {
            "url": url,
            "communities": list(communities),
            "client_of": patron,
            "keys": member.keys,
        }
        return peer, [
            Event(
                kind=EventKind.MEMBER_ADDED, actor=node.operator, subject=member.id, details=details
            )
        ]

    return node.act(step)


class _AgreementFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    legal_basis: str
    parties: list[str]
    purposes: list[str]
    themes: list[str] = msgspec.field(default_factory=lambda: ["*"])
    retention_days: int | None = None


def add_agreement(node: Node, path: Path) -> Agreement:
    """Add an agreement from its TOML file; raises InputError naming the field that is wrong.

    Its id follows from name and parties, so that adding a changed file changes the entry.
    """
    read = _read_agreement(path)

    def step(tx: Holdings) -> tuple[Agreement, list[Event]]:
        parties = tuple(member_named(tx, party).member.id for party in read.parties)
        name = f"{read.name}\n{sorted(parties)}"
        agreement = Agreement(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            name=read.name,
            legal_basis=read.legal_basis,
            parties=parties,
            purposes=parse_purposes(read.purposes),
            themes=tuple(read.themes),
            retention_days=read.retention_days,
        )
        tx.put_agreement(agreement)
        return agreement, [
            Event(
                kind=EventKind.AGREEMENT_ADDED,
                actor=node.operator,
                subject=agreement.id,
                details={"parties": list(parties), "purposes": list(agreement.purposes)},
            )
        ]

    return node.act(step)


def _read_agreement(path: Path) -> _AgreementFile:
    try:
        read = msgspec.convert(tomllib.loads(path.read_text("utf-8")), type=_AgreementFile)
    except OSError as why:
        raise InputError(f"it cannot be read: {why.strerror}", where=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as why:
        raise InputError(
            f"this is no agreement: {why}",
            code="bad-agreement",
            advice="Give name, legal_basis, parties, purposes, and if need be themes and "
            "retention_days, as TOML.",
            where=str(path),
        ) from None
    if len(read.parties) < 2 or not read.purposes:
        raise InputError(
            "an agreement has two parties at least, and a purpose",
            code="bad-agreement",
            where=str(path),
        )
    return read
