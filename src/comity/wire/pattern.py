"""STIX patterns (STIX 2.1, section 9): text to a frozen tree.

    Pattern
    `- ObservationExpression
       |- Observation             [ ... ]             comparison: ComparisonExpression
       |- CompositeObservation    AND OR FOLLOWEDBY   operator, operands
       `- QualifiedObservation    ... WITHIN ...      expression, qualifiers
    ComparisonExpression
       |- Comparison              file:size > 10      path, operator, constants, negated
       `- CompositeComparison     AND OR              operator, operands

What may follow what is settled by the OASIS grammar, comments included; AND binds tighter than OR,
and OR tighter than FOLLOWEDBY. Three things differ from that grammar, all of them in constants,
since an invalid constant makes a pattern invalid (section 9.4): dates that no calendar has and
numbers out of the range of section 2 are refused, and line feeds within base64 are read (section
9.2). What the grammar allows and the standard's text forbids, `breaches` names.

Messages never quote a constant or a name: a pattern may hold what is known of a person.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, StrEnum
from functools import reduce
from math import isinf
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec

from comity.errors import InputError, LimitError
from comity.model.time import Micros, parse_time

__all__ = [
    "MOST_CHARACTERS", "MOST_NESTING", "AnyItem", "Binary", "Boolean", "BooleanOperator",
    "Comparison", "ComparisonExpression", "ComparisonOperator", "CompositeComparison",
    "CompositeObservation", "Constant", "Float", "Hex", "Integer", "Node", "ObjectPath",
    "Observation", "ObservationExpression", "ObservationOperator", "Pattern",
    "QualifiedObservation", "Qualifier", "Repeats", "StartStop", "Step", "String", "Timestamp",
    "Within", "breaches", "parse_pattern", "walk",
]  # fmt: skip

MOST_CHARACTERS: Final = 1 << 16
MOST_NESTING: Final = 50
"""Parentheses within parentheses. Nothing else nests: a chain of any length is one node."""


class String(msgspec.Struct, frozen=True):
    """Text, its escapes undone."""

    value: str


class Integer(msgspec.Struct, frozen=True):
    """A whole number between -(2^53 - 1) and 2^53 - 1 (section 2.10)."""

    value: int


class Float(msgspec.Struct, frozen=True):
    """A number written with a full stop."""

    value: float


class Boolean(msgspec.Struct, frozen=True):
    """`true` or `false`."""

    value: bool


class Timestamp(msgspec.Struct, frozen=True):
    """`t'...'`: an instant; digits beyond microseconds are cut."""

    value: Micros


class Binary(msgspec.Struct, frozen=True):
    """`b'...'`: octets, written in base64."""

    value: bytes


class Hex(msgspec.Struct, frozen=True):
    """`h'...'`: octets, written in hexadecimal."""

    value: bytes


Constant: TypeAlias = String | Integer | Float | Boolean | Timestamp | Binary | Hex


class AnyItem(Enum):
    """The step `[*]`: some item of the list."""

    ANY = "*"


Step: TypeAlias = str | int | Literal[AnyItem.ANY]
"""A property's name or a dictionary's key; a place in a list, the first being 0 (one before it is
legal and never there); or any place in a list."""


class ObjectPath(msgspec.Struct, frozen=True):
    """`object_type:step.step[step]` (section 9.7); the first step is a property's name.

    A step on from a property that refers to another object leads into that object.
    """

    object_type: str
    steps: tuple[Step, ...]


class ComparisonOperator(StrEnum):
    """Section 9.6.1; `==` and `<>` are read as `=` and `!=`."""

    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    LESS = "<"
    GREATER_OR_EQUAL = ">="
    LESS_OR_EQUAL = "<="
    IN = "IN"
    LIKE = "LIKE"
    MATCHES = "MATCHES"
    ISSUBSET = "ISSUBSET"
    ISSUPERSET = "ISSUPERSET"
    EXISTS = "EXISTS"


class BooleanOperator(StrEnum):
    """What joins comparison expressions (section 9.6), the tightest first."""

    AND = "AND"
    OR = "OR"


class ObservationOperator(StrEnum):
    """What joins observation expressions (section 9.5.2), the tightest first."""

    AND = "AND"
    OR = "OR"
    FOLLOWEDBY = "FOLLOWEDBY"


class Comparison(msgspec.Struct, frozen=True):
    """One comparison of what a path leads to.

    `constants`: any number for IN, none for EXISTS, one String for LIKE, MATCHES, ISSUBSET and
    ISSUPERSET, one of any type for `=` and `!=`, one of any but Boolean for the rest. `negated`:
    NOT stands before the operator. Where the path leads to nothing the comparison is false,
    negated or not (section 9.6).
    """

    path: ObjectPath
    operator: ComparisonOperator
    constants: tuple[Constant, ...] = ()
    negated: bool = False


class CompositeComparison(msgspec.Struct, frozen=True):
    """Two or more comparison expressions, in the order of the text."""

    operator: BooleanOperator
    operands: tuple[ComparisonExpression, ...]


ComparisonExpression: TypeAlias = Comparison | CompositeComparison


class Within(msgspec.Struct, frozen=True):
    """`WITHIN seconds SECONDS`."""

    seconds: float


class Repeats(msgspec.Struct, frozen=True):
    """`REPEATS times TIMES`."""

    times: int


class StartStop(msgspec.Struct, frozen=True):
    """`START start STOP stop`: from `start` on, before `stop`."""

    start: Micros
    stop: Micros


Qualifier: TypeAlias = Within | Repeats | StartStop


class Observation(msgspec.Struct, frozen=True):
    """`[comparison]`: one object of one observation fulfils all of it."""

    comparison: ComparisonExpression


class CompositeObservation(msgspec.Struct, frozen=True):
    """Two or more observation expressions, in the order of the text.

    Those joined by AND or FOLLOWEDBY are fulfilled by different observations; those joined by
    FOLLOWEDBY one after the other.
    """

    operator: ObservationOperator
    operands: tuple[ObservationExpression, ...]


class QualifiedObservation(msgspec.Struct, frozen=True):
    """An observation expression and what qualifies it, from the left to the right."""

    expression: ObservationExpression
    qualifiers: tuple[Qualifier, ...]


ObservationExpression: TypeAlias = Observation | CompositeObservation | QualifiedObservation
Node: TypeAlias = ObservationExpression | ComparisonExpression


class Pattern(msgspec.Struct, frozen=True):
    """A whole pattern."""

    expression: ObservationExpression


def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises InputError (`bad-pattern`) that says what was expected; its `where` is `column N`, the
    first character of the text being column 1. It is a LimitError of the same code if the text is
    longer than MOST_CHARACTERS or nests deeper than MOST_NESTING.
    """
    if len(text) > MOST_CHARACTERS:
        message = f"the pattern is longer than {MOST_CHARACTERS:,} characters"
        raise LimitError(message, code="bad-pattern", where=f"column {MOST_CHARACTERS + 1}")
    return _Parser(text).pattern()


def walk(expression: Node) -> Iterator[Node]:
    """An expression and all within it, each before its parts, in the order of the text."""
    waiting: list[Node] = [expression]
    while waiting:
        node = waiting.pop()
        yield node
        match node:
            case Observation(inner) | QualifiedObservation(inner):
                waiting.append(inner)
            case CompositeObservation(operands=parts) | CompositeComparison(operands=parts):
                waiting.extend(reversed(parts))
            case Comparison():
                pass


def breaches(pattern: Pattern) -> list[str]:
    """What the standard's text forbids though its grammar allows it: a sentence for each.

    Comparisons joined by AND that no single object can fulfil (section 9.5), a qualifier that
    stands twice and one whose number is 0 (9.5.1), constants of several types in one IN (9.6.1).
    """
    found: list[str] = []
    for node in walk(pattern.expression):
        match node:
            case QualifiedObservation(qualifiers=qualifiers):
                found += _qualifier_breaches(qualifiers)
            case CompositeComparison(BooleanOperator.AND) if not _object_types(node):
                found.append("AND joins comparisons that no single object can fulfil")
            case Comparison(operator=ComparisonOperator.IN, constants=constants):
                # Whole numbers and others compare with each other (section 9.2).
                if len({Float if type(one) is Integer else type(one) for one in constants}) > 1:
                    found.append("IN has constants of several types")
            case _:
                pass
    return found


def _object_types(expression: ComparisonExpression) -> frozenset[str]:
    """The types of object that may fulfil an expression as a whole."""
    if isinstance(expression, Comparison):
        return frozenset((expression.path.object_type,))
    every = expression.operator is BooleanOperator.AND
    join = frozenset[str].intersection if every else frozenset[str].union
    return reduce(join, map(_object_types, expression.operands))


def _qualifier_breaches(qualifiers: tuple[Qualifier, ...]) -> Iterator[str]:
    names = [_QUALIFIERS[type(one)] for one in qualifiers]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"{name} stands more than once on one observation expression"
    for one, name in zip(qualifiers, names, strict=True):
        if one in (Within(0), Repeats(0)):
            yield f"{name} has a number that is not positive"


_LARGEST: Final = 2**53 - 1
_QUALIFIERS: Final = {Within: "WITHIN", Repeats: "REPEATS", StartStop: "START"}
_QUALIFIER_WORDS: Final = frozenset(_QUALIFIERS.values())
_BOOLEAN_OPERATORS: Final = {str(one): one for one in BooleanOperator}
_OBSERVATION_OPERATORS: Final = {str(one): one for one in ObservationOperator}
_OPERATORS: Final = {str(one): one for one in ComparisonOperator} | {
    "==": ComparisonOperator.EQUAL,
    "<>": ComparisonOperator.NOT_EQUAL,
}
_ON_STRINGS: Final = frozenset({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})
_BY_ORDER: Final = frozenset({">", "<", ">=", "<="})
_KEYWORDS: Final = frozenset(
    {*ComparisonOperator, *ObservationOperator, "NOT", "LAST", "true", "false"}
    | {"START", "STOP", "WITHIN", "SECONDS", "REPEATS", "TIMES"}
)

# White space is what Unicode calls so. What may grow is possessive, so each character is looked at
# a bounded number of times: the time is linear in the text. A comment or a string that does not
# end is `other`, as is a number with a zero too many, and nothing behind `other` is read.
_TOKEN: Final = re.compile(
    r"(?:[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]++"
    r"|(?=/\*(?s:.*?)\*/)/\*(?s:.*?)\*/|(?=//)//[^\r\n]*+)*+"
    r"(?:(?P<number>[+-]?+(?:[0-9]*+\.[0-9]++|0(?![0-9])|[1-9][0-9]*+))"
    r"|(?P<mark>[\[\]():.,*]|[=<>!]=|<>|[=<>])"
    r"|(?P<string>'[^'\\]*+(?:(?=\\['\\])\\['\\][^'\\]*+)*+')"
    r"|(?P<constant>[bht]'[^'\\]*+')"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_-]*+)"
    r"|(?P<end>\Z)"
    r"|(?P<other>(?s:.)))"
)
_ESCAPE: Final = re.compile(r"\\(.)")
_HEX: Final = re.compile(r"h'((?:(?=[0-9A-Fa-f]{2})[0-9A-Fa-f]{2})*+)'\Z")
_BASE64: Final = re.compile(
    r"b'(?!')((?:(?=[A-Za-z0-9+/]{4})[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)'\Z"
)
_TIMESTAMP: Final = re.compile(
    r"t'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]++)?Z'\Z"
)

_T = TypeVar("_T")
_O = TypeVar("_O")
_Token: TypeAlias = tuple[str, str, int]
"""Kind, text, and where it begins. The kind of a mark and of a keyword is its own text."""


def _tokens(text: str) -> list[_Token]:
    """All tokens up to the end, or to what no token begins with."""
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        group, kind = match.lastindex or 0, match.lastgroup or ""
        word = match[group]
        if kind == "mark" or word in _KEYWORDS:
            kind = word
        found.append((kind, word, match.start(group)))
        if kind == "other":
            break
    return found


class _Parser:
    """Recursive descent over one pattern's tokens; `_kind`, `_word`, `_at` are the next one's.

    It never goes past the last token, which is the end or `other`.
    """

    __slots__ = ("_at", "_kind", "_open", "_rest", "_word")

    def __init__(self, text: str) -> None:
        self._rest = _tokens(text)[::-1]
        self._kind, self._word, self._at = self._rest.pop()
        self._open = 0

    def pattern(self) -> Pattern:
        expression = self._observations()
        if self._kind != "end":
            raise self._expected("AND, OR, FOLLOWEDBY, a qualifier or the end")
        return Pattern(expression)

    def _observations(self) -> ObservationExpression:
        return self._chain(self._observation, _OBSERVATION_OPERATORS, CompositeObservation)

    def _observation(self) -> ObservationExpression:
        expression: ObservationExpression
        if self._skip("["):
            expression = Observation(self._comparisons())
            self._take("]", "AND, OR or ']'")
        elif self._kind == "(":
            expression = self._in_parentheses(self._observations, "AND, OR, FOLLOWEDBY or ')'")
        else:
            raise self._expected("'[' or '('")
        qualifiers: list[Qualifier] = []
        while self._kind in _QUALIFIER_WORDS:
            qualifiers.append(self._qualifier())
        return QualifiedObservation(expression, tuple(qualifiers)) if qualifiers else expression

    def _qualifier(self) -> Qualifier:
        word = self._pass()
        if word == "START":
            start = self._instant()
            self._take("STOP", "STOP")
            return StartStop(start, self._instant())
        if self._kind != "number" or self._word[0] == "-":
            raise self._expected("a number without a minus sign")
        if word == "REPEATS":
            times = self._integer()
            self._take("TIMES", "TIMES")
            return Repeats(times)
        seconds = self._number()
        self._take("SECONDS", "SECONDS")
        return Within(float(seconds.value))

    def _comparisons(self) -> ComparisonExpression:
        return self._chain(self._comparison, _BOOLEAN_OPERATORS, CompositeComparison)

    def _comparison(self) -> ComparisonExpression:
        if self._kind == "(":
            return self._in_parentheses(self._comparisons, "AND, OR or ')'")
        if self._kind in ("NOT", "EXISTS"):
            negated = self._skip("NOT")
            self._take("EXISTS", "EXISTS")
            return Comparison(self._path(), ComparisonOperator.EXISTS, negated=negated)
        path = self._path()
        negated = self._skip("NOT")
        operator = _OPERATORS.get(self._kind)
        if operator is None or operator is ComparisonOperator.EXISTS:
            raise self._expected("a comparison operator")
        self._pass()
        return Comparison(path, operator, self._constants(operator), negated)

    def _constants(self, operator: ComparisonOperator) -> tuple[Constant, ...]:
        if operator is ComparisonOperator.IN:
            return self._set()
        if operator in _ON_STRINGS and self._kind != "string":
            raise self._expected("a string")
        if operator in _BY_ORDER and self._kind in ("true", "false"):
            raise self._expected("a constant that has an order")
        return (self._constant(),)

    def _set(self) -> tuple[Constant, ...]:
        self._take("(", "'('")
        if self._skip(")"):
            return ()
        constants = [self._constant()]
        while self._skip(","):
            constants.append(self._constant())
        self._take(")", "',' or ')'")
        return tuple(constants)

    def _path(self) -> ObjectPath:
        object_type = self._take("name", "an object type")
        self._take(":", "':'")
        steps: list[Step] = [self._key()]
        while True:
            if self._skip("."):
                steps.append(self._key())
            elif self._skip("["):
                steps.append(AnyItem.ANY if self._skip("*") else self._integer())
                self._take("]", "']'")
            else:
                return ObjectPath(object_type, tuple(steps))

    def _key(self) -> str:
        if self._kind == "string":
            return _unescaped(self._pass())
        if self._kind != "name" or "-" in self._word:
            raise self._expected("a property's name, in apostrophes if it has a hyphen")
        return self._pass()

    def _constant(self) -> Constant:
        match self._kind:
            case "string":
                return String(_unescaped(self._pass()))
            case "number":
                return self._number()
            case "true" | "false":
                return Boolean(self._pass() == "true")
            case "constant" if self._word[0] == "t":
                return Timestamp(self._instant())
            case "constant":
                return self._octets()
            case _:
                raise self._expected("a constant")

    def _integer(self) -> int:
        if self._kind != "number" or "." in self._word:
            raise self._expected("a whole number")
        return int(self._number().value)

    def _number(self) -> Integer | Float:
        value, whole = float(self._word), "." not in self._word
        if isinf(value) or (whole and abs(value) > _LARGEST):
            raise self._fault("the number is out of the range of STIX 2.1, section 2")
        word = self._pass()
        return Integer(int(word)) if whole else Float(value)

    def _instant(self) -> Micros:
        found = _TIMESTAMP.match(self._word)
        if found is None:
            raise self._expected("a time in UTC as in t'2026-01-31T12:00:00Z'")
        try:
            instant = parse_time(found[1] + (found[2] or "")[:7] + "Z")
        except InputError:
            raise self._fault("no calendar has this date, or no day this time") from None
        self._pass()
        return instant

    def _octets(self) -> Binary | Hex:
        word = self._word.replace("\n", "") if self._word[0] == "b" else self._word
        if found := _HEX.match(word):
            self._pass()
            return Hex(bytes.fromhex(found[1]))
        if found := _BASE64.match(word):
            self._pass()
            return Binary(binascii.a2b_base64(found[1]))
        raise self._fault("h'...' holds no pairs of hexadecimal digits, or b'...' no base64")

    def _chain(
        self,
        operand: Callable[[], _T],
        operators: Mapping[str, _O],
        make: Callable[[_O, tuple[_T, ...]], _T],
    ) -> _T:
        """Operands and what joins them as one expression; the first of `operators` bind tightest.

        Those joined by equal operators are the operands of one node.
        """
        operands = [operand()]
        words: list[str] = []
        while self._kind in operators:
            words.append(self._pass())
            operands.append(operand())
        for word, operator in operators.items() if words else ():
            runs = [[operands[0]]]
            for between, one in zip(words, operands[1:], strict=True):
                if between == word:
                    runs[-1].append(one)
                else:
                    runs.append([one])
            operands = [run[0] if len(run) == 1 else make(operator, tuple(run)) for run in runs]
            words = [between for between in words if between != word]
        return operands[0]

    def _in_parentheses(self, inner: Callable[[], _T], closing: str) -> _T:
        self._open += 1
        if self._open > MOST_NESTING:
            message = f"more than {MOST_NESTING} parentheses are open"
            raise LimitError(message, code="bad-pattern", where=f"column {self._at + 1}")
        self._pass()
        expression = inner()
        self._take(")", closing)
        self._open -= 1
        return expression

    def _pass(self) -> str:
        """Go to the next token; gives the text of this one."""
        word = self._word
        self._kind, self._word, self._at = self._rest.pop()
        return word

    def _skip(self, kind: str) -> bool:
        """Go to the next token if this one is of such a kind."""
        if self._kind != kind:
            return False
        self._pass()
        return True

    def _take(self, kind: str, name: str) -> str:
        if self._kind != kind:
            raise self._expected(name)
        return self._pass()

    def _expected(self, what: str) -> InputError:
        if self._kind in ("string", "constant", "name", "number"):
            found = f"a {self._kind}"
            if self._word.upper() in _KEYWORDS:
                found = f"{self._word!r}: keywords are written in capitals"
        else:
            found = "the end" if self._kind == "end" else repr(self._word)
        return self._fault(f"expected {what}, found {found}")

    def _fault(self, message: str) -> InputError:
        return InputError(
            message,
            code="bad-pattern",
            advice="Write patterns as in [domain-name:value = 'host.example'] (STIX 2.1, 9).",
            where=f"column {self._at + 1}",
        )


def _unescaped(word: str) -> str:
    text = word[1:-1]
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text
