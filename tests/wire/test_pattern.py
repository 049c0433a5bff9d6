from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stix2.pattern_visitor import create_pattern_object
from stix2patterns.test.v21 import test_inspector as inspected
from stix2patterns.test.v21 import test_validator as validated
from tests.wire.oasis import KEYWORDS, accepted, sentences, theirs

from comity.errors import InputError, LimitError
from comity.model.time import Micros, parse_time
from comity.wire.pattern import (
    MOST_CHARACTERS,
    MOST_NESTING,
    AnyItem,
    Binary,
    Boolean,
    BooleanOperator,
    Comparison,
    ComparisonOperator,
    CompositeComparison,
    CompositeObservation,
    Constant,
    Float,
    Hex,
    Integer,
    ObjectPath,
    Observation,
    ObservationOperator,
    Pattern,
    QualifiedObservation,
    Repeats,
    StartStop,
    Step,
    String,
    Timestamp,
    Within,
    breaches,
    parse_pattern,
    walk,
)

NOON = parse_time("2026-01-31T12:00:00Z")
INSTANT = "t'2026-01-31T12:00:00Z'"
SIZE = ObjectPath("file", ("size",))


def compared(text: str) -> Comparison:
    """The one comparison of a pattern of one observation."""
    expression = parse_pattern(f"[{text}]").expression
    assert isinstance(expression, Observation)
    assert isinstance(expression.comparison, Comparison)
    return expression.comparison


def sized(number: int) -> Observation:
    """What `[file:size = number]` is read as."""
    return Observation(Comparison(SIZE, ComparisonOperator.EQUAL, (Integer(number),)))


def refusal(text: str) -> tuple[str, str]:
    """Where and why a pattern is refused."""
    with pytest.raises(InputError) as caught:
        parse_pattern(text)
    assert caught.value.code == "bad-pattern"
    assert caught.value.advice
    return caught.value.where or "", caught.value.message


# ---------------------------------------------------------------------------------- what is read


def test_the_plain_pattern() -> None:
    assert parse_pattern("[domain-name:value = 'made-up.example']") == Pattern(
        Observation(
            Comparison(
                path=ObjectPath("domain-name", ("value",)),
                operator=ComparisonOperator.EQUAL,
                constants=(String("made-up.example"),),
                negated=False,
            )
        )
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (r"'C:\\it\'s'", String(r"C:\it's")),
        (r"'\\\\\''", String("\\\\'")),
        ("''", String("")),
        ("'[a:b = \"1\"] // AND\n'", String('[a:b = "1"] // AND\n')),
        ("'\u202e\U0001f310é'", String("\u202e\U0001f310é")),
        ("0", Integer(0)),
        ("-0", Integer(0)),
        ("+12", Integer(12)),
        ("9007199254740991", Integer(2**53 - 1)),
        ("-9007199254740991", Integer(-(2**53) + 1)),
        ("1.50", Float(1.5)),
        ("-.5", Float(-0.5)),
        ("+007.0", Float(7.0)),
        ("true", Boolean(True)),
        ("false", Boolean(False)),
        (INSTANT, Timestamp(NOON)),
        ("t'2026-01-31T11:59:60Z'", Timestamp(NOON)),
        (f"t'2026-01-31T12:00:00.0000019{'9' * 50}Z'", Timestamp(Micros(NOON + 1))),
        ("b'ABI='", Binary(b"\x00\x12")),
        ("b'AB\nI=\n'", Binary(b"\x00\x12")),
        ("h'fFc3'", Hex(b"\xff\xc3")),
        ("h''", Hex(b"")),
    ],
)
def test_constants(text: str, read: Constant) -> None:
    assert compared(f"file:x = {text}").constants == (read,)
    assert compared(f"file:x IN ({text},{text})").constants == (read, read)


def test_constants_of_different_types_are_different() -> None:
    values = {Integer(1), Boolean(True), Float(1.0), String("1"), Binary(b"1"), Hex(b"1")}
    assert len(values) == 6


@pytest.mark.parametrize(
    ("words", "constants"),
    [
        ("= == != <> < <= > >=", "1"),
        ("= == != <> IN", "true"),
        ("LIKE MATCHES ISSUBSET ISSUPERSET", "'a%'"),
        ("IN", "1,'a' ,true"),
        ("IN", ""),
    ],
)
def test_operators(words: str, constants: str) -> None:
    read = compared(f"file:x IN ({constants})").constants
    for word in words.split():
        operator = ComparisonOperator({"==": "=", "<>": "!="}.get(word, word))
        text = f"({constants})" if word == "IN" else constants
        assert compared(f"file:size {word} {text}") == Comparison(SIZE, operator, read)
        assert compared(f"file:size NOT {word} {text}") == Comparison(SIZE, operator, read, True)


def test_exists() -> None:
    exists = Comparison(SIZE, ComparisonOperator.EXISTS, constants=(), negated=False)
    assert compared("EXISTS file:size") == exists
    assert compared("NOT EXISTS file:size").negated


@pytest.mark.parametrize(
    ("text", "object_type", "steps"),
    [
        ("x-own-type:name", "x-own-type", ("name",)),
        ("file:hashes.'SHA-256'", "file", ("hashes", "SHA-256")),
        (r"file:'it\'s'.'a.b'", "file", ("it's", "a.b")),
        ("file:'*'[*]", "file", ("*", AnyItem.ANY)),
        ("a:b[0].c[12][*].d", "a", ("b", 0, "c", 12, AnyItem.ANY, "d")),
        ("a:b[-1]", "a", ("b", -1)),
        ("a : b [ 0 ] . c", "a", ("b", 0, "c")),
        ("and:or.In.exists", "and", ("or", "In", "exists")),
        ("AND-:_", "AND-", ("_",)),
    ],
)
def test_object_paths(text: str, object_type: str, steps: tuple[Step, ...]) -> None:
    assert compared(f"{text} = 1").path == ObjectPath(object_type, steps)


def test_within_an_observation_and_binds_tighter_than_or() -> None:
    names = [f"file:size = {number}" for number in range(5)]
    text = "[{} OR {} AND {} AND ({} OR {})]".format(*names)
    parts = [sized(number).comparison for number in range(5)]
    last = CompositeComparison(BooleanOperator.OR, (parts[3], parts[4]))
    both = CompositeComparison(BooleanOperator.AND, (parts[1], parts[2], last))
    either = CompositeComparison(BooleanOperator.OR, (parts[0], both))
    assert parse_pattern(text).expression == Observation(either)


def test_between_observations_followedby_binds_loosest() -> None:
    found = parse_pattern(
        "[file:size = 1] FOLLOWEDBY [file:size = 2] OR [file:size = 3] AND [file:size = 4]"
        " FOLLOWEDBY [file:size = 5]"
    )
    both = CompositeObservation(ObservationOperator.AND, (sized(3), sized(4)))
    either = CompositeObservation(ObservationOperator.OR, (sized(2), both))
    assert found.expression == CompositeObservation(
        ObservationOperator.FOLLOWEDBY, (sized(1), either, sized(5))
    )


def test_parentheses_keep_their_node() -> None:
    first = CompositeObservation(ObservationOperator.AND, (sized(1), sized(2)))
    found = parse_pattern("([file:size = 1] AND [file:size = 2]) AND (([file:size = 3]))")
    assert found.expression == CompositeObservation(ObservationOperator.AND, (first, sized(3)))


def test_a_qualifier_belongs_to_what_it_follows() -> None:
    found = parse_pattern(
        f"[file:size = 1] AND [file:size = 2] REPEATS 5 TIMES WITHIN +1.5 SECONDS"
        f" FOLLOWEDBY ([file:size = 3] START {INSTANT} STOP {INSTANT}) WITHIN 9SECONDS"
    )
    inner = QualifiedObservation(sized(2), (Repeats(5), Within(1.5)))
    third = QualifiedObservation(sized(3), (StartStop(NOON, NOON),))
    assert found.expression == CompositeObservation(
        ObservationOperator.FOLLOWEDBY,
        (
            CompositeObservation(ObservationOperator.AND, (sized(1), inner)),
            QualifiedObservation(third, (Within(9.0),)),
        ),
    )


def test_spaces_and_comments_stand_anywhere_between_words() -> None:
    spaces = "\t\n\v\f\r \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
    text = f"/**/[{spaces}file:size/* ] '*/=// 2\r\n1\n]//"
    assert parse_pattern(text).expression == sized(1)
    for near in "\x1c\x1f\u180e\u200b\ufeff\x00":
        assert refusal(f"[{near}file:size = 1]")[0] == "column 2"


def test_walk_gives_everything_in_the_order_of_the_text() -> None:
    numbers = [f"[file:size = {number} OR (file:size = {number + 1})]" for number in (1, 3)]
    pattern = parse_pattern(f"({numbers[0]} AND {numbers[1]}) WITHIN 1 SECONDS")
    nodes = list(walk(pattern.expression))
    assert nodes[0] is pattern.expression
    assert [node.constants for node in nodes if isinstance(node, Comparison)] == [
        (Integer(number),) for number in (1, 2, 3, 4)
    ]
    assert len(nodes) == 10


# ------------------------------------------------------------------------------- what is refused

MORE = "AND, OR, FOLLOWEDBY, a qualifier or the end"
KEY = "a property's name, in apostrophes if it has a hyphen"
TIME = "a time in UTC as in t'2026-01-31T12:00:00Z'"
OCTETS = "h'...' holds no pairs of hexadecimal digits, or b'...' no base64"
DATE = "no calendar has this date, or no day this time"
RANGE = "the number is out of the range of STIX 2.1, section 2"


@pytest.mark.parametrize(
    ("text", "column", "expected", "found"),
    [
        ("", 1, "'[' or '('", "the end"),
        ("  file:size = 1", 3, "'[' or '('", "a name"),
        ("[]", 2, "an object type", "']'"),
        ("[file.size = 1]", 6, "':'", "'.'"),
        ("[file:a-b = 1]", 7, KEY, "a name"),
        ("[file:[0] = 1]", 7, KEY, "'['"),
        ("[file:a[x] = 1]", 9, "a whole number", "a name"),
        ("[file:a[1.0] = 1]", 9, "a whole number", "a number"),
        ("[file:a[0 = 1]", 11, "']'", "'='"),
        ("[file:size]", 11, "a comparison operator", "']'"),
        ("[file:size EXISTS]", 12, "a comparison operator", "'EXISTS'"),
        ("[NOT file:size = 1]", 6, "EXISTS", "a name"),
        ("[file:size =! 1]", 13, "a constant", "'!'"),
        ("[file:size = ]", 14, "a constant", "']'"),
        ("[file:name = Alice]", 14, "a constant", "a name"),
        ("[file:name = 'Alice]", 14, "a constant", '"\'"'),
        (r"[file:name = 'C:\Alice']", 14, "a constant", '"\'"'),
        ("[file:size = 01]", 14, "a constant", "'0'"),
        ("[file:size = 1.]", 15, "AND, OR or ']'", "'.'"),
        ("[file:size > true]", 14, "a constant that has an order", "'true'"),
        ("[file:name LIKE 1]", 17, "a string", "a number"),
        ("[file:size IN 1]", 15, "'('", "a number"),
        ("[file:size IN (1,)]", 18, "a constant", "')'"),
        ("[file:size IN (1 2)]", 18, "',' or ')'", "a number"),
        ("[file:size = 1 and", 16, "AND, OR or ']'", "'and': keywords are written in capitals"),
        ("[(file:size = 1]", 16, "AND, OR or ')'", "']'"),
        ("([file:size = 1]", 17, "AND, OR, FOLLOWEDBY or ')'", "the end"),
        ("[file:size = 1] [file:size = 2]", 17, MORE, "'['"),
        ("[file:size = 1] AND", 20, "'[' or '('", "the end"),
        ("[file:size = 1] WITHIN -5 SECONDS", 24, "a number without a minus sign", "a number"),
        ("[file:size = 1] WITHIN 5 MINUTES", 26, "SECONDS", "a name"),
        ("[file:size = 1] REPEATS 1.5 TIMES", 25, "a whole number", "a number"),
        ("[file:size = 1] REPEATS 2 SECONDS", 27, "TIMES", "'SECONDS'"),
        ("[file:size = 1] START '2026-01-31T12:00:00Z'", 23, TIME, "a string"),
        (f"[file:size = 1] START {INSTANT}", 46, "STOP", "the end"),
        ("[file:x = t'2026-01-31']", 11, TIME, "a constant"),
        ("[file:x = t'2026-01-31T12:00:00123Z']", 11, TIME, "a constant"),
        ("[file:size = 1] /* no end", 17, MORE, "'/'"),
        ("/*/[file:size = 1]", 1, "'[' or '('", "'/'"),
    ],
)
def test_refusals_name_the_column_and_what_was_expected(
    text: str, column: int, expected: str, found: str
) -> None:
    assert refusal(text) == (f"column {column}", f"expected {expected}, found {found}")
    assert not accepted(text)


@pytest.mark.parametrize(
    ("constant", "message", "grammatical"),
    [
        ("h'abc'", OCTETS, False),
        ("h'a\n'", OCTETS, False),
        ("b'===='", OCTETS, False),
        ("b'QUJDR==='", OCTETS, False),
        ("b''", OCTETS, False),
        ("b'\n'", OCTETS, False),
        ("t'2026-13-01T00:00:00Z'", DATE, False),
        ("t'2026-01-31T24:00:00Z'", DATE, False),
        ("t'2026-02-29T12:00:00Z'", DATE, True),
        ("t'0000-01-01T00:00:00Z'", DATE, True),
        ("9007199254740992", RANGE, True),
        ("-" + "9" * 60_000, RANGE, True),
        ("9" * 400 + ".0", RANGE, True),
    ],
)
def test_constants_that_no_value_equals(constant: str, message: str, grammatical: bool) -> None:
    """Of these the grammar refuses some, and the standard's text the rest."""
    assert refusal(f"[file:x = {constant}]") == ("column 11", message)
    if len(constant) < 1000:
        assert accepted(f"[file:x = {constant}]") is grammatical


@given(st.text("abcdefgh", min_size=30, max_size=30), st.data())
def test_refusals_do_not_quote_what_is_compared(secret: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["'%s'", "%s", "'%s", "h'%sg'", "t'%s'", "b'%s-'", "%s:%s"]))
    texts = ["[x:y = 1 %s]", "[x:y LIKE 1 %s]", "[x:y MATCHES %s", "[%s]", "[x:y %s 1]", "%s"]
    text = data.draw(st.sampled_from(texts)).replace("%s", form).replace("%s", secret)
    where, message = refusal(text)
    assert secret not in where + message


def test_length_and_nesting_are_bounded() -> None:
    longest = "[file:name = '']"
    longest = longest.replace("''", f"'{'x' * (MOST_CHARACTERS - len(longest))}'")
    parse_pattern(longest)
    with pytest.raises(LimitError) as caught:
        parse_pattern(longest + " ")
    assert (caught.value.code, caught.value.where) == ("bad-pattern", f"column {len(longest) + 1}")

    for text in ("%s[file:size = 1]%s", "[%sfile:size = 1%s]"):
        parse_pattern(text % ("(" * MOST_NESTING, ")" * MOST_NESTING))
        with pytest.raises(LimitError) as caught:
            parse_pattern(text % ("(" * 30_000, ")" * 30_000))
        assert caught.value.code == "bad-pattern"
        assert caught.value.where == f"column {text.index('%') + MOST_NESTING + 1}"


def test_long_chains_are_no_deeper_than_short_ones() -> None:
    chain = [f"file:size={number}" for number in range(2_000)]
    inner = parse_pattern(f"[{' OR '.join(chain)}]")
    assert [type(node) for node in walk(inner.expression)].count(Comparison) == 2_000
    outer = parse_pattern(" FOLLOWEDBY ".join(f"[{text}]" for text in chain))
    assert isinstance(outer.expression, CompositeObservation)
    assert outer.expression.operands == tuple(map(sized, range(2_000)))


@pytest.mark.parametrize(
    "part",
    ["/*", "//", "'", "\\'", "h'", "b'A", "0", "9", "+", "-1", ".", "1.", "a", "a-", " ", "\n", "<",
     "[", "(", "AND ", "[a:b=1]AND", "a:b[0]", "'\\\\", "/**", "b'AAAA", "/*'"],
)  # fmt: skip
def test_hostile_repetition_is_read_in_linear_time(part: str) -> None:
    """Nothing is measured: what is quadratic in 65,536 characters would be seen to hang."""
    for before in ("", "[a:b = ", "[a:b = '", "[a:b = b'", "[a:b IN ("):
        text = before + part * ((MOST_CHARACTERS - len(before)) // len(part))
        refusal(text)
        refusal(text[:-1] + "!")


# ------------------------------------------------------------------------------ the oracle's cases

DATES = [
    text for text in validated.TIMESTAMP_PASS_CASES if re.search("02-30|04-31|2023-02-29", text)
]
INSPECTED = [
    row[0]
    for test in vars(inspected).values()
    for mark in getattr(test, "pytestmark", ())
    for row in mark.args[1]
]
PASSED = [*validated.SPEC_CASES, *validated.PASS_CASES, *validated.TIMESTAMP_PASS_CASES, *INSPECTED]
FAILED = [*validated.FAIL_CASES, *validated.TIMESTAMP_FAIL_CASES]


def test_the_oracles_good_cases() -> None:
    assert (len(PASSED), len(FAILED), len(DATES)) == (79, 27, 3)
    for text in PASSED:
        if text in DATES:
            assert refusal(text)[1] == DATE
        else:
            assert parse_pattern(text) == theirs(text), text


def test_the_oracles_bad_cases() -> None:
    for text, message in FAILED:
        if accepted(text):  # the rest of their validator refuses it, for its hash or its qualifiers
            assert bool(breaches(parse_pattern(text))) == ("Duplicate qualifier" in message), text
        else:
            where, _ = refusal(text)
            told = re.search(r"1:(\d+)\. (?:mismatched|missing|no viable)", message)
            assert told is None or where == f"column {int(told[1]) + 1}", text


# --------------------------------------------------------------------- patterns that are made here


@given(sentences())
def test_what_is_written_by_the_grammar_is_read_as_the_oracle_reads_it(text: str) -> None:
    assert parse_pattern(text) == theirs(text)


# ------------------------------------------------------------------------------------- mutations

PIECES = [
    *sorted(KEYWORDS), "==", "!=", "<>", "<=", ">=", *"[]():.,*=<>'\\/-+ \n\t0179aexfht_é?!", "//",
    "/*", "*/", "''", "h''", "h'ab'", "b'QQ=='", "b'QUJD'", "b'QUJ\nD'", "1.5", "-1", "00", "1e5",
    "01.0", INSTANT, "t'2026-02-30T12:00:00Z'", "t'2026-01-31T12:00:60.5Z'",
    "t'2026-01-31T24:00:00Z'", "9007199254740992", "and", "a:b = 1", "[a:b = 1]", "[*]", "[0]",
    ".'x'", "\\'", "\\\\", "#",
]  # fmt: skip
SEEDS = [*PASSED, *(text for text, _ in FAILED)]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A pattern of the oracle's with up to four things put in, left out or doubled."""
    text: str = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        words = re.findall(r"\w+|\s+|.", text)
        at = draw(st.integers(0, len(words)))
        until = min(len(words), at + draw(st.integers(0, 3)))
        piece = draw(st.sampled_from(PIECES) | st.just("".join(words[at:until]) * 2))
        text = "".join([*words[:at], piece, *words[until:]])
    return text


def differs_on_purpose(text: str) -> bool:
    """Whether one of the three deliberate differences from the grammar may be why."""
    try:
        parse_pattern(text)
    except InputError as error:
        return error.message in (DATE, RANGE)
    return not accepted(text) and accepted(
        re.sub(r"b'[A-Za-z0-9+/=\n]*'", lambda found: found[0].replace("\n", ""), text)
    )


@given(mutated())
@example("[a:b[99999999999999999999] = 1]")
@example("[a:b = b'QUJ\nD']")
@example("[a:b=1]REPEATS 00TIMES")
@example("[a:b=1AND c:d=.5OR e:f=h'']")
@example("[a:b LIKE'x']")
@example("//*\n[a:b=1]")
def test_mutated_patterns_get_the_oracles_verdict(text: str) -> None:
    try:
        read = parse_pattern(text)
    except InputError:
        assert not accepted(text) or differs_on_purpose(text)
    else:
        if accepted(text):
            assert read == theirs(text)
        else:
            assert differs_on_purpose(text)


@given(st.text(max_size=40) | st.text("[]()'\\:=. abh01*/", max_size=40))
def test_no_text_raises_anything_but_our_error(text: str) -> None:
    try:
        parse_pattern(text)
    except InputError:
        return
    assert accepted(text)


# --------------------------------------------------------------------------------------- breaches

DISJOINT = "AND joins comparisons that no single object can fulfil"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a:b = 1 AND a:c = 2]", []),
        ("[a:b = 1 OR c:d = 2]", []),
        ("[a:b = 1 AND c:d = 2]", [DISJOINT]),
        ("[a:b = 1 AND c:d = 2 OR a:b = 3]", [DISJOINT]),
        ("[(a:b = 1 OR c:d = 2) AND (e:f = 1 OR c:g = 2)]", []),
        ("[(a:b = 1 OR c:d = 2) AND e:f = 1]", [DISJOINT]),
        ("[a:b = 1] AND [c:d = 2]", []),
        ("[a:b = 1] WITHIN 1 SECONDS REPEATS 1 TIMES", []),
        ("([a:b = 1] WITHIN 1 SECONDS) WITHIN 2 SECONDS", []),
        ("[a:b = 1] WITHIN 1 SECONDS WITHIN 2 SECONDS WITHIN 3 SECONDS",
         ["WITHIN stands more than once on one observation expression"]),
        (f"([a:b = 1]) START {INSTANT} STOP {INSTANT} START {INSTANT} STOP {INSTANT}",
         ["START stands more than once on one observation expression"]),
        ("[a:b = 1] WITHIN 0.0 SECONDS REPEATS 0 TIMES",
         ["WITHIN has a number that is not positive", "REPEATS has a number that is not positive"]),
        ("[a:b IN (1, 2.5)]", []),
        ("[a:b IN ()]", []),
        ("[a:b IN (1, '2')]", ["IN has constants of several types"]),
        ("[a:b NOT IN (1, true)]", ["IN has constants of several types"]),
    ],
)  # fmt: skip
def test_breaches_of_the_standards_text(text: str, found: list[str]) -> None:
    assert breaches(parse_pattern(text)) == found


SIMPLE = st.recursive(
    st.sampled_from(["a:x = 1", "b:x = 1", "c:x = 1"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=8,
)


@given(SIMPLE)
def test_the_other_library_makes_no_class_of_a_join_that_is_a_breach(text: str) -> None:
    found = breaches(parse_pattern(f"[{text}]"))
    try:
        create_pattern_object(f"[{text}]", version="2.1")
    except ValueError:
        assert DISJOINT in found
    else:
        assert found == []


# ------------------------------------------------------------------------------------ shared data


def patterns_in(value: object) -> Iterator[str]:
    """The patterns of the indicators within a JSON value."""
    if isinstance(value, dict) and value.get("type") == "indicator":
        yield value["pattern"]
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(inner)


@pytest.fixture(scope="module")
def shared_patterns(shared_data: Path) -> list[str]:
    """Every pattern of the indicators in shared data, repeats included."""
    found: list[str] = []
    for path in sorted([*shared_data.glob("tnr/*.stix2*"), *shared_data.glob("cyber/**/*.json*")]):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if b'"indicator"' in raw and ".jsonl" not in path.name:
            found.extend(patterns_in(json.loads(raw)))
    return found


def test_shared_patterns_are_read(shared_patterns: list[str]) -> None:
    assert len(shared_patterns) == 6396
    assert [text for text in shared_patterns if breaches(parse_pattern(text))] == []


def test_shared_patterns_are_read_as_the_oracle_reads_them(shared_patterns: list[str]) -> None:
    shapes = {re.sub(r"'[^'\\]*'", "''", text): text for text in shared_patterns}
    assert len(shapes) > 10
    for text in shapes.values():
        assert parse_pattern(text) == theirs(text)


@pytest.mark.soak
def test_each_shared_pattern_is_read_as_the_oracle_reads_it(shared_patterns: list[str]) -> None:
    for text in dict.fromkeys(shared_patterns):
        assert parse_pattern(text) == theirs(text)
