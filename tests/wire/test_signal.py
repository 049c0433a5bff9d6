from __future__ import annotations

import json
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.validator import run_validator
from tests.wire.builders import AUTHOR, MARKING, TIME

from comity.errors import InputError
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import Kind
from comity.model.time import Micros, parse_time
from comity.wire.checks import check
from comity.wire.remarks import remarks
from comity.wire.signal import Signal, make_indicator
from comity.wire.stix import Slice
from comity.wire.values import normalise

EXAMPLES = {
    Kind.DOMAIN: "made-up.example",
    Kind.URL: "https://made-up.example/a?b='c'",
    Kind.IPV4: "192.0.2.0/24",
    Kind.IPV6: "2001:db8::1",
    Kind.EMAIL: "made.up@x.example",
    Kind.FILE_HASH: "0" * 40,
    Kind.PDQ: "0" * 64,
    Kind.MD5: "0" * 32,
    Kind.SHA1: "0" * 40,
    Kind.SHA256: "0" * 64,
    Kind.TLSH: "0" * 70,
}
NOW = parse_time(TIME)


def made(kind: Kind, value: str, created: Micros = NOW, **others: Any) -> bytes:  # noqa: ANN401
    return make_indicator(
        kind, value, creator_id=AUTHOR, created=created, marking_refs=(MARKING,), **others
    )


def told(raw: bytes) -> dict[str, Any]:
    value = json.loads(raw)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_makes_an_indicator_that_all_can_read(kind: Kind) -> None:
    value = EXAMPLES.get(kind, "made \\ up 'thing'")
    raw = made(kind, value)
    one = check(Slice(raw))
    assert remarks(one) == []
    assert one.created_by_ref == AUTHOR
    assert one.marking_refs == (MARKING,)
    assert one.signal == Signal(kind=kind, value=normalise(kind, value))
    assert run_validator(one.value["pattern"], "2.1") == []
    theirs = stix2.parse(raw, version="2.1")
    assert json.loads(theirs.serialize())["pattern"] == one.value["pattern"]
    assert theirs.pattern == one.value["pattern"]


@pytest.mark.parametrize(
    ("kind", "value", "pattern"),
    [
        (Kind.DOMAIN, "X.example", "[domain-name:value = 'x.example']"),
        (Kind.URL, "http://x.example/'\\", r"[url:value = 'http://x.example/\'\\']"),
        (Kind.IPV4, "192.0.2.1", "[ipv4-addr:value = '192.0.2.1']"),
        (Kind.IPV4, "192.0.2.9/24", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']"),
        (Kind.EMAIL, "a@x.example", "[email-addr:value = 'a@x.example']"),
        (Kind.MD5, "A" * 32, f"[file:hashes.MD5 = '{'a' * 32}']"),
        (Kind.FILE_HASH, "a" * 64, f"[file:hashes.'SHA-256' = '{'a' * 64}']"),
        (Kind.FILE_HASH, "a" * 128, f"[file:hashes.'SHA-512' = '{'a' * 128}']"),
        (
            Kind.PDQ,
            "a" * 64,
            f"[x-comity-signal:kind = 'pdq' AND x-comity-signal:value = '{'a' * 64}']",
        ),
    ],
)
def test_patterns_say_the_same_as_the_value(kind: Kind, value: str, pattern: str) -> None:
    assert told(made(kind, value))["pattern"] == pattern


def test_all_that_is_known_stands_in_the_extension() -> None:
    raw = made(
        Kind.PDQ,
        "0" * 64,
        expires_at=parse_time("2027-01-01"),
        review_at=parse_time("2026-06-01T00:00:00.000001Z"),
        quality=88,
        name="a name",
    )
    value = told(raw)
    assert value["name"] == "a name"
    assert value["extensions"][SIGNAL_EXTENSION] == {
        "extension_type": "property-extension",
        "kind": "pdq",
        "value": "0" * 64,
        "expires_at": "2027-01-01T00:00:00.000000Z",
        "review_at": "2026-06-01T00:00:00.000001Z",
        "quality": 88,
    }
    assert "valid_until" not in value
    signal = check(Slice(raw)).signal
    assert signal is not None
    assert (signal.expires_at, signal.quality) == (parse_time("2027-01-01"), 88)


def test_a_repeat_is_the_same_object() -> None:
    assert made(Kind.DOMAIN, "x.example") == made(Kind.DOMAIN, " X.EXAMPLE. ")
    first = told(made(Kind.DOMAIN, "x.example"))
    later = told(made(Kind.DOMAIN, "x.example", created=Micros(NOW + 5_000_000)))
    assert first["id"] == later["id"]
    assert (first["modified"], later["modified"]) == (TIME, "2026-01-31T12:00:05.000Z")
    assert first["id"] == "indicator--" + GOLDEN


def test_another_kind_value_creator_or_record_is_another_object() -> None:
    others = [
        made(Kind.SHA256, "0" * 64),
        made(Kind.PDQ, "0" * 64),
        made(Kind.PDQ, "1" * 64),
        made(Kind.PERSON, "Made Up"),
        made(Kind.PERSON, "Made Up", details={"birth_date": "1901-01-01"}),
        made(Kind.PERSON, "Made Up", details={"birth_date": "1901-01-02"}),
        make_indicator(
            Kind.PDQ, "0" * 64, creator_id=AUTHOR[:-1] + "2", created=NOW, marking_refs=()
        ),
    ]
    assert len({told(raw)["id"] for raw in others}) == len(others)
    assert "object_marking_refs" not in told(others[-1])


def test_details_come_back() -> None:
    details = {"birth_date": "1901-01-01", "aliases": "M. Up;Upp"}
    signal = check(Slice(made(Kind.PERSON, "Made Up", details=details))).signal
    assert signal is not None
    assert signal.details == details


def test_a_signal_whose_value_is_not_in_its_form_is_remarked() -> None:
    raw = made(Kind.DOMAIN, "x.example").replace(b'"value":"x.example"', b'"value":"X.example"')
    assert [problem.code for problem in remarks(check(Slice(raw)))] == ["signal-value"]
    raw = raw.replace(b'"value":"X.example"', b'"value":"hello"')
    assert [problem.code for problem in remarks(check(Slice(raw)))] == ["signal-value"]


@pytest.mark.parametrize("quality", [-1, 101, True])
def test_a_wrong_quality_is_refused(quality: int) -> None:
    with pytest.raises(InputError, match="quality"):
        made(Kind.PDQ, "0" * 64, quality=quality)


@given(st.sampled_from([Kind.TEXT, Kind.HANDLE, Kind.PERSON, Kind.URL]), st.text(max_size=40))
def test_any_text_makes_a_valid_pattern(kind: Kind, text: str) -> None:
    if kind is Kind.URL:
        text = f"http://x.example/{text}"
    try:
        raw = made(kind, text)
    except InputError:
        return
    one = check(Slice(raw))
    assert remarks(one) == []
    assert run_validator(one.value["pattern"], "2.1") == []
    assert one.signal is not None
    assert one.signal.value == normalise(kind, text)


GOLDEN = "7fafd99e-0e17-5014-b853-3d9001d5d580"
