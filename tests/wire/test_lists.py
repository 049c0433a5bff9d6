from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import Parts

from comity.errors import InputError
from comity.model.kind import Kind
from comity.model.time import parse_time
from comity.wire.limits import Limits
from comity.wire.lists import Form, Row, form_of, looks_like, read_rows
from comity.wire.problem import Problem
from comity.wire.stream import Readable

SMALL = Limits(line_bytes=60, chunk=7)


def rows(
    data: Readable, form: Form = Form.LIST, kind: Kind | None = None, limits: Limits = SMALL
) -> list[Row | Problem]:
    return list(read_rows(data, form, kind, "test.txt", limits))


def values(found: list[Row | Problem]) -> list[tuple[int, str]]:
    return [(one.row, one.value) for one in found if isinstance(one, Row)]


def faults(found: list[Row | Problem]) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in found if isinstance(one, Problem)]


# ----------------------------------------------------------------------------------- plain lists


def test_a_list_has_one_value_a_line() -> None:
    text = b"# made up\nx.example\r\n\n  Y.example  # seen twice\nz.example"
    found = rows(text, kind=Kind.DOMAIN)
    assert values(found) == [(2, "x.example"), (4, "y.example"), (5, "z.example")]
    assert [one.where for one in found if isinstance(one, Row)][1] == "test.txt: line 4"
    assert all(isinstance(one, Row) and one.kind is Kind.DOMAIN for one in found)


def test_a_hash_sign_may_be_part_of_a_text() -> None:
    assert values(rows(b"see #1 and #2\n", kind=Kind.TEXT)) == [(1, "see #1 and #2")]
    assert values(rows(b"http://x.example/#a # b\n", kind=Kind.URL)) == [(1, "http://x.example/#a")]


def test_without_a_kind_the_shape_tells() -> None:
    found = rows(b"x.example\n192.0.2.1\n" + b"0" * 64 + b"\n" + b"0" * 32 + b"\nhello\n")
    kinds = [one.kind for one in found if isinstance(one, Row)]
    assert kinds == [Kind.DOMAIN, Kind.IPV4, Kind.MD5]
    assert faults(found) == [
        ("over-limit", "test.txt: line 3"),
        ("kind-needed", "test.txt: line 5"),
    ]


@pytest.mark.parametrize("step", [1, 3, 1 << 20])
def test_bad_lines_are_named_and_the_rest_kept(step: int) -> None:
    text = b"a.example\n\xff.example\nnot a name\n" + b"x" * 200 + b"\nb.example\n"
    found = rows(text, kind=Kind.DOMAIN, limits=Limits(line_bytes=60, chunk=step))
    assert values(found) == [(1, "a.example"), (5, "b.example")]
    assert faults(found) == [
        ("encoding", "test.txt: line 2"),
        ("bad-value", "test.txt: line 3"),
        ("over-limit", "test.txt: line 4"),
    ]


def test_the_half_line_of_a_cut_file_is_not_taken_for_a_value() -> None:
    packed = gzip.compress(b"".join(b"%d.example\n" % number for number in range(9000)))
    found = rows(packed[:-2000], kind=Kind.DOMAIN)
    kept = values(found)
    assert kept
    assert kept == [(number, f"{number - 1}.example") for number in range(1, len(kept) + 1)]
    assert [code for code, _ in faults(found)] == ["gzip-truncated"]


@given(st.binary(max_size=200), st.sampled_from([Form.LIST, Form.CSV]), st.sampled_from(Kind))
def test_no_bytes_raise_anything_but_our_error(data: bytes, form: Form, kind: Kind) -> None:
    for begin in (b"", b"value,kind,expires\n"):
        try:
            found = rows(begin + data, form, kind)
        except InputError:
            continue
        assert all(isinstance(one, Row | Problem) for one in found)


def many(count: int) -> Iterator[bytes]:
    for first in range(0, count, 1000):
        yield b"".join(b"host%d.example\n" % number for number in range(first, first + 1000))


@pytest.mark.parametrize("count", [20_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_a_long_list_streams(count: int) -> None:
    tracemalloc.start()
    try:
        found = sum(1 for _ in read_rows(Parts(many(count)), Form.LIST, Kind.DOMAIN))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == count
    assert peak < 16 << 20


def endless() -> Iterator[bytes]:
    yield b"a.example\n"
    for _ in range(40):
        yield b"x" * (1 << 20)
    yield b"\nb.example\n"


@pytest.mark.parametrize("form", [Form.LIST, Form.CSV])
def test_a_huge_line_costs_no_memory(form: Form) -> None:
    parts = [b"domain\n", *endless()] if form is Form.CSV else list(endless())
    tracemalloc.start()
    try:
        found = list(read_rows(Parts(parts), form, Kind.DOMAIN, "test.txt"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [one.value for one in found if isinstance(one, Row)] == ["a.example", "b.example"]
    assert [code for code, _ in faults(found)] == ["over-limit"]
    assert peak < 16 << 20


# ------------------------------------------------------------------------------------------- CSV


def test_csv_rows_are_counted_without_the_header() -> None:
    text = (
        b"# a comment\nvalue,kind,quality,expires,review\n"
        b"x.example,domain,,2027-01-01,\n\n"
        b'"0000000000000000000000000000000000000000000000000000000000000000",pdq,80,,2026-06-01\n'
    )
    found = rows(text, Form.CSV, limits=Limits())
    assert found == [
        Row(
            kind=Kind.DOMAIN,
            value="x.example",
            source="test.txt",
            row=1,
            line=3,
            expires_at=parse_time("2027-01-01"),
        ),
        Row(
            kind=Kind.PDQ,
            value="0" * 64,
            source="test.txt",
            row=2,
            line=5,
            quality=80,
            review_at=parse_time("2026-06-01"),
        ),
    ]
    assert [one.where for one in found if isinstance(one, Row)][1] == "test.txt: row 2 (line 5)"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_four_delimiters_are_known(delimiter: str) -> None:
    text = f"Kind{delimiter} VALUE \ndomain{delimiter}x.example\n".encode()
    assert values(rows(text, Form.CSV)) == [(1, "x.example")]


def test_a_kinds_own_column_serves() -> None:
    text = b"sha256,name\n" + b"a" * 64 + b",x\n"
    (row,) = rows(text, Form.CSV, limits=Limits())
    assert isinstance(row, Row)
    assert (row.kind, row.value) == (Kind.SHA256, "a" * 64)


def test_records_of_persons_and_documents_keep_their_columns() -> None:
    text = b"name,aliases,birth_date,nationality,sex,id,shoe_size\nMade Up,Mad;Upp,1901,XX,,7,40\n"
    (row,) = rows(text, Form.CSV, Kind.PERSON, Limits())
    assert isinstance(row, Row)
    assert row.value == "Made Up"
    assert row.details == {
        "aliases": "Mad;Upp",
        "birth_date": "1901",
        "nationality": "XX",
        "id": "7",
    }
    (row,) = rows(b"document_number;issuing_state\nX1;UTO\n", Form.CSV)
    assert isinstance(row, Row)
    assert (row.kind, row.value, row.details) == (Kind.DOCUMENT, "X1", {"issuing_state": "UTO"})


def test_bad_csv_rows_are_named_and_the_rest_kept() -> None:
    text = (
        b"value,kind,quality,expires\n"
        b"a.example,domain,,\n"
        b"b.example,planet,,\n"
        b"c.example,domain,101,\n"
        b"d.example,domain,,soon\n"
        b",domain,,\n"
        b"\xff,domain,,\n"
        b"e.example,domain,,,,extra\n"
        b"hello,,,\n"
        b'"f.example","domain",,\n'
        b"g.example\n"
    )
    found = rows(text, Form.CSV)
    assert values(found) == [(1, "a.example"), (9, "f.example"), (10, "g.example")]
    assert faults(found) == [
        ("bad-kind", "test.txt: row 2 (line 3)"),
        ("bad-quality", "test.txt: row 3 (line 4)"),
        ("bad-timestamp", "test.txt: row 4 (line 5)"),
        ("bad-value", "test.txt: row 5 (line 6)"),
        ("encoding", "test.txt: line 7"),
        ("bad-row", "test.txt: row 7 (line 8)"),
        ("kind-needed", "test.txt: row 8 (line 9)"),
    ]


def test_an_unclosed_quote_is_one_bad_row() -> None:
    text = b'value\na.example\n"b.example\n' + b"c" * 50 + b".example\n"
    text += b"d.example\n" * 20_000
    found = rows(text, Form.CSV, Kind.DOMAIN, Limits())
    assert [code for code, _ in faults(found)] == ["bad-row"]
    assert values(found)[0] == (1, "a.example")
    assert len(values(found)) > 6000


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"a,b\nc,d\n", None),
        (b"name,x\nMade Up,1\n", None),
        (b"domain,url\na,b\n", None),
        (b"ip\n", Kind.IPV4),
    ],
)
def test_a_table_without_a_column_of_values_is_refused(text: bytes, kind: Kind | None) -> None:
    with pytest.raises(InputError) as caught:
        rows(text, Form.CSV, kind)
    assert (caught.value.code, caught.value.where) == ("no-value-column", "test.txt: line 1")


def test_a_header_alone_gives_nothing() -> None:
    assert rows(b"value\n", Form.CSV) == []
    assert rows(b"", Form.CSV) == []


# ------------------------------------------------------------------------------------------ form


@pytest.mark.parametrize(
    ("first", "name", "form"),
    [
        (b'{"type": "bundle"', "a.txt", Form.STIX),
        (b"  [\n {", "a", Form.STIX),
        (b'{"response": [{"Event"', "a.json", Form.MISP),
        (b'[{"Event": {', "a.json", Form.MISP),
        (b"", "a.jsonl.gz", Form.STIX),
        (b"<?xml version", "a", Form.XML),
        (b"x.example\n", "a.txt", Form.LIST),
        (b"x.example,1\n", "a.csv.gz", Form.CSV),
        (b"value\nx.example\n", "a.txt", Form.CSV),
        (b"# note\nquality;Value\n", "a.txt", Form.CSV),
        (b"http://x.example/value,kind\n", "a.txt", Form.LIST),
        (b"", "a", Form.LIST),
        (b"\xff\xff", "a", Form.LIST),
    ],
)
def test_a_beginning_shows_the_form(first: bytes, name: str, form: Form) -> None:
    assert looks_like(first, name) is form


def test_other_forms_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt.gz"
    path.write_bytes(gzip.compress(b"value\nx.example\n"))
    assert form_of(path) is Form.CSV
    with pytest.raises(InputError) as caught:
        rows(path, Form.XML)
    assert caught.value.code == "unknown-form"


def test_real_lists_are_read_whole(shared_data: Path) -> None:
    path = shared_data / "tvec" / "pdq-needles.txt"
    assert form_of(path) is Form.LIST
    found = list(read_rows(path, Form.LIST, Kind.PDQ))
    assert len(found) == 100
    assert all(isinstance(one, Row) for one in found)
    for name, form in {
        "tnr/pegasus-nso.stix2.json.gz": Form.STIX,
        "cyber/misp-events/ebury.json.gz": Form.MISP,
        "terror/un-sc-consolidated-2026-02-27.xml.gz": Form.XML,
        "terror/name-match-cases.csv": Form.CSV,
    }.items():
        assert form_of(shared_data / name) is form
