"""The OASIS parser of patterns as an oracle, and patterns written at random by its grammar."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, TypeAlias

from hypothesis import strategies as st
from stix2patterns.exceptions import ParseException
from stix2patterns.v21.pattern import Pattern as TheirPattern

from comity.model.time import parse_time
from comity.wire.pattern import (
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
    Qualifier,
    Repeats,
    StartStop,
    Step,
    String,
    Timestamp,
    Within,
)

KEYWORDS = {*ComparisonOperator, *ObservationOperator, "NOT", "LAST", "true", "false"} | {
    "START", "STOP", "SECONDS", "WITHIN", "REPEATS", "TIMES",
}  # fmt: skip


def accepted(text: str) -> bool:
    """Whether the OASIS parser accepts a pattern."""
    try:
        TheirPattern(text)
    except ParseException:
        return False
    return True


Tree: TypeAlias = Any


def theirs(text: str) -> Pattern:
    """A pattern as the OASIS parser reads it, in our own words."""
    found = TheirPattern(text).visit(SimpleNamespace(visit=translated))
    assert isinstance(found, Pattern)
    return found


def translated(tree: Tree) -> Tree:
    parts = list(tree.getChildren())
    match type(tree).__name__.removesuffix("Context"):
        case "Pattern":
            return Pattern(translated(parts[0]))
        case "ObservationExpressions" | "ObservationExpressionOr" | "ObservationExpressionAnd":
            return chained(tree, ObservationOperator, CompositeObservation)
        case "ObservationExpressionSimple":
            return Observation(translated(parts[1]))
        case "ObservationExpressionCompound" | "PropTestParen":
            return translated(parts[1])
        case "ComparisonExpression" | "ComparisonExpressionAnd":
            return chained(tree, BooleanOperator, CompositeComparison)
        case name if name.startswith("ObservationExpression"):
            return qualified(*parts)
        case _:
            return comparison_of(tree)


def chained(tree: Tree, operator: Tree, make: Tree) -> Tree:
    found = operands(tree)
    return found[0] if len(found) == 1 else make(operator(tree.getChild(1).getText()), found)


def operands(tree: Tree) -> tuple[Tree, ...]:
    first, *rest = tree.getChildren()
    return operands(first) + operands(rest[1]) if rest else (translated(first),)


def qualified(inner: Tree, outer: Tree) -> QualifiedObservation:
    expression, words = translated(inner), [leaf.getText() for leaf in leaves(outer)]
    qualifier: Qualifier
    match words[0]:
        case "WITHIN":
            qualifier = Within(float(words[1]))
        case "REPEATS":
            qualifier = Repeats(int(words[1]))
        case _:
            qualifier = StartStop(parse_time(words[1][2:-1]), parse_time(words[3][2:-1]))
    if re.search("(Within|Repeated|StartStop)Context", type(inner).__name__):
        return QualifiedObservation(expression.expression, (*expression.qualifiers, qualifier))
    return QualifiedObservation(expression, (qualifier,))


def comparison_of(tree: Tree) -> Comparison:
    words = [child.getText() for child in tree.getChildren()]
    object_type, _, *steps = [leaf.getText() for leaf in leaves(tree.objectPath())]
    path = ObjectPath(object_type, tuple(step(text) for text in steps if text not in "[.]"))
    negated = "NOT" in words[:2]
    if words[negated] == "EXISTS":
        return Comparison(path, ComparisonOperator.EXISTS, (), negated)
    operator = ComparisonOperator({"==": "=", "<>": "!="}.get(words[-2], words[-2]))
    texts = [leaf.getText() for leaf in leaves(tree.getChild(len(words) - 1))]
    constants = tuple(constant(text) for text in texts if text not in "(,)")
    return Comparison(path, operator, constants, negated)


def leaves(tree: Tree) -> Iterator[Tree]:
    if tree.getChildCount() == 0:
        yield tree
    else:
        for child in tree.getChildren():
            yield from leaves(child)


def step(text: str) -> Step:
    if text == "*":
        return AnyItem.ANY
    if text[0] == "'":
        return unescaped(text)
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else text


def constant(text: str) -> Constant:
    if text[0] == "'":
        return String(unescaped(text))
    if text in ("true", "false"):
        return Boolean(text == "true")
    if text[0] == "t":
        return Timestamp(parse_time(text[2:-1]))
    if text[0] == "b":
        return Binary(base64.b64decode(text[2:-1]))
    if text[0] == "h":
        return Hex(bytes.fromhex(text[2:-1]))
    return Float(float(text)) if "." in text else Integer(int(text))


def unescaped(text: str) -> str:
    return "\\".join(part.replace("\\'", "'") for part in text[1:-1].split("\\\\"))


# --------------------------------------------------------------------- patterns that are made here

# Alternatives of each rule. One that holds itself ends with its first when it is deep enough.
GRAMMAR = {
    "pattern": ["one", "one AND pattern", "one OR pattern", "one FOLLOWEDBY pattern"],
    "one": ["[ comparisons ]", "( pattern )", "one qualifier"],
    "qualifier": [
        "WITHIN positive SECONDS", "REPEATS whole TIMES", "START instant STOP instant"
    ],
    "comparisons": ["comparison", "comparison AND comparisons", "comparison OR comparisons"],
    "comparison": [
        "path = constant", "path not equal constant", "path not order ordered", "( comparisons )",
        "path not set", "path not about string", "not EXISTS path",
    ],
    "not": ["", "NOT"],
    "equal": ["=", "==", "!=", "<>"],
    "order": ["<", ">", "<=", ">="],
    "about": ["LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"],
    "set": ["IN ( )", "IN ( constant )", "IN ( constant , constant )"],
    "constant": ["ordered", "true", "false"],
    "ordered": ["string", "whole", "decimal", "negative", "below", "instant", "binary", "hex"],
    "positive": ["whole", "decimal"],
    "path": ["type : key", "type : key step", "type : key step step step"],
    "step": [". key", "[ whole ]", "[ negative ]", "[ * ]"],
    "key": ["name", "string"],
}  # fmt: skip
DIGITS = st.integers(0, 2**53 - 1).map(str)
FRACTIONS = st.from_regex(r"[0-9]{0,9}\.[0-9]{1,9}", fullmatch=True)
SIGNS = st.sampled_from(["", "+"])
TOKENS = {
    "name": st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True),
    "type": st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,9}", fullmatch=True),
    "string": st.text(
        st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\\[]()/*AND \n"), max_size=8
    ).map(lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    "whole": st.builds(str.__add__, SIGNS, DIGITS),
    "decimal": st.builds(str.__add__, SIGNS, FRACTIONS),
    "negative": st.builds(str.__add__, st.just("-"), DIGITS),
    "below": st.builds(str.__add__, st.just("-"), FRACTIONS),
    "instant": st.builds(
        lambda time, more: f"t'{time.isoformat()[:19]}{more}Z'",
        st.datetimes(),
        st.from_regex(r"(\.[0-9]{1,9})?", fullmatch=True),
    ),
    "binary": st.binary(min_size=1).map(lambda some: f"b'{base64.b64encode(some).decode()}'"),
    "hex": st.binary().map(lambda some: f"h'{some.hex()}'"),
}
GAPS = st.sampled_from(["", "", "", " ", "\n\t", "\u3000", "/* ' */", "//[\n"])


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """A pattern by the grammar, with anything that may stand between two words."""

    def words(symbol: str, depth: int) -> list[str]:
        if symbol in TOKENS:
            return [draw(TOKENS[symbol].filter(lambda word: word not in KEYWORDS))]
        if symbol not in GRAMMAR:
            return [symbol]
        ways = GRAMMAR[symbol]
        if depth < 1 and any(symbol in way.split() for way in ways):
            ways = ways[:1]
        way = draw(st.sampled_from(ways))
        return [word for part in way.split() for word in words(part, depth - 1)]

    text = ""
    for word in words("pattern", draw(st.integers(1, 6))):
        gap = draw(GAPS)
        apart = re.search(r"[\w-]\Z", text) and re.match(r"[\w'+.-]", word)
        text += (gap or " ") + word if apart else gap + word
    return text
