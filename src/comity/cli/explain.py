"""`comity explain`: the decision about one object and one reader, in words."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from comity.cli.opening import settled
from comity.cli.options import Directory, Json, OnePurpose, example
from comity.cli.output import give

if TYPE_CHECKING:
    from comity.handling import Decision

__all__ = ["verb"]

verb = typer.Typer()


class ActWord(StrEnum):
    """What the reader wants to do; the same words as `comity.handling.Act`."""

    READ = "read"
    FORWARD = "forward"
    ACT = "act"
    EVIDENCE = "evidence"


@verb.command(
    epilog=example(
        'comity explain north indicator--6f1c2f7e-... --to "South CERT"',
        'comity explain north indicator--6f1c2f7e-... --to "South CERT" --act forward',
    ),
)
def explain(
    directory: Directory,
    object_id: Annotated[str, typer.Argument(metavar="OBJECT-ID", help="The object's STIX id.")],
    *,
    to: Annotated[str, typer.Option(metavar="MEMBER", help="The member asked about.")],
    as_user: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="USER",
            help="A user of that member, by name; else the member's program, which is refused RED.",
        ),
    ] = None,
    act: Annotated[
        ActWord,
        typer.Option(
            help="read; forward it to anyone outside that organisation; act, such as blocking; "
            "use it as evidence in court."
        ),
    ] = ActWord.READ,
    purpose: OnePurpose = None,
    as_json: Json = False,
) -> None:
    """Say whether a member may have an object, and by which rule.

    Refused: every rule that refuses it, who can lift the rule, and what would change it.
    """
    from comity.handling import Act
    from comity.node.acts.explain import explain as decide

    with settled(directory) as node:
        decision = decide(node, object_id, to, person=as_user, act=Act(act), purpose=purpose)
    give(decision, as_json, lambda: _words(decision, to, act))


def _words(decision: Decision, to: str, act: ActWord) -> Iterator[str]:
    verdict = "Yes" if decision.allow else "No"
    yield f"{verdict}: {to} may {'' if decision.allow else 'not '}{_ACTS[act]}."
    for reason in decision.reasons:
        yield f"  {reason.rule}: {reason.sentence}"
        yield f"    source: {reason.source}; lifted by: {reason.lifted_by}"
    for heading, sentences in (
        ("Obligations", decision.obligations),
        ("What would change it", decision.counterfactuals),
        ("Redacted", decision.redacted),
    ):
        if sentences:
            yield f"{heading}:"
            yield from (f"  {sentence}" for sentence in sentences)


_ACTS = {
    ActWord.READ: "read it",
    ActWord.FORWARD: "forward it outside its organisation",
    ActWord.ACT: "act on it",
    ActWord.EVIDENCE: "use it as evidence",
}
