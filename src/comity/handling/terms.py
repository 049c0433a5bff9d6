"""The terms that travel with an object: `Handling`, its join, and its canonical form and id.

A handling is what all markings and labels of an object say together. The join is a lattice
join, field by field: it never allows what one of its inputs refuses (docs/adr/0003).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, reduce
from typing import Annotated, Any, Final, TypeVar

import msgspec

from comity.errors import InputError, UsageError
from comity.model.canonical import canonical
from comity.model.ids import CREATED, HANDLING_EXTENSION, deterministic_id
from comity.model.marking import TLP2_IDS, Code, Pap, Tlp
from comity.model.purpose import Purpose

__all__ = ["Handling", "join", "read_handling"]

T = TypeVar("T")
N = TypeVar("N", int, Pap)


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """Who may have an object, what for, and what they may do with it.

    None in a limiting field means "no limit", an empty set "nobody" or "nothing". Members are
    named by id, communities by name, `persons` by their user name at the originator's node.
    `unread` holds the ids of markings that this version cannot express: they deny every onward
    release. `caveats` are texts that a reader must be shown.
    """

    tlp: Tlp
    originators: frozenset[str] = frozenset()
    recipients: frozenset[str] | None = None
    persons: frozenset[str] | None = None
    communities: frozenset[str] | None = None
    orcon: bool = False
    purposes: frozenset[Purpose] | None = None
    agreements: frozenset[str] | None = None
    legal_bases: frozenset[str] = frozenset()
    pap: Pap | None = None
    codes: frozenset[Code] = frozenset()
    notices: frozenset[str] = frozenset()
    retention_days: int | None = None
    caveats: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """A marking-definition id, the same for the same content on every node."""
        return _id_of(self)

    def content(self) -> dict[str, Any]:
        """The fields that say something, as JSON values: the form that travels."""
        said: dict[str, Any] = {"tlp": self.tlp.text}
        for name in _SETS:
            members: frozenset[str] | None = getattr(self, name)
            if members or (members is not None and name in _LIMITS):
                said[name] = sorted(members)
        if self.orcon:
            said["orcon"] = True
        if self.pap is not None:
            said["pap"] = self.pap.text
        if self.retention_days is not None:
            said["retention_days"] = self.retention_days
        return said

    def canonical(self) -> bytes:
        """RFC 8785 bytes of `content`."""
        return canonical(self.content())

    def marking(self) -> bytes:
        """The STIX marking-definition that carries this handling."""
        document: dict[str, Any] = {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": self.id,
            "created": CREATED,
            "name": f"TLP:{self.tlp.text.upper()}" + (" with terms" if self.has_terms else ""),
            "extensions": {
                HANDLING_EXTENSION: {"extension_type": "property-extension", **self.content()}
            },
        }
        return canonical(document)

    @property
    def has_terms(self) -> bool:
        """Whether it says more than a TLP label and who the originator is."""
        return self != Handling(tlp=self.tlp, originators=self.originators)

    def marking_refs(self) -> tuple[str, ...]:
        """What an object made here carries: the TLP 2.0 id and, where there is more, our own."""
        own = (self.id,) if self.has_terms else ()
        return (TLP2_IDS[self.tlp], *own)


@lru_cache(maxsize=4096)
def _id_of(handling: Handling) -> str:
    """Remembered, since a node has few handlings and asks for their ids at every object."""
    return deterministic_id("marking-definition", handling.canonical().decode())


_LIMITS: Final = ("recipients", "persons", "communities", "purposes", "agreements")
_UNIONS: Final = ("originators", "legal_bases", "codes", "notices", "caveats", "unread")
_SETS: Final = _LIMITS + _UNIONS


def join(handlings: Iterable[Handling]) -> Handling:
    """The least handling that is at least as strict as each; of none, TLP:CLEAR without terms."""
    first, *others = [*handlings] or [_OPEN]
    return reduce(_join, others, first)


_OPEN: Final = Handling(tlp=Tlp.CLEAR)


def _join(one: Handling, other: Handling) -> Handling:
    if other in (one, _OPEN):
        return one
    return Handling(
        tlp=max(one.tlp, other.tlp),
        pap=_least_limit(one.pap, other.pap, max),
        orcon=one.orcon or other.orcon,
        retention_days=_least_limit(one.retention_days, other.retention_days, min),
        recipients=_both(one.recipients, other.recipients),
        persons=_both(one.persons, other.persons),
        communities=_both(one.communities, other.communities),
        purposes=_both(one.purposes, other.purposes),
        agreements=_both(one.agreements, other.agreements),
        originators=one.originators | other.originators,
        legal_bases=one.legal_bases | other.legal_bases,
        codes=one.codes | other.codes,
        notices=one.notices | other.notices,
        caveats=one.caveats | other.caveats,
        unread=one.unread | other.unread,
    )


def _both(one: frozenset[T] | None, other: frozenset[T] | None) -> frozenset[T] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _least_limit(one: N | None, other: N | None, strictest: Callable[[N, N], N]) -> N | None:
    if one is None or other is None:
        return other if one is None else one
    return strictest(one, other)


def read_handling(content: dict[str, object]) -> Handling:
    """The inverse of `Handling.content`; properties we do not know are refused, not skipped.

    A handling written by a later version may limit in ways we cannot see, so an unknown property
    raises InputError (`unread-handling`), as does any value that is not of its field's form, and
    a handling too long to be one.
    """
    fields = dict(content)
    try:
        if None in fields.values():
            raise UsageError("a property without a value is left out, it is not null")
        tlp = Tlp.parse(str(fields.pop("tlp", "")))
        pap = Pap.parse(str(fields.pop("pap"))) if "pap" in fields else None
        rest = msgspec.convert({"tlp": 0, **fields}, type=_Written)
        said = {name: getattr(rest, name) for name in Handling.__struct_fields__}
        handling = Handling(**{**said, "tlp": tlp, "pap": pap})
        if len(handling.canonical()) > _MOST_BYTES:
            raise UsageError(f"it is longer than {_MOST_BYTES:,} bytes")
    except (UsageError, msgspec.ValidationError, UnicodeEncodeError) as why:
        raise InputError(
            f"this handling cannot be read: {why}",
            code="unread-handling",
            advice="Ask its originator; a later version of Comity may be needed.",
        ) from None
    return handling


_MOST_BYTES: Final = 1 << 20
_Days = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class _Written(Handling, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`Handling` as it is written, labels of TLP and PAP apart."""

    retention_days: _Days | None = None
