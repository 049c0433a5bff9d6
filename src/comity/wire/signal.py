"""Signals: indicators made here, and what they say beside their pattern.

Any STIX reader can carry them: the pattern is a valid one. Kinds that patterns have no words for
stand in it as a custom object, and Comity's property extension holds the value for our own use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from comity.errors import InputError
from comity.model.ids import SIGNAL_EXTENSION, deterministic_id
from comity.model.kind import Kind
from comity.model.time import Micros, format_time, parse_time
from comity.wire.values import normalise

__all__ = ["Signal", "make_indicator", "normalise", "read_signal"]


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """The content of Comity's property extension on an indicator.

    `quality` is that of a perceptual hash, 0 to 100. `details` are further columns of a record:
    a person's `birth_date`, a document's `issuing_state`.
    """

    kind: Kind
    value: str
    expires_at: Micros | None = None
    review_at: Micros | None = None
    quality: int | None = None
    details: dict[str, str] = {}


def read_signal(extensions: Mapping[str, object]) -> Signal | None:
    """The signal among an object's extensions; None if there is none.

    Raises InputError (`bad-signal`) for one that cannot be read, an unknown kind included: it
    might be a personal one, so it is not taken for an object like any other.
    """
    content = extensions.get(SIGNAL_EXTENSION)
    if content is None:
        return None
    if not isinstance(content, Mapping):
        raise _bad("", "is no object")
    value = content.get("value")
    if not isinstance(value, str) or not value:
        raise _bad("value", "is no text")
    return Signal(
        kind=_kind(content.get("kind")),
        value=value,
        expires_at=_instant(content, "expires_at"),
        review_at=_instant(content, "review_at"),
        quality=_quality(content.get("quality")),
        details=_details(content.get("details")),
    )


def make_indicator(
    kind: Kind,
    value: str,
    *,
    creator_id: str,
    created: Micros,
    modified: Micros | None = None,
    marking_refs: tuple[str, ...],
    expires_at: Micros | None = None,
    review_at: Micros | None = None,
    quality: int | None = None,
    name: str | None = None,
    details: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a STIX 2.1 indicator (section 4.7) with Comity's signal extension.

    Its id follows from creator, kind, value and details, so the same signal is the same object.
    `created`, also its `valid_from`, is that of its first version, `modified` of this one (None:
    the first); both are written to the millisecond. Raises InputError (`bad-value`,
    `bad-signal`).
    """
    value = normalise(kind, value)
    told = sorted((details or {}).items())
    stamp = _milliseconds(created)
    content: dict[str, object] = {
        "extension_type": "property-extension",
        "kind": kind.value,
        "value": value,
        "expires_at": None if expires_at is None else format_time(expires_at),
        "review_at": None if review_at is None else format_time(review_at),
        "quality": _quality(quality),
        "details": dict(told) or None,
    }
    parts = [creator_id, kind.value, value, *(word for pair in told for word in pair)]
    indicator: dict[str, object] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": deterministic_id("indicator", *parts),
        "created_by_ref": creator_id,
        "created": stamp,
        "modified": stamp if modified is None else _milliseconds(modified),
        "name": name,
        "pattern": _pattern(kind, value),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": stamp,
        "object_marking_refs": list(marking_refs) or None,
        "extensions": {SIGNAL_EXTENSION: _without_gaps(content)},
    }
    return msgspec.json.encode(_without_gaps(indicator))


def _without_gaps(members: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in members.items() if value is not None}


def _milliseconds(instant: Micros) -> str:
    """`created` and `modified` have three digits after the point (STIX 2.1, section 3.2)."""
    return format_time(instant)[:-4] + "Z"


def _pattern(kind: Kind, value: str) -> str:
    """A valid pattern that says the same (STIX 2.1, section 9)."""
    literal = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if kind in _HASHES:
        return f"[file:hashes.{_ALGORITHMS[len(value)]} = {literal}]"
    path = _PATHS.get(kind)
    if path is None:
        return f"[x-comity-signal:kind = '{kind.value}' AND x-comity-signal:value = {literal}]"
    is_network = kind in (Kind.IPV4, Kind.IPV6) and "/" in value
    return f"[{path} {'ISSUBSET' if is_network else '='} {literal}]"


_PATHS: Final = {
    Kind.DOMAIN: "domain-name:value",
    Kind.URL: "url:value",
    Kind.IPV4: "ipv4-addr:value",
    Kind.IPV6: "ipv6-addr:value",
    Kind.EMAIL: "email-addr:value",
}
_HASHES: Final = frozenset({Kind.FILE_HASH, Kind.MD5, Kind.SHA1, Kind.SHA256})
_ALGORITHMS: Final = {32: "MD5", 40: "'SHA-1'", 64: "'SHA-256'", 128: "'SHA-512'"}


def _kind(word: object) -> Kind:
    try:
        return Kind(str(word))
    except ValueError:
        raise _bad("kind", "is none that this version knows") from None


def _instant(content: Mapping[str, object], field: str) -> Micros | None:
    text = content.get(field)
    if text is None:
        return None
    try:
        return parse_time(str(text))
    except InputError:
        raise _bad(field, "is no timestamp") from None


def _quality(number: object) -> int | None:
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 100:
        raise _bad("quality", "is no whole number from 0 to 100")
    return number


def _details(content: object) -> dict[str, str]:
    if content is None:
        return {}
    if isinstance(content, dict) and all(isinstance(text, str) for text in content.values()):
        return content
    raise _bad("details", "hold what is no text")


def _bad(field: str, what: str) -> InputError:
    place = ".".join(word for word in ("extensions", SIGNAL_EXTENSION, field) if word)
    return InputError(
        f"the signal's {field or 'extension'} {what}",
        code="bad-signal",
        advice="Ask the sender: it was made by other software, or by a newer Comity.",
        where=place,
    )
