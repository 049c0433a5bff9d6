"""What a search finds an object by: the values of its pattern, the words of its names, its ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from comity.wire.checks import Parsed

__all__ = ["query_terms", "search_terms"]

_MAX_TERMS: Final = 64
_MAX_LENGTH: Final = 250

# String literals of a STIX pattern (STIX 2.1, section 9.4): a quote within is escaped.
_LITERAL: Final = re.compile(r"'((?:[^'\\]++|(?=\\.)\\.)*+)'")
_ESCAPED: Final = re.compile(r"\\(.)")
_EDGE: Final = " \t\r\n.,;:!?()[]{}<>\"'`"


def search_terms(one: Parsed) -> frozenset[str]:
    """Terms, case folded, at most 64: whole values as well as single words of names."""
    found: dict[str, None] = {}
    for term in _terms(one):
        if 1 < len(term) <= _MAX_LENGTH:
            found[term] = None
        if len(found) == _MAX_TERMS:
            break
    return frozenset(found)


def query_terms(text: str) -> frozenset[str]:
    """What somebody typed, as terms that must all be there."""
    return frozenset(word for word in _words(text) if len(word) > 1)


def _terms(one: Parsed) -> Iterator[str]:
    value = one.value
    if one.signal is not None:
        yield from _words(one.signal.value)
    pattern = value.get("pattern")
    if isinstance(pattern, str) and len(pattern) < 100_000:
        for literal in _LITERAL.finditer(pattern):
            yield from _words(_ESCAPED.sub(r"\1", literal[1]))
    for field in ("name", "value"):
        yield from _words(value.get(field))
    for field in ("aliases", "x_mitre_aliases"):
        aliases = value.get(field)
        for alias in aliases if isinstance(aliases, list) else ():
            yield from _words(alias)
    references = value.get("external_references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict):
            yield from _words(reference.get("external_id"))


def _words(text: object) -> Iterator[str]:
    if isinstance(text, str):
        for word in text.casefold().split():
            yield word.strip(_EDGE)
