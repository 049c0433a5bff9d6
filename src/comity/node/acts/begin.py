"""Making a node: directory, keys, store, own card, first administrator."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec

from comity.account.checkpoint import log_name
from comity.account.note import SigningKey
from comity.errors import ConflictError, SettingsError, UsageError
from comity.holdings import Collection, Holdings, Peer, open_store
from comity.model.event import Event, EventKind
from comity.model.member import Member, MemberKind, Role
from comity.model.time import format_time
from comity.node.acts.cards import publish_cards
from comity.node.acts.log import settle
from comity.node.acts.people import add_user
from comity.node.acts.programmes import make_local
from comity.node.settings import Settings, secret_file, write_settings
from comity.node.wiring import KEYS, Node, open_node
from comity.share.card import cards_collection

__all__ = ["Begun", "begin"]


class Begun(msgspec.Struct, frozen=True):
    """What `comity init` tells."""

    node: str
    member_id: str
    admin: dict[str, str]
    log_vkey: str
    database: str


def begin(
    directory: Path,
    name: str,
    country: str,
    kind: MemberKind,
    *,
    database: str = "",
    public_url: str = "",
    random: Callable[[int], bytes] = os.urandom,
) -> Begun:
    """Make a node in a directory that holds none.

    Settings are written last, so a directory in which this broke off holds no node yet and can
    be begun again. Raises ConflictError where there is one, UsageError for a name or country
    that is none, SettingsError where the directory cannot be written.
    """
    if not name.strip():
        raise UsageError("a member needs a name")
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        raise UsageError(f"{country[:20]!r} is no country code", advice="Use ISO 3166 alpha-2: CA.")
    if (directory / "comity.toml").exists():
        raise ConflictError(
            f"there is a node in {directory} already",
            code="node-exists",
            advice="Choose another directory; `comity doctor DIR` tells how the node is.",
        )
    member_id = str(uuid.UUID(bytes=random(16), version=4))
    _make_directory(directory)
    keys = {use: SigningKey(_key_name(use, member_id), random(32)) for use in KEYS}
    for use, key in keys.items():
        secret_file(directory / "keys" / f"{use}.key", key.encode() + "\n")
    settings = Settings(member_id=member_id, database=database, public_url=public_url)
    store = open_store(settings.database_url(directory), create=True)
    store.close()
    write_settings(directory, settings)
    node = open_node(directory, random=random)
    try:
        return _furnish(node, _card(node, name.strip(), country.upper(), kind, keys))
    finally:
        node.close()


def _key_name(use: str, member_id: str) -> str:
    return log_name(member_id) if use == "log" else f"{log_name(member_id)}/{use}"


def _make_directory(directory: Path) -> None:
    try:
        (directory / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as why:
        raise SettingsError(
            f"the directory cannot be made: {why.strerror}",
            advice="Choose a directory that you may write.",
            where=str(directory),
        ) from None


def _card(
    node: Node, name: str, country: str, kind: MemberKind, keys: dict[str, SigningKey]
) -> Member:
    return Member(
        id=node.member_id,
        name=name,
        country=country,
        kind=kind,
        keys={use: key.verifier.encode() for use, key in keys.items()},
        issued=format_time(node.now()),
        url=node.settings.public_url or None,
    )


def _furnish(node: Node, card: Member) -> Begun:
    """The store's first rows: this member, the collection of cards, the administrator."""

    def step(tx: Holdings) -> tuple[None, list[Event]]:
        tx.put_setting("member_id", card.id)
        make_local(tx)
        tx.put_peer(Peer(member=card))
        tx.put_collection(
            Collection(id=cards_collection(card.id), name="members", home=card.id, access="read")
        )
        return None, [Event(kind=EventKind.NODE_MADE, actor=node.operator, subject=card.id)]

    node.act(step)
    publish_cards(node)
    secret = add_user(node, "admin", Role.ADMIN)
    path = secret_file(
        node.directory / "admin.secret",
        f"user: admin\ntoken: {secret.token}\npassword: {secret.password}\n",
    )
    settle(node)
    return Begun(
        node=str(node.directory),
        member_id=card.id,
        admin={"user": "admin", "secret_file": str(path)},
        log_vkey=card.keys["log"],
        database=node.settings.database_url(node.directory),
    )
