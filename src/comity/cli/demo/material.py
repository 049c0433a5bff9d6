"""What the demo's members share. All of it is made up: names, domains, hashes, the spyware."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

__all__ = ["COMMUNITY", "LIAISON", "MEMBERS", "PDQ_HASHES", "SHA256_HASHES", "SPYWARE", "Lot"]


class Lot(NamedTuple):
    """Some values that are shared under one handling; `handling` are options of `comity share`."""

    name: str
    values: tuple[str, ...]
    handling: tuple[str, ...]


MEMBERS: Final = {
    "Norland": ("XN", "state"),
    "Sudria": ("XS", "state"),
    "Plaza": ("XP", "company"),
}
"""Two states and a platform that do not exist: name to country code and kind."""

COMMUNITY: Final = "content-safety"
"""To Plaza, Sudria is of this community, and Norland is not."""

LIAISON: Final = "sudria-liaison"
"""A person at Sudria who may sign in at Norland's node."""

SPYWARE: Final = (
    Lot("CLEAR", ("glasswing.example", "update.glasswing.example"), ("--tlp", "clear")),
    Lot("GREEN", ("cdn.glasswing.test", "mail.glasswing.test"), ("--tlp", "green")),
    Lot("AMBER", ("panel.glasswing.test",), ("--tlp", "amber", "--to", "Sudria")),
    Lot("AMBER+STRICT", ("ops.glasswing.test",), ("--tlp", "amber+strict", "--to", "Sudria")),
    Lot("originator control", ("relay.glasswing.test",), ("--tlp", "green", "--orcon")),
    Lot("RED", ("source.glasswing.test",), ("--tlp", "red", "--person", LIAISON)),
)
"""Norland's domains of "Glasswing", a spyware nobody ever wrote."""


def _made_up(what: str) -> str:
    """64 hexadecimal digits that are the hash of no picture."""
    return hashlib.sha256(f"Comity demo, made up: {what}".encode()).hexdigest()


PDQ_HASHES: Final = Lot(
    "GREEN", tuple(_made_up(f"picture {n}") for n in range(4)), ("--tlp", "green")
)
SHA256_HASHES: Final = Lot(
    "AMBER", tuple(_made_up(f"file {n}") for n in range(4)), ("--tlp", "amber")
)
