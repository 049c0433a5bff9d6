"""Why a piece of JSON is refused, and in which field: asked only once it has been refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Final

from comity.errors import InputError, LimitError

__all__ = ["diagnose", "repeated_key"]


def diagnose(raw: bytes, where: str) -> InputError:
    """The error for JSON that the decoder refused; its `where` names the field if one is known.

    Codes: `encoding` (not UTF-8), `bad-json`, `bad-number` (NaN, infinity), `bad-text` (half a
    surrogate pair), `too-deep`. The offending text itself is not quoted: it may be personal.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        field = _field_before(raw[: error.start].decode("utf-8"))
        return _error("encoding", f"byte {error.start} of it is not UTF-8", where, field)
    try:
        value = json.loads(text)
        for path, leaf in _leaves(value, ""):
            if isinstance(leaf, float) and not math.isfinite(leaf):
                return _error("bad-number", "a number is not finite", where, path)
            if isinstance(leaf, str) and _SURROGATE.search(leaf):
                return _error("bad-text", "a text holds half a surrogate pair", where, path)
    except json.JSONDecodeError as error:
        field = _field_before(text[: error.pos])
        return _error("bad-json", f"it is no JSON at character {error.pos + 1}", where, field)
    except RecursionError:
        return LimitError("it is nested too deeply", code="too-deep", where=where)
    return _error("bad-json", "it is no JSON that can be read", where, "")


def repeated_key(raw: bytes) -> str | None:
    """The first key that stands twice in one object of `raw`, which is sound JSON."""
    found: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for key, value in items:
            if key in seen:
                found.append(key)
            seen[key] = value
        return seen

    json.loads(raw, object_pairs_hook=pairs)
    return found[0] if found else None


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_KEY: Final = re.compile(r'"((?:[^"\\]++|(?=\\.)\\.)*+)"\s*+(:)?', re.DOTALL)


def _error(code: str, message: str, where: str, field: str) -> InputError:
    place = f"{where}: {field}" if field else where
    return InputError(message, code=code, where=place)


def _field_before(text: str) -> str:
    """The last key that begins in `text`."""
    field = ""
    for found in _KEY.finditer(text):
        if found.group(2):
            field = found.group(1)
    return field[:80]


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Every text and number of a decoded value with its path, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.[{at}]")
    else:
        yield path, value
