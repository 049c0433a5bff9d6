from __future__ import annotations

import gzip
import itertools
import json
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.builders import (
    OBJECTS,
    SPACES,
    VALUES,
    Parts,
    Trickle,
    bundle_of,
    codes,
    dumped,
    indicator,
    raws,
    written,
)

from comity.errors import ComityError
from comity.wire.checks import check
from comity.wire.limits import Limits
from comity.wire.problem import Problem
from comity.wire.remarks import remarks
from comity.wire.stix import Slice, read_objects
from comity.wire.stream import open_source

SMALL = Limits(object_bytes=200, depth=10, line_bytes=200, chunk=16)

# ------------------------------------------------------------------- whole objects, exact bytes


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A container in any of its forms, and the bytes of each object in it."""
    values = draw(st.lists(OBJECTS, max_size=8))
    spaces = itertools.cycle(draw(st.lists(SPACES, min_size=1, max_size=7)))
    ascii_only = draw(st.booleans())
    parts = [written(value, spaces, ascii_only) for value in values]
    joined = ",".join(f"{next(spaces)}{part}{next(spaces)}" for part in parts)
    inside = f"[{joined}{next(spaces)}]"
    others = {"id": "bundle--x", "x_extra": draw(VALUES), "next": draw(VALUES)}
    members = [(key, written(value, spaces, ascii_only)) for key, value in others.items()]
    members += [("type", '"bundle"'), ("objects", inside)]
    pairs = [
        f'"{key}"{next(spaces)}:{next(spaces)}{text}'
        for key, text in draw(st.permutations(members))
    ]
    text = draw(st.sampled_from([inside, "{" + f"{next(spaces)},".join(pairs) + "}"]))
    text = next(spaces) + text + next(spaces)
    return text.encode(), [part.encode() for part in parts]


@given(texts(), st.integers(1, 64), st.integers(1, 64))
def test_every_object_is_sliced_to_its_exact_bytes(
    made: tuple[bytes, list[bytes]], chunk: int, step: int
) -> None:
    text, parts = made
    limits = Limits(chunk=chunk)
    found = list(read_objects(Trickle(text, step), "made.json", limits))
    assert raws(found) == parts
    for one in found:
        assert isinstance(one, Slice)
        assert text[one.offset : one.offset + len(one.raw)] == one.raw
    assert list(read_objects(text, "made.json")) == found


@given(st.lists(OBJECTS, max_size=6), st.booleans(), st.integers(1, 64))
def test_json_lines_are_sliced_too(values: list[dict[str, object]], more: bool, chunk: int) -> None:
    parts = [dumped({"id": "x", "type": "y", **value}) for value in values]
    text = b"\n".join(parts) + b"\n" * more
    for name in ("a.json", "a.jsonl"):
        found = list(read_objects(text, name, Limits(chunk=chunk))) if parts else []
        assert raws(found) == parts
        assert codes(found) == []


@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_objects_and_bundles_may_follow_one_another(values: list[dict[str, object]]) -> None:
    parts = [json.dumps({"type": "t", **value}, indent=1).encode() for value in values]
    assert raws(read_objects(b"\n\n".join(parts))) == parts
    assert raws(read_objects(b" ".join(bundle_of([part]) for part in parts))) == parts


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b'{"more": false}', b'{"type": "bundle", "id": "bundle--x"}', b" [ ] "]
)
def test_an_empty_container_holds_nothing(text: bytes) -> None:
    assert list(read_objects(text)) == []


def test_places_name_file_index_and_byte() -> None:
    text = bundle_of([b'{"a": 1}', b'{"b": 2}'])
    first, second = read_objects(text, "two.json")
    assert isinstance(first, Slice)
    assert isinstance(second, Slice)
    assert first.where == f"two.json: object 1 (byte {text.index(first.raw)})"
    assert second.where == f"two.json: object 2 (byte {text.index(second.raw)})"


def test_offsets_count_the_byte_order_mark() -> None:
    (only,) = read_objects(b"\xef\xbb\xbf" + dumped(indicator()))
    assert isinstance(only, Slice)
    assert only.offset == 3


def test_a_property_called_objects_of_another_type_is_no_bundle() -> None:
    old = b'{"type": "observed-data", "id": "x", "objects": {"0": {"type": "file"}}}'
    own = b'{"type": "x-list", "id": "x", "objects": [{"a": 1}]}'
    assert raws(read_objects(old)) == [old]
    assert raws(read_objects(own)) == [own]


def test_two_lists_in_one_bundle_are_both_read_and_told() -> None:
    found = list(read_objects(b'{"objects": [{"a": 1}], "objects": [{"b": 2}]}'))
    assert raws(found) == [b'{"a": 1}', b'{"b": 2}']
    assert codes(found) == ["second-list"]


# ------------------------------------------------------------------------------ what goes wrong


def test_elements_that_are_no_objects_are_named_and_passed_over() -> None:
    text = b'[1, {"a": 1}, "two", [{"b": 2}], null, {"c": 3}, {"d": 4}, 5, {"e": 5}]'
    found = list(read_objects(text))
    assert raws(found) == [b'{"a": 1}', b'{"c": 3}', b'{"d": 4}', b'{"e": 5}']
    assert codes(found) == ["not-an-object"] * 5
    last = [one for one in found if isinstance(one, Problem)][-1]
    assert last.where == f"input: object 8 (byte {text.index(b'5')})"


@pytest.mark.parametrize(
    ("bad", "code", "field"),
    [
        (b'{"a": 1,, "b": }', "bad-json", "a"),
        (b'{"a": {"b": nonsense}}', "bad-json", "b"),
        (b'{"ok": 1, "a": NaN}', "bad-number", "a"),
        (b'{"a": [1, -Infinity]}', "bad-number", "a.[1]"),
        (b'{"a": [1, 2}', "bad-json", "a"),
        (b"{'a': 1}", "bad-json", ""),
        (b'{"a": "\x01"}', "bad-json", "a"),
    ],
)
def test_a_broken_object_in_balanced_braces_is_one_problem(
    bad: bytes, code: str, field: str
) -> None:
    good = [dumped(indicator(name=str(number))) for number in range(4)]
    for parts in itertools.permutations([*good[:3], bad]):
        found = list(read_objects(bundle_of([*parts, good[3]]), "x"))
        assert raws(found) == [part for part in parts if part != bad] + [good[3]]
        assert codes(found) == [code]
        (problem,) = (one for one in found if isinstance(one, Problem))
        assert problem.where.endswith(f": {field}" if field else ")")


def test_what_stands_between_objects_takes_none_of_them_along() -> None:
    text = b'{"type": "bundle", oops "objects": [{"a": 1} {"b": 2},, ;; {"c": 3}], "x": }'
    found = list(read_objects(text))
    assert raws(found) == [b'{"a": 1}', b'{"b": 2}', b'{"c": 3}']
    assert codes(found) == ["not-an-object"]


@given(st.integers(0, 400), st.sampled_from([16, 1 << 20]))
def test_a_file_that_breaks_off_keeps_its_whole_objects_and_has_one_problem(
    cut: int, chunk: int
) -> None:
    parts = [dumped(indicator(name="x" * number)) for number in range(4)]
    text = bundle_of(parts)
    cut = min(cut * len(text) // 400, len(text) - 1)
    found = list(read_objects(text[:cut], "cut.json", Limits(chunk=chunk)))
    whole = [part for part in parts if text.index(part) + len(part) <= cut]
    assert raws(found) == whole
    assert codes(found) == ["truncated" if cut else "empty"]
    (problem,) = (one for one in found if isinstance(one, Problem))
    if cut:
        assert problem.where.endswith(f"(after object {len(whole)})")


def test_a_line_that_breaks_off_takes_no_other_line_with_it() -> None:
    lines = [dumped(indicator(name=str(number))) for number in range(5)]
    lines[2] = lines[2][:40]
    found = list(read_objects(b"\n".join(lines), "feed.json"))
    assert raws(found) == [*lines[:2], *lines[3:]]
    assert codes(found) == ["truncated"]
    (problem,) = (one for one in found if isinstance(one, Problem))
    assert problem.where.startswith("feed.json: line 3: byte ")
    lines[0] = lines[0][:60]
    assert raws(read_objects(b"\n".join(lines), "feed.json")) == [lines[1], *lines[3:]]


@pytest.mark.parametrize(("text", "count"), [(b"hello", 1), (b"a,b\nc,d\n", 2), (b"<xml/>", 1)])
def test_what_is_no_json_is_told_line_by_line(text: bytes, count: int) -> None:
    assert codes(read_objects(text)) == ["not-json"] * count


def test_an_empty_source_is_told() -> None:
    assert codes(read_objects(b"", "none.json")) == ["empty"]


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    (problem,) = read_objects(tmp_path / "none.json")
    assert isinstance(problem, Problem)
    assert (problem.code, problem.where) == ("unreadable", "none.json")


# ------------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize("size", [150, 5_000])
def test_an_object_over_the_limit_is_passed_over(size: int) -> None:
    big = dumped({"id": "x", "text": "y" * size})
    parts = [b'{"a": 1}', big, b'{"b": 2}']
    expected = parts if size == 150 else [b'{"a": 1}', b'{"b": 2}']
    for text in (b"[" + b",".join(parts) + b"]", bundle_of(parts), b"\n".join(parts)):
        for limits in (SMALL, Limits(object_bytes=200)):
            found = list(read_objects(text, "x.json", limits))
            assert raws(found) == expected
            assert codes(found) == ([] if size == 150 else ["over-limit"])
    alone = list(read_objects(big, "x.json", SMALL))
    assert codes(alone) == ([] if size == 150 else ["over-limit"])


@pytest.mark.parametrize("pair", [(b'{"a":', b"}"), (b"[", b"]")])
@pytest.mark.parametrize("depth", [99, 100, 5_000, 100_000])
def test_an_object_that_nests_too_deeply_is_passed_over(
    pair: tuple[bytes, bytes], depth: int
) -> None:
    deep = b'{"x": ' + pair[0] * depth + b"0" + pair[1] * depth + b"}"
    parts = [b'{"a": 1}', deep, b'{"b": 2}', b'{"c": "{{{{[[[["}']
    found = list(read_objects(b"[" + b",".join(parts) + b"]"))
    assert codes(found) == ([] if depth < 100 else ["too-deep"])
    assert raws(found) == [part for part in parts if depth < 100 or part != deep]
    assert codes(read_objects(deep)) == ([] if depth < 100 else ["too-deep"])


def test_brackets_in_strings_do_not_nest() -> None:
    flat = dumped({"x": "{[" * 500, "y": '"]}' * 10})
    assert raws(read_objects(flat)) == [flat]


def huge_line(size: int) -> Iterator[bytes]:
    yield b'{"id": "a", "type": "b"}\n{"id": "c", "text": "'
    for _ in range(size // (1 << 16)):
        yield b"x" * (1 << 16)
    yield b'"}\n{"id": "d", "type": "e"}\n'


def huge_string(size: int) -> Iterator[bytes]:
    yield b'[{"id": "a"}, {"id": "c", "text": "'
    for _ in range(size // (1 << 16)):
        yield b'\\"' * (1 << 15)
    yield b'"}, {"id": "d"}]'


def many_objects(count: int) -> Iterator[bytes]:
    one = dumped(indicator(description="d" * 600))
    yield b'{"type": "bundle", "objects": ['
    for _ in range(count // 100):
        yield b", ".join([one] * 100) + b", "
    yield one + b"]}"


@pytest.mark.parametrize("size", [40 << 20, pytest.param(200 << 20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("parts", [huge_line, huge_string])
def test_a_huge_line_costs_no_memory(size: int, parts: object) -> None:
    assert callable(parts)
    tracemalloc.start()
    try:
        file = Parts(parts(size))
        found = list(read_objects(file, "huge.json", Limits(object_bytes=4 << 20)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert codes(found) == ["over-limit"]
    assert [one.raw[:10] for one in found if isinstance(one, Slice)] == [
        b'{"id": "a"',
        b'{"id": "d"',
    ]
    assert peak < 24 << 20


@pytest.mark.parametrize("count", [20_000, pytest.param(1_200_000, marks=pytest.mark.soak)])
def test_a_large_bundle_streams(count: int) -> None:
    tracemalloc.start()
    try:
        number = sum(isinstance(one, Slice) for one in read_objects(Parts(many_objects(count))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == count + 1
    assert peak < 24 << 20


def test_a_bomb_gives_what_came_before_it() -> None:
    first = dumped(indicator())
    text = b"[" + first + b"," + b" " * (40 << 20) + b"]"
    found = list(read_objects(gzip.compress(text), "bomb.json.gz"))
    assert raws(found) == [first]
    assert codes(found) == ["gzip-bomb"]


@given(st.integers(0, 1000))
def test_a_cut_gzip_keeps_its_whole_objects(cut: int) -> None:
    rng = random.Random(cut)
    parts = [dumped(indicator(name=rng.randbytes(40).hex())) for _ in range(50)]
    packed = gzip.compress(bundle_of(parts))
    kept = packed[: 20 + cut * (len(packed) - 21) // 1000]
    found = list(read_objects(kept, "cut.json.gz"))
    assert raws(found) == parts[: len(raws(found))]
    assert codes(found) == ["gzip-truncated"]
    (problem,) = (one for one in found if isinstance(one, Problem))
    assert "of the compressed data (after object" in problem.where


# ----------------------------------------------------------------------------- anything at all


@given(st.binary(max_size=300) | st.text('{}[]",:\\ \n0ab', max_size=80).map(str.encode))
def test_no_bytes_raise_anything(data: bytes) -> None:
    for limits in (Limits(), SMALL):
        for _ in read_objects(data, "any.json", limits):
            pass


@given(st.data())
def test_mutated_objects_raise_nothing_but_our_errors(data: st.DataObject) -> None:
    text = bytearray(bundle_of([dumped(indicator(name="é", x=[{"a_ref": "b"}]))] * 3))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for one in read_objects(bytes(text)):
        if isinstance(one, Slice):
            with suppress(ComityError):
                remarks(check(one))


# ---------------------------------------------------------------------------------- real files

COUNTS = {
    "cyber/attack-ics-18.1.json.gz": 1826,
    "cyber/attack-mobile-17.1.json.gz": 2148,
    "cyber/disarm-red-stix21-2025.json.gz": 698,
    "cyber/mitre-atlas-stix21.json.gz": 538,
    "cyber/poisonivy-indicators-stix21.json.gz": 4800,
    "cyber/stix20-playbooks/emotet.json.gz": 2858,
    "cyber/stix20-playbooks/revil-ransomware.json.gz": 1024,
    "cyber/stix20-playbooks/statelytaurus.json.gz": 3134,
    "cyber/stix20-playbooks/tridentursa.json.gz": 2636,
    "cyber/oasis/incident-core-ransom.json": 19,
    "cyber/oasis/incident-core-sample-activity.json": 2,
    "cyber/oasis/iep-marking-red.json": 1,
    "cyber/oasis/acs-marking-use-case-1.json": 1,
    "tnr/pegasus-nso.stix2.json.gz": 3099,
    "tnr/cytrox-predator.stix2.json.gz": 687,
    "tnr/novispy-serbia.stix2.json.gz": 37,
    "tnr/wintego-helios.stix2.json.gz": 352,
    "tnr/intellexa-predator.stix2.json.gz": 1171,
    "tnr/candiru.stix2.json.gz": 251,
    "tnr/residentbat.stix2.json.gz": 97,
    "tnr/cellebrite.stix2.json.gz": 3,
}


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("chunk", [1 << 20, 50_000])
def test_real_files_are_sliced_whole(shared_data: Path, name: str, chunk: int) -> None:
    path = shared_data / name
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    with open_source(path) as source:
        found = list(read_objects(source, limits=Limits(chunk=chunk)))
    assert codes(found) == []
    assert len(found) == COUNTS[name]
    document = json.loads(text)
    whole = document["objects"] if document["type"] == "bundle" else [document]
    for one, value in zip(found, whole, strict=True):
        assert isinstance(one, Slice)
        assert text[one.offset : one.offset + len(one.raw)] == one.raw
        assert json.loads(one.raw) == value


def test_the_conformance_examples_are_sliced_whole(shared_data: Path) -> None:
    for path in sorted((shared_data / "cyber" / "oasis").glob("*.json")):
        document = json.loads(path.read_bytes())
        whole = document.get("objects", [document])
        found = list(read_objects(path))
        assert [json.loads(raw) for raw in raws(found)] == whole, path.name
        assert codes(found) == []
