"""Walking over JSON text from bracket to bracket, without decoding it.

Every pattern here is possessive: it never goes back, so its time is linear in what it reads.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

__all__ = [
    "COLON",
    "END_LIST",
    "END_OBJECT",
    "INSIDE_STRING",
    "LIST",
    "OBJECT",
    "QUOTE",
    "STRING",
    "Walk",
    "end_of",
    "nesting",
]

OBJECT, END_OBJECT, LIST, END_LIST, QUOTE, COLON = b'{}[]":'

_STRING: Final = rb'"(?:[^"]*+(?<!\\)"|[^"\\]*+(?:(?=\\.)\\.[^"\\]*+)*+")'
# The first way is for a string whose last character is no backslash, as most are: the plainer
# the pattern, the faster.

STRING: Final = re.compile(_STRING, re.DOTALL)
INSIDE_STRING: Final = re.compile(rb'[^"\\]*+(?:(?=\\.)\\.[^"\\]*+)*+', re.DOTALL)
_STEP: Final = {OBJECT: 1, LIST: 1, END_OBJECT: -1, END_LIST: -1}
_NO_BRACKETS: Final = bytes(set(range(256)) - set(_STEP))
# The last way must fail at once where it fails: see `model.ids` on possessive groups.
_SKIM: Final = {
    OBJECT: re.compile(rb"(?:" + _STRING + rb'|[^"{} ]++| ++)*+', re.DOTALL),
    LIST: re.compile(rb"(?:" + _STRING + rb'|[^"\[\] ]++| ++)*+', re.DOTALL),
}


def end_of(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Where a match at `at` ends; `at` itself if there is none."""
    found = pattern.match(data, at)
    return at if found is None else found.end()


def nesting(raw: bytes, enough: int) -> int:
    """How deep objects and lists nest in `raw`.

    0 where there are not `enough` brackets to matter, so that most objects are not read again.
    """
    if raw.count(b"{") + raw.count(b"[") <= enough:
        return 0
    brackets = STRING.sub(b"", raw).translate(None, delete=_NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0)


class Walk:
    """A walk from an opening bracket to the one that closes it, which may stop and go on.

    Only brackets of the opening's own shape count, so text that is broken otherwise is walked
    too. `closed` tells that the end was reached.
    """

    def __init__(self, opening: int) -> None:
        self.closed = False
        self._opening = opening
        self._skim = _SKIM[opening]
        self._depth = 0
        self._in_string = False

    def on(self, data: bytes, at: int) -> int:
        """Walk on from `at`: gives the place after the closing bracket, or how far it came.

        The bytes from there on have to stand first in the next call's `data`.
        """
        while True:
            if self._in_string:
                at = end_of(INSIDE_STRING, data, at)
                if data[at : at + 1] != b'"':
                    return at
                self._in_string = False
                at += 1
            at = end_of(self._skim, data, at)
            if at == len(data):
                return at
            mark = data[at]
            at += 1
            if mark == QUOTE:
                self._in_string = True  # it does not end within these bytes
            elif mark == self._opening:
                self._depth += 1
            else:
                self._depth -= 1
                self.closed = self._depth == 0
                if self.closed:
                    return at
