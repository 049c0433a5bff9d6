"""Screening programmes: under what name, and for what, a node's own questions are asked.

`local` is made with the node: detection by default, or network defence. Cases and further
programmes are named in the same place, by `--case`.
"""

from __future__ import annotations

from typing import Final

import msgspec

from comity.errors import NotFoundError, RefusedError
from comity.handling import Reader
from comity.holdings import Holdings
from comity.model.purpose import DEFAULT_PURPOSES, Purpose
from comity.node.acts.people import purpose_for
from comity.node.wiring import Node

__all__ = ["LOCAL", "make_local", "purpose_within"]

LOCAL: Final = "local"


def make_local(tx: Holdings) -> None:
    """Make the programme that every node begins with."""
    tx.put_setting(_name(LOCAL), msgspec.json.encode(DEFAULT_PURPOSES).decode())


def purpose_within(node: Node, reader: Reader, asked: Purpose | None, case: str | None) -> Purpose:
    """The purpose of a question asked in a case or programme: by default the programme's first.

    Raises NotFoundError (`unknown-case`), RefusedError (`purpose-not-covered`) for a purpose
    that the programme does not cover, NotAllowedError for one that the credential does not.
    """
    if case is None:
        return purpose_for(reader, asked)
    with node.store.read() as tx:
        kept = tx.setting(_name(case))
    if kept is None:
        raise NotFoundError(
            f"there is no case or programme {case[:60]!r} here",
            code="unknown-case",
            advice=f"Name one that this node has; {LOCAL!r} is made with it.",
        )
    covered = msgspec.json.decode(kept, type=tuple[Purpose, ...])
    if asked is not None and asked not in covered:
        raise RefusedError(
            f"{case!r} does not cover the purpose {asked}",
            code="purpose-not-covered",
            advice="Use one of: " + ", ".join(covered) + ".",
        )
    return purpose_for(reader, asked or covered[0])


def _name(case: str) -> str:
    return f"programme {case}"
