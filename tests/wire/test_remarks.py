from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.wire.builders import AUTHOR, INDICATOR, TIME, JsonObject, indicator, piece

from comity.wire.checks import check
from comity.wire.objects import REQUIRED
from comity.wire.remarks import remarks
from comity.wire.stix import Slice, read_objects

UUID = INDICATOR[9:]


def told(value: JsonObject) -> list[tuple[str, str]]:
    """Code and message of each remark, all of which name the object and the field."""
    one = check(piece(value))
    found = remarks(one)
    for problem in found:
        assert problem.object == one.id
        assert problem.where.startswith(f"{one.where}: ")
    return [(problem.code, problem.message) for problem in found]


def of_type(stix_type: str, **changes: object) -> JsonObject:
    return {
        "type": stix_type,
        "id": stix_type + UUID,
        "spec_version": "2.1",
        "created": TIME,
        "modified": TIME,
        **changes,
    }


def test_a_whole_object_needs_no_remark() -> None:
    assert told(indicator()) == []


@pytest.mark.parametrize("stix_type", REQUIRED)
def test_every_type_misses_what_it_requires(stix_type: str) -> None:
    found = told(of_type(stix_type))
    missing = [
        text.removesuffix(" is missing") for code, text in found if code == "missing-property"
    ]
    assert [name for name in missing if not name.startswith("one of")] == list(REQUIRED[stix_type])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (indicator(pattern=5, pattern_type="yara"), "pattern is no text"),
        (indicator(valid_from="2026-01-31"), "valid_from is no timestamp"),
        (of_type("malware", is_family="no"), "is_family is neither true nor false"),
        (of_type("autonomous-system", number=True), "number is no whole number"),
        (of_type("opinion", opinion="x", object_refs=[]), "object_refs is no list of identifiers"),
        (of_type("sighting", sighting_of_ref="x"), "sighting_of_ref is no identifier"),
        (
            of_type("relationship", relationship_type="x", source_ref=AUTHOR, target_ref=[AUTHOR]),
            "target_ref is no identifier",
        ),
        (
            of_type("network-traffic", protocols="tcp", src_ref=AUTHOR),
            "protocols is no list with something in it",
        ),
        (
            of_type("language-content", object_ref=AUTHOR, contents=[]),
            "contents is no object with something in it",
        ),
    ],
)
def test_a_required_property_of_another_json_type_is_named(value: JsonObject, message: str) -> None:
    assert told(value) == [("bad-property", message)]


def test_one_of_several_is_enough() -> None:
    assert told(of_type("location", country="FR")) == []
    assert told(of_type("location")) == [
        ("missing-property", "one of region, country, latitude is missing")
    ]
    assert told(of_type("file", name="x")) == []
    assert told(of_type("marking-definition", extensions={"a": {}})) == []


def test_types_of_others_need_nothing() -> None:
    assert told(of_type("x-own")) == []


@pytest.mark.parametrize(
    "name",
    [
        "cyber/attack-ics-18.1.json.gz",
        "cyber/attack-mobile-17.1.json.gz",
        "cyber/poisonivy-indicators-stix21.json.gz",
        "tnr/pegasus-nso.stix2.json.gz",
        "tnr/cytrox-predator.stix2.json.gz",
    ],
)
def test_real_files_need_none(shared_data: Path, name: str) -> None:
    for one in read_objects(shared_data / name):
        assert isinstance(one, Slice)
        assert remarks(check(one)) == []


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"pattern": "[domain-name:value = ]"}, "pattern, column 22"),
        ({"pattern": "domain-name:value = 'x'"}, "pattern, column 1"),
    ],
)
def test_a_pattern_against_the_grammar_is_named(changes: dict[str, Any], place: str) -> None:
    one = check(piece(indicator(**changes)))
    (problem,) = remarks(one)
    assert problem.code == "bad-pattern"
    assert problem.where == f"{one.where}: {place}"
    assert told(indicator(pattern_type="yara", **changes)) == []
