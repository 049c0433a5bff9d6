"""A store, and objects that arrive in it under circumstances of a test's choosing.

Arden is whose node it is; Brisco and Cairn are known, of Dell no key is pinned.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec

from comity.handling import (
    Channel,
    Cover,
    Handling,
    Policy,
    Reader,
    Standing,
    Unsigned,
    grant,
    make_labels,
)
from comity.holdings import Collection, Holdings, Query, VersionFilter, open_store
from comity.model.ids import LABEL_TYPE
from comity.model.marking import Tlp
from comity.model.member import MemberKind
from comity.model.time import Micros
from comity.share.circumstances import Circumstances, Signer, Taken
from comity.share.labelling import cover_of
from comity.share.receive import take
from comity.wire.checks import Parsed, check
from comity.wire.stix import Slice

NOW: Final = Micros(1_790_000_000_000_000)
ARDEN, BRISCO, CAIRN, DELL = (
    f"{letter * 8}-0000-4000-8000-000000000000" for letter in ("a", "b", "c", "d")
)
POLICY: Final = Policy(
    self_id=ARDEN,
    members={name: Standing(kind=MemberKind.STATE) for name in (ARDEN, BRISCO, CAIRN)},
)
FEED: Final = Collection(id="eeeeeeee-0000-4000-8000-000000000000", name="feed", home=ARDEN)
GREEN: Final = Handling(tlp=Tlp.GREEN)

JsonObject = dict[str, Any]


class Place:
    """A store with one collection, and what arrives there."""

    def __init__(self, folder: Path) -> None:
        self.store: Final = open_store(f"sqlite:///{folder / 'store.sqlite3'}", create=True)
        with self.store.write() as tx:
            tx.put_collection(FEED)
        self.now = NOW

    def take(self, objects: list[Parsed], **more: object) -> Taken:
        """Take objects in, as circumstances say; time goes on."""
        self.now = Micros(self.now + 1_000_000)
        with self.store.write() as tx:
            taken, _ = take(tx, objects, circumstances(now=self.now, **more))
        return taken

    def terms(self, one: Parsed) -> Handling:
        """Under which terms the newest version of an object is held."""
        with self.store.read() as tx:
            return tx.facts(one.id)[0][2].handling

    def entries(self) -> list[str]:
        """The ids of all entries in their order."""
        with self.store.read() as tx:
            return [row.id for row in everything(tx)]


def everything(tx: Holdings) -> Any:  # noqa: ANN401 - rows of a page, under a grant of everything
    """All rows of the collection, in their order."""
    given = grant(Reader(member_id=ARDEN), None, NOW, POLICY, tx.handlings())
    return tx.iter_page(
        given, Query(collection=FEED.id, version=VersionFilter(all=True, last=False))
    ).rows


def signer(member: str) -> Signer:
    """A made-up signature that only its maker's name can make."""
    return lambda message: hashlib.sha512(member.encode() + message).digest()


def verify(member: str, message: bytes, signature: bytes) -> bool:
    return member in POLICY.members and signer(member)(message) == signature


def circumstances(**changes: Any) -> Circumstances:  # noqa: ANN401 - fields of any kind
    """An own share of nothing particular; `changes` are its fields."""
    fields: JsonObject = {
        "collection": FEED,
        "channel": Channel.OWN,
        "sender": ARDEN,
        "actor": f"{ARDEN}/operator",
        "policy": POLICY,
        "now": NOW,
        "sign": signer(ARDEN),
        "verify": verify,
        "random": Random(1).randbytes,
        **changes,
    }
    return Circumstances(**fields)


def indicator(number: int = 1, **more: object) -> Parsed:
    """An indicator that passed the check."""
    made = "2026-01-31T12:00:00.000Z"
    value = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
        "created": made,
        "modified": made,
        "pattern": f"[domain-name:value = 'host-{number}.example']",
        "pattern_type": "stix",
        "valid_from": made,
        **more,
    }
    return checked(value)


def checked(value: JsonObject | bytes) -> Parsed:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return check(Slice(raw))


def marking(handling: Handling) -> Parsed:
    """The marking-definition that carries a handling."""
    return checked(handling.marking())


def label(
    by: str, handling: Handling, *objects: Parsed, now: Micros = NOW, **dates: Micros
) -> Parsed:
    """A label over these objects, sealed by a member."""
    covers: tuple[Cover, ...] = tuple(map(cover_of, objects))
    wanted = [Unsigned(covers, handling.id, **dates)]
    ((_, raw),) = make_labels(wanted, by, now, signer(by), Random(by).randbytes)
    return checked(raw)


def changed(one: Parsed, **changes: object) -> Parsed:
    """The same object with other values, its bytes written anew."""
    return checked(json.dumps({**one.value, **changes}).encode())


def own(handling: Handling, *originators: str) -> Handling:
    return msgspec.structs.replace(handling, originators=frozenset(originators))


def is_label(object_id: str) -> bool:
    return object_id.startswith(f"{LABEL_TYPE}--")
