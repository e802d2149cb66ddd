"""The page of coverage: every obligation has its rule or its reason, and the page is that of the rules."""

from copy import deepcopy

import pytest
from attrs import evolve

from docs import coverage
from oversight import load

PACK = load("hong-kong")
DATA = coverage.data()


def test_nothing_is_left_out():
    """Every obligation has a rule or a reason, and every rule an obligation of its basis and severity or a reason."""
    assert [] == coverage.problems(DATA, PACK)


def test_page_is_that_of_the_rules():
    """The page says what the rules are; `make coverage-page` makes it anew."""
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(DATA, PACK)


def test_context_raises_nothing():
    """Nothing in the pack reads an event of context, which is why its obligation needs no rule."""
    entries = [entry for fact in PACK.facts.values() for entry in (*fact.starts, *fact.changes, *fact.ends)]
    read = {kind for one in (*entries, *(rule.head for rule in PACK.rules)) for kind in one.kinds}
    assert "context.recorded" in PACK.kinds
    assert "context.recorded" not in read


def changed(name, **values):
    """The problems that are new where an obligation says something else."""
    other = deepcopy(DATA)
    other["obligations"][name].update(values)
    return sorted(set(coverage.problems(other, PACK)) - set(coverage.problems(DATA, PACK)))


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        (
            "HK-RET-01",
            {"severity": "low"},
            "its severity is low, that of the rule high, and no reason is given (differs)",
        ),
        ("HK-RET-01", {"basis": "law"}, "its basis is law, that of the rule official-commitment, and no reason is"),
        ("HK-RET-01", {"differs": {"basis": "so"}}, "its basis does not differ, and a reason is given (differs)"),
        ("HK-RET-01", {"no_rule": "so"}, "has a rule and a reason why there is none"),
        ("HK-RET-01", {"claims": ["A99"]}, "there is no claim A99"),
        ("HK-RET-01", {"undecidable": ["so"]}, "what is undecidable?"),
    ],
)
def test_what_does_not_fit_is_told(name, values, said):
    """A difference without a reason, and a reason without a difference, are told."""
    (told,) = changed(name, **values)
    assert told.startswith(f"{name}: {said}")


def test_rules_and_obligations_ask_for_each_other():
    """A rule that is no obligation is told, a number of proportion may be beside them; so is an obligation alone."""
    rule = next(rule for rule in PACK.rules if rule.id == "HK-RET-01")
    others = tuple(each for each in PACK.rules if each.id != "HK-RET-01")
    told = set(coverage.problems(DATA, PACK))
    strange = evolve(PACK, rules=(*PACK.rules, evolve(rule, id="HK-XX-01"), evolve(rule, id="HK-PRP-01")))
    assert {"HK-XX-01: is no obligation of coverage.yaml"} == set(coverage.problems(DATA, strange)) - told
    alone = evolve(PACK, rules=others)
    assert {"HK-RET-01: has neither a rule nor a reason (no_rule) why there is none"} == (
        set(coverage.problems(DATA, alone)) - told
    )
