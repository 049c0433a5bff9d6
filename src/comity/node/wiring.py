"""What a node is made of, and the one way in which anything happens in it.

`Node.act` opens the transaction, runs a step of a room, and appends the step's events to the
journal in the same transaction; so nothing happens unlogged, and no verb knows the log.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import httpx
import msgspec

from comity.account.commitment import SALT_SIZE, commit
from comity.account.note import Signature, SigningKey, VerifierKey, parse_skey, parse_vkey
from comity.errors import ComityError, SettingsError
from comity.holdings import Holdings, JournalRow, Store, open_store
from comity.model.event import Event
from comity.model.member import Member
from comity.model.time import Micros, format_time
from comity.node.settings import Settings, read_settings
from comity.share.client import http_client

__all__ = ["KEYS", "Node", "open_node"]

R = TypeVar("R")
Step = Callable[[Holdings], tuple[R, Sequence[Event]]]
KEYS: Final = ("log", "label")


class Node:
    """One member's node. Safe to use from many threads; holds no state that the store does not.

    `clock` gives microseconds, `random` so many bytes, `connect` a transport to other nodes:
    the outer world is handed in, so that a simulator can be one.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        store: Store,
        keys: dict[str, SigningKey],
        *,
        clock: Callable[[], Micros],
        random: Callable[[int], bytes],
        connect: Callable[[], httpx.Client],
    ) -> None:
        self.directory: Final = directory
        self.settings: Final = settings
        self.store: Final = store
        self.keys: Final = keys
        self.now: Final = clock
        self.random: Final = random
        self.connect: Final = connect
        self.member_id: Final = settings.member_id

    @property
    def operator(self) -> str:
        """The actor of what the command line does without a user's own proof."""
        return f"{self.member_id}/operator"

    def act(self, step: Step[R]) -> R:
        """Run a step and journal its events, in one transaction; what the step gave back."""
        with self.store.write() as tx:
            result, events = step(tx)
            tx.append_journal([self._row(event) for event in events])
        return result

    def note(self, events: Sequence[Event]) -> None:
        """Journal events that change nothing but the journal: reads, queries."""
        with self.store.write() as tx:
            tx.append_journal([self._row(event) for event in events])

    def sign_label(self, message: bytes) -> bytes:
        """An Ed25519 signature with this member's label key."""
        return self.keys["label"].sign(message, self.now()).value

    def label_verifier(self, tx: Holdings) -> Callable[[str, bytes, bytes], bool]:
        """Judges label signatures by the keys that this node pinned, each only once."""

        @cache
        def pinned() -> dict[str, VerifierKey]:
            keys = {peer.member.id: _label_key(peer.member) for peer in tx.peers()}
            return {member: key for member, key in keys.items() if key is not None}

        @cache
        def verify(member: str, message: bytes, signature: bytes) -> bool:
            key = pinned().get(member)
            return key is not None and key.verify(
                message, Signature(key.name, key.key_id, signature)
            )

        return verify

    def _row(self, event: Event) -> JournalRow:
        at = self.now()
        payload = msgspec.json.encode({"at": format_time(at), **msgspec.to_builtins(event)})
        salt = self.random(SALT_SIZE)
        return JournalRow(at=at, payload=payload, salt=salt, commitment=commit(salt, payload))

    def close(self) -> None:
        """Give back the store's connections."""
        self.store.close()


def open_node(
    directory: Path | str,
    *,
    clock: Callable[[], Micros] | None = None,
    random: Callable[[int], bytes] = os.urandom,
    connect: Callable[[], httpx.Client] = http_client,
) -> Node:
    """Open the node in a directory; raises SettingsError or StoreError, with what to do."""
    where = Path(directory)
    settings = read_settings(where)
    keys = {name: _read_key(where / "keys" / f"{name}.key") for name in KEYS}
    store = open_store(settings.database_url(where))
    return Node(
        where,
        settings,
        store,
        keys,
        clock=clock or _clock,
        random=random,
        connect=connect,
    )


def _clock() -> Micros:
    return Micros(time.time_ns() // 1000)


def _read_key(path: Path) -> SigningKey:
    try:
        return parse_skey(path.read_text("ascii").strip())
    except (OSError, UnicodeDecodeError, ComityError) as why:
        reason = why.strerror if isinstance(why, OSError) else "it is no signing key"
        raise SettingsError(
            f"a key of this node cannot be read: {reason}",
            code="no-key",
            advice="Put the key file back from your backup; a node's keys are never made anew.",
            where=str(path),
        ) from None


def _label_key(member: Member) -> VerifierKey | None:
    try:
        return parse_vkey(member.keys["label"])
    except (KeyError, ComityError):
        return None
