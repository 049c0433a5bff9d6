"""Signals: what a Comity indicator says beside its pattern."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from comity.errors import InputError
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import Kind
from comity.model.time import Micros, parse_time

__all__ = ["Signal", "read_signal"]


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """The content of Comity's property extension on an indicator.

    `quality` is that of a perceptual hash, 0 to 100.
    """

    kind: Kind
    value: str
    expires_at: Micros | None = None
    review_at: Micros | None = None
    quality: int | None = None


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
    )


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


def _bad(field: str, what: str) -> InputError:
    place = ".".join(word for word in ("extensions", SIGNAL_EXTENSION, field) if word)
    return InputError(
        f"the signal's {field or 'extension'} {what}",
        code="bad-signal",
        advice="Ask the sender: it was made by other software, or by a newer Comity.",
        where=place,
    )
