"""
Our reading of CEL against Google's evaluator: random expressions over random values, well typed and not.

Both must give the same value, or both an error. Where we differ on purpose, nothing is drawn:

- times and durations finer than a microsecond, the leap second ``:60``, and times written without the
  colons and zeros of RFC 3339, which Google reads leniently;
- a time of year that falls outside the years 1 to 9999 in the zone asked for;
- adding to a time, or taking from it, durations beyond 292 years, where Google saturates;
- maps that mix bools and ints as keys, which Python cannot hold;
- texts joined beyond a million characters, and the other limits on size;
- NUL in texts, where Google's Python package cuts the keys of maps off;
- the sign of a NaN, which Google writes as the machine left it;
- texts that `double` reads and CEL does not mention, such as hexadecimal.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from oversight.engine.expressions import Frame, compile_expression
from oversight.ground.values import EvaluationError, items_of
from oversight.ground.values import operations as operations_of
from oversight.language.parser import parse
from oversight.language.tokens import ExpressionError
from oversight.language.typing import check
from oversight.meaning.evaluate import Scope, evaluate
from oversight.model.types import DYN
from tests.properties.cel_expressions import ALL, TIMED, TYPES, expressions, loose_values, typed_values

cel = pytest.importorskip("cel_expr_python.cel")

OPERATIONS = operations_of(ZoneInfo("UTC"))
ERROR = "an error"
GOOGLE_TYPES = {"t": "TIMESTAMP", "v": "TIMESTAMP", "u": "DURATION", "w": "DURATION"}
GOOGLE = cel.NewEnv(variables={name: getattr(cel.Type, GOOGLE_TYPES.get(name, "DYN")) for name in [*TYPES, "x", "k"]})


MIDDAY = datetime(2026, 1, 1, 12, tzinfo=UTC)
DEFAULTS: dict[str, Any] = {"t": MIDDAY, "v": MIDDAY, "u": timedelta(1), "w": timedelta(1), "s": "a"}


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
    """What Google's evaluator says, without its checker: ill-typed parts fail when they are reached."""
    try:
        result = GOOGLE.compile(text, disable_check=True).eval(data=values)
    except RuntimeError:
        return ERROR
    return ERROR if result.type().name() in ("ERROR", "UNKNOWN") else plain(result.plain_value())


def left_open(text: str, values: dict[str, Any], types: dict[str, Any]) -> bool:
    """Whether CEL leaves the value open: a list made from a map of several keys, or a NaN as text."""
    several = written = False

    def ranged(value: Any) -> list[Any]:
        nonlocal several
        several = several or (isinstance(value, dict) and len(value) > 1)
        return items_of(value)

    def string(value: Any) -> str:
        nonlocal written
        written = written or (isinstance(value, float) and math.isnan(value))
        return str(OPERATIONS["string"](value))

    with patch("oversight.meaning.evaluate.items_of", ranged):
        by_definition(text, values, types, {**OPERATIONS, "string": string})
    return written or (several and (".map(" in text or ".filter(" in text))


def agree(text: str, values: dict[str, Any], types: dict[str, Any]) -> None:
    """Hold the three sides against each other."""
    assume(not left_open(text, values, types))
    said = by_google(text, values)
    assert said == by_definition(text, values, types)
    assert said == by_engine(text, values, types)


def by_definition(
    text: str, values: dict[str, Any], types: dict[str, Any], operations: dict[str, Any] = OPERATIONS
) -> Any:
    """What the definition of the meaning says."""
    try:
        tree, _ = check(parse(text), types, {}, {})
        return plain(evaluate(tree, Scope(values, lambda name: None, operations)))
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
@example(text="true || ---9223372036854775808 == 1", values={})
@example(text="true || !-1", values={})
@example(text="int(b)", values={"b": True})
@given(text=st.sampled_from(ALL).flatmap(lambda kind: expressions(kind, 3, True)), values=loose_values)
def test_ill_typed_expressions_agree(text: str, values: dict[str, Any]) -> None:
    """On parts and values of the wrong type, an error is an error, and is absorbed where CEL absorbs it."""
    values = {**dict.fromkeys(TYPES), **DEFAULTS, **values}
    types = {name: TYPES[name] if name in TIMED else DYN for name in TYPES}
    agree(text, values, types)
