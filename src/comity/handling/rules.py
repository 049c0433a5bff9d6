"""The closed table of handling rules, in the order in which they are asked.

A rule is a row: an id, a sentence, its source, who can lift it, what would change it, and a
pure test. Deny is the default: an object may be released only when every rule passes. To add
a rule, add a row; nothing else knows them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from comity.handling.terms import Handling
from comity.handling.types import Act, DataClass, Facts, Policy, Reader
from comity.model.marking import Code, Pap, Tlp
from comity.model.purpose import CRIME, Purpose
from comity.model.time import Micros

__all__ = ["RULES", "Question", "Rule"]

_TLP: Final = "FIRST TLP 2.0"
_EUROPOL: Final = "Europol handling codes"
_ORIGINATOR: Final = "the originator"


class Question(NamedTuple):
    """One question to the table: may this reader do this with such an object now?"""

    handling: Handling
    facts: Facts
    reader: Reader
    act: Act
    purpose: Purpose | None
    now: Micros
    policy: Policy

    @property
    def at_home(self) -> bool:
        """The reader belongs to the member whose node this is."""
        return self.reader.member_id == self.policy.self_id

    @property
    def is_originator(self) -> bool:
        """The reader belongs to a member whose information it is."""
        return self.reader.member_id in self.handling.originators

    @property
    def leaves_originator(self) -> bool:
        """To answer would hand on what somebody else originated."""
        if self.is_originator:
            return False
        held = self.policy.self_id not in self.handling.originators
        return self.act is Act.FORWARD or (held and not self.at_home)

    @property
    def client_of(self) -> str | None:
        """The member whose registered client the reader's member is."""
        standing = self.policy.members.get(self.reader.member_id or "")
        return standing.client_of if standing is not None and standing.known else None


class Rule(NamedTuple):
    """A row of the table. `passes` says whether the rule leaves the way open."""

    id: str
    sentence: str
    source: str
    lifted_by: str
    would: str
    passes: Callable[[Question], bool]


def _agreement_party(q: Question) -> bool:
    named = q.handling.agreements
    if named is None or q.is_originator:
        return True
    return any(
        agreement.id in named and q.reader.member_id in agreement.parties
        for agreement in q.policy.agreements
    )


def _agreement_personal(q: Question) -> bool:
    if q.facts.data_class is not DataClass.PERSONAL or q.handling.tlp is Tlp.CLEAR:
        return True
    if q.at_home or q.is_originator:
        return True
    reader = q.reader.member_id
    return reader is not None and any(
        agreement.joins(q.policy.self_id, reader)
        and (q.purpose is None or q.purpose in agreement.purposes)
        for agreement in q.policy.agreements
    )


def _credential_purpose(q: Question) -> bool:
    return q.purpose is None or q.reader.purposes is None or q.purpose in q.reader.purposes


def _purpose(q: Question) -> bool:
    return q.handling.purposes is None or q.purpose in q.handling.purposes


def _h0(q: Question) -> bool:
    return not q.handling.codes or q.purpose in CRIME


def _expiry(q: Question) -> bool:
    return q.facts.expires_at is None or q.now < q.facts.expires_at


def _orcon(q: Question) -> bool:
    return not (q.handling.orcon and q.leaves_originator)


def _unread(q: Question) -> bool:
    return not q.handling.unread or (q.act is not Act.FORWARD and (q.at_home or q.is_originator))


def _h2(q: Question) -> bool:
    return Code.H2 not in q.handling.codes or not q.leaves_originator


def _release_list(q: Question) -> bool:
    named = q.handling.recipients
    if named is None or q.is_originator:
        return True
    if q.act is Act.FORWARD:
        return False
    if q.reader.member_id in named:
        return True
    return q.handling.tlp is Tlp.AMBER and q.client_of in named | q.handling.originators


def _red(q: Question) -> bool:
    if q.handling.tlp is not Tlp.RED:
        return True
    named = q.handling.persons or frozenset()
    return (
        q.act is not Act.FORWARD
        and not q.reader.program
        and q.reader.name in named
        and q.policy.self_id in q.handling.originators
    )


def _amber_strict(q: Question) -> bool:
    return q.handling.tlp is not Tlp.AMBER_STRICT or _organisation(q)


def _amber(q: Question) -> bool:
    if q.handling.tlp is not Tlp.AMBER or _organisation(q):
        return True
    audience = (q.handling.recipients or frozenset()) | q.handling.originators
    return q.act is not Act.FORWARD and q.client_of in audience | {q.policy.self_id}


def _organisation(q: Question) -> bool:
    """Both AMBERs: the organisations that were recipients when it was shared."""
    if q.is_originator:
        return True
    if q.act is Act.FORWARD:
        return False
    return q.at_home or q.reader.member_id in (q.handling.recipients or frozenset())


def _green(q: Question) -> bool:
    if q.handling.tlp is not Tlp.GREEN or q.at_home or q.is_originator:
        return True
    standing = q.policy.members.get(q.reader.member_id or "")
    if standing is None or not standing.known:
        return False
    if q.handling.communities is None:
        return q.facts.data_class is DataClass.CYBER
    return bool(standing.communities & q.handling.communities)


def _community(q: Question) -> bool:
    """A community named beside another label than GREEN narrows all the same."""
    named = q.handling.communities
    if named is None or q.handling.tlp is Tlp.GREEN or q.at_home or q.is_originator:
        return True
    standing = q.policy.members.get(q.reader.member_id or "")
    return standing is not None and standing.known and bool(standing.communities & named)


def _need_to_know(q: Question) -> bool:
    return q.facts.case_id is None or q.facts.case_id in q.reader.cases


def _pap(q: Question) -> bool:
    return q.act is not Act.ACT or q.handling.pap is None or q.handling.pap <= Pap.GREEN


def _h1(q: Question) -> bool:
    return q.act is not Act.EVIDENCE or Code.H1 not in q.handling.codes


RULES: Final = (
    Rule(
        "agreement-party",
        "It is shared under an agreement to which the reader's organisation is no party.",
        "the agreement named in the handling",
        "the parties of the agreement",
        "the reader's organisation joined the agreement",
        _agreement_party,
    ),
    Rule(
        "agreement-personal-data",
        "Personal data go only to a member with whom an agreement covers this purpose.",
        "Comity handling rules, agreements",
        "both members, by an agreement",
        "an agreement between both members covered this purpose",
        _agreement_personal,
    ),
    Rule(
        "credential-purpose",
        "The reader's credential does not hold this purpose.",
        "Comity handling rules, purposes",
        "the administrator of this node",
        "the credential held this purpose",
        _credential_purpose,
    ),
    Rule(
        "purpose",
        "The handling limits the purposes, and this is none of them.",
        "the handling's purposes",
        _ORIGINATOR,
        "the reader asked for one of the handling's purposes",
        _purpose,
    ),
    Rule(
        "europol-h0",
        "The provider allows use for preventing and combating crime only.",
        f"{_EUROPOL}, H0",
        "the provider",
        "the purpose were prevention, detection, investigation or prosecution",
        _h0,
    ),
    Rule(
        "expiry",
        "Its time has run out.",
        "the object's expiry date",
        _ORIGINATOR,
        "the originator renewed it",
        _expiry,
    ),
    Rule(
        "originator-control",
        "It is under originator control, and only the originator hands it on.",
        "the handling's originator control",
        _ORIGINATOR,
        "the originator consented",
        _orcon,
    ),
    Rule(
        "unread-marking",
        "It carries a marking that this node cannot express, so it stays where it is.",
        "Comity handling rules, unknown markings",
        _ORIGINATOR,
        "the originator marked it in terms that this node reads",
        _unread,
    ),
    Rule(
        "europol-h2",
        "The provider allows no dissemination without permission.",
        f"{_EUROPOL}, H2",
        "the provider",
        "the provider gave permission",
        _h2,
    ),
    Rule(
        "release-list",
        "The reader's organisation is not on the release list.",
        "the handling's release list",
        _ORIGINATOR,
        "the originator added the organisation to the release list",
        _release_list,
    ),
    Rule(
        "community",
        "The reader's organisation is in none of the communities named.",
        "the handling's communities",
        _ORIGINATOR,
        "this node knew the organisation as a member of the community",
        _community,
    ),
    Rule(
        "tlp-red",
        "TLP:RED is for the persons named, signed in themselves at the originator's node.",
        f"{_TLP}, RED",
        _ORIGINATOR,
        "the reader were a person whom the originator named",
        _red,
    ),
    Rule(
        "tlp-amber-strict",
        "TLP:AMBER+STRICT stays within the organisations to which it was shared.",
        f"{_TLP}, AMBER+STRICT",
        _ORIGINATOR,
        "the originator shared it with the reader's organisation",
        _amber_strict,
    ),
    Rule(
        "tlp-amber",
        "TLP:AMBER stays within the organisations to which it was shared and their clients.",
        f"{_TLP}, AMBER",
        _ORIGINATOR,
        "the originator shared it with the reader's organisation or one whose client it is",
        _amber,
    ),
    Rule(
        "tlp-green",
        "TLP:GREEN is for the members of the community.",
        f"{_TLP}, GREEN",
        _ORIGINATOR,
        "this node knew the organisation as a member of the community",
        _green,
    ),
    Rule(
        "need-to-know",
        "It belongs to a case on which the reader does not work.",
        "Comity handling rules, need-to-know",
        "who leads the case",
        "the reader worked on the case",
        _need_to_know,
    ),
    Rule(
        "pap",
        "The permissible actions exclude an active step.",
        "Permissible Actions Protocol",
        _ORIGINATOR,
        "the originator stated PAP:GREEN or PAP:CLEAR",
        _pap,
    ),
    Rule(
        "europol-h1",
        "It may not be used in judicial proceedings without the provider's permission.",
        f"{_EUROPOL}, H1",
        "the provider",
        "the provider gave permission",
        _h1,
    ),
)
