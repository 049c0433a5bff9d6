"""The closed table of handling rules, in the order in which they are asked.

A rule is a row: an id, a sentence, its source, who can lift it, what would change it, and a
pure test. Deny is the default: an object may be released only when every rule passes. To add
a rule, add a row; nothing else knows them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from comity.handling.terms import Handling
from comity.handling.types import Act, DataClass, Facts, Policy, Reader, Standing
from comity.model.marking import Code, Pap, Tlp
from comity.model.member import MemberKind
from comity.model.purpose import CRIME, Purpose
from comity.model.time import Micros

__all__ = ["RULES", "Question", "Rule"]

_TLP: Final = "FIRST TLP 2.0"
_EUROPOL: Final = "Europol handling codes"
_ORIGINATOR: Final = "the originator"
# Looked up once: the members of an Enum cost several times a plain name, on every rule asked.
_CLEAR, _GREEN, _AMBER, _AMBER_STRICT, _RED = Tlp


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
    def owns(self) -> bool:
        """The reader belongs to the one member whose information it is.

        Where the information of several is joined, none of them alone may open it: the join
        would else allow one of them what the other's part refuses it.
        """
        owners = self.handling.originators
        return len(owners) == 1 and self.reader.member_id in owners

    @property
    def at_origin(self) -> bool:
        """This is the node of the one member whose information it is."""
        owners = self.handling.originators
        return len(owners) == 1 and self.policy.self_id in owners

    @property
    def hands_on(self) -> bool:
        """To answer would hand on what somebody else originated."""
        if self.owns:
            return False
        return self.act is Act.FORWARD or not (self.at_home or self.at_origin)

    @property
    def standing(self) -> Standing | None:
        """How the reader's member stands to this node; None unless this node made it known."""
        found = self.policy.members.get(self.reader.member_id or "")
        return found if found is not None and found.known else None

    @property
    def is_client(self) -> bool:
        """The reader's member is a registered client of one on the release list."""
        standing, named = self.standing, self.handling.recipients
        return standing is not None and named is not None and standing.client_of in named

    def within(self, communities: frozenset[str]) -> bool:
        """The reader's member is in one of these communities, by this node's own entries."""
        standing = self.standing
        return standing is not None and not communities.isdisjoint(standing.communities)


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
    if named is None or q.owns:
        return True
    return any(
        agreement.id in named and q.reader.member_id in agreement.parties
        for agreement in q.policy.agreements
    )


def _free_of_persons(q: Question) -> bool:
    """No personal data, or published, or the reader's own."""
    return q.facts.data_class is not DataClass.PERSONAL or q.handling.tlp is _CLEAR or q.owns


def _agreement_personal(q: Question) -> bool:
    if _free_of_persons(q) or q.at_home:
        return True
    reader = q.reader.member_id
    return reader is not None and any(
        agreement.joins(q.policy.self_id, reader) and q.purpose in agreement.purposes
        for agreement in q.policy.agreements
    )


def _civil(q: Question) -> bool:
    if _free_of_persons(q):
        return True
    standing = q.policy.members.get(q.reader.member_id or "")
    return standing is None or standing.kind is not MemberKind.CIVIL


def _credential_purpose(q: Question) -> bool:
    return q.purpose is None or q.reader.purposes is None or q.purpose in q.reader.purposes


def _purpose(q: Question) -> bool:
    return q.handling.purposes is None or q.purpose in q.handling.purposes


def _h0(q: Question) -> bool:
    """Any code brings H0 with it: a set without H0 is read as holding it."""
    return not q.handling.codes or q.purpose in CRIME


def _expiry(q: Question) -> bool:
    return q.facts.expires_at is None or q.now < q.facts.expires_at


def _orcon(q: Question) -> bool:
    return not (q.handling.orcon and q.hands_on)


def _unread(q: Question) -> bool:
    return not q.handling.unread or (q.act is not Act.FORWARD and (q.at_home or q.owns))


def _h2(q: Question) -> bool:
    return not q.handling.codes or Code.H2 not in q.handling.codes or not q.hands_on


def _known(q: Question) -> bool:
    return q.handling.tlp is _CLEAR or q.at_home or q.owns or q.standing is not None


def _release_list(q: Question) -> bool:
    """Clients count with their organisation as far as AMBER: a weaker label shuts out nobody
    whom a stricter one lets in, or a join would widen.
    """
    named = q.handling.recipients
    if named is None or q.owns:
        return True
    if q.act is Act.FORWARD:
        return False
    return q.reader.member_id in named or (q.handling.tlp <= _AMBER and q.is_client)


def _community(q: Question) -> bool:
    """A community named beside another label than GREEN narrows all the same."""
    named = q.handling.communities
    if named is None or q.handling.tlp is _GREEN or q.at_home or q.owns:
        return True
    return q.within(named)


def _red(q: Question) -> bool:
    if q.handling.tlp is not _RED:
        return True
    named = q.handling.persons or frozenset()
    return (
        q.act is not Act.FORWARD and not q.reader.program and q.reader.name in named and q.at_origin
    )


def _amber_strict(q: Question) -> bool:
    return q.handling.tlp is not _AMBER_STRICT or _organisation(q)


def _amber(q: Question) -> bool:
    if q.handling.tlp is not _AMBER or _organisation(q):
        return True
    return q.act is not Act.FORWARD and q.is_client


def _organisation(q: Question) -> bool:
    """Both AMBERs: the organisations that were recipients when it was shared."""
    if q.owns:
        return True
    if q.act is Act.FORWARD:
        return False
    return q.at_home or q.reader.member_id in (q.handling.recipients or frozenset())


def _green(q: Question) -> bool:
    if q.handling.tlp is not _GREEN or q.at_home or q.owns:
        return True
    if q.handling.communities is None:
        return q.facts.data_class is DataClass.CYBER
    return q.within(q.handling.communities)


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
        "civil-personal-data",
        "A member of civil society gets no personal data but those it submitted.",
        "Comity handling rules, kinds of member",
        "nobody",
        "the reader's organisation had submitted it itself",
        _civil,
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
        "known-member",
        "Only members that this node made known itself get what is not TLP:CLEAR.",
        "Comity handling rules, members",
        "the administrator of this node",
        "the reader signed in for a member that this node knows by an entry of its own",
        _known,
    ),
    Rule(
        "release-list",
        "The release list says who may have it, and this would go beyond the list.",
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
