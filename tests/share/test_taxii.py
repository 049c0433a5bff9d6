"""What a TAXII server reads and writes: filters, pages, documents."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import InputError
from comity.handling import (
    DataClass,
    Handling,
    HandlingRow,
    Page,
    Policy,
    Reader,
    Released,
    Row,
    grant,
    release,
)
from comity.holdings import Collection, Query, VersionFilter
from comity.model.marking import Tlp
from comity.model.time import EPOCH, Micros, parse_time
from comity.share.circumstances import Taken
from comity.share.taxii import (
    MAX_LIMIT,
    all_versions,
    collection_document,
    date_headers,
    envelope,
    manifest,
    read_query,
    status_document,
    versions,
)
from comity.wire.problem import Problem

ONE = "indicator--33333333-3333-4333-8333-333333333333"
TWO = "malware--44444444-4444-4444-8444-444444444444"
AT = parse_time("2026-01-31T12:00:00Z")
ANY = Query(collection="c")


# ---------------------------------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ANY),
        ({"added_after": "2026-01-31T12:00:00Z"}, {"after": AT}),
        ({"added_after": "2026-01-31T12:00:00.000001Z"}, {"after": AT + 1}),
        ({"added_after": "1969-12-31T23:59:59Z"}, {"after": -1_000_000}),
        ({"next": str(AT)}, {"after": AT}),
        ({"added_after": "2026-01-31T12:00:00Z", "next": "5"}, {"after": AT}),
        ({"added_after": "1970-01-01T00:00:00Z", "next": "5"}, {"after": 5}),
        ({"limit": "1"}, {"limit": 1}),
        ({"limit": "1000"}, {"limit": 1000}),
        ({"limit": "999999999"}, {"limit": MAX_LIMIT}),
        ({"match[id]": ONE}, {"ids": (ONE,)}),
        ({"match[id]": f"{ONE},{TWO},{ONE}"}, {"ids": (ONE, TWO)}),
        ({"match[type]": "indicator, x-made-up"}, {"types": ("indicator", "x-made-up")}),
        ({"match[spec_version]": "2.0,2.1"}, {"spec_versions": ("2.0", "2.1")}),
        ({"match[version]": "all"}, {"version": VersionFilter(all=True, last=False)}),
        ({"match[version]": "first"}, {"version": VersionFilter(first=True, last=False)}),
        ({"match[version]": "last"}, {"version": VersionFilter()}),
        ({"match[version]": "first,last"}, {"version": VersionFilter(first=True)}),
        (
            {"match[version]": "first,2026-01-31T12:00:00.000Z"},
            {"version": VersionFilter(first=True, last=False, exact=(AT,))},
        ),
        ({"unknown": "ignored", "match[x_custom]": "ignored"}, ANY),
    ],
)
def test_filters_are_read(params: dict[str, str], expected: Query | dict[str, object]) -> None:
    found = read_query("c", {key: [text] for key, text in params.items()})
    if isinstance(expected, dict):
        expected = msgspec.structs.replace(ANY, **expected)
    assert found == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("added_after", ""),
        ("added_after", "yesterday"),
        ("added_after", "2026-01-31T12:00:00"),
        ("added_after", "2026-01-31T12:00:00+01:00"),
        ("added_after", "2026-13-31T12:00:00Z"),
        ("limit", ""),
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "1.5"),
        ("limit", "ten"),
        ("limit", "٣"),
        ("limit", "9" * 5000),
        ("next", ""),
        ("next", "-1"),
        ("next", "abc"),
        ("next", "9" * 40),
        ("match[id]", ""),
        ("match[id]", "indicator"),
        ("match[id]", f"{ONE},"),
        ("match[id]", f"{ONE},,{TWO}"),
        ("match[id]", f"{ONE}' OR 1=1"),
        ("match[type]", ""),
        ("match[type]", "indicator;"),
        ("match[type]", "a,,b"),
        ("match[type]", "-"),
        ("match[spec_version]", "3.0"),
        ("match[spec_version]", ""),
        ("match[version]", ""),
        ("match[version]", "newest"),
        ("match[version]", "all,last"),
        ("match[version]", "all,2026-01-31T12:00:00Z"),
    ],
)
def test_a_malformed_filter_is_an_error_that_names_it(name: str, text: str) -> None:
    with pytest.raises(InputError) as found:
        read_query("c", {name: [text]})
    assert found.value.code == "bad-filter"
    assert found.value.where == name
    assert len(found.value.message) < 300


@pytest.mark.parametrize("name", ["added_after", "limit", "next", "match[id]", "match[version]"])
def test_a_filter_given_twice_is_an_error(name: str) -> None:
    with pytest.raises(InputError) as found:
        read_query("c", {name: ["1", "1"]})
    assert found.value.where == name


@given(
    params=st.dictionaries(
        st.sampled_from(
            ("added_after", "limit", "next", "match[id]", "match[type]", "match[version]")
        ),
        st.lists(st.text(max_size=30), max_size=2),
    )
)
def test_nothing_but_our_own_error_leaves_a_query(params: dict[str, list[str]]) -> None:
    try:
        found = read_query("c", params)
    except InputError:
        return
    assert 0 < found.limit <= MAX_LIMIT


def test_a_request_by_id_asks_for_that_object_alone() -> None:
    assert read_query("c", {}, ids=(ONE,)).ids == (ONE,)


def test_a_listing_of_versions_shows_all_and_reads_no_bytes() -> None:
    query = all_versions(read_query("c", {"limit": ["5"]}, ids=(ONE,)))
    assert query.version == VersionFilter(all=True, last=False)
    assert (query.slices, query.limit) == (False, 5)


# ------------------------------------------------------------------------------------------ pages


def row(number: int, content: bytes | None = b'{"a": 1}', spec_version: str = "2.1") -> Row:
    return Row(Micros(AT + number), 1, ONE, Micros(AT), spec_version, content)


EMPTY = Page([], more=False)
TWO_ROWS = Page([row(1, b'{ "a" : 1.0 }'), row(2, b'{"b":"\xc3\xa9"}')], more=False)
FIRST_OF_MORE = Page([row(1), row(2)], more=True)


@pytest.mark.parametrize(
    ("page", "generation", "expected"),
    [
        (EMPTY, None, b"{}"),
        (EMPTY, 7, b'{"x_comity_generation":7}'),
        (TWO_ROWS, None, b'{"objects":[{ "a" : 1.0 },{"b":"\xc3\xa9"}]}'),
        (
            FIRST_OF_MORE,
            7,
            b'{"x_comity_generation":7,"more":true,"next":"%d","objects":[{"a": 1},{"a": 1}]}'
            % (AT + 2),
        ),
    ],
)
def test_an_envelope_holds_the_very_bytes(
    page: Page, generation: int | None, expected: bytes
) -> None:
    assert envelope(page, generation) == expected


@given(contents=st.lists(st.dictionaries(st.text(), st.integers()), max_size=5), more=st.booleans())
def test_an_envelope_is_json_of_its_slices(contents: list[dict[str, int]], more: bool) -> None:
    slices = [json.dumps(one, indent=1).encode() for one in contents]
    page = Page([row(n, one) for n, one in enumerate(slices)], more=more and bool(slices))
    read = json.loads(envelope(page))
    assert read.get("objects", []) == contents
    assert read.get("more", False) == page.more
    assert all(one in envelope(page) for one in slices)


def test_a_manifest_says_of_each_entry_what_and_when() -> None:
    page = Page([row(1, None), row(2, None, "2.0")], more=True)
    assert json.loads(manifest(page)) == {
        "more": True,
        "next": str(AT + 2),
        "objects": [
            {
                "id": ONE,
                "date_added": "2026-01-31T12:00:00.000001Z",
                "version": "2026-01-31T12:00:00.000000Z",
                "media_type": "application/stix+json;version=2.1",
            },
            {
                "id": ONE,
                "date_added": "2026-01-31T12:00:00.000002Z",
                "version": "2026-01-31T12:00:00.000000Z",
                "media_type": "application/stix+json;version=2.0",
            },
        ],
    }
    assert manifest(EMPTY) == versions(EMPTY) == b"{}"


def test_versions_are_instants() -> None:
    assert json.loads(versions(FIRST_OF_MORE)) == {
        "more": True,
        "next": str(AT + 2),
        "versions": ["2026-01-31T12:00:00.000000Z"] * 2,
    }


def released(page: Page) -> Released[Page]:
    rows = [HandlingRow(1, Handling(tlp=Tlp.CLEAR), DataClass.CYBER)]
    policy = Policy(self_id="a", members={})
    return release(grant(Reader(member_id=None), None, AT, policy, rows), page)


@pytest.mark.parametrize(
    ("page", "after", "first", "last"),
    [
        (TWO_ROWS, -1, "2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00.000002Z"),
        (EMPTY, -1, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z"),
        (EMPTY, -5_000_000, "1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000000Z"),
        (EMPTY, AT + 3, "2026-01-31T12:00:00.000003Z", "2026-01-31T12:00:00.000003Z"),
    ],
)
def test_dates_of_a_page_and_of_none(page: Page, after: int, first: str, last: str) -> None:
    assert date_headers(released(page), Micros(after)) == {
        "X-TAXII-Date-Added-First": first,
        "X-TAXII-Date-Added-Last": last,
    }


# -------------------------------------------------------------------------------------- documents


def test_a_collection_says_what_its_reader_may() -> None:
    plain = Collection(id="c", name="Feed", home="a")
    assert collection_document(plain, can_read=True, can_write=False) == {
        "id": "c",
        "title": "Feed",
        "can_read": True,
        "can_write": False,
        "media_types": ["application/stix+json;version=2.1"],
    }
    of = Collection(id="c", name="Feed", home="a", community="circle", theme="ports")
    assert collection_document(of, can_read=True, can_write=True)["description"] == (
        "Community circle, theme ports"
    )


def test_a_status_counts_and_names_what_was_kept_and_what_was_not() -> None:
    taken = Taken(new=1, known=1, conflicts=1)
    taken.stored = [(ONE, AT), (TWO, EPOCH)]
    problem = Problem(code="conflict", message="it differs", where="request: object 3", object=TWO)
    taken.fail(problem, AT)
    taken.refuse(Problem(code="bad-json", message="it is no JSON", where="request: object 4"))
    taken.problems.append(
        Problem(code="default-handling", message="it is strict", where="request", object=ONE)
    )
    assert status_document("s", taken, AT) == {
        "id": "s",
        "status": "complete",
        "request_timestamp": "2026-01-31T12:00:00.000000Z",
        "total_count": 4,
        "success_count": 2,
        "failure_count": 2,
        "pending_count": 0,
        "successes": [
            {
                "id": ONE,
                "version": "2026-01-31T12:00:00.000000Z",
                "message": "it is strict (default-handling)",
            },
            {"id": TWO, "version": "1970-01-01T00:00:00.000000Z"},
        ],
        "failures": [
            {
                "id": TWO,
                "version": "2026-01-31T12:00:00.000000Z",
                "message": "it differs (conflict; request: object 3)",
            },
            {
                "id": "request: object 4",
                "version": "2026-01-31T12:00:00.000000Z",
                "message": "it is no JSON (bad-json; request: object 4)",
            },
        ],
    }


def test_a_status_of_nothing_lists_nothing() -> None:
    document = status_document("s", Taken(), AT)
    assert document["total_count"] == 0
    assert not document.keys() & {"successes", "failures"}


def test_what_is_served_is_what_was_hashed() -> None:
    """A page is joined from slices, so each keeps its SHA-256 in the body."""
    content = b'{"type" :\t"indicator"}'
    body = envelope(Page([row(1, content)], more=False))
    start = body.index(content)
    digest = hashlib.sha256(body[start : start + len(content)]).digest()
    assert digest == hashlib.sha256(content).digest()
