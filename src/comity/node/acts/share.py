"""`share`: files into a collection, under the handling that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from comity.errors import InputError, RefusedError, UsageError
from comity.handling import Channel, Handling
from comity.holdings import Holdings
from comity.model.kind import Kind
from comity.model.marking import Code, Pap, Tlp
from comity.model.purpose import Purpose
from comity.model.time import Micros
from comity.node.acts.collections import collection_named
from comity.node.acts.members import member_named
from comity.node.acts.people import user_named
from comity.node.flow import Sharing, markings_in, read, receive
from comity.node.wiring import Node
from comity.share.circumstances import Taken, Unread
from comity.share.receive import take
from comity.share.signals import take_rows
from comity.wire.lists import Form, Row, form_of, read_rows
from comity.wire.problem import Problem, problem_of

__all__ = ["Asked", "share", "share_objects", "share_rows"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of a share command say; members and persons by name or id."""

    tlp: Tlp | None = None
    to: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    orcon: bool = False
    purposes: tuple[Purpose, ...] = ()
    pap: Pap | None = None
    codes: tuple[Code, ...] = ()
    caveats: tuple[str, ...] = ()
    kind: Kind | None = None
    expires_at: Micros | None = None


def share(
    node: Node,
    files: Sequence[Path],
    collection: str,
    asked: Asked,
    *,
    told: Callable[[Taken], None] = lambda _: None,
) -> dict[str, Any]:
    """Share files; `{new, known, conflicts, refused, problems, handling}`.

    A file that breaks off keeps its whole objects. Raises InputError where nothing of a file
    could be read and no other file gave anything either.
    """
    sharing = _sharing(node, collection, asked, node.operator)
    total, unreadable = Taken(), []
    for path in files:
        try:
            total.add(_share_file(node, path, sharing, asked, told))
        except InputError as why:
            unreadable.append(why)
            total.problems.append(problem_of(why, where=path.name))
    if not total.read:
        _nothing_read(total, unreadable)
    return _answer(total)


def share_objects(
    node: Node, bundle: bytes, collection: str, asked: Asked, *, actor: str
) -> dict[str, Any]:
    """The same for objects at hand, as a bundle or envelope; `actor` is who shares them."""
    sharing = _sharing(node, collection, asked, actor)
    ahead = msgspec.structs.replace(sharing, markings=markings_in(bundle, _REQUEST))
    return _answer(receive(node, read(bundle, _REQUEST), ahead, take))


def share_rows(
    node: Node, rows: Iterable[Row | Problem], collection: str, asked: Asked, *, actor: str
) -> dict[str, Any]:
    """The same for values at hand, each of which becomes an indicator."""
    sharing = _sharing(node, collection, asked, actor)
    return _answer(receive(node, _arriving(rows), sharing, take_rows))


_REQUEST: Final = "request"
"""What places in a request's body are named by."""


def _share_file(
    node: Node, path: Path, sharing: Sharing, asked: Asked, told: Callable[[Taken], None]
) -> Taken:
    """One file, read as what its first bytes and its name say it is."""
    form = form_of(path)
    if form is Form.STIX:
        ahead = msgspec.structs.replace(sharing, markings=markings_in(path))
        return receive(node, read(path), ahead, take, told)
    rows = read_rows(path, form, asked.kind)
    return receive(node, _arriving(rows), sharing, take_rows, told)


def _arriving(rows: Iterable[Row | Problem]) -> Iterator[Row | Unread]:
    for row in rows:
        yield Unread(row, is_object=True) if isinstance(row, Problem) else row


def _nothing_read(total: Taken, unreadable: Sequence[InputError]) -> None:
    """Raise what kept everything from being read; an empty file is none such."""
    if unreadable:
        raise unreadable[0]
    if total.problems:
        first = total.problems[0]
        raise InputError(
            f"nothing could be read: {first.message}", code=first.code, where=first.where
        )


def _sharing(node: Node, collection: str, asked: Asked, actor: str) -> Sharing:
    with node.store.read() as tx:
        found = collection_named(tx, collection)
        options = _options(tx, node, asked)
    if found.home != node.member_id:
        raise RefusedError(
            "this collection is a copy of another member's; only pulls write into it",
            code="not-our-collection",
            advice="Share in a collection of your own.",
        )
    return Sharing(
        collection=found,
        channel=Channel.OWN,
        sender=node.member_id,
        actor=actor,
        options=options,
        asks_tlp=asked.tlp is not None,
        expires_at=asked.expires_at,
    )


def _options(tx: Holdings, node: Node, asked: Asked) -> Handling | None:
    """The handling that the options amount to; None where nothing was asked."""
    recipients = {member_named(tx, name).member.id for name in asked.to}
    for name in asked.persons:
        if user_named(tx, name).program:
            raise UsageError(
                f"{name!r} is a program, and TLP:RED is for persons",
                code="not-a-person",
                advice="Name a person's account with --person.",
            )
    options = Handling(
        tlp=asked.tlp or Tlp.CLEAR,
        recipients=frozenset(recipients | {node.member_id}) if asked.to else None,
        persons=frozenset(asked.persons) if asked.persons else None,
        orcon=asked.orcon,
        purposes=frozenset(asked.purposes) if asked.purposes else None,
        pap=asked.pap,
        codes=frozenset(asked.codes),
        caveats=frozenset(asked.caveats),
    )
    asks = asked.tlp is not None or options != Handling(tlp=Tlp.CLEAR)
    return options if asks else None


def _unreadable(total: Taken) -> list[Problem]:
    """What was kept and nobody can ever read, its sharer included."""
    lost = sum(
        count
        for handling, count in total.handlings.items()
        if handling.tlp is Tlp.RED and not handling.persons
    )
    if not lost:
        return []
    message = f"{lost} objects are TLP:RED and name nobody, so nobody can read them"
    return [Problem(code="nobody-named", message=message, where="handling")]


def _answer(total: Taken) -> dict[str, Any]:
    """`handling` is the one most objects got, with how many; `handlings` has them all."""
    ranked = sorted(total.handlings.items(), key=lambda item: (-item[1], item[0].id))
    handlings = [
        {"id": handling.id, **handling.content(), "objects": count} for handling, count in ranked
    ]
    problems = [*total.problems, *_unreadable(total)]
    return {
        **total.counts(),
        "problems": msgspec.to_builtins(problems),
        "handling": handlings[0] if handlings else None,
        "handlings": handlings,
    }
