"""Plain lists and CSV files as rows of values: streamed, the bad rows named, the rest kept."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from comity.errors import InputError
from comity.model.kind import Kind
from comity.model.time import Micros, parse_time
from comity.wire.limits import DEFAULT, Limits
from comity.wire.problem import Problem, problem_of
from comity.wire.stream import Readable, Source, open_source
from comity.wire.values import kind_of, normalise

__all__ = ["Form", "Row", "form_of", "looks_like", "read_rows"]


class Form(StrEnum):
    """What a file is, as far as its beginning shows."""

    STIX = "stix"
    MISP = "misp"
    XML = "xml"
    CSV = "csv"
    LIST = "list"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a list, normalised.

    `row` counts from 1: the line of a plain list, the data row of a CSV file (its header not
    counted). `details` are the further columns of a person or a document.
    """

    kind: Kind
    value: str
    source: str
    row: int
    line: int
    quality: int | None = None
    expires_at: Micros | None = None
    review_at: Micros | None = None
    details: Mapping[str, str] = {}

    @property
    def where(self) -> str:
        """The place, for messages."""
        return _place(self.source, self.row, self.line)


def form_of(source: Readable, name: str | None = None) -> Form:
    """What a file is, by its first bytes and its name; raises InputError if it cannot be read."""
    with open_source(source, name) as opened:
        return looks_like(opened.peek(_PEEK), opened.name)


def looks_like(first: bytes, name: str = "") -> Form:
    """What a file with these first bytes (decompressed, without a byte order mark) is."""
    begin = first.lstrip()
    if begin.startswith((b"{", b"[")):
        return Form.MISP if _MISP.match(begin) else Form.STIX
    if _XML.match(begin):
        return Form.XML
    suffixes = name.lower().removesuffix(".gz").rpartition(".")[2]
    if suffixes in ("json", "jsonl", "ndjson", "stix", "stix2"):
        return Form.STIX
    if suffixes in ("csv", "tsv") or _is_header(begin):
        return Form.CSV
    return Form.LIST


def read_rows(
    source: Source | Readable,
    form: Form,
    kind: Kind | None = None,
    name: str | None = None,
    limits: Limits = DEFAULT,
) -> Iterator[Row | Problem]:
    """Give each value of a plain list or a CSV file, and a Problem for each row that is bad.

    `kind` is that of rows which name none; without one, a value's own shape tells. Raises
    InputError where no row at all can be read: `unreadable`, `encoding`, `no-value-column`,
    `unknown-form`. Codes of problems: `bad-value`, `bad-kind`, `kind-needed`, `bad-quality`,
    `bad-timestamp`, `bad-row`, `encoding`, `over-limit`, and those of reading.
    """
    opened = source if isinstance(source, Source) else open_source(source, name, limits)
    with opened:
        lines = _lines(opened, limits)
        if form is Form.LIST:
            yield from _read_list(lines, kind, opened.name)
        elif form is Form.CSV:
            yield from _Table(lines, kind, opened.name).read()
        else:
            raise InputError(
                f"this is {form.value.upper()}, no list",
                code="unknown-form",
                advice="Give a plain list, one value a line, or CSV with a header.",
                where=opened.name,
            )


_parse_time = lru_cache(4096)(parse_time)  # a list repeats its dates, and this is pure
_PEEK: Final = 64 << 10
_MISP: Final = re.compile(rb'[\[\s]*\{\s*"(?:response|Event)"\s*:')
_XML: Final = re.compile(rb"<[?!A-Za-z]")
_COMMENT: Final = re.compile(r"\s#.*", re.DOTALL)
_DELIMITERS: Final = ",;\t|"
_OWN_COLUMNS: Final = {kind: kind.value for kind in Kind} | {
    Kind.PERSON: "name",
    Kind.DOCUMENT: "document_number",
}
_DETAILS: Final = {
    Kind.PERSON: ("aliases", "birth_date", "nationality", "sex", "id"),
    Kind.DOCUMENT: ("issuing_state",),
}
_KINDS: Final = {kind.value: kind for kind in Kind}
_HEADER_WORDS: Final = {"value", "document_number"} | {kind.value for kind in Kind}
_KNOWN_COLUMNS: Final = {
    *("value", "kind", "quality", "expires", "review"),
    *_OWN_COLUMNS.values(),
    *(name for names in _DETAILS.values() for name in names),
}
_SEVERAL_WORDS: Final = frozenset({Kind.TEXT, Kind.PERSON, Kind.HANDLE, Kind.PHONE, Kind.SUBSTANCE})
"""Kinds in whose values a `#` after a space may be part of the value."""

_Line = tuple[int, str | Problem]


def _place(source: str, row: int, line: int) -> str:
    return f"{source}: line {line}" if row == line else f"{source}: row {row} (line {line})"


def _is_header(begin: bytes) -> bool:
    """Whether the first line that is no comment names columns of ours."""
    for line in begin.splitlines():
        if line.strip() and not line.startswith(b"#"):
            text = line.decode("utf-8", "replace").lower()
            cells = next(csv.reader([text], delimiter=_delimiter(text)), [])
            return not _HEADER_WORDS.isdisjoint(cell.strip() for cell in cells)
    return False


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _lines(source: Source, limits: Limits) -> Iterator[_Line]:
    """Number and text of each line, without its end; a Problem for one that cannot be read."""
    number, rest, too_long = 0, b"", False
    while True:
        try:
            data = source.read(limits.chunk)
        except InputError as fault:
            # What stands after the last line end is cut off: it might pass for a whole value.
            yield number + 1, problem_of(fault)
            return
        if not data:
            break
        *whole, rest = (rest + data).split(b"\n")
        for line in whole:
            number += 1
            yield number, _text(b"" if too_long else line, limits, too_long, source, number)
            too_long = False
        if len(rest) > limits.line_bytes:
            rest, too_long = b"", True
    if rest or too_long:
        yield number + 1, _text(rest, limits, too_long, source, number + 1)


def _text(
    line: bytes, limits: Limits, too_long: bool, source: Source, number: int
) -> str | Problem:
    where = f"{source.name}: line {number}"
    if too_long or len(line) > limits.line_bytes:
        message = f"the line is longer than {limits.line_bytes:,} bytes"
        return Problem(code="over-limit", message=message, where=where)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return Problem(code="encoding", message="the line is not UTF-8", where=where)


def _read_list(lines: Iterator[_Line], kind: Kind | None, source: str) -> Iterator[Row | Problem]:
    """One value a line; `#` begins a comment."""
    for number, line in lines:
        if isinstance(line, Problem):
            yield line
            continue
        value = line.strip()
        if not value or value.startswith("#"):
            continue
        if kind not in _SEVERAL_WORDS:
            value = _COMMENT.sub("", value)
        try:
            known = kind or _kind_shown(value)
            yield Row(
                kind=known, value=normalise(known, value), source=source, row=number, line=number
            )
        except InputError as error:
            yield problem_of(error, where=f"{source}: line {number}")


def _kind_shown(value: str) -> Kind:
    kind = kind_of(value)
    if kind is None:
        raise InputError(
            "the value's shape does not tell its kind",
            code="kind-needed",
            advice="Say what the list holds with --kind, or add a column `kind`.",
        )
    return kind


class _Table:
    """A CSV file (RFC 4180, any of four delimiters) whose header names its columns."""

    def __init__(self, lines: Iterator[_Line], kind: Kind | None, source: str) -> None:
        self._kind = kind
        self._source = source
        self._lines = lines
        self._unreadable: list[Problem] = []
        self._line = 0
        self._columns: dict[str, int] = {}
        self._used: list[tuple[str, int]] = []
        self._width = 0

    def read(self) -> Iterator[Row | Problem]:
        header = self._header()
        if header is None:
            yield from self._unreadable
            return
        delimiter = _delimiter(header)
        self._name_columns(next(csv.reader([header], delimiter=delimiter)))
        reader = csv.reader(self._texts(), delimiter=delimiter)
        row = 0
        while True:
            begin = self._line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                row += 1
                yield self._problem(row, begin, "bad-row", f"the row is no CSV: {error}")
                continue
            if self._unreadable:
                row += 1
                yield self._unreadable.pop()
            elif any(cells):
                row += 1
                yield self._row(cells, row, begin)

    def _texts(self) -> Iterator[str]:
        """Lines for the CSV reader, an empty one in the place of each that cannot be read."""
        for number, line in self._lines:
            self._line = number
            if isinstance(line, Problem):
                self._unreadable.append(line)
                yield ""
            else:
                yield line + "\n"

    def _header(self) -> str | None:
        """The first line that is neither empty nor a comment."""
        for text in self._texts():
            if self._unreadable:
                return None
            if text.strip() and not text.startswith("#"):
                return text
        return None

    def _name_columns(self, header: Sequence[str]) -> None:
        """Note where each column stands; refuse a table that has none for values."""
        names = [name.strip().lower() for name in header]
        self._columns = {name: at for at, name in reversed(list(enumerate(names))) if name}
        self._used = [pair for pair in self._columns.items() if pair[0] in _KNOWN_COLUMNS]
        self._width = len(names)
        if "value" in self._columns:
            return
        kinds = [kind for kind, name in _OWN_COLUMNS.items() if name in self._columns]
        if self._kind is None and "kind" not in self._columns:
            kinds = [kind for kind in kinds if kind is not Kind.PERSON]
            self._kind = kinds[0] if len(kinds) == 1 else None
        if self._kind not in kinds and not ("kind" in self._columns and kinds):
            raise InputError(
                "no column is named `value`",
                code="no-value-column",
                advice="Name the column of values `value` in the header; optional ones are "
                "kind, quality, expires, review.",
                where=f"{self._source}: line {self._line}",
            )

    def _row(self, cells: Sequence[str], row: int, line: int) -> Row | Problem:
        if len(cells) > self._width and any(cells[self._width :]):
            return self._problem(row, line, "bad-row", "the row has more cells than the header")
        cell = {name: cells[at].strip() for name, at in self._used if at < len(cells)}
        try:
            value = cell.get("value", "")
            kind = self._kind_in(cell) or _kind_shown(value)
            value = value or cell.get(_OWN_COLUMNS[kind], "")
            return Row(
                kind=kind,
                value=normalise(kind, value),
                source=self._source,
                row=row,
                line=line,
                quality=_quality(cell.get("quality")),
                expires_at=_instant(cell.get("expires"), "expires"),
                review_at=_instant(cell.get("review"), "review"),
                details=_details(kind, cell) if kind in _DETAILS else {},
            )
        except InputError as error:
            return self._problem(row, line, error.code, error.message)

    def _kind_in(self, cell: Mapping[str, str]) -> Kind | None:
        word = cell.get("kind")
        if not word:
            return self._kind
        kind = _KINDS.get(word.lower())
        if kind is None:
            raise InputError("the row's kind is none that is known", code="bad-kind")
        return kind

    def _problem(self, row: int, line: int, code: str, message: str) -> Problem:
        where = f"{self._source}: row {row} (line {line})"
        return Problem(code=code, message=message, where=where)


def _details(kind: Kind, cell: Mapping[str, str]) -> dict[str, str]:
    return {name: cell[name] for name in _DETAILS[kind] if cell.get(name)}


def _quality(text: str | None) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    raise InputError("the quality is no whole number from 0 to 100", code="bad-quality")


def _instant(text: str | None, column: str) -> Micros | None:
    if not text:
        return None
    try:
        return _parse_time(text)
    except InputError:
        raise InputError(f"{column} is no date", code="bad-timestamp") from None
