"""
Packs under pytest: their cases as tests, and :func:`assert_alerts` for tests of one's own.

``pytest --oversight rules/`` collects the cases of every pack below ``rules/``, by file and by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from oversight.cases.trial import Result, run_case, trials
from oversight.ground.errors import PackError
from oversight.ground.text import printable
from oversight.ground.time import parse_instant
from oversight.model.extract import extract
from oversight.model.pack import Case, Pack
from oversight.model.places import Place
from oversight.runner.packs import load

_HEADER = "pack.yaml"
_LOADED = pytest.StashKey[dict[Path, dict[str, list[tuple[Pack, Case]]]]]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PackFile | None:
    """Collect a file of a pack."""
    if file_path.suffix != ".yaml":
        return None
    folder = next((up for up in file_path.parents if (up / _HEADER).is_file()), None)
    return None if folder is None else PackFile.from_parent(parent, path=file_path, folder=folder)


class PackFile(pytest.File):
    """A file of a pack, with the cases that are written in it."""

    def __init__(self, *, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._folder = folder

    def collect(self) -> Iterator[CaseItem]:
        """The cases, in written order."""
        for pack, case in self._cases().get(str(self.path.resolve()), ()):
            name = f"{', '.join(case.rules)}: {case.name}"
            yield CaseItem.from_parent(self, name=printable(name), pack=pack, case=case)

    def _cases(self) -> dict[str, list[tuple[Pack, Case]]]:
        """Those of the whole pack, by file; it is read once."""
        known = self.config.stash.setdefault(_LOADED, {})
        if self._folder not in known:
            try:
                pack = load(self._folder)
            except PackError as error:
                raise self.CollectError(f"{error}\nsee all of it: oversight check {self._folder}") from None
            found: dict[str, list[tuple[Pack, Case]]] = {}
            for trial in trials(pack):
                for case in trial.cases:
                    found.setdefault(str(Path(case.place.file).resolve()), []).append((trial.pack, case))
            known[self._folder] = {name: sorted(own, key=_line) for name, own in found.items()}
        return known[self._folder]


def _line(one: tuple[Pack, Case]) -> tuple[int, int]:
    return one[1].place.line, one[1].place.column


class CaseItem(pytest.Item):
    """A case as a test."""

    def __init__(self, *, pack: Pack, case: Case, **settings: Any) -> None:
        super().__init__(**settings)
        self._pack, self._case = pack, case

    def runtest(self) -> None:
        """Try the case on the engine and on the definition."""
        result = run_case(self._pack, self._case)
        if not result.passed:
            raise CaseFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What a policy author reads: where the case stands, and what came instead."""
        if isinstance(excinfo.value, CaseFailed):
            return f"{self._case.place}\n{excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case is written."""
        return self.path, self._case.place.line - 1, self.name


class CaseFailed(AssertionError):
    """A case did not come out as it says; the text says in what."""

    def __init__(self, result: Result) -> None:
        super().__init__("\n".join(result.failures))


def assert_alerts(
    pack: Pack,
    events: Iterable[Mapping[str, Any]],
    expected: Sequence[Mapping[str, Any]],
    *,
    until: datetime | str | None = None,
    rules: Sequence[str] = (),
) -> None:
    """
    Assert that *events* lead to the *expected* alerts and to no others, on the engine and on the definition.

    Args:
        pack: as :func:`oversight.load` gives it.
        events: flat events as in a case; ``id`` and ``source`` may be left out.
        expected: as the ``alerts:`` of a case: ``at`` and, optionally, ``cleared``, ``about``, ``part``, ``rule``.
        until: the instant that time is advanced to.
        rules: ids of the rules whose alerts are compared; all of the pack where there are none.

    Raises:
        AssertionError: they differ; says which alert, by which clause, and on which evidence.

    >>> from oversight import load
    >>> assert_alerts(load("hong-kong"), [], [], rules=["HK-BRE-01"])
    """
    __tracebackhide__ = True
    written = tuple(dict(event) for event in events)
    compared = tuple(rules) or tuple(dict.fromkeys(rule.id for rule in pack.rules))
    alerts = tuple(
        {**one, **{name: _instant(one[name]) for name in ("at", "cleared") if one.get(name)}} for one in expected
    )
    case = Case("asserted", written, _instant(until), alerts, compared, Place("", 0, 0))
    part = extract(evolve(pack, cases=()), compared, {str(event.get("kind")) for event in written})
    result = run_case(part, case)
    if not result.passed:
        raise CaseFailed(result)


def _instant(value: datetime | str | None) -> datetime | None:
    return parse_instant(value) if isinstance(value, str) else value
