"""What a stream of changes comes to: of each alert whether it stands, has ended or was taken back, rule by rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import evolve, field, frozen

from oversight.model.alerts import CLEARED, WITHDRAWN, Change
from oversight.model.folding import Folded, fold
from oversight.model.pack import SEVERITIES, Pack
from oversight.outlets.stream import EventDict

STANDING, ACT, ENDED, TAKEN_BACK = "standing", "act", "ended", "taken back"


@frozen(eq=False)
class Account:
    """
    One alert after all that was told of it.

    Args:
        state: ``STANDING``; ``ACT``, which nothing ends; ``ENDED``; or ``TAKEN_BACK``.
        stated: the last change in which it said what is in breach.
        last: the last change told of it.
        folded: what the changes leave of it; ``None`` where it was taken back.
        clearing: the last change that told its end; ``None`` where none did.
    """

    state: str
    stated: Change
    last: Change
    folded: Folded | None
    clearing: Change | None

    @property
    def at(self) -> datetime:
        """The instant of the breach."""
        return self.stated.at if self.folded is None else self.folded.at

    @property
    def ended(self) -> datetime | None:
        """When the breach ended; ``None`` where it did not."""
        return None if self.state != ENDED or self.folded is None else self.folded.cleared

    @property
    def ended_by(self) -> str | None:
        """The id of the event that ended it; ``None`` where time did, or nothing."""
        return self.clearing.cause if self.clearing is not None and self.clearing.at == self.ended else None

    @property
    def waived(self) -> bool:
        """Whether a site waives it now."""
        return bool(self.last.waived)

    def as_dict(self) -> EventDict:
        """The alert as the contract has it, about whom it stands now; of one that does not, about all whom it was."""
        alert = evolve(self.stated, at=self.at, waived=self.last.waived)
        if self.folded is not None:
            ends = self.folded.subjects
            subjects = tuple(who for who, end in ends.items() if end is None or self.state != STANDING)
            alert = evolve(alert, since=self.folded.since, subjects=subjects)
        return alert.as_dict()


@frozen(eq=False)
class Group:
    """
    The alerts of one rule, or of one part of a rule that has several.

    Args:
        shown: a change of the rule, which says its title, severity and authority.
        accounts: in order of their breaches.
    """

    shown: Change
    accounts: Sequence[Account] = field(repr=False)

    def of(self, state: str) -> list[Account]:
        """Those in one state."""
        return [account for account in self.accounts if account.state == state]

    @property
    def rank(self) -> tuple[int, str, str, str]:
        """By what rules are ordered: the gravest first."""
        shown = self.shown
        return -SEVERITIES.index(shown.severity), shown.rule, shown.part, shown.pack


class Ledger:
    """
    Gathers changes, and says what they come to.

    Args:
        packs: whose alerts they are.

    >>> ledger = Ledger([])
    >>> ledger.tell([])
    >>> ledger.groups()
    []
    """

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._acts = {(pack.name, rule.id, rule.part) for pack in packs for rule in pack.rules if rule.head.kinds}
        # Two packs may have the same rule, and so alerts of one identity.
        self._told: defaultdict[str, list[Change]] = defaultdict(list)

    def tell(self, changes: Iterable[Change]) -> None:
        """Take *changes*, in the order in which an engine told them."""
        for change in changes:
            self._told[change.pack_digest].append(change)

    def groups(self) -> list[Group]:
        """The rules of which alerts were told, the gravest first."""
        found: defaultdict[tuple[str, str, str], list[Account]] = defaultdict(list)
        for changes in self._told.values():
            for account in self._accounts(changes):
                found[account.last.pack_digest, account.last.rule, account.last.part].append(account)
        groups = [
            Group(accounts[0].stated, sorted(accounts, key=lambda one: (one.at, one.last.alert)))
            for accounts in found.values()
        ]
        return sorted(groups, key=lambda group: group.rank)

    def _accounts(self, changes: Sequence[Change]) -> Iterable[Account]:
        folded = fold(changes)
        stated, last, clearing = dict[str, Change](), dict[str, Change](), dict[str, Change]()
        for change in changes:
            last[change.alert] = change
            if change.change == CLEARED:
                clearing[change.alert] = change
            elif change.change != WITHDRAWN:
                stated[change.alert] = change
        for name, final in last.items():
            alert = folded.get(name)
            yield Account(self._state(final, alert), stated.get(name, final), final, alert, clearing.get(name))

    def _state(self, final: Change, alert: Folded | None) -> str:
        if alert is None:
            return TAKEN_BACK
        if (final.pack, final.rule, final.part) in self._acts:
            return ACT
        return STANDING if alert.cleared is None else ENDED


def by_severity(accounts: Iterable[Account]) -> dict[str, int]:
    """How many there are of each severity, the gravest first; none of those of which there are none."""
    counts = Counter(account.stated.severity for account in accounts)
    return {severity: counts[severity] for severity in reversed(SEVERITIES) if counts[severity]}
