"""What a STIX object lacks by the standard without harm: it is kept, and its sharer is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from comity.errors import InputError
from comity.wire.checks import Parsed, is_id, is_timestamp
from comity.wire.objects import ANY_OF, REQUIRED, Shape
from comity.wire.pattern import breaches, parse_pattern
from comity.wire.problem import Problem
from comity.wire.signal import Signal
from comity.wire.values import normalise

__all__ = ["remarks"]


def remarks(parsed: Parsed) -> list[Problem]:
    """What a checked object lacks by the standard (STIX 2.1, sections 4 to 7 and 9).

    Codes: `missing-property` and `bad-property` (a property that its type requires), those of
    `parse_pattern`, and `signal-value` (a Comity signal that will match nothing). Values of open
    vocabularies are not looked at.
    """
    found: list[Problem] = []
    value = parsed.value
    for name, shape in REQUIRED.get(parsed.type, {}).items():
        if name not in value:
            found.append(_remark(parsed, name, f"{name} is missing", "missing-property"))
        elif not _FITS[shape](value[name]):
            found.append(_remark(parsed, name, f"{name} {_UNFIT[shape]}", "bad-property"))
    for names in ANY_OF.get(parsed.type, ()):
        if not any(name in value for name in names):
            text = f"one of {', '.join(names)} is missing"
            found.append(_remark(parsed, names[0], text, "missing-property"))
    if parsed.created is not None and parsed.modified < parsed.created:
        # Public sets have such objects; their version is what it says.
        found.append(_remark(parsed, "modified", "modified is before created", "bad-property"))
    if parsed.type == "indicator" and value.get("pattern_type") == "stix":
        found.extend(_of_pattern(parsed, value.get("pattern")))
    if parsed.signal is not None and not _is_normal(parsed.signal):
        text = f"the signal's value is not written as a {parsed.signal.kind.value} is"
        found.append(_remark(parsed, "extensions", text, "signal-value"))
    return found


def _of_pattern(parsed: Parsed, pattern: object) -> list[Problem]:
    if not isinstance(pattern, str):
        return []  # Named already, as a property of the wrong type.
    try:
        parsed_pattern = parse_pattern(pattern)
    except InputError as error:
        field = f"pattern, {error.where}" if error.where else "pattern"
        return [_remark(parsed, field, error.message, error.code)]
    return [_remark(parsed, "pattern", text, "bad-pattern") for text in breaches(parsed_pattern)]


def _is_normal(signal: Signal) -> bool:
    try:
        return normalise(signal.kind, signal.value) == signal.value
    except InputError:
        return False


def _remark(parsed: Parsed, field: str, message: str, code: str) -> Problem:
    where = f"{parsed.where}: {field}"
    return Problem(code=code, message=message, where=where, object=parsed.id)


_FITS: Final[dict[Shape, Callable[[Any], bool]]] = {
    Shape.TEXT: lambda value: isinstance(value, str) and bool(value),
    Shape.BOOLEAN: lambda value: isinstance(value, bool),
    Shape.INTEGER: lambda value: type(value) is int,
    Shape.TIMESTAMP: is_timestamp,
    Shape.IDENTIFIER: is_id,
    Shape.IDENTIFIERS: lambda value: (
        isinstance(value, list) and bool(value) and all(map(is_id, value))
    ),
    Shape.LIST: lambda value: isinstance(value, list) and bool(value),
    Shape.OBJECT: lambda value: isinstance(value, dict) and bool(value),
}
_UNFIT: Final = {
    Shape.TEXT: "is no text",
    Shape.BOOLEAN: "is neither true nor false",
    Shape.INTEGER: "is no whole number",
    Shape.TIMESTAMP: "is no timestamp",
    Shape.IDENTIFIER: "is no identifier",
    Shape.IDENTIFIERS: "is no list of identifiers",
    Shape.LIST: "is no list with something in it",
    Shape.OBJECT: "is no object with something in it",
}
