"""Expressions: what is read, what is refused and where, what is typed, and what single operations give."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from oversight.ground.time import Period
from oversight.ground.values import EvaluationError, operations
from oversight.language.contradictions import contradiction
from oversight.language.parser import parse
from oversight.language.presence import unguarded
from oversight.language.substitution import substitute
from oversight.language.tokens import ExpressionError
from oversight.language.typing import Definition, Problem, check
from oversight.model.expressions import Call, ListOf, Literal, MapOf, Name, Select, path_of, walk
from oversight.model.types import (
    BOOL,
    DATE,
    DOUBLE,
    DYN,
    INT,
    PERIOD,
    STRING,
    TIMESTAMP,
    Attribute,
    RecordType,
    enum_of,
    list_of,
    map_of,
)

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
ACT = operations(HONG_KONG)

SCOPE = RecordType("scope", {"model": Attribute("model", STRING), "places": Attribute("places", list_of(STRING), True)})
EVENT = RecordType(
    "camera.activated",
    {
        "camera": Attribute("camera", STRING, True),
        "kind": Attribute("kind", enum_of(("face", "plate")), True),
        "kinds": Attribute("kinds", list_of(enum_of(("face", "plate"))), True),
        "count": Attribute("count", INT, True),
        "score": Attribute("score", DOUBLE),
        "day": Attribute("day", DATE, True),
        "days": Attribute("days", list_of(DATE), True),
        "due": Attribute("due", TIMESTAMP, True),
        "tags": Attribute("tags", list_of(STRING), True),
        "limits": Attribute("limits", map_of(INT), True),
        "scope": Attribute("scope", SCOPE),
    },
    role="event",
)
FACT = RecordType("camera", {"camera": Attribute("camera", STRING, True)}, role="fact")
PARAMETERS = {"lead_time": PERIOD, "limit": INT}
DEFINITIONS = {
    "is_face": Definition(("a",), parse('a.kind == "face"')),
    "broken": Definition(("a",), parse("a.nonsense > 1")),
    "around": Definition(("a",), parse("around(a)")),
    "fortnight": Definition((), parse('period("P14D")')),
    "twice": Definition(("a",), parse("a + a")),
    "same": Definition(("a",), parse("a")),
}


def problems(text: str, expected: Any = BOOL) -> tuple[Problem, ...]:
    return check(parse(text), {"e": EVENT, "f": FACT}, PARAMETERS, DEFINITIONS, expected=expected)[1]


def typed(text: str) -> Any:
    tree, found = check(parse(text), {"e": EVENT, "f": FACT}, PARAMETERS, DEFINITIONS)
    assert () == found
    return tree


# Reading


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a || b && c", "a || (b && c)"),
        ("!a && b", "(!a) && b"),
        ("a == b && c", "(a == b) && c"),
        ("a < b == c", "(a < b) == c"),
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("-a.b", "-(a.b)"),
        ("-a + b", "(-a) + b"),
        ("a in b == c", "(a in b) == c"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a || b ? c : d", "(a || b) ? c : d"),
        ("!!a", "a"),
        ("[a, b,]", "[a, b]"),
        ("{'a': b,}", "{'a': b}"),
        ("a // the rest is a comment", "a"),
        ("0x1F", "31"),
        ('period("P1W")', 'period("P7D")'),
    ],
)
def test_grammar(text: str, same: str) -> None:
    """Operators bind as CEL says, and trailing commas and comments change nothing."""
    assert parse(same) == parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("-9223372036854775808", -(2**63)),
        ("1e3", 1000.0),
        (".5", 0.5),
        (r"'\x41\101\u00e9\U0001F600\n\''", "AA\u00e9\U0001f600\n'"),
        (r"r'\d'", r"\d"),
        ("'''a\n'b'''", "a\n'b"),
        ('"""a"b"""', 'a"b'),
    ],
)
def test_literals(text: str, value: object) -> None:
    """Literals have the value that is written."""
    tree = parse(text)
    assert isinstance(tree, Literal)
    assert (type(value), value) == (type(tree.value), tree.value)


def test_places_are_offsets_in_the_text() -> None:
    """Every node knows where it stands."""
    text = "e.kind in ['a'] && size(e.tags) > 1"
    written = {text[node.span[0] : node.span[1]] for node in walk(parse(text))}
    assert {"e.kind", "['a']", "'a'", "size(e.tags)", "e.kind in ['a']", text} <= written


def test_a_long_conjunction_is_not_deep() -> None:
    """Hundreds of terms joined by one operator are no nesting."""
    assert isinstance(parse(" && ".join(["a"] * 400)), Call)


@pytest.mark.parametrize(
    ("text", "message", "at", "hint"),
    [
        ("", "the expression ends where a value should stand", "", ""),
        ("a = b", "'=' has no meaning in an expression", "=", "write == to compare"),
        ("a and b", "'and' stands where the end, or an operator such as && or == should", "and",
         "write && for 'and'"),
        ("not a", "'not' stands where a value should", "not", "write ! for 'not'"),
        ("a not in b", "'not' stands where the end, or an operator such as && or == should", "not",
         "write !(a in b) for 'a not in b'"),
        ("a OR b", "'OR' stands where the end, or an operator such as && or == should", "OR", "write || for 'or'"),
        ("a is b", "'is' stands where the end, or an operator such as && or == should", "is", "write == to compare"),
        ("a <> b", "'<>' has no meaning in an expression", "<>", "write != for 'not equal'"),
        ("a ≥ b", "'≥' has no meaning in an expression", "≥", "write >="),
        ("a # b", "'#' has no meaning in an expression", "#", "a comment begins with //"),
        ("a & b", "'&' has no meaning in an expression", "&", "write && for 'and'"),
        ("(a", "the expression ends where ')' should stand", "", ""),
        ("a.b(", "the expression ends where a value should stand", "", ""),
        ("[1,,2]", "',' stands where a value should", ",", ""),
        ("size(a,)", "')' stands where another argument should", ")", ""),
        ("'abc", "this string is not closed", "'abc", "end it with '"),
        (r"'\q'", r"'\\q' is not an escape of a string", r"\q",
         r"write \\ for a backslash, or a raw string r'…'"),
        ("1u", "unsigned numbers are not supported", "1u", "leave out the u"),
        ("b'x'", "bytes are not supported", "b", "leave out the b"),
        ("3x", "a number runs into a name", "3x", "names begin with a letter"),
        ("9223372036854775808", "this number is outside the 64-bit integers", "9223372036854775808",
         "write 1e20 for a double"),
        ("1e999", "this number is too large for a double", "1e999", ""),
        ("a.in", "'in' stands where the name of an attribute should", "in", ""),
        ("while", "'while' stands where a value should", "while", "this word is reserved"),
        ("Scope{a: 1}", "'{' stands where the end, or an operator such as && or == should", "{",
         "message construction such as Name{...} is not supported"),
        ("a.?b", "'?' stands where the name of an attribute should", "?", ""),
        # A mark that Python takes for printable and a terminal shows as nothing.
        ("a \U000e0100", r"'\udb40\udd00' has no meaning in an expression", "\U000e0100", ""),
        ("'\\\U000e0100'", r"'\\\udb40\udd00' is not an escape of a string", "\\\U000e0100",
         r"write \\ for a backslash, or a raw string r'…'"),
        ("x@1", "'@' has no meaning in an expression", "@", "names are letters, digits and underscores"),
        ("e.tags.length()", "there is no method 'length'", "length", "did you mean 'size'?"),
        ("e.a.startWith('x')", "there is no method 'startWith'", "startWith", "did you mean 'startsWith'?"),
        ("startsWith(a, b)", "'startsWith' is a method", "startsWith", "write value.startsWith(…)"),
        ("a.timestamp()", "there is no method 'timestamp'", "timestamp", "write timestamp(…)"),
        ("has(a)", "has(…) takes one selection, such as has(e.camera)", "has(a)", ""),
        ("a.all(1, b)", "all(…) takes a name and a condition, such as all(x, x > 1)", "a.all(1, b)", ""),
        ('period("P1Q")', "'P1Q' is not an ISO 8601 duration such as P30D or PT24H", '"P1Q"', ""),
    ],
)  # fmt: skip
def test_mistakes_in_the_grammar(text: str, message: str, at: str, hint: str) -> None:
    """Each mistake is named at its place, with what to write."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    start, end = caught.value.span
    assert (message, at, hint) == (caught.value.message, text[start:end], caught.value.hint)


# What no expression may do


@pytest.mark.parametrize(
    "text",
    [
        "e.__class__", "__import__('os')", "e.kind.__class__.__mro__", "has(e.__dict__)", "[1].map(__x, __x)",
        '"{0.__class__}".format(e)', "e.kind.format()", "f'{e}'", "e.kind.encode()", "eval('1')(2)",
         "lambda: 1",
        "e if true else f", "e := 1", "e[0:1]", "e.kind;e", "{e}", "(1,)", "...", "*e", "$e", "`e`", "e!r",
         "e:>10",
    ],
)  # fmt: skip
def test_python_cannot_be_reached(text: str) -> None:
    """Nothing that Python would understand and CEL does not is read."""
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize("name", ["open", "getattr", "type", "print", "compile"])
def test_only_known_functions_are_called(name: str) -> None:
    """A function of Python is an unknown name like any other."""
    assert "unknown-function" == problems(f"{name}(e.kind)")[0].code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 1_000 + "1" + ")" * 1_000, "the expression nests more than 40 deep"),
        ("[" * 10_000, "an expression of 10,000 characters is longer than 4,000"),
        ("-(" * 1_000, "the expression nests more than 40 deep"),
        ("a ? b : " * 400 + "c", "the expression nests more than 40 deep"),
        ("a" + ".b" * 1_000, "the expression nests more than 40 deep"),
        ("1" + " + 1" * 900, "the expression nests more than 40 deep"),
        ("[" + "1," * 1_500 + "]", "the expression has more than 1,000 parts"),
        ("'" + "x" * 2_000 + "'", "a string of 2,000 characters is longer than 1,000"),
        ("1" * 3_000, "this number is outside the 64-bit integers"),
        ("l.map(a, l.map(b, l.map(c, l.map(d, d))))",
         "more than 3 of all, exists, exists_one, filter, map stand one inside the other"),
    ],
)  # fmt: skip
def test_size_is_bounded(text: str, message: str) -> None:
    """What is too long, too deep or too large is refused with the bound, and never by Python's own."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert message == caught.value.message


def test_unlimited_signs_are_no_depth() -> None:
    """Signs are counted, not nested."""
    assert Name("a") == parse("!" * 3_000 + "a")


def test_definitions_cannot_multiply_without_bound() -> None:
    """Thirty doublings are refused before they are built."""
    found = problems("twice(" * 30 + "e.count" + ")" * 30 + " > 1")
    assert ("too-large",) == tuple(problem.code for problem in found)


def test_definitions_cannot_nest_without_bound() -> None:
    """Definitions that call one another deeply are refused, and not by a RecursionError."""
    names = [f"d{level}" for level in range(200)]
    definitions = {name: Definition(("a",), parse(f"{below}(a) + 1")) for below, name in pairwise(names)}
    definitions["d0"] = Definition(("a",), parse("a"))
    _, found = check(parse("d199(1) > 1"), {}, {}, definitions)
    assert ("too-large",) == tuple(problem.code for problem in found)


def test_patterns_take_linear_time() -> None:
    """A pattern that takes other engines for ever answers at once."""
    started = time.process_time()
    assert ACT["matches"]("a" * 50_000 + "b", "(a+)+$") is False
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "this is no pattern of RE2: missing ): ("),
        ("(?=a)", "this is no pattern of RE2: invalid perl operator: (?="),
        (r"(a)\1", r"this is no pattern of RE2: invalid escape sequence: \1"),
        ("(((a{1,100}){1,100}){1,100})", "this is no pattern of RE2: invalid repetition size: {1,100}"),
    ],
)
def test_patterns_are_checked_where_they_stand(pattern: str, reason: str) -> None:
    """A literal pattern that RE2 refuses is an error of the check, at the pattern."""
    text = f"e.camera.matches(r'{pattern}')"
    (problem,) = problems(text)
    start, end = problem.span
    assert ("malformed-literal", f"r'{pattern}'") == (problem.code, text[start:end])
    assert reason == problem.message


def test_patterns_and_joined_values_are_bounded() -> None:
    """A pattern too long, and lists and texts that grow by joining, are errors."""
    with pytest.raises(EvaluationError, match="longer than 1,000"):
        ACT["matches"]("a", "a" * 1_001)
    with pytest.raises(EvaluationError, match="longer than 1,000,000"):
        ACT["+"]("a" * 600_000, "b" * 600_000)
    with pytest.raises(EvaluationError, match="longer than 100,000"):
        ACT["+"]([0] * 60_000, [0] * 60_000)


# Checking


@pytest.mark.parametrize(
    ("text", "code", "at", "message", "hint"),
    [
        ("g.kind", "unknown-name", "g", "there is no 'g' here", ""),
        ("limt > 3", "unknown-name", "limt", "there is no 'limt' here", "did you mean 'limit'?"),
        ("is_face == 1", "unknown-name", "is_face", "there is no 'is_face' here", "write is_face(a)"),
        ("e.camra == 'c'", "unknown-attribute", "camra", "camera.activated has no attribute 'camra'",
         "did you mean 'camera'?"),
        ("has(e.scop)", "unknown-attribute", "scop", "camera.activated has no attribute 'scop'",
         "did you mean 'scope'?"),
        ("e.since > e.due", "unknown-attribute", "since", "camera.activated has no attribute 'since'",
         "did you mean 'score'?"),
        ("e.count.x == 1", "unknown-attribute", "x", "an int has no attributes, so no 'x'", ""),
        ("isface(e)", "unknown-function", "isface", "there is no function 'isface'",
         "did you mean 'is_face'?"),
        ("is_face(e, e)", "wrong-arguments", "is_face(e, e)", "is_face(a) is given 2 instead of 1", ""),
        ("e.camera.startsWith('a', 'b')", "wrong-arguments", "e.camera.startsWith('a', 'b')",
         "startsWith is given 3 instead of 2, with what stands before the dot", ""),
        ("e.camera.contains(1)", "type-mismatch", "e.camera.contains(1)",
         "contains is not defined for a string and an int", "a number is written without quotation marks"),
        ("e.due - e.time > 5", "type-mismatch", "e.due - e.time > 5",
         "a duration is not ordered beside an int",
         'write the length as duration("1h") or period("P1D")'),
        ("lead_time > duration('1h')", "type-mismatch", "lead_time > duration('1h')",
         "a period is not ordered beside a duration", 'write period("PT1H") for duration("1h")'),
        ("e.count == e.due", "type-mismatch", "e.count == e.due", "an int is never equal to a timestamp", ""),
        ("e.due == null", "type-mismatch", "e.due == null", "a timestamp is never equal to a null",
         "has(…) asks whether it is there"),
        ("e.count + 1.5 > 2.0", "type-mismatch", "e.count + 1.5", "+ is not defined for an int and a double",
         "write 1.0 for 1, or double(…)"),
        ("e.count in e.tags", "type-mismatch", "e.count in e.tags", "an int is never among a list[string]",
         "a number is written without quotation marks"),
        ("e.tags['a'] == 'b'", "type-mismatch", "'a'",
         "the items of a list are numbered, and this is a string", ""),
        ("e.count.exists(x, true)", "type-mismatch", "e.count",
         "exists(…) ranges over a list or a map, and this is an int", ""),
        ("(is_face(e) ? 1 : 'a') == 1", "type-mismatch", "is_face(e) ? 1 : 'a'",
         "? and : give an int or a string",
         "both sides must be of one type"),
        ("e.kind == 'fase'", "never-holds", "'fase'", "'fase' is none of the values of e.kind",
         "did you mean 'face'?"),
        ("e.kind in ['face', 'plat']", "never-holds", "'plat'", "'plat' is none of the values of e.kind",
         "did you mean 'plate'?"),
        ("'fase' in e.kinds", "never-holds", "'fase'", "'fase' is none of the values of e.kinds",
         "did you mean 'face'?"),
        ("e.count > 1 && 1 > 2", "never-holds", "1 > 2", "this condition never holds, whatever happens", ""),
        ("e.count < e.count", "never-holds", "e.count < e.count",
         "this condition never holds, whatever happens", ""),
        ("e.kind == 'face' && e.kind == 'plate'", "never-holds", "e.kind == 'plate'",
         "this can never hold together with an earlier comparison of the same attribute",
         "take one of the two out, or write in [...]"),
        ("e.camera == e.camera", "always-holds", "e.camera == e.camera",
         "this condition always holds, whatever happens", ""),
        ("e.count", "not-a-condition", "e.count", "a condition is asked for, and this is an int",
         "compare it with something, such as == or >"),
        ("e.camera && true", "not-a-condition", "e.camera", "a condition is asked for, and this is a string",
         "compare it with something, such as == or >"),
        ("e.tags.all(x, x)", "not-a-condition", "x", "a condition is asked for, and this is a string",
         "compare it with something, such as == or >"),
        ("timestamp('2026') > e.due", "malformed-literal", "'2026'",
         "'2026' is not an RFC 3339 time with an offset, such as 2026-03-10T09:00:00+08:00", ""),
        ("around(e)", "recursive-definition", "around(e)", "the definition of around calls itself", ""),
    ],
)  # fmt: skip
def test_mistakes_of_meaning(text: str, code: str, at: str, message: str, hint: str) -> None:
    """Each mistake has its code, its place, what is wrong and what to write."""
    (problem,) = problems(text)
    start, end = problem.span
    assert (code, at, message, hint) == (problem.code, text[start:end], problem.message, problem.hint)


def test_an_unknown_attribute_comes_with_those_there_are() -> None:
    """The note lists the attributes, those of every fact included."""
    (problem,) = problems("f.zone == 'a'")
    assert ("attributes: camera, event, since",) == problem.notes


def test_a_mistake_in_a_definition_is_shown_at_its_call() -> None:
    """The place is where the author of the rule can see it; the note names the definition."""
    text = "true && broken(e)"
    (problem,) = problems(text)
    assert "broken(e)" == text[slice(*problem.span)]
    assert "in the definition of broken" == problem.notes[-1]


def test_all_mistakes_are_found_at_once() -> None:
    """One mistake does not hide the next, and causes no others."""
    found = problems("e.camra == 1 && e.kind == 'fase' && limt > e.cont + 1")
    assert ["unknown-attribute", "never-holds", "unknown-name", "unknown-attribute"] == [p.code for p in found]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("e.time + lead_time", "timestamp"),
        ("e.due - e.time", "duration"),
        ("e.tags.map(t, size(t))", "list[int]"),
        ("e.tags.filter(t, t != '')", "list[string]"),
        ("e.limits['a']", "int"),
        ("e.event.id", "string"),
        ("f.since", "timestamp"),
        ("f.event.time", "timestamp"),
        ("fortnight", "period"),
        ("fortnight()", "period"),
        ("e.kind", "string"),
        ("e.day", "date"),
        ("same(e.day)", "date"),
        ("[e.day]", "list[timestamp]"),
        ("[1, 'a']", "list[dyn]"),
        ("{'a': 1}", "map[string, int]"),
        ("has(e.scope)", "bool"),
        ("e.count > 1 ? e.camera : 'x'", "string"),
    ],
)
def test_types(text: str, type_: str) -> None:
    """The type of an expression is the type of its value."""
    assert type_ == str(typed(text).type)


def test_a_date_stands_for_its_first_instant_where_it_is_used() -> None:
    """Operands that are dates are wrapped; a bare date is left for the reader to see."""
    compared = typed("e.day < e.due")
    assert Call("@instant", (Select(Name("e"), "day"),)) == compared.arguments[0]
    assert TIMESTAMP == compared.arguments[0].type
    assert Select(Name("e"), "day") == typed("e.day")
    assert Select(Name("e"), "day") == typed("e.day in e.days").arguments[0]


def test_a_variable_hides_a_parameter() -> None:
    """A name bound nearby means what it is bound to."""
    assert typed("limit").parameter is True
    tree, _ = check(parse("limit"), {"limit": STRING}, PARAMETERS, {})
    assert (False, STRING) == (tree.parameter, tree.type)


def test_definitions_are_expanded() -> None:
    """No call of a definition is left."""
    assert Call("==", (Select(Name("e"), "kind"), Literal("face"))) == typed("is_face(e)")


def test_substitution_does_not_capture() -> None:
    """A macro variable steps aside for a name that is put in its scope."""
    tree = substitute(parse("l.exists(x, x == w)"), {"w": parse("x.id")})
    names = [path_of(node) for node in walk(tree)]
    assert [("x@",), ("x", "id")] == [names[3], names[4]]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("e.score > 1.0", ["e.score"]),
        ("has(e.score) && e.score > 1.0", []),
        ("e.score > 1.0 && has(e.score)", []),
        ("!has(e.score) || e.score > 1.0", []),
        ("has(e.score) || e.score > 1.0", ["e.score"]),
        ("has(e.score) ? e.score > 1.0 : true", []),
        ("!has(e.score) ? e.score > 1.0 : true", ["e.score"]),
        ("has(e.scope.model)", ["e.scope"]),
        ("has(e.scope) && has(e.scope.model) && e.scope.model == 'a'", []),
        ("e.limits.a > 1", ["e.limits.a"]),
        ("'a' in e.limits && e.limits['a'] > 1", []),
        ("e.camera in e.limits && e.limits[e.camera] > 1", []),
        ("e.event.recorded > e.time", ["e.event.recorded"]),
        ("e.tags.all(t, t in e.scope.places)", ["e.scope"]),
    ],
)
def test_unguarded_reads(text: str, paths: list[str]) -> None:
    """What may be missing is reported unless the condition asks whether it is there."""
    assert paths == [".".join(path) for path, _ in unguarded(typed(text))]


def test_contradictions_across_conditions() -> None:
    """Conditions of one list are held against each other."""
    first, second = parse("e.kind == 'face'"), parse("'plate' == e.kind")
    assert second is contradiction([first, second])
    assert contradiction([first, first]) is None


def test_heterogeneous_values_are_dyn() -> None:
    """Where types cannot be known, the checker says nothing."""
    tree, found = check(parse("x.y + 1 > z && x in z"), {"x": DYN, "z": DYN}, {}, {}, expected=BOOL)
    assert () == found
    assert isinstance(parse("[1]"), ListOf)
    assert isinstance(parse("{}"), MapOf)
    assert BOOL == tree.type


# Values that Google's evaluator does not know


def test_periods_move_times_by_the_calendar_of_the_zone() -> None:
    """A month after the last of January is the last of February, on the clock of the zone."""
    start = datetime(2026, 1, 30, 16, tzinfo=UTC)
    assert datetime(2026, 2, 27, 16, tzinfo=UTC) == ACT["+"](start, Period.parse("P1M"))
    assert datetime(2025, 12, 30, 16, tzinfo=UTC) == ACT["-"](start, Period.parse("P1M"))
    assert Period.parse("P37D") == ACT["+"](Period.parse("P30D"), Period.parse("P1W"))
    assert ACT["<"](Period.parse("P30D"), Period.parse("P1M")) is True


def test_a_date_is_the_beginning_of_its_day() -> None:
    """The first instant of a day in Hong Kong is four in the afternoon before in UTC."""
    assert datetime(2026, 4, 30, 16, tzinfo=UTC) == ACT["@instant"](date(2026, 5, 1))


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        ("+", (datetime(9999, 12, 31, 12, tzinfo=UTC), Period.parse("P1M"))),
        ("+", (datetime(9999, 12, 31, 12, tzinfo=UTC), timedelta(days=1))),
        ("-", (datetime(1, 1, 1, tzinfo=UTC), timedelta(days=1))),
        ("timestamp", (10**18,)),
        ("period", ("P1Q",)),
        ("duration", ("1d",)),
        ("getHours", (datetime(2026, 1, 1, tzinfo=UTC), "localtime")),
        ("<", (Period.parse("P1D"), timedelta(days=1))),
        ("+", (timedelta(days=100_000), timedelta(days=100_000))),
        ("{}", ("a", 1, "a", 2)),
        ("{}", (True, 1, 1, 2)),
        ("matches", ("\ud800", "a")),
        ("@instant", (date(1, 1, 1),)),
    ],
)
def test_what_has_no_value_is_an_error(operator: str, arguments: tuple[Any, ...]) -> None:
    """Outside their range, operations raise the error of expressions and none of Python's."""
    with pytest.raises(EvaluationError):
        ACT[operator](*arguments)
