"""What is broken is named with its place, and what is good beside it is kept."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest
from tests.node.tables import rows_of
from tests.node.world import GREEN, JsonObject, Site, World, identity, indicator, made_id

from comity.errors import InputError
from comity.model.ids import SIGNAL_EXTENSION
from comity.model.kind import Kind
from comity.node.acts.share import share
from comity.wire.limits import DEFAULT

MEGABYTE: Final = 1 << 20


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("bad"))
    made.site("arden")
    yield made
    made.close()


@pytest.fixture
def arden(world: World, request: pytest.FixtureRequest) -> Site:
    """A node with a collection of its own for each test."""
    site = world.network.sites["arden.test"]
    site.collection(request.node.name)
    return site


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def bundle(*parts: bytes) -> bytes:
    return b'{"type": "bundle", "id": "bundle--x", "objects": [' + b", ".join(parts) + b"]}"


def without(*fields: str) -> bytes:
    return dumped({key: text for key, text in indicator(5).items() if key not in fields})


def deep(levels: int) -> bytes:
    inner = b"[" * levels + b"]" * levels
    return dumped(indicator(5))[:-1] + b', "x_deep": ' + inner + b"}"


ONE, TWO, THREE = (dumped(indicator(number)) for number in (1, 2, 3))
GOOD: Final = 3


NOISE: Final = b64encode(Random(1).randbytes(DEFAULT.object_bytes // 20))
"""Text that hardly compresses: a little over a sixteenth of what one object may be."""


class Case(NamedTuple):
    """One bad object between good ones: the code, and where the message points."""

    name: str
    bad: bytes
    code: str
    where: str = "object 2 (byte "


BROKEN: Final = (
    Case("no json within its braces", b'{"type": indicator}', "bad-json"),
    Case("a string that is not closed", ONE[:40] + b'\n"}', "bad-json"),
    Case("no object", b'"indicator"', "not-an-object"),
    Case("a number", b"17", "not-an-object"),
    Case("a list", b"[1, 2]", "not-an-object"),
    Case("too deep", deep(500), "too-deep"),
    Case("much too deep", deep(100_000), "too-deep"),
    Case("not UTF-8", ONE.replace(b"made-up", b"\xff\xfe"), "encoding", ": name"),
    Case("latin-1", ONE.replace(b"made-up", b"caf\xe9"), "encoding", ": name"),
    Case("half a surrogate pair", ONE.replace(b"made-up", b"\\ud800"), "bad-text", ": name"),
    Case("a key twice", b'{"name": "other", ' + ONE[1:], "duplicate-key", ": name"),
    Case("a key twice, deep within", ONE[:-1] + b', "x_a": [{"b": 1, "b": 1}]}',
         "duplicate-key", ": b"),
    Case("not a number", ONE[:-1] + b', "x_score": NaN}', "bad-number", ": x_score"),
    Case("infinite", ONE[:-1] + b', "x_score": 1e999}', "bad-number", ": x_score"),
    Case("an id of another type", dumped(indicator(5) | {"id": made_id("malware", 5)}),
         "id-type-mismatch", ": id"),
    Case("an id that is none", dumped(indicator(5) | {"id": "indicator--5"}), "bad-id", ": id"),
    Case("an id that is a number", dumped(indicator(5) | {"id": 5}), "bad-id", ": id"),
    Case("no id", without("id"), "missing-property", ": id"),
    Case("no type", without("type"), "missing-property", ": type"),
    Case("no created", without("created"), "missing-property", ": created"),
    Case("no modified", without("modified"), "missing-property", ": modified"),
    Case("STIX 2.0", without("spec_version"), "stix-version", ": spec_version"),
    Case("a date for a time", dumped(indicator(5) | {"modified": "2026-01-31"}),
         "bad-timestamp", ": modified"),
    Case("a time with a zone", dumped(indicator(5) | {"modified": "2026-01-31T12:00:00+01:00"}),
         "bad-timestamp", ": modified"),
    Case("a marking that is none", dumped(indicator(5, object_marking_refs=["x"])),
         "bad-property", ": object_marking_refs"),
    Case("a signal of no kind that we know", dumped(indicator(5, extensions={SIGNAL_EXTENSION: {
        "extension_type": "property-extension", "kind": "dream", "value": "x"}})),
        "bad-signal", ".kind"),
    Case("a bundle in a bundle", bundle(ONE), "bundle"),
    Case("too large", ONE[:-1] + b', "x": "' + NOISE * 16 + b'"}', "over-limit"),
)  # fmt: skip


NOT_A_LINE: Final = frozenset(
    {"a string that is not closed", "no object", "a number", "a list", "a bundle in a bundle"}
)
"""What is something else where each line is a document of its own."""

BOTH: Final = [
    pytest.param(case, shape, id=f"{shape}: {case.name}")
    for case in BROKEN
    for shape in ("bundle", "list", "gzip", "lines")
    if shape != "lines" or case.name not in NOT_A_LINE
]


@pytest.mark.parametrize(("case", "shape"), BOTH)
def test_one_broken_object_is_refused_in_its_place(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, case: Case, shape: str
) -> None:
    parts = (ONE, case.bad, TWO)
    content = {
        "bundle": bundle(*parts),
        "list": b"[\n" + b",\n".join(parts) + b"\n]",
        "lines": b"\n".join(parts),
        "gzip": gzip.compress(bundle(*parts), 1),
    }[shape]
    path = tmp_path / f"given.json{'l' * (shape == 'lines')}{'.gz' * (shape == 'gzip')}"
    path.write_bytes(content)
    said = share(arden.node, [path], request.node.name, GREEN)
    assert counts(said) == (2, 0, 0, 1)
    (problem,) = said["problems"]
    assert problem["code"] == case.code
    assert problem["where"].startswith(path.name)
    assert "object 2" in problem["where"]
    assert problem["where"].endswith(case.where) or case.where in problem["where"]
    assert_held(arden, request.node.name, 1, 2)


def counts(said: JsonObject) -> tuple[int, int, int, int]:
    return said["new"], said["known"], said["conflicts"], said["refused"]


def assert_held(site: Site, collection: str, *numbers: int) -> None:
    with site.node.store.read() as tx:
        found = next(one.id for one in tx.collections() if one.name == collection)
        for number in numbers:
            held = tx.newest(found, [made_id("indicator", number)])
            assert held == {made_id("indicator", number): dumped(indicator(number))}


# -------------------------------------------------------------------------- kept, with a remark


INCOMPLETE: Final = (
    ("no pattern", without("pattern"), "pattern"),
    ("no pattern_type", without("pattern_type"), "pattern_type"),
    ("no valid_from", without("valid_from"), "valid_from"),
    ("a pattern that is none", dumped(indicator(5, pattern="[domain-name:value =")), "pattern"),
    ("modified before created", dumped(indicator(5) | {"modified": "2025-01-01T00:00:00Z"}),
     "modified"),
    ("a list for a text", dumped(indicator(5, pattern_type=["stix"])), "pattern_type"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "field"), [case[1:] for case in INCOMPLETE], ids=[case[0] for case in INCOMPLETE]
)
def test_what_its_type_asks_for_is_named_and_the_object_kept(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, bad: bytes, field: str
) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(bundle(ONE, bad, TWO))
    said = share(arden.node, [path], request.node.name, GREEN)
    assert counts(said) == (3, 0, 0, 0)
    (problem,) = said["problems"]
    assert problem["object"] == made_id("indicator", 5)
    assert "object 2" in problem["where"]
    assert field in problem["where"] + problem["message"]


@pytest.mark.parametrize("instant", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456789Z"])
def test_any_number_of_decimals_is_legal(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, instant: str
) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(dumped(indicator(7, modified=instant, valid_from=instant)))
    said = share(arden.node, [path], request.node.name, GREEN)
    assert counts(said) == (1, 0, 0, 0)
    assert said["problems"] == []


# ------------------------------------------------------------------- the file itself is broken


def wide(text: bytes) -> bytes:
    return text.decode().encode("utf-16")


WHOLE: Final = bundle(ONE, TWO, THREE)
SQUEEZED: Final = gzip.compress(b"[" + b",".join(dumped(indicator(n)) for n in range(900)) + b"]")
BREAKS: Final = (
    ("within an object", "a.json", WHOLE[:-20], 2, "truncated"),
    ("between objects", "a.json", WHOLE[: -len(THREE) - 2], 2, "truncated"),
    ("within a string", "a.json", WHOLE[: WHOLE.index(b"made-up 3") + 4], 2, "truncated"),
    ("after the list", "a.json", WHOLE[:-1], 3, "truncated"),
    ("within a line", "a.jsonl", ONE + b"\n" + TWO + b"\n" + THREE[:50], 2, "truncated"),
    ("text after it", "a.json", WHOLE + b"\nthe end\n", 3, "not-json"),
    ("another list", "a.json", bundle(ONE)[:-1] + b', "objects": [' + TWO + b"]}", 2,
     "second-list"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "good", "code"), [case[1:] for case in BREAKS], ids=[c[0] for c in BREAKS]
)
def test_a_file_that_breaks_off_keeps_its_whole_objects(
    arden: Site,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    name: str,
    content: bytes,
    good: int,
    code: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    said = share(arden.node, [path], request.node.name, GREEN)
    assert counts(said) == (good, 0, 0, 0)
    (problem,) = said["problems"]
    assert problem["code"] == code
    assert problem["where"].startswith(name)
    assert "byte" in problem["where"]
    assert_held(arden, request.node.name, *range(1, good + 1))


def test_gzip_that_breaks_off_keeps_its_whole_objects(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(SQUEEZED[: len(SQUEEZED) // 2])
    said = share(arden.node, [path], request.node.name, GREEN)
    assert 100 < said["new"] < 900
    assert len(said["problems"]) == 1
    assert "cut.json.gz" in said["problems"][0]["where"]
    path.write_bytes(SQUEEZED)
    again = share(arden.node, [path], request.node.name, GREEN)
    assert (again["new"], again["known"]) == (900 - said["new"], said["new"])


UNREADABLE: Final = (
    ("nothing", "a.json", b"", "empty"),
    ("UTF-16", "a.json", wide(WHOLE), "encoding"),
    ("UTF-16 without its mark", "a.json", WHOLE.decode().encode("utf-16-le"), "encoding"),
    ("UTF-32", "a.json", WHOLE.decode().encode("utf-32"), "encoding"),
    ("an image", "a.json", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not-json"),
    ("words", "a.json", b"this is no JSON", "not-json"),
    ("no gzip", "a.json.gz", b"\x1f\x8b\x08 and no more", "gzip-broken"),
)


@pytest.mark.parametrize(
    ("name", "content", "code"), [case[1:] for case in UNREADABLE], ids=[c[0] for c in UNREADABLE]
)
def test_a_file_of_which_nothing_can_be_read_is_an_error_and_changes_nothing(
    arden: Site,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    name: str,
    content: bytes,
    code: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    before = rows_of(arden.node)
    with pytest.raises(InputError) as found:
        share(arden.node, [path], request.node.name, GREEN)
    assert found.value.code == code
    assert name in (found.value.where or "")
    assert rows_of(arden.node) == before


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    paths = [tmp_path / name for name in ("one.json", "absent.json", "wide.json", "two.json")]
    paths[0].write_bytes(bundle(ONE))
    paths[2].write_bytes(wide(WHOLE))
    paths[3].write_bytes(bundle(TWO))
    said = share(arden.node, paths, request.node.name, GREEN)
    assert counts(said) == (2, 0, 0, 0)
    named = {one["where"].partition(":")[0]: one["code"] for one in said["problems"]}
    assert named == {"absent.json": "unreadable", "wide.json": "encoding"}


# ------------------------------------------------------------------------------- large and hostile


def test_a_gzip_bomb_is_stopped_and_what_came_before_it_kept(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "bomb.json.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(bundle(ONE, TWO)[:-2] + b", ")
        for _ in range(64):
            file.write(b" " * MEGABYTE)
    said = share(arden.node, [path], request.node.name, GREEN)
    assert counts(said) == (2, 0, 0, 0)
    assert [one["code"] for one in said["problems"]] == ["gzip-bomb"]


SHARE_AND_TELL: Final = """
import json, re, sys
from pathlib import Path
from comity.model.kind import Kind
from comity.model.marking import Tlp
from comity.node.acts.share import Asked, share
from comity.node.wiring import open_node
node = open_node(Path(sys.argv[1]))
kind = Kind(sys.argv[4]) if len(sys.argv) > 4 else None
said = share(node, [Path(sys.argv[3])], sys.argv[2], Asked(tlp=Tlp.GREEN, kind=kind))
counts = [said[name] for name in ("new", "known", "conflicts", "refused")]
# Not getrusage: that counts the process from which this one was forked, too.
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
print(json.dumps([counts, [one["code"] for one in said["problems"]], peak]))
"""


def shared_apart(
    site: Site, collection: str, path: Path, *more: str
) -> tuple[list[int], list[str], int]:
    """Share a file in a process of its own: counts, codes of problems, peak memory in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", SHARE_AND_TELL, site.node.directory, collection, path, *more],
        capture_output=True,
        text=True,
        check=True,
    )
    counted, codes, peak = json.loads(done.stdout)
    return counted, codes, peak


sizes = pytest.mark.parametrize("megabytes", [40, pytest.param(200, marks=pytest.mark.soak)])


@sizes
def test_a_line_as_long_as_a_film_is_refused_in_little_memory(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, megabytes: int
) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(ONE + b"\n" + TWO[:-1] + b', "x": "')
        for _ in range(megabytes):
            file.write(b"a" * MEGABYTE)
        file.write(b'"}\n' + THREE + b"\n")
    counted, codes, peak = shared_apart(arden, request.node.name, path)
    assert (counted, codes) == ([2, 0, 0, 1], ["over-limit"])
    assert peak < 300 * MEGABYTE
    assert_held(arden, request.node.name, 1, 3)


@sizes
def test_a_line_of_a_list_as_long_as_a_film_is_refused_in_little_memory(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, megabytes: int
) -> None:
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        file.write(b"one.example\n")
        for _ in range(megabytes):
            file.write(b"a" * MEGABYTE)
        file.write(b"\ntwo.example\n")
    counted, codes, peak = shared_apart(arden, request.node.name, path, Kind.DOMAIN)
    assert (counted, len(codes)) == ([2, 0, 0, 1], 1)
    assert peak < 300 * MEGABYTE


@pytest.mark.parametrize(
    ("megabytes", "each"),
    [(60, 100_000), pytest.param(1000, 1500, marks=pytest.mark.soak, id="a gigabyte")],
)
def test_a_large_bundle_is_shared_in_little_memory(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest, megabytes: int, each: int
) -> None:
    path = tmp_path / "large.json"
    written = number = 0
    with path.open("wb") as file:
        file.write(b'{"type": "bundle", "objects": [' + ONE)
        while written < megabytes * MEGABYTE:
            number += 1
            written += file.write(b"," + dumped(identity(number, "class", description="a" * each)))
        file.write(b"]}")
    counted, codes, peak = shared_apart(arden, request.node.name, path)
    assert (counted, codes) == ([number + 1, 0, 0, 0], [])
    assert peak < 300 * MEGABYTE


def test_what_is_told_of_each_object_is_not_gathered_over_a_whole_file(
    arden: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A share of a million objects remembers a few numbers, not a million names."""
    path = tmp_path / "some.json"
    path.write_bytes(bundle(*(dumped(indicator(n)) for n in range(1200))))
    kept: list[int] = []
    share(arden.node, [path], request.node.name, GREEN, told=lambda one: kept.append(one.new))
    assert kept == [500, 500, 200]
