"""`decide`: the one place where it is settled who may do what with what.

`decide` answers the node's own people with every reason, `allows` answers yes or no, and
`disclose` is what of a decision the reader itself may learn.
"""

from __future__ import annotations

from typing import Final

import msgspec

from comity.handling.rules import RULES, Question
from comity.handling.terms import Handling
from comity.handling.types import Act, Decision, Facts, Policy, Reader, Reason
from comity.model.marking import Code, Tlp
from comity.model.purpose import Purpose
from comity.model.time import Micros

__all__ = ["allows", "decide", "disclose"]


def decide(
    handling: Handling,
    facts: Facts,
    reader: Reader,
    act: Act,
    purpose: Purpose | None,
    now: Micros,
    policy: Policy,
) -> Decision:
    """Ask every rule; allow only when all pass. Pure and total: no rule raises."""
    question = Question(handling, facts, reader, act, purpose, now, policy)
    failed = [rule for rule in RULES if not rule.passes(question)]
    if failed:
        return Decision(
            allow=False,
            reasons=tuple(_REFUSALS[rule.id] for rule in failed),
            counterfactuals=_what_would_change([rule.would for rule in failed]),
        )
    own = question.owns and handling.tlp is not Tlp.RED
    return Decision(
        allow=True,
        reasons=(_OWN if own else _WAYS[handling.tlp],),
        obligations=_obligations(handling, facts, now),
    )


def allows(
    handling: Handling,
    facts: Facts,
    reader: Reader,
    act: Act,
    purpose: Purpose | None,
    now: Micros,
    policy: Policy,
) -> bool:
    """`decide(...).allow`, without the words: it stops at the first rule that refuses."""
    question = Question(handling, facts, reader, act, purpose, now, policy)
    return all(rule.passes(question) for rule in RULES)


def disclose(
    handling: Handling,
    facts: Facts,
    reader: Reader,
    act: Act,
    purpose: Purpose | None,
    now: Micros,
    policy: Policy,
) -> Decision | None:
    """What the reader itself may learn of `decide`; None: to it there is no such object.

    The owner and this node's own people learn all. Anybody else learns why an act is refused
    only where it could read the object under one of its purposes, so that the reasons show
    nothing that the object and its obligations do not show; and never what would change it,
    since that speaks of lists and of others.
    """
    decision = decide(handling, facts, reader, act, purpose, now, policy)
    question = Question(handling, facts, reader, act, purpose, now, policy)
    if decision.allow or question.at_home or question.owns:
        return decision
    under = {*(Purpose if reader.purposes is None else reader.purposes), None}
    if any(allows(handling, facts, reader, Act.READ, one, now, policy) for one in under):
        return msgspec.structs.replace(decision, counterfactuals=())
    return None


def _what_would_change(conditions: list[str]) -> tuple[str, ...]:
    """One sentence: all rules must pass, so all conditions must come true together."""
    return (f"It would be allowed if {', and '.join(conditions)}.",)


def _obligations(handling: Handling, facts: Facts, now: Micros) -> tuple[str, ...]:
    owed = [_ON_RELEASE[handling.tlp]]
    if handling.recipients is not None and handling.tlp <= Tlp.GREEN:
        owed.append("Do not pass it beyond the release list.")
    if handling.orcon:
        owed.append("Ask the originator before you hand it on in any form.")
    if handling.purposes is not None:
        owed.append(f"Use it only for: {', '.join(sorted(handling.purposes))}.")
    if handling.pap is not None:
        owed.append(f"PAP:{handling.pap.text.upper()}: {_PAP_MEANS[handling.pap.text]}")
    if handling.codes:
        owed.extend(_CODE_MEANS[code] for code in sorted({Code.H0, *handling.codes}))
    if handling.retention_days is not None:
        owed.append(f"Erase it after {handling.retention_days} days.")
    if facts.review_at is not None and facts.review_at <= now:
        owed.append("Its review is due: ask the originator whether it still stands.")
    owed.extend(f"Observe: {text}" for text in sorted(handling.notices | handling.caveats))
    return tuple(owed)


_REFUSALS: Final = {
    rule.id: Reason(
        rule=rule.id, sentence=rule.sentence, source=rule.source, lifted_by=rule.lifted_by
    )
    for rule in RULES
}

_OWN: Final = Reason(
    rule="originator",
    sentence="It is this organisation's own information.",
    source="Comity handling rules, originator",
    lifted_by="nobody",
)

_WAYS: Final = {
    tlp: Reason(
        rule=f"tlp-{tlp.text.replace('+', '-')}",
        sentence=sentence,
        source=f"FIRST TLP 2.0, {tlp.text.upper()}",
        lifted_by="the originator",
    )
    for tlp, sentence in (
        (Tlp.RED, "TLP:RED: the originator named this person."),
        (Tlp.AMBER_STRICT, "TLP:AMBER+STRICT: it was shared with this organisation."),
        (Tlp.AMBER, "TLP:AMBER: it was shared with this organisation or one it is a client of."),
        (Tlp.GREEN, "TLP:GREEN: the organisation is a member of the community."),
        (Tlp.CLEAR, "TLP:CLEAR: anyone may have it."),
    )
}

_ON_RELEASE: Final = {
    Tlp.RED: "Keep it to yourself.",
    Tlp.AMBER_STRICT: "Keep it within your organisation, to those who need to know.",
    Tlp.AMBER: "Keep it within your organisation and its clients, to those who need to know.",
    Tlp.GREEN: "Keep it within the community; no public channels.",
    Tlp.CLEAR: "Its label sets no limit on passing it on; copyright still applies.",
}

_PAP_MEANS: Final = {
    "red": "no action that can be detected; your own logs only.",
    "amber": "passive look-ups at third parties at most.",
    "green": "active steps such as blocking are allowed.",
    "clear": "no limit on what you do.",
}

_CODE_MEANS: Final = {
    Code.H0: "H0: for preventing and combating crime only.",
    Code.H1: "H1: no use in judicial proceedings without the provider's permission.",
    Code.H2: "H2: no dissemination without the provider's permission.",
    Code.H3: "H3: further restrictions apply; read and acknowledge their text.",
}
