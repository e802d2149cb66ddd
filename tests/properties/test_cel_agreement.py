"""
Our reading of CEL against Google's evaluator: random expressions over random values, well typed and not.

Both must give the same value, or both an error. Where we differ on purpose, nothing is drawn:

- times and durations finer than a microsecond, the leap second ``:60``, and times written without the
  colons and zeros of RFC 3339, which Google reads leniently;
- a time of year that falls outside the years 1 to 9999 in the zone asked for;
- adding to a time, or taking from it, durations beyond 292 years, where Google saturates;
- maps that mix bools and ints as keys, which Python cannot hold;
- texts joined beyond a million characters, and the other limits on size;
- texts that `double` reads and CEL does not mention, such as hexadecimal.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from oversight.engine.expressions import Frame, compile_expression
from oversight.ground.values import EvaluationError, items_of, operations
from oversight.language.parser import parse
from oversight.language.tokens import ExpressionError
from oversight.language.typing import check
from oversight.meaning.evaluate import Scope, evaluate
from oversight.model.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Attribute,
    RecordType,
    list_of,
    map_of,
)

cel = pytest.importorskip("cel_expr_python.cel")

OPERATIONS = operations(ZoneInfo("UTC"))
RECORD = RecordType(
    "record",
    {
        "a": Attribute("a", INT),
        "s": Attribute("s", STRING),
        "l": Attribute("l", list_of(INT)),
        "r": Attribute("r", RecordType("inner", {"a": Attribute("a", INT), "b": Attribute("b", BOOL)})),
    },
)
TYPES = {
    "b": BOOL, "c": BOOL, "i": INT, "j": INT, "d": DOUBLE, "e": DOUBLE, "s": STRING, "q": STRING,
    "li": list_of(INT), "ls": list_of(STRING), "lm": list_of(map_of(INT)), "m": map_of(INT), "r": RECORD,
    "t": TIMESTAMP, "v": TIMESTAMP, "u": DURATION, "w": DURATION,
}  # fmt: skip
SCALARS = ("bool", "int", "double", "string", "timestamp", "duration")
ALL = (*SCALARS, "list", "map")
ZONES = ("UTC", "Asia/Hong_Kong", "America/New_York", "+05:30", "-03:00", "08:00", "Nowhere/Else", "")

# The values

texts = st.one_of(
    st.sampled_from(["", "a", "b", "ab", "é", "\U0001f600", "12", "true", "1.5", "cam-7"]),
    st.text(max_size=3),
)
ints = st.one_of(st.integers(-3, 3), st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1]))
doubles = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, 1.5, 1e300, math.inf, -math.inf, math.nan, 2.0**63]), st.floats()
)
offsets = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=offsets)
spans = st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), ints, doubles, texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abrsl"), inner, max_size=3)
    ),
    max_leaves=4,
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "b": st.booleans(), "c": st.booleans(), "i": ints, "j": ints, "d": doubles, "e": doubles, "s": texts,
    "q": texts, "li": st.lists(ints, max_size=3), "ls": st.lists(texts, max_size=3),
    "lm": st.lists(st.dictionaries(st.sampled_from("ab"), ints, max_size=2), max_size=2),
    "m": st.dictionaries(st.sampled_from("ab"), ints, max_size=2),
    "r": st.fixed_dictionaries({}, optional={
        "a": ints, "s": texts, "l": st.lists(ints, max_size=2),
        "r": st.fixed_dictionaries({}, optional={"a": ints, "b": st.booleans()}),
    }),
    "t": times, "v": times, "u": spans, "w": spans,
}  # fmt: skip
TIMED = frozenset("tvuw")
typed_values = st.fixed_dictionaries(VALUES)
loose_values = st.fixed_dictionaries(
    {name: values if name in TIMED else st.one_of(values, anything) for name, values in VALUES.items()}
)

# The expressions

LEAVES: dict[str, tuple[str, ...]] = {
    "bool": ("b", "c", "true", "false", "r.r.b", "has(r.a)", "has(r.r.a)", "has(m.b)"),
    "int": ("i", "j", "0", "1", "-1", "2", "9223372036854775807", "-9223372036854775808", "0x1F", "m.a", "r.a",
            "r.r.a", "li[0]", "li[i]", 'm["b"]'),
    "double": ("d", "e", "0.0", "1.0", "-0.5", "1e3", ".25", "1.5e300"),
    "string": ("s", "q", '""', "'a'", '"é"', r'"\x41\u00e9\101\n"', r"r'\d'", '"""ab"""', "r.s", "ls[0]"),
    "timestamp": ("t", "v", 'timestamp("2024-02-29T23:59:59.999999Z")', 'timestamp("1970-01-01T08:00:00+08:00")'),
    "duration": ("u", "w", 'duration("1h30m")', 'duration("-1.5s")', 'duration("0")', 'duration("1us")'),
    "list": ("li", "ls", "lm", "[]", "r.l", "[1, 2.0, 'a', null]", "[t, u]"),
    "map": ("m", "r", "{}", "r.r", '{"a": 1, "b": u}', "{1: 'a', 2: 'b'}", "{true: 1}", "lm[0]"),
}  # fmt: skip
ACCESSORS = ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
             "getHours", "getMinutes", "getSeconds", "getMilliseconds")  # fmt: skip
PATTERNS = ("a", "^a.*", r"\\d+", "[^b]$", "(a|é)+", "(?i)AB")

# In each form a word in braces is the type of a part.
FORMS: dict[str, tuple[str, ...]] = {
    "bool": (
        "{bool} && {bool}", "{bool} || {bool}", "!{bool}", "!!{bool}", "{bool} ? {bool} : {bool}",
        "{any} == {any}", "{any} != {any}", "{string} == {string}", "{int} == {double}",
        "{int} < {int}", "{int} >= {double}", "{double} < {int}", "{string} <= {string}", "{bool} < {bool}",
        "{timestamp} < {timestamp}", "{duration} > {duration}", "{any} in {list}", "{any} in {map}",
        "{string}.startsWith({string})", "{string}.endsWith({string})", "{string}.contains({string})",
        "{string}.matches({pattern})", "matches({string}, {string})", "bool({string})", "has({map}.a)",
        "{list}.all(x, {bool})", "{list}.exists(x, {bool})", "{list}.exists_one(x, {bool})",
        "{map}.all(k, k == {string})", "{list}.exists(x, x == {any})", "{list}.all(x, x < {any})",
    ),
    "int": (
        "{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} / {int}", "{int} % {int}", "-{int}", "--{int}",
        "size({string})", "{list}.size()", "size({map})", "int({double})", "int({string})", "int({timestamp})",
        "{timestamp}.{accessor}()", "{timestamp}.{accessor}({zone})", "{duration}.{accessor}()",
        "{bool} ? {int} : {int}", "{list}[{int}]", "{map}[{string}]",
    ),
    "double": (
        "{double} + {double}", "{double} - {double}", "{double} * {double}", "{double} / {double}", "-{double}",
        "double({int})", "double({string})",
    ),
    "string": ("{string} + {string}", "string({scalar})", "{bool} ? {string} : {string}", "{list}[{int}]"),
    "timestamp": (
        "{timestamp} + {duration}", "{duration} + {timestamp}", "{timestamp} - {duration}", "timestamp({string})",
        "timestamp({timestamp})", "timestamp(1700000000 + {int})",
    ),
    "duration": (
        "{timestamp} - {timestamp}", "{duration} + {duration}", "{duration} - {duration}", "duration({string})",
    ),
    "list": (
        "[{any}, {any}]", "[{int}]", "{list} + {list}", "{list}.filter(x, {bool})", "{list}.map(x, {any})",
        "{list}.map(x, {bool}, x)", "{map}.map(k, k)", "{list}.filter(x, x != {any})", "{list}.map(x, [x, {any}])",
    ),
    "map": ('{{"a": {any}, {string}: {any}}}', "{{{scalar}: {any}}}", "{bool} ? {map} : {map}"),
}  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int, wild: bool) -> str:
    """The text of an expression that mostly has type *kind*; where *wild*, a part may have any type."""
    if wild and draw(st.integers(0, 7)) == 0:
        kind = draw(st.sampled_from(ALL))
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))
    form = draw(st.sampled_from(FORMS[kind]))
    filled, at = "", 0
    while at < len(form):
        if form.startswith(("{{", "}}"), at):
            filled, at = filled + form[at], at + 2
        elif form[at] == "{":
            end = form.index("}", at)
            filled, at = filled + draw(_part(form[at + 1 : end], depth - 1, wild)), end + 1
        else:
            filled, at = filled + form[at], at + 1
    return filled


def _part(kind: str, depth: int, wild: bool) -> st.SearchStrategy[str]:
    if kind == "accessor":
        return st.sampled_from(ACCESSORS)
    if kind == "zone":
        return st.sampled_from([f'"{zone}"' for zone in ZONES])
    if kind == "pattern":
        return st.sampled_from([f'"{pattern}"' for pattern in PATTERNS])
    choices = {"any": ALL, "scalar": SCALARS}.get(kind, (kind,))
    return st.sampled_from(choices).flatmap(lambda one: expressions(one, depth, wild)).map("({})".format)


# The two sides

ERROR = "an error"
GOOGLE_TYPES = {"t": "TIMESTAMP", "v": "TIMESTAMP", "u": "DURATION", "w": "DURATION"}
GOOGLE = cel.NewEnv(
    variables={name: getattr(cel.Type, GOOGLE_TYPES.get(name, "DYN")) for name in [*TYPES, "x", "k"]}
)


def plain(value: Any) -> Any:
    """A value in a form whose text is the same exactly where the values are the same."""
    if isinstance(value, datetime):
        return ("timestamp", value.astimezone(UTC).isoformat())
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return sorted((repr(plain(key)), repr(plain(item))) for key, item in value.items())
    return (type(value).__name__, repr(value))


def by_google(text: str, values: dict[str, Any]) -> Any:
    """What Google's evaluator says, without its checker, so that ill-typed parts fail when they are reached."""
    try:
        result = GOOGLE.compile(text, disable_check=True).eval(data=values)
    except RuntimeError:
        return ERROR
    return ERROR if result.type().name() in ("ERROR", "UNKNOWN") else plain(result.plain_value())


def in_some_order(text: str, values: dict[str, Any], types: dict[str, Any]) -> bool:
    """Whether a list is made from a map of several keys: CEL leaves open in which order."""
    several = False

    def watched(value: Any) -> list[Any]:
        nonlocal several
        several = several or (isinstance(value, dict) and len(value) > 1)
        return items_of(value)

    with patch("oversight.meaning.evaluate.items_of", watched):
        by_definition(text, values, types)
    return several and (".map(" in text or ".filter(" in text)


def agree(text: str, values: dict[str, Any], types: dict[str, Any]) -> None:
    """Hold the three sides against each other."""
    assume(not in_some_order(text, values, types))
    said = by_google(text, values)
    assert said == by_definition(text, values, types)
    assert said == by_engine(text, values, types)


def by_definition(text: str, values: dict[str, Any], types: dict[str, Any]) -> Any:
    """What the definition of the meaning says."""
    try:
        tree, _ = check(parse(text), types, {}, {})
        return plain(evaluate(tree, Scope(values, lambda name: None, OPERATIONS)))
    except (ExpressionError, EvaluationError, KeyError):
        return ERROR


def by_engine(text: str, values: dict[str, Any], types: dict[str, Any]) -> Any:
    """What the compiled expression says."""
    try:
        tree, _ = check(parse(text), types, {}, {})
        frame = Frame({}, OPERATIONS, {})
        slots = {name: frame.bind(name) for name in types}
        run = compile_expression(tree, frame)
        env = frame.env(datetime(2026, 1, 1, tzinfo=UTC))
        for name, slot in slots.items():
            env[slot] = values[name]
        return plain(run(env))
    except (ExpressionError, EvaluationError):
        return ERROR


@given(text=st.sampled_from(ALL).flatmap(lambda kind: expressions(kind, 3, False)), values=typed_values)
def test_well_typed_expressions_agree(text: str, values: dict[str, Any]) -> None:
    """On expressions and values of the declared types, Google, definition and engine say the same."""
    agree(text, values, TYPES)


@example(text="!!s", values={})
@given(text=st.sampled_from(ALL).flatmap(lambda kind: expressions(kind, 3, True)), values=loose_values)
def test_ill_typed_expressions_agree(text: str, values: dict[str, Any]) -> None:
    """On parts and values of the wrong type, an error is an error, and is absorbed where CEL absorbs it."""
    values = {**dict.fromkeys(TYPES), "t": datetime(2026, 1, 1, tzinfo=UTC), "s": "a", **values}
    types = {name: TYPES[name] if name in TIMED else DYN for name in TYPES}
    agree(text, values, types)
