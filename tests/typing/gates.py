"""The gates: nothing raw is kept, nothing unreleased is sent, and nobody else makes a seal."""

from typing import Any

from comity.handling import (
    Act,
    Admission,
    Admitted,
    Arrival,
    Channel,
    Facts,
    Grant,
    Handling,
    Page,
    Policy,
    Reader,
    Released,
    Terms,
    admit,
    decide,
    grant,
    release,
)
from comity.holdings import Holdings
from comity.model.marking import Tlp
from comity.model.time import Micros
from comity.model.version import Version


def send(page: Released[Page]) -> None:
    """A face: the only thing it can send."""


def send_bytes(body: Released[bytes]) -> None:
    """A face that sends bytes."""


def inwards(tx: Holdings, version: Version, arrival: Arrival, policy: Policy, now: Micros) -> None:
    """Only what was admitted is kept."""
    admitted = admit(version, arrival, policy)
    tx.put_many("a", [admitted, admitted.beside(version), admitted.marking()], now)
    tx.keep_conflict("a", admitted, now)

    tx.put_many("a", [version], now)  # expect: list-item
    tx.put_many("a", [version.raw], now)  # expect: list-item
    tx.put_many("a", [(version, admitted.terms)], now)  # expect: list-item
    tx.put_many("a", admitted, now)  # expect: arg-type
    tx.put_many("a", [admitted.value], now)  # expect: list-item
    tx.put_many("a", [admit(version.raw, arrival, policy)], now)  # expect: arg-type
    tx.put_many("a", [admitted], "2026-01-31")  # expect: arg-type
    tx.put_many("a", [admitted], 1_700_000_000)  # expect: arg-type
    tx.keep_conflict("a", version, now)  # expect: arg-type


def outwards(tx: Holdings, given: Grant, page: Page, admitted: Admitted[Version]) -> None:
    """Only what was released leaves."""
    released = release(given, page)
    send(released)
    send_bytes(released.derive(lambda rows: b"[]"))

    send(page)  # expect: arg-type
    send(released.value)  # expect: arg-type
    send(admitted)  # expect: arg-type
    send_bytes(released)  # expect: arg-type
    send_bytes(b"[]")  # expect: arg-type
    tx.put_many("a", [released], Micros(0))  # expect: list-item
    release(page, page)  # expect: arg-type
    release(frozenset({1}), page)  # expect: arg-type
    release(given, page.rows)  # expect: arg-type
    tx.iter_page(frozenset({1}), page)  # expect: arg-type, arg-type


def forging(version: Version, terms: Terms, given: Grant, page: Page, seal: object) -> None:
    """Neither made, nor changed, nor subclassed elsewhere."""
    Admission(terms, "arden", seal=seal)  # expect: arg-type
    Admitted(version, terms, "arden", seal=seal)  # expect: arg-type
    Admitted(version, terms, "arden", seal=None)  # expect: arg-type
    Admitted(version, terms, "arden")  # expect: call-arg
    Released(page, given, seal=seal)  # expect: arg-type
    Released(page, given)  # expect: call-arg
    Grant(given.reader, None, given.now, given.whole, given.redacted, seal=seal)  # expect: arg-type
    given.whole = frozenset({1, 2})  # expect: misc
    release(given, page).value = page  # expect: misc


class Open(Released[Any]):  # expect: misc
    """A way around."""


class Wider(Grant):  # expect: misc
    """A way around."""


class Let(Admitted[Any]):  # expect: misc
    """A way around."""


def asking(handling: Handling, facts: Facts, reader: Reader, policy: Policy, now: Micros) -> None:
    """The rules take their own words, in their order."""
    decide(handling, facts, reader, Act.READ, None, now, policy)
    grant(reader, None, now, policy, [])

    decide(handling, facts, reader, "read", None, now, policy)  # expect: arg-type
    decide(handling, facts, reader, Act.READ, "detection", now, policy)  # expect: arg-type
    decide(handling, facts, reader, Act.READ, None, "now", policy)  # expect: arg-type
    decide(handling, facts, reader, Act.READ, None, 1, policy)  # expect: arg-type
    decide(facts, handling, reader, Act.READ, None, now, policy)  # expect: arg-type, arg-type
    grant(reader, None, now, policy, [handling])  # expect: list-item
    Handling(tlp="red")  # expect: arg-type
    Handling(tlp=Tlp.RED, recipients=["arden"])  # expect: arg-type
    Handling(Tlp.RED)  # expect: call-arg
    Arrival(channel="own", sender="arden")  # expect: arg-type
    Arrival(channel=Channel.OWN, sender="arden", asked_expiry=5)  # expect: arg-type
    Facts(expires_at="2026-01-31")  # expect: arg-type
    handling.tlp = Tlp.CLEAR  # expect: misc
