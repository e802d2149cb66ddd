"""What the reader and the checker of expressions promise, on anything that can be written."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from oversight.ground.text import printable
from oversight.ground.values import EvaluationError, operations
from oversight.language.parser import parse
from oversight.language.presence import guards_of, unguarded
from oversight.language.tokens import ExpressionError
from oversight.language.typing import Definition, check
from oversight.meaning.evaluate import Scope, evaluate
from oversight.model.expressions import Macro, Name, Node, walk
from tests.properties.cel_expressions import ALL, TYPES, VALUES, expressions, typed_values

OPERATIONS = operations(ZoneInfo("UTC"))
WORDS = (
    "a", "e.kind", "has", "in", "true", "null", "0", "1.5", "9223372036854775808", '"x"', "'", '"',
    "(", ")", "[", "]", "{", "}", ",", ":", "?", ".", "!", "-", "+", "&&", "||", "==", "<", "&", "@",
    "__class__", "map", "x", "\\", "\n", "\u202e", "\x1b", "period", "1u", "b''", "//", "é",
)  # fmt: skip
soup = st.lists(st.sampled_from(WORDS), max_size=30).flatmap(
    lambda words: st.sampled_from(["", " "]).map(lambda space: space.join(words))
)
MISTAKES_OF_TYPE = ("is not defined", "no condition", "no list or map", "has no attributes", "of type")
ATOMS = (
    "has(r.a)", "r.a > 0", "has(r.r)", "has(r.r.b)", "r.r.b", "b",
    "has(m.a)", '"a" in m', "m.a > 0", 'm["a"] > 0', "s in m", "m[s] > 0",
    "li.exists(x, has(r.a) && x > r.a)",
)  # fmt: skip


def conditions(depth: int = 3) -> st.SearchStrategy[str]:
    """Conditions that read what may be missing, some of which ask first."""
    return st.recursive(
        st.sampled_from(ATOMS),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(" ".join).map("({})".format),
            inner.map("!({})".format),
            st.tuples(inner, inner, inner).map(lambda parts: "({} ? {} : {})".format(*parts)),
        ),
        max_leaves=2**depth,
    )


def value(tree: Node, values: dict[str, Any]) -> Any:
    return evaluate(tree, Scope(values, lambda name: None, OPERATIONS))


@given(text=st.one_of(soup, st.text(max_size=30)))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    """Whatever is written gives a tree or an error inside the text, in one line that a terminal can show."""
    refused = None
    try:
        tree = parse(text)
    except ExpressionError as error:
        refused = error
    if refused is not None:
        start, end = refused.span
        assert 0 <= start <= end <= len(text)
        assert printable(refused.message, 1_000) == refused.message
        return
    assert all(0 <= node.span[0] < node.span[1] <= len(text) for node in walk(tree))


@given(text=st.sampled_from(ALL).flatmap(lambda kind: expressions(kind, 3, True)))
def test_every_problem_has_a_place_in_the_text(text: str) -> None:
    """The checker finds its problems inside the text, and gives each macro variable a name of its own."""
    try:
        tree = parse(text)
    except ExpressionError:
        return
    typed, problems = check(tree, TYPES, {}, {})
    for problem in problems:
        assert 0 <= problem.span[0] < problem.span[1] <= len(text)
    bound = [node.variable for node in walk(typed) if isinstance(node, Macro)]
    assert len(set(bound)) == len(bound)


@given(text=st.sampled_from(ALL).flatmap(lambda kind: expressions(kind, 3, False)), values=typed_values)
def test_what_checks_has_no_mistake_of_type(text: str, values: dict[str, Any]) -> None:
    """Where the checker knows every type and finds no problem, no operator is given what it does not take."""
    try:
        tree, problems = check(parse(text), TYPES, {}, {})
    except ExpressionError:
        return
    assume(not problems and not any("dyn" in node.type.name for node in walk(tree)))
    reason = ""
    try:
        value(tree, values)
    except EvaluationError as error:
        reason = str(error)
    assert not any(words in reason for words in MISTAKES_OF_TYPE), reason


@given(text=conditions(), values=typed_values)
def test_what_is_guarded_is_never_missing(text: str, values: dict[str, Any]) -> None:
    """A condition without unguarded reads is never undecided because something is missing."""
    tree, problems = check(parse(text), TYPES, {}, {})
    assert () == tuple(problem for problem in problems if "holds" not in problem.code)
    if not unguarded(tree):
        assert value(tree, values) in (True, False)


@given(text=conditions(), values=typed_values)
def test_a_true_condition_keeps_what_its_guards_promise(text: str, values: dict[str, Any]) -> None:
    """Where a condition is true, every path it is said to guard is there."""
    tree, _ = check(parse(text), TYPES, {}, {})
    try:
        assume(value(tree, values) is True)
    except EvaluationError:
        assume(False)
    for root, *names in guards_of(tree):
        reached = values[root]
        for name in names:
            key = values[name.strip("[]")] if name.startswith("[") else name
            assert key in reached
            reached = reached[key]


@given(text=conditions(2), other=conditions(2), values=typed_values)
def test_guards_beside_a_condition_count(text: str, other: str, values: dict[str, Any]) -> None:
    """Two conditions in a list, each given the guards of the other, are guarded as their conjunction is."""
    left, right, both = (check(parse(t), TYPES, {}, {})[0] for t in (text, other, f"({text}) && ({other})"))
    apart = unguarded(left, guards_of(right)) + unguarded(right, guards_of(left))
    assert {path for path, _ in unguarded(both)} == {path for path, _ in apart}


@given(values=st.fixed_dictionaries({name: VALUES[name] for name in ("ls", "s", "q")}))
def test_arguments_are_not_captured(values: dict[str, Any]) -> None:
    """A definition means the same whatever its arguments and its macro variables are called."""
    definitions = {"among": Definition(("l", "w"), parse("l.exists(x, x == w)"))}
    text = "ls.all(x, among([s, q], x)) == ls.all(y, y == s || y == q)"
    tree, problems = check(parse(text), {name: TYPES[name] for name in values}, {}, definitions)
    assert () == problems
    assert value(tree, values) is True
    assert not any(isinstance(node, Name) and node.name in ("l", "w", "x", "y") for node in walk(tree))
