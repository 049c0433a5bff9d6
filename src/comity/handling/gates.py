"""The two gates. Nothing is kept that `admit` did not let in, nothing leaves that `release` did
not let out.

`Admitted` and `Released` are sealed: only this module can make one, at run time because the
constructor asks for a token that stays here, and before that because mypy refuses a raw value
where a sealed one is asked for (docs/adr/0002).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Final, Generic, NamedTuple, TypeVar, final

import msgspec

from comity.errors import RefusedError
from comity.handling.arrival import Arrival, Terms, earliest, terms_of
from comity.handling.decide import allows
from comity.handling.terms import Handling
from comity.handling.types import Act, DataClass, Facts, Policy, Reader
from comity.model.ids import CREATED
from comity.model.purpose import Purpose
from comity.model.time import Micros, parse_time
from comity.model.version import Version

__all__ = [
    "Admission",
    "Admitted",
    "Grant",
    "HandlingRow",
    "Page",
    "Released",
    "Row",
    "admit",
    "grant",
    "judge",
    "release",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class _Seal(Enum):
    """What the constructors below ask for, so that mypy refuses any other argument, too."""

    OURS = "handling"


_SEAL: Final = _Seal.OURS


def _set_once(self: object, name: str, value: object) -> None:
    """`__setattr__` of a value that stays as it was made."""
    if hasattr(self, name):
        raise AttributeError(f"{type(self).__name__} is sealed: {name} stays as it is")
    object.__setattr__(self, name, value)


@final
class Admitted(Generic[T_co]):
    """A value that passed `admit`, with the terms under which it may be kept."""

    __slots__ = ("sender", "terms", "value")
    __setattr__ = _set_once

    def __init__(self, value: T_co, terms: Terms, sender: str, *, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("only handling.admit makes an Admitted")
        self.value: Final = value
        self.terms: Final = terms
        self.sender: Final = sender

    def beside(self, value: U) -> Admitted[U]:
        """Another value that stands under the very same terms: the label over it."""
        return Admitted(value, self.terms, self.sender, seal=_SEAL)

    def marking(self) -> Admitted[Version]:
        """The marking of its handling, under that handling: it outlives this one object."""
        handling = self.terms.handling
        marking = Version.made(
            handling.marking(),
            stix_id=handling.id,
            stix_type="marking-definition",
            modified=parse_time(CREATED),
        )
        terms = Terms(handling=handling, facts=Facts(), needs_label=False, remarks=())
        return Admitted(marking, terms, self.sender, seal=_SEAL)


@final
class Admission:
    """The judgement on an arrival, for every object that arrives in the very same way."""

    __slots__ = ("sender", "terms")
    __setattr__ = _set_once

    def __init__(self, terms: Terms, sender: str, *, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("only handling.judge makes an Admission")
        self.terms: Final = terms
        self.sender: Final = sender

    def of(self, value: T) -> Admitted[T]:
        """Let a value in that arrived so."""
        return Admitted(value, self.terms, self.sender, seal=_SEAL)

    def dated(self, expires_at: Micros | None, review_at: Micros | None) -> Admission:
        """The same for an object that itself states these dates, where nothing else states any.

        A list of a million entries with a million dates is then one judgement: the dates of an
        object decide nothing about its handling. Where there is a date already, the earlier one
        stands.
        """
        judged = self.terms.facts
        facts = msgspec.structs.replace(
            judged,
            expires_at=earliest(judged.expires_at, expires_at),
            review_at=earliest(judged.review_at, review_at),
        )
        terms = msgspec.structs.replace(self.terms, facts=facts)
        return Admission(terms, self.sender, seal=_SEAL)


def judge(arrival: Arrival, policy: Policy) -> Admission:
    """Settle under what terms an arrival comes in: the join of all that is said about it.

    Raises RefusedError: classified material, TLP:RED away from its originator, TLP:GREEN that
    names no community for what is not technical, person records at a company without agreement.
    """
    return Admission(terms_of(arrival, policy), arrival.sender, seal=_SEAL)


def admit(value: T, arrival: Arrival, policy: Policy) -> Admitted[T]:
    """`judge` one object and let it in; raises RefusedError."""
    return judge(arrival, policy).of(value)


class HandlingRow(NamedTuple):
    """An interned handling as the store keeps it: its key, and what it decides about."""

    key: int
    handling: Handling
    data_class: DataClass


class Row(NamedTuple):
    """One entry of a collection as a page holds it; `slice` is None where only names are asked."""

    date_added: Micros
    handling: int
    id: str
    modified: Micros
    spec_version: str
    slice: bytes | None


class Page(NamedTuple):
    """Entries in the collection's order, and whether more follow."""

    rows: Sequence[Row]
    more: bool


@final
class Grant:
    """What one reader may read for one purpose now: the keys of handlings, whole or redacted."""

    __slots__ = ("now", "purpose", "reader", "redacted", "whole")
    __setattr__ = _set_once

    def __init__(
        self,
        reader: Reader,
        purpose: Purpose | None,
        now: Micros,
        whole: frozenset[int],
        redacted: frozenset[int],
        *,
        seal: _Seal,
    ) -> None:
        if seal is not _SEAL:
            raise TypeError("only handling.grant makes a Grant")
        self.reader: Final = reader
        self.purpose: Final = purpose
        self.now: Final = now
        self.whole: Final = whole
        self.redacted: Final = redacted

    @property
    def readable(self) -> frozenset[int]:
        """The keys of all handlings that open at all."""
        return self.whole | self.redacted


def grant(
    reader: Reader,
    purpose: Purpose | None,
    now: Micros,
    policy: Policy,
    rows: Iterable[HandlingRow],
    act: Act = Act.READ,
) -> Grant:
    """`decide` once for each handling, with empty facts; the store adds the per-object rules."""
    whole = frozenset(
        row.key
        for row in rows
        if allows(row.handling, Facts(data_class=row.data_class), reader, act, purpose, now, policy)
    )
    return Grant(reader, purpose, now, whole, frozenset(), seal=_SEAL)


@final
class Released(Generic[T_co]):
    """A value that passed `release`: the only thing that a face may send."""

    __slots__ = ("grant", "value")
    __setattr__ = _set_once

    def __init__(self, value: T_co, grant: Grant, *, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("only handling.release makes a Released")
        self.value: Final = value
        self.grant: Final = grant

    def derive(self, make: Callable[[T_co], U]) -> Released[U]:
        """The same release in another form: an envelope of its rows, say."""
        return Released(make(self.value), self.grant, seal=_SEAL)


def release(given: Grant, page: Page) -> Released[Page]:
    """Let a page out: the second lock, after the store's filter.

    Raises RefusedError (`outside-grant`) when the page holds a handling that the grant does not
    open; that is a fault of ours, and nothing of the page leaves.
    """
    outside = {row.handling for row in page.rows} - given.readable
    if outside:
        raise RefusedError(
            "the page held entries that this reader may not read",
            code="outside-grant",
            advice="Report it: the store and the rules disagree.",
        )
    return Released(page, given, seal=_SEAL)
