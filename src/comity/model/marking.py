"""The vocabularies of markings: TLP 2.0, PAP, Europol codes, and the STIX ids that stand for them.

Sources: FIRST, Traffic Light Protocol 2.0; the Permissible Actions Protocol as MISP's taxonomy
`PAP` spells it; Europol's handling codes. STIX ids: STIX 2.1, section 7.2.1.4 (TLP 1), and the
OASIS TLP 2.0 marking extension.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from comity.errors import UsageError

__all__ = ["TLP1_IDS", "TLP2_EXTENSION", "TLP2_IDS", "TLP_BY_ID", "Code", "Pap", "Tlp"]


class Tlp(IntEnum):
    """TLP 2.0, ordered: the greater is the stricter, so `max` joins."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def text(self) -> str:
        """`clear`, `green`, `amber`, `amber+strict` or `red`."""
        return self.name.lower().replace("_", "+")

    @classmethod
    def parse(cls, text: str) -> Tlp:
        """Read a TLP label in any case, with or without `TLP:`; TLP 1's WHITE is CLEAR.

        Raises UsageError (`unknown-tlp`).
        """
        word = text.strip().upper().removeprefix("TLP:").replace("+", "_").replace("WHITE", "CLEAR")
        if word in cls.__members__:
            return cls[word]
        raise UsageError(
            f"{text[:40]!r} is no TLP label",
            code="unknown-tlp",
            advice="Use one of: " + ", ".join(tlp.text for tlp in cls) + ".",
        )


class Pap(IntEnum):
    """Permissible actions, ordered as TLP is: RED allows least."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def text(self) -> str:
        """`clear`, `green`, `amber` or `red`."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Pap:
        """Read a PAP label in any case, with or without `PAP:`; WHITE is CLEAR.

        Raises UsageError (`unknown-pap`).
        """
        word = text.strip().upper().removeprefix("PAP:").replace("WHITE", "CLEAR")
        if word in cls.__members__:
            return cls[word]
        raise UsageError(
            f"{text[:40]!r} is no PAP label",
            code="unknown-pap",
            advice="Use one of: " + ", ".join(pap.text for pap in cls) + ".",
        )


class Code(StrEnum):
    """Europol's handling codes."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


TLP2_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""The extension whose property `tlp_2_0` says a TLP 2.0 label."""

TLP2_IDS: Final = {
    Tlp.CLEAR: "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

TLP1_IDS: Final = {
    Tlp.CLEAR: "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    Tlp.GREEN: "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    Tlp.AMBER: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    Tlp.RED: "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}

TLP_BY_ID: Final = {marking: tlp for ids in (TLP1_IDS, TLP2_IDS) for tlp, marking in ids.items()}
"""Both versions are read; only TLP2_IDS are written."""
