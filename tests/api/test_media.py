from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.api.media import (
    NotAcceptableError,
    WrongMediaError,
    check_accept,
    check_content_type,
    check_json,
    compressed,
    decoded,
)
from comity.errors import InputError, LimitError


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        'Application/TAXII+JSON; Version="2.1"',
        "text/html, application/taxii+json;version=2.1;q=0.5",
        "application/taxii+json;version=2.1,application/stix+json;version=2.1",
        "text/html, */*;q=0.1",
    ],
)
def test_what_takes_taxii_is_acceptable(header: str | None) -> None:
    check_accept(header)


@pytest.mark.parametrize(
    "header",
    [
        "application/json",
        "text/html",
        "application/taxii+json;version=2.0",
        "application/vnd.oasis.taxii+json; version=2.0",
        "application/stix+json;version=2.1",
        "application/taxii+json;q=0",
        "*/*;q=0.0",
        "application/taxii",
    ],
)
def test_what_takes_no_taxii_is_not_acceptable(header: str) -> None:
    with pytest.raises(NotAcceptableError):
        check_accept(header)


@pytest.mark.parametrize(
    "header",
    [
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1; charset=utf-8",
    ],
)
def test_bodies_of_taxii_are_taken(header: str) -> None:
    check_content_type(header)


@pytest.mark.parametrize(
    "header", [None, "", "application/json", "application/taxii+json;version=2.0", "*/*"]
)
def test_other_bodies_are_not_taken(header: str | None) -> None:
    with pytest.raises(WrongMediaError):
        check_content_type(header)


def test_json_must_be_called_json() -> None:
    check_json("application/json")
    check_json("Application/JSON; charset=utf-8")
    for header in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        with pytest.raises(WrongMediaError):
            check_json(header)


@given(st.binary(max_size=5000))
def test_gzip_bodies_are_read_back(body: bytes) -> None:
    assert decoded(gzip.compress(body), "gzip") == body
    assert decoded(body, None) == decoded(body, "identity") == body


def test_a_body_may_not_expand_beyond_the_bound() -> None:
    packed = gzip.compress(bytes(1_000_001))
    assert len(decoded(packed, "gzip", most=1_000_001)) == 1_000_001
    with pytest.raises(LimitError):
        decoded(packed, "GZip", most=1_000_000)


@pytest.mark.parametrize(
    "body", [b"", b"plain", gzip.compress(b"x" * 100)[:-9], gzip.compress(b"x") + b"more"]
)
def test_broken_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as refused:
        decoded(body, "gzip")
    assert refused.value.code == "gzip-broken"


def test_other_encodings_are_not_taken() -> None:
    for name in ("br", "deflate", "gzip, gzip"):
        with pytest.raises(WrongMediaError):
            decoded(b"", name)


LARGE = b'{"objects":[' + b'"made up",' * 1000 + b'""]}'


@pytest.mark.parametrize("header", ["gzip", "br, gzip;q=0.5", "*", "x-gzip", "deflate, *;q=0.1"])
def test_large_bodies_are_compressed_where_asked(header: str) -> None:
    body, headers = compressed(LARGE, header)
    assert headers == {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    assert len(body) < len(LARGE)
    assert gzip.decompress(body) == LARGE


@pytest.mark.parametrize("header", [None, "", "br", "gzip;q=0", "*;q=0", "gzip;q=0.000, *"])
def test_bodies_stay_as_they_are_where_gzip_is_not_asked_for(header: str | None) -> None:
    assert compressed(LARGE, header) == (LARGE, {"Vary": "Accept-Encoding"})


def test_small_bodies_are_not_worth_it() -> None:
    assert compressed(b"{}", "gzip") == (b"{}", {"Vary": "Accept-Encoding"})
