"""Slicing JSON into its STIX objects: the exact bytes of each, streamed, never decoded here.

Read are a bundle (STIX 2.1, section 8), a TAXII envelope (TAXII 2.1, section 3.7), a list of
objects, one object, and any number of these one after another or one a line.

Two ways lead to the same slices. Where a whole run of objects lies in memory and is sound JSON,
one decoding step finds their borders. Everything else is walked from bracket to bracket, which
asks for balanced braces only: so a broken object is one problem, and reading goes on after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from comity.errors import InputError
from comity.wire.diagnosis import diagnose
from comity.wire.limits import DEFAULT, Limits
from comity.wire.problem import Problem, problem_of
from comity.wire.stream import Readable, Source, open_source
from comity.wire.walk import COLON, END_LIST, END_OBJECT, LIST, OBJECT, QUOTE, end_of, nesting
from comity.wire.window import Window

__all__ = ["SOURCE_FAULTS", "Slice", "read_objects"]

SOURCE_FAULTS: Final = frozenset(
    {
        "empty",
        "encoding",
        "gzip-bomb",
        "gzip-broken",
        "gzip-truncated",
        "not-json",
        "second-list",
        "truncated",
        "unreadable",
    }
)
"""Codes of problems that speak of a source, or of where it ends; all others are one object's."""


class Slice(msgspec.Struct, frozen=True, gc=False):
    """One object as it stands in its source, from its `{` to its `}`.

    `name` is the source's, `index` counts from 1, `offset` in bytes (decompressed).
    """

    raw: bytes
    name: str = "input"
    index: int = 1
    offset: int = 0

    @property
    def where(self) -> str:
        """The place, for messages."""
        return f"{self.name}: object {self.index} (byte {self.offset})"


def read_objects(
    source: Source | Readable, name: str | None = None, limits: Limits = DEFAULT
) -> Iterator[Slice | Problem]:
    """Give every object of the source as a Slice, and a Problem for whatever is none.

    Codes: `empty`, `not-json`, `not-an-object`, `truncated`, `over-limit`, `too-deep`,
    `duplicate-key` (a bundle with two lists of objects: both are read), and those of
    `open_source`. Raises nothing of its own. What is in memory stays within a few times
    `limits.object_bytes`, whatever the size of the source.
    """
    if isinstance(source, Source):
        window = Window(source, limits, base=source.start)
        for found in _Reader(window, name or source.name, limits).read():
            yield from found
        return
    try:
        opened = open_source(source, name, limits)
    except InputError as error:
        yield problem_of(error)
        return
    with opened:
        yield from read_objects(opened, name, limits)


_BLANK: Final = re.compile(rb"[ \t\n\r]*+")
_BETWEEN: Final = re.compile(rb"[ \t\n\r,]*+")
_PLAIN: Final = re.compile(rb'[^"\[\]{}]*+')
_NO_VALUE: Final = re.compile(rb'[^ \t\n\r,"\[\]{]*+')
_REST_OF_LINE: Final = re.compile(rb"[^\n]*+")
_FIRST_KEY: Final = re.compile(rb'\{[ \t\n\r]*+"[^"\\]{0,64}+"')
_GOES_ON: Final = b":[{"
_LINE_NAMES: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_LONGEST_FIRST_LINE: Final = 1 << 20
_LONGEST_JOINT: Final = 512
_CONTAINERS: Final = (None, b"bundle")
_NOT_AN_OBJECT: Final = "it is no JSON object"
_RUN: Final = msgspec.json.Decoder(list[msgspec.Raw])
_ONE: Final = msgspec.json.Decoder(msgspec.Raw)
_UNSOUND: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)


_Found = list[Slice | Problem]


class _Members:
    """What is known of a top-level object so far."""

    def __init__(self) -> None:
        self.keys: set[bytes | None] = set()
        self.key: bytes | None = None
        self.type: bytes | None = None
        self.lists = 0
        self.closed = False

    @property
    def empty_container(self) -> bool:
        """A bundle without objects, or an envelope without any (TAXII sends `{}`).

        An envelope may have properties of its server's own, which begin with `x_`.
        """
        custom = {key for key in self.keys if key is not None and key.startswith(b"x_")}
        return self.type == b"bundle" or self.keys - custom <= {b"more", b"next"}


class _Reader:
    """Reads one source, some objects at a time; `index` is that of the last object."""

    def __init__(self, window: Window, name: str, limits: Limits, index: int = 0) -> None:
        self.index = index
        self.told_end = False
        self._window = window
        self._name = name
        self._limits = limits
        self._joint = b""  # what stands from one object's end to the next one's first key
        self._ended_at = -1  # where the last object ended, or the list began
        self._tried = (-1, b"")  # up to where a run has been looked for, by which joint

    def read(self) -> Iterator[_Found]:
        window = self._window
        if window.head() is None and window.fault is None:
            yield [Problem(code="empty", message="there is nothing in it", where=self._name)]
        elif self._one_a_line():
            yield from self._lines()
        else:
            yield from self.documents()
        if window.fault is not None:
            yield self._broken_off(window.offset)

    def documents(self) -> Iterator[_Found]:
        """Whatever stands at the top level, one after another."""
        window = self._window
        while True:
            window.skip(_BLANK)
            head = window.head()
            if head is None:
                return
            if head == OBJECT:
                yield from self._document()
            elif head == LIST:
                window.at += 1
                yield from self._elements()
            else:
                where = f"{self._name}: byte {window.offset}"
                text = "no JSON object or list begins here"
                yield [Problem(code="not-json", message=text, where=where)]
                window.skip(_REST_OF_LINE)

    # ------------------------------------------------------------------------ one object a line

    def _one_a_line(self) -> bool:
        """Whether these are JSON lines: by name, or since the second line begins an object.

        Then a line that breaks off does not take the next ones with it.
        """
        if self._name.endswith(_LINE_NAMES):
            return True
        window = self._window
        while True:
            data = window.data
            begin = end_of(_BLANK, data, window.at)
            line_end = data.find(b"\n", begin)
            second = end_of(_BLANK, data, line_end) if line_end >= 0 else len(data)
            if second < len(data):
                first = data[begin:line_end].rstrip()
                goes_on = first[-1] in _GOES_ON or b'"objects"' in first
                return data[begin] == data[second] == OBJECT and not goes_on
            if len(data) >= _LONGEST_FIRST_LINE or not window.more():
                return False

    def _lines(self) -> Iterator[_Found]:
        number = 0
        while self._window.head() is not None:
            number += 1
            offset = self._window.offset
            line = self._line()
            name = f"{self._name}: line {number}"
            if line is None or _is_plain_object(line):
                yield [self._found(line, offset, name)]
                continue
            window = Window(None, self._limits, line, offset)
            window.fault = self._window.fault
            reader = _Reader(window, name, self._limits, self.index)
            yield from reader.documents()
            self.index = reader.index
            self.told_end |= reader.told_end

    def _line(self) -> bytes | None:
        """The next line, without its end; None if it is too long."""
        window = self._window
        window.keep()
        window.skip(_REST_OF_LINE)
        line = window.take()
        if window.head() is not None:
            window.at += 1
        return line

    # ------------------------------------------------------ one document: a bundle, or an object

    def _document(self) -> Iterator[_Found]:
        """The objects of a bundle or an envelope; else it is an object itself."""
        window = self._window
        start = window.offset
        members = _Members()
        window.keep()
        window.at += 1
        while self._next_list(members):
            window.take()
            window.at += 1
            members.lists += 1
            if members.lists > 1:
                yield [self._second_list()]
            yield from self._elements()
        raw = window.take()
        if not members.closed:
            yield self._broken_off(start)
        elif not (members.lists or members.empty_container):
            yield [self._checked(raw, start)]

    def _second_list(self) -> Problem:
        where = f"{self._name}: byte {self._window.offset}"
        message = "it has a second list of objects: both are read"
        return Problem(code="second-list", message=message, where=where)

    def _next_list(self, members: _Members) -> bool:
        """Read on to the next list of objects (True), or over the end of the document.

        Any property is passed over, sound or not: only its strings and brackets count.
        """
        window = self._window
        while not members.closed:
            window.skip(_PLAIN)
            head = window.head()
            if head is None:
                return False
            if head == QUOTE:
                self._word(members)
            elif head == LIST and members.key == b"objects" and members.type in _CONTAINERS:
                members.key = None
                return True
            elif head in (LIST, OBJECT):
                window.walk()
                members.key = None
            else:
                window.at += 1
                members.closed = head == END_OBJECT
        return False

    def _word(self, members: _Members) -> None:
        """A key, or the text of one."""
        word = self._window.string()
        self._window.skip(_BLANK)
        if self._window.head() == COLON:
            members.key = word
            members.keys.add(word)
        elif members.key == b"type":
            members.type = word
            members.key = None

    # -------------------------------------------------------------------------- a list of objects

    def _elements(self) -> Iterator[_Found]:
        """Everything in the list that begins before the reading place."""
        window = self._window
        self._ended_at = window.offset
        while True:
            window.skip(_BETWEEN)
            head = window.head()
            if head is None:
                yield self._broken_off(window.offset)
                return
            if head == END_LIST:
                window.at += 1
                return
            if head != OBJECT:
                yield [self._no_object(head)]
            elif run := self._run():
                yield self._slices(run)
            else:
                yield self._walked()

    def _run(self) -> list[msgspec.Raw]:
        """The whole objects from here to the last joint in memory, if that is sound JSON.

        If `[` + text + `]` is a JSON list, then the text ends between two elements: JSON reads
        from left to right, so a cut elsewhere leaves a string or a bracket open.
        """
        window = self._window
        self._learn_joint()
        attempt = (window.base + len(window.data), self._joint)
        if not self._joint or attempt == self._tried:
            return []
        self._tried = attempt
        cut = window.data.rfind(self._joint, window.at)
        if cut < 0:
            return []
        try:
            return _RUN.decode(b"[" + window.data[window.at : cut + 1] + b"]")
        except _UNSOUND:
            return []

    def _learn_joint(self) -> None:
        """Note how this list joins two objects: as the last two, or at first as it began."""
        window = self._window
        end = self._ended_at - window.base
        if 0 < end <= window.at < end + _LONGEST_JOINT:
            key = _FIRST_KEY.match(window.data, window.at)
            if key is not None:
                begin = b"}," if window.data[end - 1] == LIST else b"}"
                self._joint = begin + window.data[end : key.end()]

    def _slices(self, run: list[msgspec.Raw]) -> _Found:
        """The elements of a run, which begins at the reading place."""
        window = self._window
        data, base, at = window.data, window.base, window.at
        found: _Found = []
        for raw in run:
            piece = bytes(raw)
            at = end_of(_BETWEEN, data, at)
            found.append(self._found(piece, base + at))
            at += len(piece)
        window.at = at
        return found

    def _walked(self) -> _Found:
        """The object that begins here."""
        window = self._window
        start = window.offset
        window.keep()
        whole = window.walk()
        raw = window.take()
        if not whole:
            return self._broken_off(start)
        self._ended_at = window.offset
        return [self._checked(raw, start)]

    def _no_object(self, head: int) -> Problem:
        window = self._window
        self.index += 1
        where = f"{self._name}: object {self.index} (byte {window.offset})"
        if head == QUOTE:
            window.string()
        elif head == LIST:
            window.walk()
        else:
            window.skip(_NO_VALUE)
        return Problem(code="not-an-object", message=_NOT_AN_OBJECT, where=where)

    # ---------------------------------------------------------------------------------- results

    def _checked(self, raw: bytes | None, offset: int) -> Slice | Problem:
        """As `_found`, for what is not known to be sound JSON."""
        found = self._found(raw, offset)
        if isinstance(found, Slice) and not _is_sound(found.raw):
            return problem_of(diagnose(found.raw, found.where))
        return found

    def _found(self, raw: bytes | None, offset: int, name: str = "") -> Slice | Problem:
        """One element, which is None where it was too large to keep."""
        self.index += 1
        limits = self._limits
        name = name or self._name
        if raw is None or len(raw) > limits.object_bytes:
            code, message = "over-limit", f"it is larger than {limits.object_bytes:,} bytes"
        elif raw[0] != OBJECT:
            code, message = "not-an-object", _NOT_AN_OBJECT
        elif nesting(raw, limits.depth) > limits.depth:
            code, message = "too-deep", f"it is nested more than {limits.depth} deep"
        else:
            return Slice(raw, name, self.index, offset)
        where = f"{name}: object {self.index} (byte {offset})"
        return Problem(code=code, message=message, where=where)

    def _broken_off(self, start: int) -> _Found:
        """The one problem of a source that ends within something, which began at `start`."""
        if self.told_end:
            return []
        self.told_end = True
        fault = self._window.fault
        if fault is not None:
            where = f"{fault.where} (after object {self.index})"
            return [Problem(code=fault.code, message=fault.message, where=where)]
        where = f"{self._name}: byte {start} (after object {self.index})"
        return [Problem(code="truncated", message="it breaks off here", where=where)]


def _is_sound(raw: bytes) -> bool:
    """Whether `raw` is one JSON value."""
    try:
        _ONE.decode(raw)
    except _UNSOUND:
        return False
    return True


def _is_plain_object(line: bytes) -> bool:
    """Whether a line is one object and surely no bundle, nor blank at its ends."""
    if not (line.startswith(b"{") and line.endswith(b"}") and b'"id"' in line):
        return False
    return b'"objects"' not in line and b'"bundle"' not in line and _is_sound(line)
