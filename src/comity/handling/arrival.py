"""What is known of one arriving object, and the terms that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from comity.errors import RefusedError
from comity.handling.labels import Label
from comity.handling.markings import Reading
from comity.handling.terms import Handling, join
from comity.handling.types import DataClass, Facts, Policy
from comity.model.marking import Tlp
from comity.model.member import MemberKind
from comity.model.time import Micros

__all__ = ["Arrival", "Channel", "Terms", "terms_of"]


class Channel(StrEnum):
    """How an object came in: shared by this node, handed in by a member, or pulled from a peer."""

    OWN = "own"
    PUSHED = "pushed"
    PULLED = "pulled"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """All that `admit` must know of one arriving object.

    `readings` are its markings, `labels` the valid labels over exactly its bytes with the
    handlings they name. `author` is the member behind `created_by_ref` if we know it, `sender`
    the member that brought it. `options` is what our own share command asks for. `held` is the
    handling under which we hold this very version already. `stated_expiry` stands in its bytes
    or labels, `asked_expiry` in the options.
    """

    channel: Channel
    sender: str
    author: str | None = None
    readings: tuple[Reading, ...] = ()
    labels: tuple[tuple[Label, Handling], ...] = ()
    options: Handling | None = None
    held: Handling | None = None
    community: str | None = None
    data_class: DataClass = DataClass.CYBER
    stated_expiry: Micros | None = None
    asked_expiry: Micros | None = None
    review_at: Micros | None = None
    case_id: str | None = None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """Under what an object may be kept.

    `needs_label`: its bytes and labels alone do not tell others. `remarks` are (code, sentence)
    pairs that the sender is told.
    """

    handling: Handling
    facts: Facts
    needs_label: bool
    remarks: tuple[tuple[str, str], ...]


def terms_of(arrival: Arrival, policy: Policy) -> Terms:
    """The join of what an object, its labels and its sharer say; raises RefusedError (`admit`)."""
    _refuse_classified(arrival)
    _refuse_person_records(arrival, policy)
    said, remarks = _said(arrival, policy)
    handling = _audience(said, arrival, policy)
    _refuse_by_tlp(handling, arrival, policy)
    facts = Facts(
        data_class=arrival.data_class,
        expires_at=_earliest(arrival.stated_expiry, arrival.asked_expiry),
        review_at=arrival.review_at,
        case_id=arrival.case_id,
    )
    told = arrival.stated_expiry == facts.expires_at and _told(arrival) == handling
    only_here = handling.tlp is Tlp.AMBER_STRICT and handling.recipients == frozenset({policy.self_id})
    return Terms(
        handling=handling,
        facts=facts,
        needs_label=not (told or only_here),
        remarks=tuple(remarks),
    )


def _refuse_classified(arrival: Arrival) -> None:
    for reading in arrival.readings:
        if reading.classified is not None:
            raise RefusedError(
                f"it is marked as classified ({reading.classified})",
                code="classified",
                advice="Classified material does not belong here; use the channel made for it.",
            )


def _said(arrival: Arrival, policy: Policy) -> tuple[Handling, list[tuple[str, str]]]:
    """The join of what is said, or the default where nothing is; audience not yet written down."""
    carried = [r.handling for r in arrival.readings if r.handling is not None]
    labelled = [handling for _, handling in arrival.labels]
    trusted = any(
        label.labelled_by == arrival.sender or label.labelled_by in handling.originators
        for label, handling in arrival.labels
    )
    said = [*carried, *labelled]
    remarks: list[tuple[str, str]] = []
    if arrival.options is not None:
        remarks += _not_loosened(said, arrival)
        said.append(arrival.options)
    elif not carried and not trusted and arrival.held is None:
        said.append(_default(arrival, policy))
        remarks.append(("default-handling", "it carried no handling: TLP:AMBER+STRICT applies"))
    if arrival.held is not None:
        said.append(arrival.held)
    terms = _with_owners(said, arrival)
    if not terms.originators:
        terms = msgspec.structs.replace(terms, originators=frozenset({arrival.sender}))
    return terms, remarks


def _with_owners(said: Sequence[Handling], arrival: Arrival) -> Handling:
    """The join, with the author among the originators and statements among the caveats."""
    terms = join(said)
    author = frozenset() if arrival.author is None else frozenset({arrival.author})
    caveats = frozenset[str]().union(*(reading.caveats for reading in arrival.readings))
    return msgspec.structs.replace(
        terms, originators=terms.originators | author, caveats=terms.caveats | caveats
    )


def _not_loosened(said: Sequence[Handling], arrival: Arrival) -> list[tuple[str, str]]:
    asked = arrival.options
    stands = join([*said, *([arrival.held] if arrival.held is not None else [])]).tlp
    if asked is None or not (said or arrival.held) or asked.tlp >= stands:
        return []
    return [
        (
            "not-loosened",
            f"it stays TLP:{stands.text.upper()}: options may tighten a handling, never loosen it",
        )
    ]


def _default(arrival: Arrival, policy: Policy) -> Handling:
    """What applies to an object that came without terms: strict, and as agreed with its sender."""
    between = [a for a in policy.agreements if a.joins(policy.self_id, arrival.sender)]
    if arrival.channel is Channel.OWN or not between:
        return Handling(tlp=Tlp.AMBER_STRICT)
    caps = [a.retention_days for a in between if a.retention_days is not None]
    return Handling(
        tlp=Tlp.AMBER_STRICT,
        purposes=frozenset(purpose for a in between for purpose in a.purposes),
        legal_bases=frozenset(a.legal_basis for a in between),
        retention_days=min(caps) if caps else None,
    )


def _audience(handling: Handling, arrival: Arrival, policy: Policy) -> Handling:
    """Write down who the recipients are at this moment, where the label goes by that."""
    if handling.tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) and handling.recipients is None:
        return msgspec.structs.replace(handling, recipients=_recipients_now(arrival, policy))
    undecided = handling.tlp is Tlp.GREEN and handling.communities is None
    if undecided and arrival.community is not None and arrival.channel is not Channel.PULLED:
        return msgspec.structs.replace(handling, communities=frozenset({arrival.community}))
    return handling


def _recipients_now(arrival: Arrival, policy: Policy) -> frozenset[str]:
    if arrival.channel is Channel.PULLED:
        return frozenset({policy.self_id})
    if arrival.community is not None:
        return policy.community(arrival.community)
    return policy.known()


def _refuse_by_tlp(handling: Handling, arrival: Arrival, policy: Policy) -> None:
    if handling.tlp is Tlp.RED and policy.self_id not in handling.originators:
        raise RefusedError(
            "it is TLP:RED, which stays at its originator's node",
            code="red-stays",
            advice="Named persons sign in at the originator's node to read it.",
        )
    nobody = handling.tlp is Tlp.GREEN and handling.communities is None
    if nobody and arrival.data_class is not DataClass.CYBER:
        raise RefusedError(
            "it is TLP:GREEN without a community, which is not enough for what is not technical",
            code="green-needs-community",
            advice="Share it in a collection of a community, or mark it TLP:AMBER.",
        )


def _refuse_person_records(arrival: Arrival, policy: Policy) -> None:
    own = policy.members.get(policy.self_id)
    if arrival.data_class is not DataClass.PERSONAL or own is None:
        return
    if own.kind is not MemberKind.COMPANY:
        return
    if any(policy.self_id in agreement.parties for agreement in policy.agreements):
        return
    raise RefusedError(
        "it holds personal data, which a company keeps only under an agreement",
        code="personal-data",
        advice="Add the agreement that covers it with `comity agreement add`.",
    )


def _told(arrival: Arrival) -> Handling | None:
    """The terms that a stranger reads from bytes and labels alone; None if no owner is named."""
    carried = [r.handling for r in arrival.readings if r.handling is not None]
    said = [*carried, *(handling for _, handling in arrival.labels)]
    terms = _with_owners(said, arrival)
    return terms if said and terms.originators else None


def _earliest(one: Micros | None, other: Micros | None) -> Micros | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
