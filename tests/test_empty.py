"""An optional text that is empty says nothing: the cases of a shipped pack go as where it is left out."""

from collections import Counter
from collections.abc import Iterator

from attrs import evolve

from oversight import Pack, load
from oversight.cases.trial import Trial, run_case, trials
from oversight.model.pack import Case
from oversight.model.types import STRING

EACH = 2
"""On how many events of a trial an attribute is tried, since most cases are not about it."""


def emptied(pack: Pack, trial: Trial) -> Iterator[tuple[str, Case]]:
    """Cases of a trial with a text that says nothing where there was none, and what that is."""
    tried: Counter[tuple[str, str]] = Counter()
    for case in trial.cases:
        for number, event in enumerate(case.events):
            said = {**event, **event.get("data", {})}
            for name, attribute in pack.kinds[event["kind"]].attributes.items():
                pair = (event["kind"], name)
                if attribute.required or attribute.type is not STRING or name in said or tried[pair] == EACH:
                    continue
                tried[pair] += 1
                changed = {**event, "data": {**event.get("data", {}), name: ""}}
                events = (*case.events[:number], changed, *case.events[number + 1 :])
                yield f"{case.name}: {name} of event {number + 1} is empty", evolve(case, events=events)


def test_an_empty_text_is_one_that_is_left_out() -> None:
    """Whoever exports a table writes a cell that is empty; nothing is alleged for it, and nothing is excused by it."""
    pack = load("hong-kong")
    found = [(what, run_case(trial.pack, case)) for trial in trials(pack) for what, case in emptied(pack, trial)]
    assert [] == [(what, result.failures) for what, result in found if result.failures]
    assert len(found) > 400
