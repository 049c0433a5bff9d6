"""Members and agreements: who is known here, and what was agreed with whom."""

from __future__ import annotations

import tomllib
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from comity.errors import InputError, NotFoundError, UsageError
from comity.holdings import Holdings, Peer
from comity.model.event import Event, EventKind
from comity.model.member import Agreement, Member
from comity.model.purpose import Purpose
from comity.node.wiring import Node

__all__ = [
    "AgreementTerms",
    "MemberEntry",
    "add_agreement",
    "add_peer",
    "list_agreements",
    "list_members",
    "member_named",
    "own_card",
    "read_agreement_file",
    "read_card_file",
]


class MemberEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A member as this node entered it; `known` is False for a card only seen through a peer.

    The credential that we present at its node is a secret: only whether there is one is said.
    """

    card: Member
    communities: tuple[str, ...] = ()
    client_of: str | None = None
    known: bool = True
    has_token: bool = False

    @classmethod
    def of(cls, peer: Peer) -> MemberEntry:
        """The entry without its secret."""
        return cls(
            card=peer.member,
            communities=peer.communities,
            client_of=peer.client_of,
            known=peer.known,
            has_token=peer.token is not None,
        )


def list_members(node: Node) -> list[MemberEntry]:
    """All members known here, our own and pinned ones included, by name."""
    with node.store.read() as tx:
        return [MemberEntry.of(peer) for peer in tx.peers()]


def list_agreements(node: Node) -> list[Agreement]:
    """All agreements, by name."""
    with node.store.read() as tx:
        return list(tx.agreements())


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
    actor: str | None = None,
) -> MemberEntry:
    """Make another member known, or change its entry; its address need not answer.

    A token that is not given anew is kept. `actor` is who does it, the operator by default.
    Raises UsageError for an address that is none or for our own card, NotFoundError for a
    `client_of` that is not known.
    """
    _check_address(url)
    if member.id == node.member_id:
        raise UsageError("this is our own card", advice="Give the other member's card.")

    def step(tx: Holdings) -> tuple[MemberEntry, list[Event]]:
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
        return MemberEntry.of(peer), [
            Event(
                kind=EventKind.MEMBER_ADDED,
                actor=actor or node.operator,
                subject=member.id,
                details=details,
            )
        ]

    return node.act(step)


def _check_address(url: str) -> None:
    """Refuse what is no address of a server: it is what every pull from the member goes to."""
    try:
        parts = urlsplit(url)
        good = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0  # Reading it raises where it is no number.
            and not (parts.username or parts.password or parts.query or parts.fragment)
            and all(" " < character <= "~" for character in url)
        )
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            f"{url[:80]!r} is no http address",
            code="bad-url",
            advice="Write it as in https://node.example: without user, query or blank.",
        )


class AgreementTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agreement says, as it is entered; `parties` are members by id or name."""

    name: str
    legal_basis: str
    parties: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    themes: tuple[str, ...] = ("*",)
    retention_days: int | None = None


def add_agreement(node: Node, terms: AgreementTerms, *, actor: str | None = None) -> Agreement:
    """Add an agreement; raises InputError where it lacks parties or purposes.

    Its id follows from name and parties, so that entering it again with other terms changes it.
    """
    if len(set(terms.parties)) < 2 or not terms.purposes or not terms.name.strip():
        raise InputError(
            "an agreement has a name, two parties at least, and a purpose", code="bad-agreement"
        )

    def step(tx: Holdings) -> tuple[Agreement, list[Event]]:
        parties = tuple(member_named(tx, party).member.id for party in terms.parties)
        name = f"{terms.name}\n{sorted(parties)}"
        agreement = Agreement(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            name=terms.name,
            legal_basis=terms.legal_basis,
            parties=parties,
            purposes=tuple(dict.fromkeys(terms.purposes)),
            themes=terms.themes,
            retention_days=terms.retention_days,
        )
        tx.put_agreement(agreement)
        return agreement, [
            Event(
                kind=EventKind.AGREEMENT_ADDED,
                actor=actor or node.operator,
                subject=agreement.id,
                details={"parties": list(parties), "purposes": list(agreement.purposes)},
            )
        ]

    return node.act(step)


def read_agreement_file(path: Path) -> AgreementTerms:
    """An agreement from its TOML file; raises InputError naming the field that is wrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), type=AgreementTerms)
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
