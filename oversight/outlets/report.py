"""
A report for people who were not there: one page of HTML that needs nothing else, about all the alerts of a run.

It says what is not on record; whether a thing was done, only those who did or did not do it know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from attrs import field, frozen

from oversight.ground.instants import in_zone
from oversight.model.alerts import Change
from oversight.model.pack import Pack
from oversight.outlets.accounts import Writer, anchor, severity
from oversight.outlets.chart import over_time
from oversight.outlets.html import Html, Row, element, joined, lines, table
from oversight.outlets.ledger import ACT, ENDED, STANDING, TAKEN_BACK, Account, Group, Ledger, by_severity
from oversight.outlets.report_style import POLICY, STYLE
from oversight.outlets.stream import Processor
from oversight.outlets.text import clock, rule_text

MOST_REFUSED = 200
_SAYS = (
    "An alert says what is not on record. It does not say that something was not done: whether it was, only those know "
    "who did or did not do it. Evidence that is filed later takes an alert back, or ends it."
)


@frozen(kw_only=True)
class Ran:
    """
    What was run, for the reader of its report; all texts are safe for a terminal.

    Args:
        packs: by whose rules; the days are those of the first.
        reached: the instant to which time was let pass; ``None`` where there was no event.
        rows: what else is to be said, each a label and one text or several.
        refused: of the lines that were not taken in the first ``MOST_REFUSED``, each with its place and reason.
        refusals: how many lines were not taken in.
        notes: what a person should look at, a sentence each.
    """

    packs: Sequence[Pack]
    reached: datetime | None
    rows: Sequence[tuple[str, Sequence[str]]] = ()
    refused: Sequence[str] = ()
    refusals: int = 0
    notes: Sequence[str] = field(default=())


class _Section(NamedTuple):
    """A part of the page."""

    name: str
    title: str
    content: Html


def report(changes: Iterable[Change], ran: Ran, *, most: int = 20, processors: Sequence[Processor] = ()) -> str:
    """
    The page about *changes*: the same bytes for the same arguments.

    Args:
        changes: in the order in which an engine told them.
        ran: what was run.
        most: how many alerts of a rule are told in full; of the others it is said how many they are.
        processors: what to do with each alert before it is shown, as in an outlet.

    >>> import oversight
    >>> page = report([], Ran(packs=[oversight.load("camera-programme")], reached=None))
    >>> page.splitlines()[0], "Nothing is in breach" in page
    ('<!doctype html>', True)
    """
    ledger = Ledger(ran.packs)
    ledger.tell(changes)
    return _Page(ledger.groups(), ran, Writer(ran.packs[0].zone, most, processors)).whole()


class _Page:
    def __init__(self, groups: Sequence[Group], ran: Ran, writer: Writer) -> None:
        self._groups = groups
        self._ran = ran
        self._writer = writer
        self._zone = ran.packs[0].zone
        self._accounts = [account for group in groups for account in group.accounts]

    def whole(self) -> str:
        """The page, with its line end."""
        names = ", ".join(pack.name for pack in self._ran.packs)
        title = f"Report under {names}"
        sections = list(self._sections())
        links = (element("li", element("a", each.title, href=f"#{each.name}")) for each in sections)
        head = lines(
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", f"{title}, {self._as_of()}"),
            element("style", Html(STYLE)),
        )
        body = lines(
            element("a", "Skip to the report", class_="skip", href="#report"),
            element("header", element("h1", title), self._lead()),
            element("nav", element("ul", *links), aria_label="Contents"),
            element("main", Html("\n"), lines(*map(_section, sections)), Html("\n"), id="report"),
        )
        page = element("html", Html("\n"), lines(element("head", head), element("body", body)), Html("\n"), lang="en")
        return f"<!doctype html>\n{page}\n"

    def _sections(self) -> Iterator[_Section]:
        if self._groups:
            yield _Section("rules", "By rule", self._overview())
        standing = lines(*self._writer.in_full(self._groups, STANDING))
        yield _Section("standing", "In breach now", standing or element("p", "Nothing is in breach on this record."))
        if self._of(ACT):
            said = "Nothing ends an alert about an act, but evidence that is filed later can take it back."
            acts = lines(element("p", said), *self._writer.in_full(self._groups, ACT))
            yield _Section("acts", "Acts that a rule speaks against", acts)
        if reached := self._ran.reached:
            figure = over_time(self._accounts, reached, self._zone)
            if figure is not None:
                yield _Section("over-time", "Over time", figure)
        ended, back = self._of(ENDED), self._of(TAKEN_BACK)
        if ended:
            yield _Section("ended", "Breaches that have ended", lines(*self._writer.ended(self._groups)))
        if back:
            yield _Section("taken-back", "Alerts taken back", lines(*self._writer.taken_back(self._groups)))
        if self._ran.refusals or self._ran.notes:
            yield _Section("input", "What to look at in the input", self._input())
        yield _Section("run", "What was run", self._run())

    # What it comes to

    def _as_of(self) -> str:
        reached = self._ran.reached
        return "no event" if reached is None else f"as of {clock(in_zone(reached, self._zone))} ({self._zone})"

    def _lead(self) -> Html:
        as_of = self._as_of()
        return lines(
            element("p", as_of[0].upper() + as_of[1:], class_="faint"),
            element("p", self._counts(), class_="lead"),
            self._incomplete() if self._ran.refusals else None,
            element("p", _SAYS, class_="note"),
        )

    def _incomplete(self) -> Html:
        refused = _are(self._ran.refusals, "line", "of the input was", "of the input were")
        said = f"{refused} not taken in: for want of that an alert may be missing here, or told in error."
        return element("p", element("strong", said), " ", element("a", "Which", href="#input"), class_="note")

    def _counts(self) -> str:
        told = [_are(len(self._of(STANDING)), "breach", "stands", "stand") + self._grades(STANDING)]
        if acts := self._of(ACT):
            told.append(_are(len(acts), "act", "is alerted of", "are alerted of") + self._grades(ACT))
        if ended := self._of(ENDED):
            told.append(_are(len(ended), "breach", "has ended", "have ended"))
        if back := self._of(TAKEN_BACK):
            told.append(_are(len(back), "alert", "was taken back", "were taken back"))
        return "; ".join(told) + "."

    def _grades(self, state: str) -> str:
        accounts = self._of(state)
        told = [f"{count:,} {severity}" for severity, count in by_severity(accounts).items()]
        if waived := sum(account.waived for account in accounts):
            told.append(f"{waived:,} of them waived by the site")
        return f" ({', '.join(told)})" if told else ""

    def _of(self, state: str) -> list[Account]:
        return [account for account in self._accounts if account.state == state]

    def _overview(self) -> Html:
        head = ("Rule", "Title", "Severity", "Basis", "In breach now", "Longest since", "Acts", "Ended", "Taken back")
        rows = map(self._about, self._groups)
        return table("Alerts by rule", head, rows, name="rules-table", numbers=(4, 6, 7, 8))

    def _about(self, group: Group) -> Row:
        shown, standing = group.shown, group.of(STANDING)
        state = next((state for state in (STANDING, ACT) if group.of(state)), None)
        name = rule_text({"rule": shown.rule, "part": shown.part})
        cells = (
            element("a", name, href=f"#{anchor(group, state)}") if state else name,
            shown.title,
            severity(shown.severity),
            shown.basis.replace("-", " "),
            f"{len(standing):,}",
            clock(in_zone(standing[0].at, self._zone)) if standing else "",
            *(f"{len(group.of(each)):,}" for each in (ACT, ENDED, TAKEN_BACK)),
        )
        return Row(cells)

    # What it is made of

    def _input(self) -> Html:
        told: list[Html] = []
        if self._ran.refusals:
            told.append(element("h3", "Lines that were not taken in"))
            told.append(_list(self._ran.refused))
            left = self._ran.refusals - len(self._ran.refused)
            if left:
                told.append(element("p", f"And {left:,} more, which the command named on standard error."))
        if self._ran.notes:
            told.append(element("h3", "What else there was"))
            told.append(_list(self._ran.notes))
        return lines(*told)

    def _run(self) -> Html:
        rows = [("Rules", [f"{pack.name} {pack.version}, digest {pack.digest}" for pack in self._ran.packs])]
        rows += [(label, list(texts)) for label, texts in self._ran.rows]
        told = [
            joined(element("dt", label), *(element("dd", each) for each in texts)) for label, texts in rows if texts
        ]
        more = (
            "The rules are a reading of public instruments, not legal advice. With the same events and rules, "
            "oversight run --format jsonl tells every alert as a line of JSON, those that are left out here too, and "
            "oversight explain shows one whole, with what its events say."
        )
        return lines(element("dl", lines(*told)), element("p", more))


def _section(section: _Section) -> Html:
    head = element("h2", section.title, id=f"{section.name}-head")
    content = lines(head, section.content)
    return element("section", content, id=section.name, aria_labelledby=f"{section.name}-head")


def _list(texts: Sequence[str]) -> Html:
    return element("ul", lines(*(element("li", each) for each in texts)))


def _are(number: int, what: str, one: str, several: str) -> str:
    """A number of things with its verb."""
    many = f"{what}es" if what.endswith("h") else f"{what}s"
    return f"{number:,} {what} {one}" if number == 1 else f"{number:,} {many} {several}"
