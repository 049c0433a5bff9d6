from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import OBJECTS, dumped, indicator, raws

from comity.errors import InputError, LimitError
from comity.model.time import parse_time
from comity.wire.envelope import (
    Discovery,
    Entry,
    Envelope,
    Manifest,
    bundle,
    envelope,
    read_discovery,
    read_envelope,
    read_manifest,
    read_status,
)
from comity.wire.stix import Slice, read_objects

READERS = (read_envelope, read_discovery, read_status, read_manifest)
TIME = "2026-01-31T12:00:00.000001Z"


@given(st.lists(OBJECTS.map(lambda value: json.dumps(value, indent=1).encode()), max_size=5))
def test_the_bytes_that_go_in_come_out(parts: list[bytes]) -> None:
    assert raws(read_objects(bundle(parts))) == parts
    made = envelope(parts, more=True, next_page='a"b', extra={"x_comity_generation": 7})
    assert read_envelope(made) == Envelope(tuple(parts), True, 'a"b', 7)
    assert raws(read_objects(made)) == parts


def test_an_empty_envelope_is_an_empty_object() -> None:
    assert envelope([]) == b"{}"
    assert read_envelope(b"{}") == Envelope()
    assert list(read_objects(bundle([]))) == []


def test_a_bundle_is_one_for_others_and_its_id_follows_from_its_content() -> None:
    parts = [dumped(indicator())]
    theirs = stix2.parse(bundle(parts), version="2.1")
    assert [one.id for one in theirs.objects] == [indicator()["id"]]
    assert bundle(parts) == bundle(iter(parts))
    ids = {json.loads(bundle(some))["id"] for some in ([], parts, parts * 2, [parts[0] + b" "])}
    assert len(ids) == 4


def test_a_manifest_is_read_to_instants() -> None:
    body = dumped(
        {
            "more": True,
            "next": "5",
            "x_other": {},
            "objects": [{"id": "a--b", "date_added": TIME, "version": TIME, "media_type": "m"}],
        }
    )
    at = parse_time(TIME)
    assert read_manifest(body) == Manifest((Entry("a--b", at, at, "m"),), True, "5")
    with pytest.raises(InputError):
        read_manifest(body.replace(TIME.encode(), b"soon"))


def test_a_status_tells_of_each_object() -> None:
    counts = {"total_count": 2, "success_count": 1, "failure_count": 1, "pending_count": 0}
    body = {
        "id": "x",
        "status": "complete",
        **counts,
        "successes": [{"id": "a--b", "version": TIME}],
        "failures": [{"id": "c--d", "version": TIME, "message": "no"}],
    }
    status = read_status(dumped(body))
    assert [one.id for one in status.successes] == ["a--b"]
    assert [one.message for one in status.failures] == ["no"]
    assert status.pendings == ()


def test_the_oasis_servers_discovery_is_read(shared_data: Path) -> None:
    fixture = json.loads((shared_data / "cyber" / "medallion-default-data.json").read_bytes())
    found = read_discovery(dumped(fixture["/discovery"]))
    assert found == Discovery(
        title=fixture["/discovery"]["title"],
        default=fixture["/discovery"]["default"],
        api_roots=tuple(fixture["/discovery"]["api_roots"]),
    )


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"more": 1, "title": 5}', b'{"objects": {}', b"\xff", b"[" * 9999],
)
def test_what_is_no_message_is_our_error(read: object, body: bytes) -> None:
    assert callable(read)
    with pytest.raises(InputError) as caught:
        read(body)
    assert caught.value.code == "bad-message"
    with pytest.raises(LimitError):
        read(b" " * 11, 10)


@given(st.binary(max_size=60), st.sampled_from(READERS))
def test_no_bytes_raise_anything_else(body: bytes, read: object) -> None:
    assert callable(read)
    for text in (body, b'{"objects": [' + body + b"]}"):
        with suppress(InputError):
            read(text)


def test_real_files_pass_through_unchanged(shared_data: Path) -> None:
    path = shared_data / "cyber" / "attack-ics-18.1.json.gz"
    parts = [one.raw for one in read_objects(path) if isinstance(one, Slice)]
    assert read_envelope(envelope(parts)).objects == tuple(parts)
    assert raws(read_objects(bundle(parts))) == parts
