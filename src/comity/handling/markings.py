"""Reading STIX marking definitions: what each says, or that we cannot express it.

TLP 1 and 2 become a handling; our own extension is a handling; a statement is a caveat and no
handling; anything classified above unclassified is named as such, so that `admit` refuses it.
Whatever else a marking says is not guessed at: its id stands in `Handling.unread`, which denies
onward release.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from comity.errors import InputError, UsageError
from comity.handling.terms import Handling, join, read_handling
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
    tlp = TLP_BY_ID.get(marking_id.lower())
    if tlp is not None:
        return Reading(id=marking_id, handling=Handling(tlp=tlp))
    return _unread(marking_id)


def read_marking(value: Mapping[str, object]) -> Reading:
    """Read one marking-definition object (STIX 2.1, section 7.2.1).

    It may speak by its definition and by extensions at once; what it says is their join, and
    each part that we cannot express makes the whole unread. Raises InputError when it claims to
    be a handling of ours and is not what its id says.
    """
    marking_id = str(value.get("id", ""))
    classified = _classification(value)
    if classified is not None:
        return Reading(id=marking_id, classified=classified)
    if marking_id.lower() in TLP_BY_ID:
        return unresolved(marking_id)
    parts = [*_read_definition(marking_id, value), *_read_extensions(marking_id, value)]
    if not parts:
        return _unread(marking_id)
    handlings = [part.handling for part in parts if part.handling is not None]
    return Reading(
        id=marking_id,
        handling=join(handlings) if handlings else None,
        caveats=frozenset[str]().union(*(part.caveats for part in parts)),
    )


def _read_definition(marking_id: str, value: Mapping[str, object]) -> list[Reading]:
    """What `definition_type` and `definition` say, if they are there."""
    definition, kind = value.get("definition"), value.get("definition_type")
    if definition is None and kind is None:
        return []
    if isinstance(definition, Mapping) and kind == "statement":
        statement = definition.get("statement")
        if isinstance(statement, str):
            return [Reading(id=marking_id, caveats=frozenset({statement.strip()} - {""}))]
    if isinstance(definition, Mapping) and kind == "tlp":
        return [_tlp(marking_id, definition.get("tlp"))]
    return [_unread(marking_id)]


def _read_extensions(marking_id: str, value: Mapping[str, object]) -> list[Reading]:
    """What each extension says: ours, TLP 2.0, or (IEP, ACS, any other) unread."""
    extensions = value.get("extensions")
    if extensions is None:
        return []
    if not isinstance(extensions, Mapping):
        return [_unread(marking_id)]
    return [_read_extension(marking_id, name, said) for name, said in extensions.items()]


def _read_extension(marking_id: str, name: str, said: object) -> Reading:
    if not isinstance(said, Mapping):
        return _unread(marking_id)
    if name == HANDLING_EXTENSION:
        return _ours(marking_id, said)
    if name == TLP2_EXTENSION:
        return _tlp(marking_id, said.get("tlp_2_0"))
    if name == _IEP:
        # A policy of the Information Exchange Policy says its TLP; the rest is not expressed.
        floor = _tlp(marking_id, said.get("tlp")).handling
        return _unread(marking_id, floor.tlp if floor is not None else Tlp.CLEAR)
    return _unread(marking_id)


def _ours(marking_id: str, said: Mapping[str, object]) -> Reading:
    content = {key: value for key, value in said.items() if key != "extension_type"}
    handling = read_handling(content)
    if handling.id != marking_id:
        raise InputError(
            "this handling's id does not follow from its content",
            code="forged-handling",
            advice="Ask its sender: it was changed on the way, or made by other software.",
            where=marking_id[:120],
        )
    return Reading(id=marking_id, handling=handling)


def _tlp(marking_id: str, label: object) -> Reading:
    try:
        return Reading(id=marking_id, handling=Handling(tlp=Tlp.parse(str(label))))
    except UsageError:
        return _unread(marking_id)


def _unread(marking_id: str, tlp: Tlp = Tlp.CLEAR) -> Reading:
    """A marking that we cannot express keeps what we can read of it and denies the rest."""
    return Reading(
        id=marking_id,
        handling=Handling(tlp=max(tlp, Tlp.AMBER_STRICT), unread=frozenset({marking_id})),
    )


# ---------------------------------------------------------------------------- classification


def _classification(value: Mapping[str, object]) -> str | None:
    """The level that a marking states, if above unclassified; never what follows the level.

    Compartments and codewords in a banner may be classified themselves, so they stand in no
    message and no log.
    """
    for key, text in _stated(value, depth=5):
        word = _folded(text)
        if key == "classification" and word in _ACS_WORDS:
            word = _ACS_WORDS[word]
        found = _BANNER.match(word)
        if found is not None:
            return found["level"]
    return _unreadable_acs(value)


def _unreadable_acs(value: Mapping[str, object]) -> str | None:
    """An ACS marking is a classification; one that does not say which is read as classified."""
    extensions = value.get("extensions")
    acs = extensions.get(_ACS) if isinstance(extensions, Mapping) else None
    if acs is None:
        return None
    stated = [_folded(text) for key, text in _stated({"": acs}, 5) if key == "classification"]
    if stated and all(word in _UNCLASSIFIED for word in stated):
        return None
    return "ACS, level not readable"


def _stated(value: object, depth: int, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts in which a marking may state a classification, with the property they stand in."""
    if isinstance(value, str):
        if key in ("classification", "statement", "name"):
            yield key, value
    elif isinstance(value, Mapping) and depth:
        for name, inner in value.items():
            yield from _stated(inner, depth - 1, str(name))
    elif isinstance(value, list | tuple) and depth:
        for inner in value:
            yield from _stated(inner, depth - 1, key)


def _folded(text: str) -> str:
    """Upper case, without accents and invisible characters, every dash and blank the plain one."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if unicodedata.category(c) not in ("Mn", "Cf"))
    return " ".join(_DASH.sub("-", kept).upper().split())


_DASH: Final = re.compile("[\u2010-\u2015]")

_ACS_WORDS: Final = {
    "U": "UNCLASSIFIED",
    "R": "RESTRICTED",
    "C": "CONFIDENTIAL",
    "S": "SECRET",
    "TS": "TOP SECRET",
}
_UNCLASSIFIED: Final = frozenset({"U", "UNCLASSIFIED"})

# Banners of national, EU and NATO classifications: the level alone, or followed by what banners
# add to it. The G7 states' words, without accents; a statement that merely uses the word in a
# sentence is no banner.
_BANNER: Final = re.compile(
    r"/{0,2} ?\(?(?P<level>"
    r"(?:COSMIC |NATO |US |UK |CANADIAN |EU |UE )?"
    r"(?:TOP[ -]SECRET|SECRET|CONFIDENTIAL|RESTRICTED)"
    r"|FOCAL TOP SECRET|(?:TS|S|C|R)-UE/EU-(?:TS|S|C|R)"
    r"|TRES[ -]SECRET(?: UE)?|SECRET UE|CONFIDENTIEL(?: UE|[ -]DEFENSE)?"
    r"|RESTREINT UE|DIFFUSION RESTREINTE|SECRET[ -]DEFENSE"
    r"|STRENG GEHEIM|GEHEIM|VS ?- ?VERTRAULICH|VS ?- ?NUR FUE?R DEN DIENSTGEBRAUCH|VS ?- ?NFD"
    r"|SEGRETISSIMO|SEGRETO|RISERVATISSIMO|RISERVATO|PROTECTED [ABC]"
    r"|(?<=\()(?:TS|S)|(?:TS|S|C)(?=//)|特定秘密|極秘|機密|秘"
    r")(?:[/).,;: ]*|\)? ?/.*"
    r"|[ ,-]*(?:ATOMAL|BOHEMIA|SPECIAL FRANCE|NOFORN|REL TO|[A-Z/ ]{2,30}EYES ONLY)\b.*)\Z",
    re.DOTALL,
)
