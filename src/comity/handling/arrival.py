"""What is known of one arriving object, and the terms that follow from it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from comity.errors import RefusedError
from comity.handling.labels import Label
from comity.handling.markings import Reading
from comity.handling.terms import Handling, join
from comity.handling.types import DataClass, Facts, Policy
from comity.model.marking import Code, Tlp
from comity.model.member import MemberKind
from comity.model.time import Micros

__all__ = ["Arrival", "Channel", "Terms", "earliest", "terms_of"]


class Channel(StrEnum):
    """How an object came in: shared by this node, handed in by a member, or pulled from a peer."""

    OWN = "own"
    PUSHED = "pushed"
    PULLED = "pulled"


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """All that `admit` must know of one arriving object.

    `readings` are its markings, `labels` the valid labels over exactly its bytes with the
    handlings they name. `author` is the member behind `created_by_ref` if we know it, `sender`
    the member that brought it. `options` is what our own share command asks for, `asks_tlp`
    whether that names a TLP label (if not, its label counts for nothing). `held` and
    `held_facts` are what we hold this very version under already. `stated_expiry` and
    `review_at` stand in its bytes or labels, `asked_expiry` in the options.
    """

    channel: Channel
    sender: str
    author: str | None = None
    readings: tuple[Reading, ...] = ()
    labels: tuple[tuple[Label, Handling], ...] = ()
    options: Handling | None = None
    asks_tlp: bool = True
    held: Handling | None = None
    held_facts: Facts | None = None
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


class _Heard(NamedTuple):
    """What bytes and labels say.

    `terms` is what counts in full, `tighter` what may only tighten it. `named`: it is enough
    for the default not to apply. A marking that we cannot read is not enough: what it does not
    say in others is our default.
    """

    terms: Handling
    tighter: tuple[Handling, ...]
    named: bool


def terms_of(arrival: Arrival, policy: Policy) -> Terms:
    """The join of what an object, its labels and its sharer say; raises RefusedError (`admit`)."""
    _refuse_classified(arrival)
    _refuse_person_records(arrival, policy)
    _refuse_h3_without_text(arrival)
    heard = _hear(arrival, (arrival.sender, policy.self_id))
    said, remarks = _said(heard, arrival, policy)
    handling = _tightened(_audience(said, heard, arrival, policy), heard, arrival, policy)
    facts = _facts(arrival)
    return Terms(
        handling=handling,
        facts=facts,
        needs_label=not _told(handling, facts, heard, arrival, policy),
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


def _refuse_person_records(arrival: Arrival, policy: Policy) -> None:
    own = policy.members.get(policy.self_id)
    if arrival.data_class is not DataClass.PERSONAL or own is None:
        return
    ours = arrival.channel is Channel.OWN
    if own.kind is MemberKind.CIVIL and not ours:
        raise RefusedError(
            "it holds personal data, and a member of civil society keeps none but its own",
            code="personal-data",
            advice="Ask its sender for practice or statistics in their place.",
        )
    covered = any(
        a.joins(policy.self_id, policy.self_id if ours else arrival.sender)
        for a in policy.agreements
    )
    if own.kind is MemberKind.COMPANY and not covered:
        raise RefusedError(
            "it holds personal data, which a company keeps only under an agreement",
            code="personal-data",
            advice="Add the agreement that covers it with `comity agreement add`.",
        )


def _refuse_h3_without_text(arrival: Arrival) -> None:
    asked = arrival.options
    if asked is not None and Code.H3 in asked.codes and not asked.notices | asked.caveats:
        raise RefusedError(
            "handling code H3 stands for other restrictions, and their text is missing",
            code="h3-needs-text",
            advice="Say the restrictions, with `--caveat TEXT`.",
        )


def _hear(arrival: Arrival, bringers: Collection[str]) -> _Heard:
    """What the object's markings and labels say to a node that has them from `bringers`.

    A label counts in full if it is its bringer's or its originator's: the author's where that
    is a member we know, else of whoever the label itself names. Any other label only tightens.
    """
    full = [r.handling for r in arrival.readings if r.handling is not None]
    named = any(not handling.unread for handling in full)
    author = frozenset() if arrival.author is None else frozenset({arrival.author})
    tighter: list[Handling] = []
    for label, handling in arrival.labels:
        if label.labelled_by in bringers or label.labelled_by in (author or handling.originators):
            full.append(handling)
            named = True
        else:
            tighter.append(msgspec.structs.replace(handling, originators=frozenset()))
    terms = join(full)
    owners = terms.originators | author
    if not owners:
        # Nothing better names an owner; to call it the bringer's own would give more away.
        owners = frozenset().union(*(handling.originators for _, handling in arrival.labels))
    caveats = terms.caveats.union(*(reading.caveats for reading in arrival.readings))
    terms = msgspec.structs.replace(terms, originators=owners, caveats=caveats)
    return _Heard(terms, tuple(tighter), named)


def _said(
    heard: _Heard, arrival: Arrival, policy: Policy
) -> tuple[Handling, list[tuple[str, str]]]:
    """What is said in full, or the default where nothing is; its audience is not yet written."""
    said = [heard.terms]
    remarks: list[tuple[str, str]] = []
    if arrival.held is not None:
        said.append(arrival.held)
    asked = _asked(arrival)
    if asked is not None:
        remarks += _not_loosened(asked, join([*said, *heard.tighter]), arrival)
        if _may_set(heard, arrival):
            said.append(asked)
    named = heard.named or arrival.held is not None or (asked is not None and arrival.asks_tlp)
    if not named:
        said.append(_default(arrival, policy))
        remarks.append(("default-handling", "it carried no handling: TLP:AMBER+STRICT applies"))
    terms = join(said)
    if terms.unread:
        remarks.append(("unread-marking", "it carries a marking that this node cannot express"))
    if not terms.originators:
        terms = msgspec.structs.replace(terms, originators=frozenset({arrival.sender}))
    return terms, remarks


def _tightened(said: Handling, heard: _Heard, arrival: Arrival, policy: Policy) -> Handling:
    """What is kept: with what may only tighten joined once the audience is written down.

    Before that a list would not narrow the audience but make it. Raises RefusedError.
    """
    _refuse_by_tlp(said, arrival, policy)
    asked = _asked(arrival)
    here = frozenset({policy.self_id})
    tighter = [_closed(one, here, arrival.data_class) for one in heard.tighter]
    if asked is not None and not _may_set(heard, arrival):
        tighter.append(asked)
    if not tighter:
        return said
    handling = join([said, *tighter])
    if _for_nobody_yet(handling):
        handling = _for(handling, here)
    _refuse_by_tlp(handling, arrival, policy)
    return handling


def _asked(arrival: Arrival) -> Handling | None:
    """Our options. A release list for another member's object names us too: we hold it."""
    asked = arrival.options
    if asked is None:
        return None
    if not arrival.asks_tlp:
        asked = msgspec.structs.replace(asked, tlp=Tlp.CLEAR)
    if asked.recipients is not None and arrival.author not in (None, arrival.sender):
        asked = msgspec.structs.replace(asked, recipients=asked.recipients | {arrival.sender})
    return asked


def _not_loosened(asked: Handling, stands: Handling, arrival: Arrival) -> list[tuple[str, str]]:
    """Tell where options asked for more than what stands already, which they never get."""
    joined = join([asked, stands])
    if arrival.asks_tlp and asked.tlp < joined.tlp:
        label = joined.tlp.text.upper()
        kept = f"it stays TLP:{label}"
    else:
        wider = [
            name.replace("_", " ")
            for name in ("recipients", "persons", "communities", "purposes", "agreements", "pap")
            if getattr(asked, name) not in (None, getattr(joined, name))
        ]
        if not wider:
            return []
        kept = f"its {', '.join(wider)} stay as they were, or narrower"
    return [("not-loosened", f"{kept}: options may tighten a handling, never loosen it")]


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


def _for_nobody_yet(handling: Handling) -> bool:
    """Whether its label goes by names, and none are written down."""
    if handling.tlp is Tlp.RED:
        return handling.persons is None
    return handling.tlp >= Tlp.AMBER and handling.recipients is None


def _for(handling: Handling, recipients: frozenset[str]) -> Handling:
    """With the recipients written down. RED is for persons; if none is named, none can be later:
    that would loosen it.
    """
    if handling.tlp is Tlp.RED:
        return msgspec.structs.replace(handling, persons=frozenset())
    return msgspec.structs.replace(handling, recipients=recipients)


def _closed(label: Handling, here: frozenset[str], data_class: DataClass) -> Handling:
    """What only tightens, with nobody added where it names nobody: no other label may do that."""
    if _for_nobody_yet(label):
        return _for(label, here)
    if _lacks_community(label, data_class):
        return msgspec.structs.replace(label, communities=frozenset())
    return label


def _lacks_community(handling: Handling, data_class: DataClass) -> bool:
    """TLP:GREEN without a community is enough for technical objects alone."""
    unnamed = handling.tlp is Tlp.GREEN and handling.communities is None
    return unnamed and data_class is not DataClass.CYBER


def _audience(handling: Handling, heard: _Heard, arrival: Arrival, policy: Policy) -> Handling:
    """Write down who the recipients are at this moment, where the label goes by that."""
    if _for_nobody_yet(handling):
        # What is another's and came as AMBER stays with us: to pass it on would widen it.
        recipients = frozenset({policy.self_id})
        asked = arrival.options is not None and arrival.asks_tlp
        if (asked and heard.terms.tlp < Tlp.AMBER) or _is_sharers(handling.originators, arrival):
            recipients = _recipients_now(arrival, policy)
        return _for(handling, recipients)
    undecided = handling.tlp is Tlp.GREEN and handling.communities is None
    if undecided and arrival.community is not None and arrival.channel is not Channel.PULLED:
        return msgspec.structs.replace(handling, communities=frozenset({arrival.community}))
    return handling


def _is_sharers(owners: frozenset[str], arrival: Arrival) -> bool:
    """Whether it is the information of the member that shares it here."""
    return arrival.channel is not Channel.PULLED and owners <= {arrival.sender}


def _may_set(heard: _Heard, arrival: Arrival) -> bool:
    """Whether our options may say who gets it, and not only narrow what is said."""
    held = arrival.held.originators if arrival.held is not None else frozenset()
    return heard.terms.tlp < Tlp.AMBER or _is_sharers(heard.terms.originators | held, arrival)


def _recipients_now(arrival: Arrival, policy: Policy) -> frozenset[str]:
    """The members of the collection's community, else all known. Clients are no recipients:
    TLP:AMBER reaches them through their organisation, AMBER+STRICT does not.
    """
    if arrival.community is not None:
        named = policy.community(arrival.community)
    else:
        named = policy.known()
    clients = {name for name, one in policy.members.items() if one.client_of is not None}
    return named - (clients - {policy.self_id, arrival.sender})


def _refuse_by_tlp(handling: Handling, arrival: Arrival, policy: Policy) -> None:
    if handling.tlp is Tlp.RED and handling.originators != frozenset({policy.self_id}):
        raise RefusedError(
            "it is TLP:RED, which stays at its originator's node",
            code="red-stays",
            advice="Named persons sign in at the originator's node to read it.",
        )
    if _lacks_community(handling, arrival.data_class):
        raise RefusedError(
            "it is TLP:GREEN without a community, which is not enough for what is not technical",
            code="green-needs-community",
            advice="Share it in a collection of a community, or mark it TLP:AMBER.",
        )


def _facts(arrival: Arrival) -> Facts:
    """What stands beside the handling: of each date the earliest, and the case it is held under."""
    held = arrival.held_facts or _NO_FACTS
    reviews = [label.review_at for label, _ in arrival.labels]
    return Facts(
        data_class=arrival.data_class,
        expires_at=earliest(_stated_expiry(arrival), arrival.asked_expiry, held.expires_at),
        review_at=earliest(arrival.review_at, held.review_at, *reviews),
        case_id=held.case_id or arrival.case_id,
    )


_NO_FACTS: Final = Facts()


def _stated_expiry(arrival: Arrival) -> Micros | None:
    if not arrival.labels:
        return arrival.stated_expiry
    return earliest(arrival.stated_expiry, *[label.expires_at for label, _ in arrival.labels])


def _told(
    handling: Handling, facts: Facts, heard: _Heard, arrival: Arrival, policy: Policy
) -> bool:
    """Whether a node that has bytes and labels from us reads these very terms from them.

    Nothing needs saying about what stays here.
    """
    alone = frozenset({policy.self_id})
    if handling.tlp is Tlp.AMBER_STRICT and handling.recipients == alone:
        return True
    if arrival.labels and arrival.sender != policy.self_id:
        heard = _hear(arrival, (policy.self_id,))
    said = heard.terms
    if _for_nobody_yet(said):
        return False
    same = join([said, *heard.tighter]) == handling
    return heard.named and same and _stated_expiry(arrival) == facts.expires_at


def earliest(*moments: Micros | None) -> Micros | None:
    """The first of some dates; None if none is said."""
    said = [moment for moment in moments if moment is not None]
    return min(said) if said else None
