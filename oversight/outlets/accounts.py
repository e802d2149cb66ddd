"""The alerts of a report: in full where they stand, as rows of a table where they have ended or were taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import asdict

from oversight.ground.instants import in_zone
from oversight.outlets.html import Html, Row, element, joined, lines, table
from oversight.outlets.ledger import ENDED, STANDING, TAKEN_BACK, Account, Group
from oversight.outlets.processors import sanitise
from oversight.outlets.stream import EventDict, Processor
from oversight.outlets.text import (
    IDENTITY, MOST_CLAUSE, MOST_NAMES, assumption_text, authority_text, clock, local_clock, missing_text, names_text,
    rule_text, waived_text,
)  # fmt: skip

MOST_LISTED = 200
"""How many names of a long list can be unfolded."""


class Writer:
    """
    Writes alerts as HTML.

    Args:
        zone: whose days and clock it shows.
        most: how many alerts of a rule it tells; of the others it says how many they are.
        processors: what to do with each alert first.
    """

    def __init__(self, zone: ZoneInfo, most: int, processors: Sequence[Processor]) -> None:
        self._zone = zone
        self._most = most
        self._processors = (*processors, sanitise)
        self._named: set[str] = set()

    def in_full(self, groups: Sequence[Group], state: str) -> Iterator[Html]:
        """The alerts in one *state*, rule by rule; the breaches that last longest first, of acts the latest."""
        for group in groups:
            accounts = group.of(state)
            if not accounts:
                continue
            shown = group.shown
            told = accounts[: self._most] if state == STANDING else accounts[: -self._most - 1 : -1]
            law = authority_text([asdict(each) for each in shown.authority], shown.basis)
            name = self._place(anchor(group, state))
            head_name = None if name is None else f"{name}-head"
            head = element(
                "h3", element("code", rule_text({"rule": shown.rule, "part": shown.part})), " ",
                severity(shown.severity), " ", shown.title, id=head_name,
            )  # fmt: skip
            order = "longest in breach" if state == STANDING else "latest"
            content = lines(
                head,
                element("p", f"Rests on {law}.", class_="faint"),
                element("p", _part_of(len(accounts), len(told), order)) if len(told) < len(accounts) else None,
                *(self._alert(account) for account in told),
            )
            yield element("section", content, id=name, aria_labelledby=head_name)

    def _alert(self, account: Account) -> Html:
        alert = self._shown(account)
        about = names_text(alert["subjects"], alert["subject_count"]) if alert["subjects"] else "no id is given"
        since = "In breach since" if account.state == STANDING else "On"
        details = [
            joined(element("dt", label), *(element("dd", each) for each in texts))
            for label, texts in self._details(account, alert)
        ]
        content = lines(
            element("h4", f"{since} {local_clock(alert['at'], self._zone)}: {about}"),
            element("p", alert["message"]),
            element("dl", lines(*details)),
        )
        return element("article", content, id=self._name(account))

    def _details(self, account: Account, alert: EventDict) -> Iterator[tuple[str, list[str]]]:
        if len(alert["subjects"]) > MOST_NAMES:
            yield "All that it is about", [_unfolded(alert["subjects"], "id")]
        if alert["since"] != alert["at"]:
            yield "Conditions since", [local_clock(alert["since"], self._zone)]
        if alert["evidence"]:
            yield "Evidence", [_names(alert["evidence"], "event")]
        missing = [missing_text(each, most=MOST_CLAUSE) for each in alert["missing"]]
        if missing:
            yield "Missing", missing
        if alert["assumed"]:
            yield "Assumes", [assumption_text(each) for each in alert["assumed"]]
        if alert["remedy"]:
            yield "To put it right" if account.state == STANDING else "Remedy", [alert["remedy"]]
        if alert["waived"]:
            yield "Waived by the site", [waived_text(alert["waived"])]
        yield "Alert", [_identity(alert)]

    def ended(self, groups: Sequence[Group]) -> Iterator[Html]:
        """Of each rule the breaches that ended last, as rows of a table."""
        head = ("Rule", "Title", "About", "In breach from", "Until", "Ended because of", "Alert")

        def cells(account: Account) -> tuple[str, str, str]:
            assert account.ended is not None
            return self._clock(account.at), self._clock(account.ended), account.ended_by or "the passing of time"

        return self._tabled(groups, ENDED, head, cells)

    def taken_back(self, groups: Sequence[Group]) -> Iterator[Html]:
        """Of each rule the latest alerts that late or corrected evidence took back, as rows of a table."""
        head = ("Rule", "Title", "About", "Was told of", "Because of", "Reason", "Alert")

        def cells(account: Account) -> tuple[str, str, str]:
            return self._clock(account.at), account.last.cause or "", account.last.reason or ""

        yield element("p", "The record now shows no breach in these cases.")
        yield from self._tabled(groups, TAKEN_BACK, head, cells)

    def _tabled(
        self, groups: Sequence[Group], state: str, head: tuple[str, ...], cells: Callable[[Account], tuple[str, ...]]
    ) -> Iterator[Html]:
        rows: list[Row] = []
        for group in groups:
            accounts = sorted(group.of(state), key=lambda one: one.ended or one.at)
            told = accounts[: -self._most - 1 : -1]
            if len(told) < len(accounts):
                name = rule_text({"rule": group.shown.rule, "part": group.shown.part})
                yield element("p", element("code", name), ": ", _part_of(len(accounts), len(told), "latest"))
            for account in told:
                alert = self._shown(account)
                about = names_text(alert["subjects"], alert["subject_count"])
                rule = element("code", rule_text(alert))
                told_of = (rule, alert["title"], about, *cells(account), _identity(alert))
                rows.append(Row(told_of, self._name(account)))
        caption = "Alerts taken back" if state == TAKEN_BACK else "Breaches, each with its end"
        yield table(caption, head, rows, name=f"{_slug(state)}-table")

    def _shown(self, account: Account) -> EventDict:
        """The alert as it may be shown to the reader of the page."""
        alert = account.as_dict()
        for processor in self._processors:
            alert = processor(None, "tell", alert)
        return alert

    def _name(self, account: Account) -> str | None:
        """By what the page can be opened at an alert."""
        return self._place(f"alert-{account.last.alert}")

    def _place(self, name: str) -> str | None:
        """*name*, where no other place of the page has it: two packs may have a rule in common."""
        if name in self._named:
            return None
        self._named.add(name)
        return name

    def _clock(self, instant: datetime) -> str:
        return clock(in_zone(instant, self._zone))


def anchor(group: Group, state: str) -> str:
    """
    The name of the place where the alerts of a rule in one state are told.

    What cannot stand in a name becomes its code.
    """
    shown = group.shown
    return ".".join(map(_slug, (state, shown.pack, shown.rule, *filter(None, [shown.part]))))


def severity(word: str) -> Html:
    """A severity as a word in its colour."""
    return element("span", word, class_=f"severity {word}")


def _slug(text: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one == "-") else f"_{ord(one):x}_" for one in text)


def _identity(alert: EventDict) -> Html:
    """The beginning of the identity, as explain takes it, and the address of its place on the page."""
    return element("a", element("code", alert["alert"][:IDENTITY]), href=f"#alert-{alert['alert']}")


def _part_of(count: int, told: int, order: str) -> str:
    return f"{count:,} alerts, of which {told:,} are told here, the {order}."


def _names(names: Sequence[str], what: str) -> str:
    """The first of many names, with the others behind a fold."""
    return names_text(names) if len(names) <= MOST_NAMES else _unfolded(names, what)


def _unfolded(names: Sequence[str], what: str) -> Html:
    told = ", ".join(names[:MOST_LISTED])
    left = len(names) - MOST_LISTED
    more = f" and {left:,} more, which oversight explain shows" if left > 0 else ""
    summary = element("summary", f"{names_text(names)}; all {len(names):,} {what}s")
    return element("details", summary, element("p", told, more))
