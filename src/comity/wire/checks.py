"""Checking one STIX 2.1 object: decoded once, its common properties held to the standard.

`check` refuses what cannot be kept without harm: no identity, no version, markings that cannot be
read, text that two readers may understand in two ways. What is merely incomplete stays, and
`comity.wire.remarks` names it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from comity.errors import InputError, LimitError
from comity.model.ids import is_stix_id
from comity.model.time import EPOCH, Micros, parse_time
from comity.wire.diagnosis import diagnose, repeated_key
from comity.wire.limits import DEFAULT
from comity.wire.objects import Category, category_of
from comity.wire.signal import Signal, read_signal
from comity.wire.stix import Slice
from comity.wire.walk import STRING, nesting

__all__ = ["Parsed", "check", "is_id", "is_timestamp", "same_content"]


class Parsed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One object that passed `check`.

    `raw` are its exact bytes and `sha256` their digest (32 bytes), `value` what they decode to:
    to be read, never changed. `modified` is its version: `modified`, else `created`, else EPOCH.
    `marking_refs` apply to all of it, `granular_refs` to parts. `refs` are (path, target) pairs
    of every `*_ref` and `*_refs` at any depth, but for its author and its markings; paths are
    written as STIX selectors (`object_refs.[0]`). `individual`: it is the identity of a person.
    """

    where: str
    raw: bytes
    sha256: bytes
    value: dict[str, Any]
    type: str
    id: str
    spec_version: str
    category: Category
    created: Micros | None
    modified: Micros
    created_by_ref: str | None
    marking_refs: tuple[str, ...]
    granular_refs: tuple[str, ...]
    revoked: bool
    refs: tuple[tuple[str, str], ...]
    signal: Signal | None
    individual: bool


def check(found: Slice) -> Parsed:
    """Decode an object and check its common properties (STIX 2.1, sections 2 and 3).

    Raises InputError; its `where` ends in the field. Codes: those of `diagnose`,
    `not-an-object`, `bundle`, `duplicate-key`, `bad-type`, `bad-id`, `id-type-mismatch`,
    `stix-version`, `missing-property`, `bad-property`, `bad-timestamp`, `bad-signal`.
    """
    value = _decode(found)
    if not isinstance(value, dict):
        raise InputError("it is no JSON object", code="not-an-object", where=found.where)
    stix_type, stix_id = _identity(value, found)
    category = category_of(stix_type, value)
    _spec_version(value, category, found)
    created, modified = _times(value, category, found)
    author = value.get("created_by_ref")
    if author is not None and not is_id(author, "identity--"):
        raise _wrong(found, "created_by_ref", "is no identity's id")
    _flags(value, found)
    marking_refs, granular_refs = _markings(value, found)
    return Parsed(
        where=found.where,
        raw=found.raw,
        sha256=hashlib.sha256(found.raw).digest(),
        value=value,
        type=stix_type,
        id=stix_id,
        spec_version="2.1",
        category=category,
        created=created,
        modified=modified,
        created_by_ref=author,
        marking_refs=marking_refs,
        granular_refs=granular_refs,
        revoked=value.get("revoked", False),
        refs=_references(value, found),
        signal=_signal(value, found),
        individual=stix_type == "identity" and value.get("identity_class") == "individual",
    )


def same_content(a: bytes, b: bytes) -> bool:
    """Whether two JSON texts say the same: order of keys and white space do not count.

    As if both were put into the canonical form of RFC 8785, so 1 and 1.0 are one number; whole
    numbers too large for that form are compared exactly. Raises InputError if one is no JSON.
    """
    return a == b or _equal(_decode(Slice(a)), _decode(Slice(b)))


def is_id(text: object, prefix: str = "") -> bool:
    """Whether this is a STIX identifier, with such a beginning (`identity--`)."""
    return isinstance(text, str) and text.startswith(prefix) and _is_known_id(text)


def is_timestamp(text: object) -> bool:
    """Whether this is a timestamp; a date alone is none."""
    try:
        return isinstance(text, str) and len(text) > _DATE and _parse_time(text) is not None
    except InputError:
        return False


# A file repeats its timestamps and the ids that it refers to.
_parse_time = lru_cache(4096)(parse_time)
_is_known_id = lru_cache(8192)(is_stix_id)
_DECODER: Final = msgspec.json.Decoder()
_TYPE: Final = re.compile(r"(?=.{3,250}\Z)[a-z][a-z0-9]*+(?:(?=-[a-z0-9])-[a-z0-9]++)*+\Z")
_SELECTOR: Final = re.compile(r"[A-Za-z0-9_-]{1,250}(?:\.(?:\[\d{1,9}\]|[A-Za-z0-9_-]{1,250}))*\Z")
_KEY_END: Final = re.compile(STRING.pattern + rb"[ \t\n\r]*+(:)?", re.DOTALL)
_DATE: Final = len("2026-01-31")  # a date alone is no timestamp
_MARKING: Final = "marking-definition--"
_NO_REFERENCES: Final = {"created_by_ref", "object_marking_refs", "granular_markings"}


def _decode(found: Slice) -> Any:  # noqa: ANN401 - it is whatever the JSON is
    if nesting(found.raw, DEFAULT.depth) > DEFAULT.depth:
        # Before anything recurses: how deep that may go is the interpreter's to say, not ours.
        text = f"it is nested more than {DEFAULT.depth} deep"
        raise LimitError(text, code="too-deep", where=found.where)
    try:
        return _DECODER.decode(found.raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise diagnose(found.raw, found.where) from None


def _identity(value: Mapping[str, Any], found: Slice) -> tuple[str, str]:
    stix_type = _required(value, "type", found)
    stix_id = _required(value, "id", found)
    if stix_type == "bundle":
        raise InputError("a bundle stands within another", code="bundle", where=found.where)
    if not isinstance(stix_type, str) or not _is_type(stix_type):
        raise _wrong(found, "type", "is no STIX type", "bad-type")
    if not isinstance(stix_id, str) or not is_stix_id(stix_id):
        raise _wrong(found, "id", "is no STIX identifier (type--uuid)", "bad-id")
    if stix_id[:-38] != stix_type:
        raise _wrong(found, "id", "is the id of another type", "id-type-mismatch")
    return stix_type, stix_id


@lru_cache(1024)
def _is_type(text: str) -> bool:
    return _TYPE.match(text) is not None


def _spec_version(value: Mapping[str, Any], category: Category, found: Slice) -> None:
    version = value.get("spec_version")
    if version == "2.1" or (version is None and category is Category.OBSERVABLE):
        return
    older = version in (None, "2.0")
    raise InputError(
        "it is STIX 2.0, not 2.1" if older else "its spec_version is not 2.1",
        code="stix-version",
        advice="Have it exported or upgraded as STIX 2.1: bytes are kept as they come, so "
        "nothing is converted here.",
        where=f"{found.where}: spec_version",
    )


def _times(
    value: Mapping[str, Any], category: Category, found: Slice
) -> tuple[Micros | None, Micros]:
    """`created`, and the version; a marking definition has no `modified` (section 7.2)."""
    if category is not Category.OBSERVABLE:
        _required(value, "created", found)
        if value["type"] != "marking-definition":
            _required(value, "modified", found)
    created = _instant(value, "created", found)
    modified = _instant(value, "modified", found)
    if modified is None:
        modified = EPOCH if created is None else created
    return created, modified


def _instant(value: Mapping[str, Any], field: str, found: Slice) -> Micros | None:
    text = value.get(field)
    if text is None:
        return None
    if is_timestamp(text):
        return _parse_time(text)
    raise InputError(
        f"{field} is no timestamp",
        code="bad-timestamp",
        advice="Write UTC as in 2026-01-31T12:00:00Z, fractions of a second optional.",
        where=f"{found.where}: {field}",
    )


def _flags(value: Mapping[str, Any], found: Slice) -> None:
    if not isinstance(value.get("revoked", False), bool):
        raise _wrong(found, "revoked", "is neither true nor false")
    confidence = value.get("confidence", 0)
    if type(confidence) is not int or not 0 <= confidence <= 100:
        raise _wrong(found, "confidence", "is no whole number from 0 to 100")
    if not isinstance(value.get("extensions", {}), dict):
        raise _wrong(found, "extensions", "is no object")


def _markings(value: Mapping[str, Any], found: Slice) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Markings of the whole object and of its parts (STIX 2.1, section 7.2.3)."""
    whole = value.get("object_marking_refs", [])
    if not isinstance(whole, list) or not all(is_id(ref, _MARKING) for ref in whole):
        raise _wrong(found, "object_marking_refs", "is no list of marking definitions' ids")
    parts = value.get("granular_markings")
    if parts is None:
        return tuple(whole), ()
    if not isinstance(parts, list):
        raise _wrong(found, "granular_markings", "is no list")
    refs = [_granular(part, f"granular_markings.[{at}]", found) for at, part in enumerate(parts)]
    return tuple(whole), tuple(dict.fromkeys(ref for ref in refs if ref is not None))


def _granular(part: object, field: str, found: Slice) -> str | None:
    """The marking of one granular marking; None if it names a language instead."""
    if not isinstance(part, dict):
        raise _wrong(found, field, "is no object")
    selectors = part.get("selectors")
    if not isinstance(selectors, list) or not selectors:
        raise _wrong(found, f"{field}.selectors", "is no list of selectors")
    if not all(isinstance(text, str) and _SELECTOR.match(text) for text in selectors):
        raise _wrong(found, f"{field}.selectors", "holds what is no selector")
    ref, language = part.get("marking_ref"), part.get("lang")
    if ref is None and isinstance(language, str):
        return None
    if language is None and isinstance(ref, str) and is_id(ref, _MARKING):
        return ref
    raise _wrong(found, field, "names neither one marking definition nor one language")


def _signal(value: Mapping[str, Any], found: Slice) -> Signal | None:
    extensions = value.get("extensions")
    if extensions is None:
        return None
    try:
        return read_signal(extensions)
    except InputError as error:
        error.where = f"{found.where}: {error.where}"
        raise


def _references(value: dict[str, Any], found: Slice) -> tuple[tuple[str, str], ...]:
    """(path, target) of every reference to another object; refuses repeated keys on the way."""
    refs: list[tuple[str, str]] = []
    others = {key: inner for key, inner in value.items() if key not in _NO_REFERENCES}
    try:
        keys = len(value) - len(others) + _walk(others, "", refs)
        keys += _walk_list(value.get("granular_markings", []), "", [])
    except RecursionError:
        raise LimitError("it is nested too deeply", code="too-deep", where=found.where) from None
    if not _has_keys(found.raw, keys):
        raise _wrong(found, repeated_key(found.raw) or "", "stands twice", "duplicate-key")
    return tuple(refs)


def _walk(node: dict[str, Any], path: str, refs: list[tuple[str, str]]) -> int:
    """Collect the references below a node; gives the number of keys there."""
    keys = len(node)
    for key, inner in node.items():
        kind = inner.__class__
        if kind is str:
            if key.endswith("_ref") and _is_known_id(inner):
                refs.append((path + key, inner))
        elif kind is list:
            keys += _walk_list(inner, path + key, refs)
        elif kind is dict:
            keys += _walk(inner, f"{path}{key}.", refs)
    return keys


def _walk_list(items: list[Any], path: str, refs: list[tuple[str, str]]) -> int:
    keys = 0
    wanted = path.endswith("_refs")
    for at, item in enumerate(items):
        kind = item.__class__
        if kind is dict:
            keys += _walk(item, f"{path}.[{at}].", refs)
        elif kind is list:
            keys += _walk_list(item, f"{path}.[{at}]", refs)
        elif wanted and kind is str and _is_known_id(item):
            refs.append((f"{path}.[{at}]", item))
    return keys


def _has_keys(raw: bytes, keys: int) -> bool:
    """Whether `raw`, sound JSON, holds exactly that many keys: more means that one is repeated.

    Without white space, every key ends in `":`, and so may a piece of text: if even all of these
    are no more than `keys`, no key is repeated. Else count string by string.
    """
    if raw.translate(None, delete=b" \t\n\r").count(b'":') == keys:
        return True
    return _KEY_END.findall(raw).count(b":") == keys


def _equal(a: object, b: object) -> bool:
    if isinstance(a, dict):
        return (
            isinstance(b, dict)
            and a.keys() == b.keys()
            and all(_equal(inner, b[key]) for key, inner in a.items())
        )
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(_equal, a, b))
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return a == b


def _required(value: Mapping[str, Any], field: str, found: Slice) -> object:
    try:
        return value[field]
    except KeyError:
        raise _wrong(found, field, "is missing", "missing-property") from None


def _wrong(found: Slice, field: str, what: str, code: str = "bad-property") -> InputError:
    return InputError(f"{field} {what}", code=code, where=f"{found.where}: {field}")
