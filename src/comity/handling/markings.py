"""Reading STIX marking definitions: what each says, or that we cannot express it.

TLP 1 and 2 become a handling; our own extension is a handling; a statement is a caveat and no
handling; anything classified above unclassified is named as such, so that `admit` refuses it.
Whatever else a marking says is not guessed at: its id stands in `Handling.unread`, which denies
onward release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from comity.errors import InputError, UsageError
from comity.handling.terms import Handling, read_handling
from comity.model.ids import HANDLING_EXTENSION
from comity.model.marking import TLP2_EXTENSION, TLP_BY_ID, Tlp

__all__ = ["Reading", "read_marking", "unresolved"]

_ACS: Final = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce"
_IEP: Final = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one marking says.

    `handling` None: it says nothing about who may have the object. `caveats` are its texts.
    `classified` is the classification, if it is one above unclassified.
    """

    id: str
    handling: Handling | None = None
    caveats: frozenset[str] = frozenset()
    classified: str | None = None


def unresolved(marking_id: str) -> Reading:
    """A marking of which only the id is known: a TLP constant, or unread."""
    tlp = TLP_BY_ID.get(marking_id)
    if tlp is not None:
        return Reading(id=marking_id, handling=Handling(tlp=tlp))
    return _unread(marking_id, Tlp.CLEAR)


def read_marking(value: Mapping[str, object]) -> Reading:
    """Read one marking-definition object (STIX 2.1, section 7.2.1).

    Raises InputError when it claims to be a handling of ours and is not what its id says.
    """
    marking_id = str(value.get("id", ""))
    if marking_id in TLP_BY_ID:
        return unresolved(marking_id)
    classified = _classification(value)
    if classified is not None:
        return Reading(id=marking_id, classified=classified)
    extensions = value.get("extensions")
    if isinstance(extensions, Mapping) and extensions:
        return _read_extensions(marking_id, extensions)
    return _read_definition(marking_id, value)


def _read_definition(marking_id: str, value: Mapping[str, object]) -> Reading:
    definition = value.get("definition")
    if not isinstance(definition, Mapping):
        return _unread(marking_id, Tlp.CLEAR)
    if value.get("definition_type") == "statement":
        statement = str(definition.get("statement", "")).strip()
        return Reading(id=marking_id, caveats=frozenset({statement} - {""}))
    if value.get("definition_type") == "tlp":
        return _tlp(marking_id, definition.get("tlp"))
    return _unread(marking_id, Tlp.CLEAR)


def _read_extensions(marking_id: str, extensions: Mapping[str, object]) -> Reading:
    """Read by the extensions it names: ours alone, TLP 2.0 alone, or unread."""
    ours = extensions.get(HANDLING_EXTENSION)
    if isinstance(ours, Mapping):
        content = {key: value for key, value in ours.items() if key != "extension_type"}
        handling = read_handling(content)
        if handling.id != marking_id:
            raise InputError(
                "this handling's id does not follow from its content",
                code="forged-handling",
                advice="Ask its sender: it was changed on the way, or made by other software.",
                where=marking_id,
            )
        return Reading(id=marking_id, handling=handling)
    tlp2 = extensions.get(TLP2_EXTENSION)
    if isinstance(tlp2, Mapping) and len(extensions) == 1:
        return _tlp(marking_id, tlp2.get("tlp_2_0"))
    iep = extensions.get(_IEP)
    if isinstance(iep, Mapping):
        floor = _tlp(marking_id, iep.get("tlp")).handling
        return _unread(marking_id, floor.tlp if floor is not None else Tlp.CLEAR)
    return _unread(marking_id, Tlp.CLEAR)


def _tlp(marking_id: str, label: object) -> Reading:
    try:
        return Reading(id=marking_id, handling=Handling(tlp=Tlp.parse(str(label))))
    except UsageError:
        return _unread(marking_id, Tlp.CLEAR)


def _unread(marking_id: str, tlp: Tlp) -> Reading:
    """A marking that we cannot express keeps what we can read of it and denies the rest."""
    return Reading(
        id=marking_id,
        handling=Handling(tlp=max(tlp, Tlp.AMBER_STRICT), unread=frozenset({marking_id})),
    )


def _classification(value: Mapping[str, object]) -> str | None:
    """The classification that a marking states, if above unclassified."""
    for text in _stated(value, depth=4):
        word = " ".join(text.upper().split())
        if word in _UNCLASSIFIED:
            continue
        if _BANNER.match(word):
            return text.strip()[:80]
    return None


def _stated(value: Mapping[str, object], depth: int) -> list[str]:
    """The texts in which a marking may state a classification."""
    found: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, Mapping) and depth:
            found.extend(_stated(inner, depth - 1))
        elif isinstance(inner, str) and key == "classification":
            found.append(_ACS_WORDS.get(inner.strip().upper(), inner))
        elif isinstance(inner, str) and key in ("statement", "name"):
            found.append(inner)
    return found


_ACS_WORDS: Final = {
    "U": "UNCLASSIFIED",
    "R": "RESTRICTED",
    "C": "CONFIDENTIAL",
    "S": "SECRET",
    "TS": "TOP SECRET",
}
_UNCLASSIFIED: Final = frozenset({"UNCLASSIFIED", "NATO UNCLASSIFIED", "OFFICIAL"})

# Banners of national, EU and NATO classifications, alone or followed by `//` and caveats. The
# G7 states' words; a statement that merely uses the word in a sentence is no banner.
_BANNER: Final = re.compile(
    r"/{0,2} ?(?:"
    r"(?:COSMIC |NATO |US |UK |CANADIAN |EU |UE )?(?:TOP SECRET|SECRET|CONFIDENTIAL|RESTRICTED)"
    r"|FOCAL TOP SECRET|TR[EÈ]S SECRET(?: UE)?|SECRET UE|CONFIDENTIEL(?: UE| D[EÉ]FENSE)?"
    r"|RESTREINT UE|DIFFUSION RESTREINTE|SECRET D[EÉ]FENSE"
    r"|STRENG GEHEIM|GEHEIM|VS-VERTRAULICH|VS-NUR F[UÜ]R DEN DIENSTGEBRAUCH|VS-NFD"
    r"|SEGRETISSIMO|SEGRETO|RISERVATISSIMO|RISERVATO|PROTECTED [ABC]|特定秘密|極秘|機密"
    r")(?: ?/.*)?\Z"
)
