from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import (
    AUTHOR,
    INDICATOR,
    MARKING,
    TIME,
    VALUES,
    JsonObject,
    dumped,
    indicator,
    piece,
    written,
)

from comity.errors import InputError
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import Kind
from comity.model.time import EPOCH, parse_time
from comity.wire.checks import Parsed, check, same_content
from comity.wire.objects import Category
from comity.wire.remarks import remarks
from comity.wire.signal import Signal
from comity.wire.stix import Slice, read_objects

OTHER = "malware--44444444-4444-4444-8444-444444444444"
NOW = parse_time(TIME)


def refused(value: JsonObject | bytes) -> tuple[str, str]:
    """Code and field of the refusal."""
    one = Slice(value if isinstance(value, bytes) else dumped(value), "test.json")
    with pytest.raises(InputError) as caught:
        check(one)
    assert caught.value.where is not None
    assert caught.value.where.startswith("test.json: object 1 (byte 0)")
    return caught.value.code, caught.value.where.removeprefix(one.where).removeprefix(": ")


def observable(**changes: object) -> JsonObject:
    return {
        "type": "domain-name",
        "id": "domain-name" + INDICATOR[9:],
        "value": "x.example",
    } | changes


# ----------------------------------------------------------------------------- what is given


def test_all_columns_of_a_full_object() -> None:
    value = indicator(
        created_by_ref=AUTHOR,
        modified="2026-02-01T00:00:00Z",
        object_marking_refs=[MARKING],
        granular_markings=[
            {"selectors": ["name", "kill_chain_phases.[0]"], "marking_ref": MARKING[:-1] + "3"},
            {"selectors": ["name"], "lang": "fr"},
        ],
        revoked=True,
        confidence=100,
        x_source_ref=OTHER,
        x_many=[{"deep_refs": [OTHER, AUTHOR], "text_ref": "see there"}],
    )
    one = check(piece(value))
    assert one.raw == dumped(value)
    assert one.sha256 == hashlib.sha256(one.raw).digest()
    assert one.value == value
    assert (one.type, one.id, one.spec_version) == ("indicator", INDICATOR, "2.1")
    assert one.category is Category.DOMAIN
    assert (one.created, one.modified) == (NOW, parse_time("2026-02-01"))
    assert one.created_by_ref == AUTHOR
    assert one.marking_refs == (MARKING,)
    assert one.granular_refs == (MARKING[:-1] + "3",)
    assert one.revoked
    assert one.refs == (
        ("x_source_ref", OTHER),
        ("x_many.[0].deep_refs.[0]", OTHER),
        ("x_many.[0].deep_refs.[1]", AUTHOR),
    )
    assert one.signal is None
    assert not one.individual
    assert one.where == "test.json: object 1 (byte 0)"


def test_an_observable_needs_neither_version_nor_spec_version() -> None:
    one = check(piece(observable(resolves_to_refs=[OTHER])))
    assert (one.created, one.modified, one.category) == (None, EPOCH, Category.OBSERVABLE)
    assert one.refs == (("resolves_to_refs.[0]", OTHER),)


def test_a_marking_definition_is_as_old_as_its_creation() -> None:
    one = check(piece(indicator(type="marking-definition", id=MARKING, modified=...)))
    assert (one.created, one.modified) == (NOW, NOW)


def test_unknown_types_are_read_by_whether_they_are_versioned() -> None:
    own = {"type": "x-own", "id": "x-own" + INDICATOR[9:]}
    assert check(piece(own)).category is Category.OBSERVABLE
    assert refused({**own, "created": TIME, "modified": TIME}) == ("stix-version", "spec_version")
    whole = {**own, "created": TIME, "modified": TIME, "spec_version": "2.1"}
    assert check(piece(whole)).category is Category.DOMAIN


def test_persons_are_told_apart() -> None:
    person = indicator(type="identity", id=AUTHOR, identity_class="individual", name="Made Up")
    assert check(piece(person)).individual
    assert not check(piece({**person, "identity_class": "organization"})).individual


def test_timestamps_without_fractions_are_legal() -> None:
    one = check(piece(indicator(created="2026-01-31T12:00:00Z", modified="2026-01-31T12:00:00.5Z")))
    assert (one.created, one.modified) == (NOW, NOW + 500_000)


def test_a_signal_is_read() -> None:
    content = {
        "extension_type": "property-extension",
        "kind": "pdq",
        "value": "0" * 64,
        "expires_at": "2027-01-31T12:00:00.000Z",
        "quality": 90,
    }
    one = check(piece(indicator(extensions={SIGNAL_EXTENSION: content})))
    expires = parse_time("2027-01-31T12:00:00Z")
    assert one.signal == Signal(kind=Kind.PDQ, value="0" * 64, expires_at=expires, quality=90)


# ------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"type": ...}, "missing-property", "type"),
        ({"type": "Indicator"}, "bad-type", "type"),
        ({"type": "x--y", "id": "x--y" + INDICATOR[9:]}, "bad-type", "type"),
        ({"type": "xy", "id": "xy" + INDICATOR[9:]}, "bad-type", "type"),
        ({"type": 5}, "bad-type", "type"),
        ({"type": "bundle"}, "bundle", ""),
        ({"id": ...}, "missing-property", "id"),
        ({"id": "indicator--5"}, "bad-id", "id"),
        ({"id": INDICATOR + "\n"}, "bad-id", "id"),
        ({"id": OTHER}, "id-type-mismatch", "id"),
        ({"spec_version": ...}, "stix-version", "spec_version"),
        ({"spec_version": "2.0"}, "stix-version", "spec_version"),
        ({"spec_version": 2.1}, "stix-version", "spec_version"),
        ({"created": ...}, "missing-property", "created"),
        ({"modified": ...}, "missing-property", "modified"),
        ({"created": "2026-01-31"}, "bad-timestamp", "created"),
        ({"created": "2026-01-31T12:00:00+01:00"}, "bad-timestamp", "created"),
        ({"modified": 5}, "bad-timestamp", "modified"),
        ({"created_by_ref": OTHER}, "bad-property", "created_by_ref"),
        ({"created_by_ref": 5}, "bad-property", "created_by_ref"),
        ({"object_marking_refs": MARKING}, "bad-property", "object_marking_refs"),
        ({"object_marking_refs": [AUTHOR]}, "bad-property", "object_marking_refs"),
        ({"object_marking_refs": [[]]}, "bad-property", "object_marking_refs"),
        ({"granular_markings": {}}, "bad-property", "granular_markings"),
        ({"granular_markings": ["x"]}, "bad-property", "granular_markings.[0]"),
        (
            {"granular_markings": [{"selectors": ["a"], "marking_ref": MARKING, "lang": "de"}]},
            "bad-property",
            "granular_markings.[0]",
        ),
        (
            {"granular_markings": [{"marking_ref": MARKING}]},
            "bad-property",
            "granular_markings.[0].selectors",
        ),
        (
            {"granular_markings": [{"selectors": ["a..b"], "marking_ref": MARKING}]},
            "bad-property",
            "granular_markings.[0].selectors",
        ),
        ({"revoked": 1}, "bad-property", "revoked"),
        ({"revoked": "false"}, "bad-property", "revoked"),
        ({"confidence": 101}, "bad-property", "confidence"),
        ({"confidence": True}, "bad-property", "confidence"),
        ({"extensions": []}, "bad-property", "extensions"),
        (
            {"extensions": {SIGNAL_EXTENSION: {"kind": "moon-phase", "value": "x"}}},
            "bad-signal",
            f"extensions.{SIGNAL_EXTENSION}.kind",
        ),
        (
            {"extensions": {SIGNAL_EXTENSION: {"kind": "pdq", "value": 5}}},
            "bad-signal",
            f"extensions.{SIGNAL_EXTENSION}.value",
        ),
        (
            {"extensions": {SIGNAL_EXTENSION: {"kind": "pdq", "value": "x", "quality": 101}}},
            "bad-signal",
            f"extensions.{SIGNAL_EXTENSION}.quality",
        ),
        (
            {"extensions": {SIGNAL_EXTENSION: {"kind": "pdq", "value": "x", "review_at": "?"}}},
            "bad-signal",
            f"extensions.{SIGNAL_EXTENSION}.review_at",
        ),
        ({"extensions": {SIGNAL_EXTENSION: "x"}}, "bad-signal", f"extensions.{SIGNAL_EXTENSION}"),
    ],
)
def test_a_wrong_property_is_refused_by_name(
    changes: dict[str, Any], code: str, field: str
) -> None:
    assert refused(indicator(**changes)) == (code, field)


def test_the_advice_on_older_versions_says_what_to_do() -> None:
    with pytest.raises(InputError, match=r"STIX 2\.0") as caught:
        check(piece(indicator(spec_version=...)))
    assert "STIX 2.1" in caught.value.advice


WHOLE = dumped(indicator(name="n", nested={"a": [{"b": 1, "c": 2}]}))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b'"name": "n"', b'"name": "n", "name": "m"', "name"),
        (b'"name": "n"', b'"name" : "n", "name"\n: "n"', "name"),
        (b'"b": 1', b'"b": 1, "b": 1', "b"),
        (b'"b": 1', b'"b": 1, "\\u0062": 1', "b"),
        (b'"name": "n"', b'"name" :"n", "name" :"m", "x": "\\":"', "name"),
        (b'"type": "indicator"', b'"type": "malware", "type": "indicator"', "type"),
        (b'"name": "n"', b'"": 1, "": 2', ""),
    ],
)
def test_a_repeated_key_is_refused_at_any_depth(old: bytes, new: bytes, field: str) -> None:
    assert old in WHOLE
    assert refused(WHOLE.replace(old, new, 1)) == ("duplicate-key", field)


@pytest.mark.parametrize(
    "text",
    [
        b'"name": "n\\":"',
        b'"name": ": not a key"',
        b'"name" : "n"',
        b'"name"\t:\r\n"n"',
        b'"name": "a \\" : b"',
        b'"na\\"me": "n"',
        b'"name\\\\": "n"',
        b'":": ":"',
    ],
)
def test_colons_and_quotes_elsewhere_are_no_keys(text: bytes) -> None:
    check(Slice(WHOLE.replace(b'"name": "n"', text, 1)))


@given(
    st.dictionaries(st.text('":\\ a\n', max_size=4), VALUES, max_size=5),
    st.lists(st.text(" \n\t\r", max_size=2), min_size=1, max_size=9),
    st.data(),
)
def test_keys_are_counted_right(
    extra: dict[str, object], spaces: list[str], data: st.DataObject
) -> None:
    value = indicator(extra=extra)
    raw = written(value, itertools.cycle(spaces), ascii_only=True).encode()
    assert check(Slice(raw)).value == json.loads(raw)
    if extra:
        key = json.dumps(data.draw(st.sampled_from(sorted(extra))))
        repeated = json.dumps(value).replace('"extra": {', f'"extra": {{{key}: 0, ', 1)
        assert refused(repeated.encode())[0] == "duplicate-key"


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        (b'"name": NaN', "bad-number", "name"),
        (b'"name": {"deep": [0, Infinity]}', "bad-number", "name.deep.[1]"),
        (b'"name": 1e999', "bad-number", "name"),
        (b'"name": "\\ud800"', "bad-text", "name"),
        (b'"name": ["x", "\\udc00 \\ud83d"]', "bad-text", "name.[1]"),
        (b'"name": "\xff"', "encoding", "name"),
        (b'"name": "\xc3\x28"', "encoding", "name"),
        (b'"name": "\xed\xa0\x80"', "encoding", "name"),
        (b'"name": "\x00"', "bad-json", "name"),
        (b'"name": 01', "bad-json", "name"),
        (b"\"name\": 'n'", "bad-json", "name"),
        (b'"name": ' + b"[" * 3000 + b"]" * 3000, "too-deep", ""),
    ],
)
def test_text_that_is_not_quite_json_is_refused(text: bytes, code: str, field: str) -> None:
    assert refused(WHOLE.replace(b'"name": "n"', text, 1)) == (code, field)


@pytest.mark.parametrize("text", [b"[]", b"5", b'"x"', b"null"])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    assert refused(text) == ("not-an-object", "")


def test_no_message_quotes_what_it_refuses() -> None:
    for changes in ({"created": "secret"}, {"id": "secret"}, {"created_by_ref": "secret"}):
        with pytest.raises(InputError) as caught:
            check(piece(indicator(**changes)))
        assert "secret" not in str(caught.value.as_dict())


# ---------------------------------------------------------------------------------- same content


@given(VALUES, st.lists(st.text(" \n\t", max_size=2), min_size=1, max_size=9), st.booleans())
def test_order_and_space_do_not_change_what_is_said(
    value: object, spaces: list[str], ascii_only: bool
) -> None:
    shuffled = written(_reversed(value), itertools.cycle(spaces), ascii_only).encode()
    assert same_content(dumped(value), shuffled)


def _reversed(value: object) -> object:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (b"1", b"1.0", True),
        (b"1e2", b"100", True),
        (b"0", b"-0.0", True),
        (b"1", b"true", False),
        (b"0", b"false", False),
        (b"null", b"false", False),
        (b'"1"', b"1", False),
        (b"[1, 2]", b"[2, 1]", False),
        (b"[1]", b"[1, 1]", False),
        (b'{"a": 1}', b'{"a": 1, "b": null}', False),
        (b'{"a": [true]}', b'{"a": [1]}', False),
        (b'"\\u00e9"', '"é"'.encode(), True),
        (b'"e\\u0301"', b'"\\u00e9"', False),
        (b"9007199254740993", b"9007199254740992", False),
    ],
)
def test_equal_is_as_json_has_it(a: bytes, b: bytes, same: bool) -> None:
    assert same_content(a, b) is same
    assert same_content(b, a) is same


def test_comparing_what_is_no_json_is_our_error() -> None:
    with pytest.raises(InputError):
        same_content(b"{", b"{}")


# ------------------------------------------------------------------------------------ real files


def parsed(path: Path) -> list[Parsed]:
    return [check(one) for one in read_objects(path) if isinstance(one, Slice)]


@pytest.mark.parametrize(
    "name",
    [
        "cyber/attack-ics-18.1.json.gz",
        "cyber/attack-mobile-17.1.json.gz",
        "cyber/disarm-red-stix21-2025.json.gz",
        "cyber/poisonivy-indicators-stix21.json.gz",
        "tnr/pegasus-nso.stix2.json.gz",
        "tnr/intellexa-predator.stix2.json.gz",
    ],
)
def test_real_files_pass_whole(shared_data: Path, name: str) -> None:
    for one in parsed(shared_data / name):
        value = json.loads(one.raw)
        assert one.value == value
        assert one.created_by_ref == value.get("created_by_ref")
        assert one.marking_refs == tuple(value.get("object_marking_refs", ()))


def test_stix_2_0_is_refused_as_such(shared_data: Path) -> None:
    for one in read_objects(shared_data / "cyber" / "stix20-playbooks" / "emotet.json.gz"):
        assert isinstance(one, Slice)
        with pytest.raises(InputError) as caught:
            check(one)
        assert caught.value.code == "stix-version"


def test_the_oracle_agrees_on_the_conformance_examples(shared_data: Path) -> None:
    for path in sorted((shared_data / "cyber" / "oasis").glob("*.json")):
        for one in parsed(path):
            theirs = stix2.parse(one.value, allow_custom=True, version="2.1")
            assert theirs["id"] == one.id
            if "modified" in theirs and not isinstance(theirs, dict):
                assert parse_time(str(json.loads(theirs.serialize())["modified"])) == one.modified


def test_atlas_holds_two_objects_modified_before_they_were_created(shared_data: Path) -> None:
    text = gzip.decompress((shared_data / "cyber" / "mitre-atlas-stix21.json.gz").read_bytes())
    told = [
        remark.message
        for one in read_objects(text)
        if isinstance(one, Slice)
        for remark in remarks(check(one))
    ]
    assert told == ["modified is before created"] * 2
