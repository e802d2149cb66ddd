"""What a change of rules does to the alerts of the same events: which it adds, takes away and alters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import asdict, field, frozen

from oversight.model.alerts import RAISED, WITHDRAWN, Change
from oversight.model.folding import Folded, fold
from oversight.model.pack import Pack
from oversight.ground.time import format_instant
from oversight.runner.intake import Read, Refusal, blocks
from oversight.runner.run import Run

REMOVED, ADDED, ALTERED = "removed", "added", "altered"
SAME, DIFFERENT, REFUSED = 0, 3, 1
# Of what a change tells, what the words and the law of an alert are; its subjects and instants are told by folding.
_TOLD = ("severity", "title", "basis", "authority", "message", "remedy", "evidence", "missing", "assumed", "waived")


@frozen
class Standing:
    """
    One alert after all events.

    Args:
        folded: its instants and subjects.
        last: the last change told of it, with the words and the evidence that hold.
    """

    folded: Folded
    last: Change

    def values(self) -> dict[str, Any]:
        """What can differ between two versions of it, by name."""
        told: dict[str, Any] = {"at": self.folded.at, "subjects": dict(sorted(self.folded.subjects.items()))}
        return told | {name: getattr(self.last, name) for name in _TOLD}

    def as_dict(self) -> dict[str, Any]:
        """The alert as plain values, with the keys of the alert contract."""
        told, last = self.folded, self.last
        named = {"alert": last.alert, "rule": told.rule, "part": told.part or None}
        return named | {"since": format_instant(told.since)} | {key: _plain(one) for key, one in self.values().items()}


@frozen
class Difference:
    """
    An alert that is not the same under both packs.

    Args:
        sort: ``removed``, ``added`` or ``altered``.
        old: as it stands under the old pack; ``None`` where it is added.
        new: as it stands under the new pack; ``None`` where it is removed.
    """

    sort: str
    old: Standing | None
    new: Standing | None

    @property
    def shown(self) -> Standing:
        """The alert as the new pack has it, or as the old one had it."""
        shown = self.new or self.old
        assert shown is not None
        return shown

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Of an altered alert, what differs: by name, the old and the new value as plain values."""
        if self.old is None or self.new is None:
            return {}
        old, new = self.old.values(), self.new.values()
        return {name: (_plain(old[name]), _plain(new[name])) for name in old if old[name] != new[name]}

    def as_dict(self) -> dict[str, Any]:
        """The difference as plain values; an altered alert is shown as the new pack has it."""
        changed = {name: {"old": old, "new": new} for name, (old, new) in self.changed.items()}
        return {"difference": self.sort, **self.shown.as_dict(), **({"changed": changed} if changed else {})}


@frozen
class Comparison:
    """
    What two packs make of the same events.

    Args:
        differences: in order of rule, part, and the instant of the breach.
        same: how many alerts of each rule, by its name with the part, are the same under both.
        refused: whether lines were not taken in by one of them.
    """

    differences: tuple[Difference, ...]
    same: Mapping[str, int] = field(factory=dict)
    refused: bool = False

    @property
    def status(self) -> int:
        """The exit status: 1 where lines were refused, else 3 where an alert differs, else 0."""
        return REFUSED if self.refused else DIFFERENT if self.differences else SAME

    def of_rules(self) -> dict[str, tuple[Difference, ...]]:
        """The differences by the name of the rule, with its part."""
        found: dict[str, list[Difference]] = {}
        for one in self.differences:
            found.setdefault(_rule(one.shown), []).append(one)
        return {rule: tuple(several) for rule, several in found.items()}

    def count(self, sort: str) -> int:
        """How many alerts are ``removed``, ``added`` or ``altered``."""
        return sum(one.sort == sort for one in self.differences)


class Recorder:
    """
    Keeps what is told in a run, to say in the end which alerts stand.

    >>> Recorder().standing()
    {}
    """

    def __init__(self) -> None:
        self._changes: dict[str, list[Change]] = {}

    def tell(self, changes: Iterable[Change]) -> None:
        """Take in changes, in the order in which an engine tells them."""
        for change in changes:
            if change.change == WITHDRAWN:
                self._changes.pop(change.alert, None)
            elif change.change == RAISED or change.alert in self._changes:
                self._changes.setdefault(change.alert, []).append(change)

    def standing(self) -> dict[str, Standing]:
        """The alerts that were raised and not withdrawn, by identity."""
        return {name: Standing(fold(told)[name], told[-1]) for name, told in self._changes.items()}


def compare(
    old: Pack,
    new: Pack,
    sources: Sequence[str],
    *,
    until: datetime | None = None,
    refuse: Callable[[Refusal, str], object] | None = None,
    read: Read = blocks,
) -> Comparison:
    """
    Run the same events through two packs and tell in which alerts they differ.

    An alert is the same one where its rule, part, key and the instant since which the breach lasts are.

    Args:
        old, new: checked packs.
        sources: paths of files of events; they are read twice.
        until: let time pass until then; later events are left out.
        refuse: is given each line that is not taken in, with ``old`` or ``new``.
        read: how the files are read.

    Raises:
        SourceError: a file cannot be opened.

    >>> from oversight.runner.packs import load
    >>> pack = load("camera-programme")
    >>> compare(pack, pack, []).status
    0
    """
    stood, refused = [], False
    for name, pack in (("old", old), ("new", new)):
        recorder = Recorder()
        told = _refuser(name, refuse)
        run = Run([pack], recorder.tell, told, until=until)
        for source in sources:
            run.take(source, None, read)
        refused = run.finish().refused > 0 or refused
        stood.append(recorder.standing())
    return difference(stood[0], stood[1], refused)


def _refuser(name: str, refuse: Callable[[Refusal, str], object] | None) -> Callable[[Refusal], object]:
    return lambda refusal: None if refuse is None else refuse(refusal, name)


def difference(old: Mapping[str, Standing], new: Mapping[str, Standing], refused: bool = False) -> Comparison:
    """
    In which alerts two runs differ.

    Args:
        old, new: the alerts that stand after them, by identity.
        refused: whether lines were not taken in by one of them.

    >>> difference({}, {}).differences
    ()
    """
    found, same = [], dict[str, int]()
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before is None or after is None:
            found.append(Difference(ADDED if before is None else REMOVED, before, after))
        elif before.values() != after.values():
            found.append(Difference(ALTERED, before, after))
        else:
            same[_rule(after)] = same.get(_rule(after), 0) + 1
    found.sort(key=lambda one: (_rule(one.shown), one.shown.folded.at, one.shown.last.alert))
    return Comparison(tuple(found), dict(sorted(same.items())), refused)


def _rule(alert: Standing) -> str:
    told = alert.folded
    return f"{told.rule}/{told.part}" if told.part else told.rule


def _plain(value: Any) -> Any:
    """A value as JSON has it, instants as RFC 3339."""
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return asdict(value) if hasattr(value, "__attrs_attrs__") else value
