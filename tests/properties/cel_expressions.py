"""Random expressions, well typed and not, and values of their variables."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from oversight.model.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Attribute,
    RecordType,
    list_of,
    map_of,
)

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
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3),
)
ints = st.one_of(st.integers(-3, 3), st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1]))
doubles = st.one_of(st.sampled_from([0.0, -0.0, 1.0, 1.5, 1e300, math.inf, -math.inf, math.nan, 2.0**63]), st.floats())
offsets = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(-timedelta(hours=3, minutes=30))])
times = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=offsets)
spans = st.timedeltas(timedelta(days=-20_000), timedelta(days=20_000))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), ints, doubles, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abrsl"), inner, max_size=3)),
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
    "int": ("i", "j", "0", "1", "-1", "2", "9223372036854775807", "-9223372036854775808", "0x1F", "m.a",
            "r.a",
            "r.r.a", "li[0]", "li[i]", 'm["b"]'),
    "double": ("d", "e", "0.0", "1.0", "-0.5", "1e3", ".25", "1.5e300"),
    "string": ("s", "q", '""', "'a'", '"é"', r'"\x41\u00e9\101\n"', r"r'\d'", '"""ab"""', "r.s", "ls[0]"),
    "timestamp": ("t", "v", 'timestamp("2024-02-29T23:59:59.999999Z")',
            'timestamp("1970-01-01T08:00:00+08:00")'),
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
        "{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} / {int}", "{int} % {int}", "-{int}",
        "--{int}", "size({string})", "{list}.size()", "size({map})", "int({double})", "int({string})",
        "int({timestamp})", "{timestamp}.{accessor}()", "{timestamp}.{accessor}({zone})",
        "{duration}.{accessor}()", "{bool} ? {int} : {int}", "{list}[{int}]", "{map}[{string}]",
    ),
    "double": (
        "{double} + {double}", "{double} - {double}", "{double} * {double}", "{double} / {double}",
        "-{double}", "double({int})", "double({string})",
    ),
    "string": ("{string} + {string}", "string({scalar})", "{bool} ? {string} : {string}", "{list}[{int}]"),
    "timestamp": (
        "{timestamp} + {duration}", "{duration} + {timestamp}", "{timestamp} - {duration}",
        "timestamp({string})", "timestamp({timestamp})", "timestamp(1700000000 + {int})",
    ),
    "duration": (
        "{timestamp} - {timestamp}", "{duration} + {duration}", "{duration} - {duration}",
        "duration({string})",
    ),
    "list": (
        "[{any}, {any}]", "[{int}]", "{list} + {list}", "{list}.filter(x, {bool})", "{list}.map(x, {any})",
        "{list}.map(x, {bool}, x)", "{map}.map(k, k)", "{list}.filter(x, x != {any})",
        "{list}.map(x, [x, {any}])",
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
    written = st.sampled_from(choices).flatmap(lambda one: expressions(one, depth, wild))
    # Without parentheses a part may bind otherwise than it was drawn, and the precedence is tried.
    return st.tuples(st.sampled_from(["({})", "{}"]), written).map(lambda pair: pair[0].format(pair[1]))
