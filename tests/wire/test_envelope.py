from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import OBJECTS, dumped, raws

from comity.errors import InputError, LimitError
from comity.wire.envelope import (
    CollectionResource,
    Discovery,
    Paging,
    message,
    read_collections,
    read_discovery,
    read_paging,
)
from comity.wire.stix import Slice, read_objects

READERS = (read_paging, read_discovery, read_collections)


@given(
    st.lists(OBJECTS.map(lambda value: json.dumps(value, indent=1).encode()), max_size=5),
    st.sampled_from([{}, {"more": True, "next": 'a"b', "x_comity_generation": 7}]),
)
def test_the_bytes_that_go_in_come_out(parts: list[bytes], members: dict[str, object]) -> None:
    made = message(members, "objects", parts)
    assert raws(read_objects(made)) == parts
    read = json.loads(made)
    assert {name: read[name] for name in members} == members
    assert ("objects" in read) == bool(parts)
    paging = read_paging(made)
    assert paging == (Paging(True, 'a"b', 7) if members else Paging())


def test_an_empty_message_is_an_empty_object() -> None:
    assert message({}, "objects", []) == b"{}"


def test_the_oasis_servers_answers_are_read(shared_data: Path) -> None:
    fixture = json.loads((shared_data / "cyber" / "medallion-default-data.json").read_bytes())
    told = fixture["/discovery"]
    assert read_discovery(dumped(told)) == Discovery(
        title=told["title"], default=told["default"], api_roots=tuple(told["api_roots"])
    )


def test_collections_are_read() -> None:
    one = {"id": "a", "title": "t", "can_read": True, "can_write": False, "x_other": {}}
    found = read_collections(dumped({"collections": [one]}))
    assert found == (CollectionResource("a", "t", True),)
    assert read_collections(b"{}") == ()


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"more": 1, "title": 5, "collections": 1}', b"\xff", b"[" * 9999],
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
    assert raws(read_objects(message({"more": False}, "objects", parts))) == parts
