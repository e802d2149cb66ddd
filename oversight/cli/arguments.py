"""The command line: what each command takes, and what is said where that is not what was given."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NoReturn

from oversight.ground.text import nearest, printable
from oversight.ground.time import Period, parse_instant

FILE = "CloudEvents or flat JSON Lines, or tables (.csv, .tsv) with --map, also as .gz or .zst"
EVENTS = f"{FILE}; - is standard input; the URL of a record stands for its events"
STORE = "sqlite:///FILE or postgresql://USER@HOST/DATABASE"
RECORD = f"{STORE}, or the path of an SQLite file"
PACK = "name of a shipped pack, or the folder of one"
REVISED = (
    f"{PACK}; with @REVISION after it, as rules/my_pack@v1.2, its folder as of that revision of its git repository"
)
FORMATS = ("jsonl", "text", "cloudevents", "ocsf", "syslog")
MOST_JOBS = 64
EXITS = """exit status: 0 no alert, 3 alerts, 1 a line was refused, 2 usage or a pack that does not check
With --plan: 3 where the plan would raise an alert, else 0; the alerts of the events do not count.
An alert that the site file waives does not count."""
CHECK_EXITS = "exit status: 0 all check, with warnings too, 1 one does not, 2 usage"
EXPLAIN_EXITS = "exit status: 0 the alert is shown, 2 usage, no such alert, or a pack that does not check"
WHY_NOT_EXITS = (
    "exit status: 0 no such alert is open, 3 one is, 1 a line was refused, 2 usage or a pack that does not check"
)
VERIFY_EXITS = "exit status: 0 everything holds, 1 something does not, 2 usage"
DIFF_EXITS = """\
exit status: 0 the same alerts, 3 not the same, 1 a line was refused, 2 usage or a pack that does not check
An alert is the same one where its rule, part, key and the instant since which the breach lasts are."""

REPORT_EXITS = """exit status: 0 no alert, 3 alerts, 1 a line was refused, 2 usage or a pack that does not check
An alert that the site file waives does not count."""
TEST_EXITS = """exit status: 0 every case passes, 1 one fails, 2 usage or a pack that does not check
With --coverage: 1 where a side of a clause was not seen and no mark says why.
With --mutate: 3 where a change was not noticed and no mark says why, or a mark is not needed."""


class Usage(Exception):
    """The command cannot be carried out as it was given; the text says what to do."""


class _Parser(argparse.ArgumentParser):
    """A parser that knows its own options by name and says which is nearest to a misspelt one."""

    def __init__(self, **settings: Any) -> None:
        self.options: list[str] = []
        super().__init__(**settings, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """Add an argument, and remember its option strings."""
        self.options += [name for name in names if name.startswith("-")]
        return super().add_argument(*names, **settings)

    def error(self, message: str) -> NoReturn:
        """Refuse what was given."""
        raise Usage(f"{self.prog}: {printable(message, 400)}; see {self.prog} --help")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """
    Read the command line.

    Returns:
        The arguments, with the name of the command's module as ``module``.

    Raises:
        Usage: they are not what the command takes; names the nearest command or option.
        SystemExit: help or the version was asked for and printed.

    >>> parse(["rnu"])
    Traceback (most recent call last):
    oversight.cli.arguments.Usage: oversight: there is no command 'rnu', did you mean 'run'?
    """
    parser, commands = _parsers()
    first = arguments[0] if arguments else "--help"
    if not first.startswith("-") and first not in commands:
        raise Usage(f"oversight: there is no command {_near(first, commands)}")
    own = commands.get(first, parser)
    for given in arguments[1:]:
        name = given.split("=", 1)[0]
        if name == "--":
            break
        if len(name) > 1 and name.startswith("-") and name not in own.options:
            raise Usage(f"{own.prog}: there is no option {_near(name, own.options)}")
    return parser.parse_args(arguments or ["--help"])


def _near(given: str, names: Any) -> str:
    near = nearest(given, names)
    known = f"did you mean {near!r}?" if near else f"there are {', '.join(sorted(names))}"
    return f"'{printable(given, 80)}', {known}"


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    import oversight

    parser = _Parser(
        prog="oversight",
        description="Rules over a stream of events: what must, must not, or must soon follow.",
        epilog=f"Shipped packs: {', '.join(oversight.shipped())}",
    )
    parser.add_argument("--version", action="version", version=f"oversight {oversight.__version__}")
    adding = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands = {}
    for name, (module, fill, text) in _COMMANDS.items():
        command = adding.add_parser(name, help=text, description=text, epilog=_EXITS.get(name))
        command.set_defaults(module=module)
        fill(command)
        commands[name] = command
    return parser, commands


def _run(command: _Parser) -> None:
    command.add_argument("events", nargs="+", metavar="EVENTS", help=EVENTS)
    _map_option(command)
    _rules_option(command)
    _until_option(command)
    _known_option(command)
    _out_options(command)
    _live_options(command)
    command.add_argument(
        "--store", metavar="URL", help=f"keep all in a record, go on where it was, tell what is new; {STORE}"
    )
    command.add_argument("--key", metavar="FILE", help="private key that seals the record, as oversight key makes it")
    command.add_argument(
        "--jobs",
        metavar="N",
        type=_several,
        default=1,
        help="how many processes take part, each with a part of the rules (1); the alerts are the same",
    )
    command.add_argument(
        "--stats",
        action="store_true",
        help="in the end, say how fast it was, what is in memory and which rules took most",
    )
    command.add_argument(
        "--plan",
        metavar="FILE",
        help="events that have not happened: tell what each would raise after the others, and what would prevent it, "
        "instead of the alerts; one without time happens at the instant reached",
    )
    command.add_argument(
        "--plan-until", metavar="T", type=_instant, help="let time pass until then after the plan, for its deadlines"
    )
    command.add_argument(
        "--revise",
        metavar="PERIOD",
        type=_period,
        help="how late an event may be, as P90D; unlimited if left out",
    )


def _out_options(command: _Parser) -> None:
    command.add_argument(
        "--format", choices=FORMATS, help="of the alerts, jsonl if left out; of a plan (text, jsonl), text if left out"
    )
    command.add_argument(
        "--out",
        metavar="FILE",
        help="write the results there, not to standard output; a file may be rotated meanwhile. For --format syslog "
        "also a receiver: tcp://HOST:PORT or tls://HOST:PORT",
    )
    command.add_argument("--tls-ca", metavar="FILE", help="the certificates (PEM) by which to know a tls:// receiver")
    command.add_argument(
        "--tls-cert", metavar="FILE", help="certificate and key (PEM) by which a tls:// receiver knows this side"
    )


def _live_options(command: _Parser) -> None:
    _pseudonyms_option(command)
    command.add_argument(
        "--follow",
        action="store_true",
        help="go on with what is added to the files, or comes through standard input, and let time go by the clock",
    )
    command.add_argument(
        "--ahead",
        metavar="PERIOD",
        type=_period,
        help="with --follow, how much later than the clock an event may be (PT5M); a later one waits",
    )


def _check(command: _Parser) -> None:
    command.add_argument("packs", nargs="+", metavar="PACK", help=PACK)
    _site_option(command)
    command.add_argument(
        "--unused", action="store_true", help="also warn of kinds and facts of these packs that none of them reads"
    )
    command.add_argument("--memory", action="store_true", help="also list how long each fact can stay in memory")
    command.add_argument("--format", choices=("text", "json", "sarif"), default="text", help="of what is told (text)")


def _test(command: _Parser) -> None:
    command.add_argument("packs", nargs="+", metavar="PACK", help=PACK)
    _site_option(command)
    command.add_argument("--verbose", action="store_true", help="name the cases that passed, too")
    asked = command.add_mutually_exclusive_group()
    coverage = "also fail where a clause was never true or never false, and say which"
    asked.add_argument("--coverage", action="store_true", help=coverage)
    mutate = "also change the rules, one word at a time, and say which changes no case notices"
    asked.add_argument("--mutate", action="store_true", help=mutate)
    command.options += ["--coverage", "--mutate"]
    only = "with --mutate, change only these: the id of a rule, or 'fact NAME', also as a pattern such as HK-PIA-*"
    command.add_argument("--only", metavar="RULE", action="append", help=only)
    sample = "with --mutate, try only so many changes, drawn at random"
    command.add_argument("--sample", metavar="N", type=_positive, help=sample)
    seed = "draw others with another number (0); the same ones with the same"
    command.add_argument("--seed", metavar="N", type=int, default=0, help=seed)
    command.add_argument("--junit", metavar="FILE", help="also write how each case went there, as JUnit XML")
    command.add_argument("--jobs", metavar="N", type=_several, default=1, help="how many processes take part (1)")
    command.add_argument("--format", choices=("text", "json"), default="text", help="of what is told (text)")


def _explain(command: _Parser) -> None:
    command.add_argument("alert", metavar="ALERT", help="identity of the alert, or the beginning of it")
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--events", action="append", metavar="FILE", help=FILE)
    where.add_argument("--store", metavar="URL", help=f"the record that has the alert; {STORE}")
    command.options += ["--events", "--store"]
    _map_option(command)
    _rules_option(command)
    _until_option(command)
    _known_option(command)
    _pseudonyms_option(command)
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the answer (text)")


def _why_not(command: _Parser) -> None:
    command.add_argument("rule", metavar="RULE", help="id of the rule, or of one of its parts as RULE/PART")
    command.add_argument("subject", metavar="SUBJECT", help="id of a camera, a zone, a programme ...")
    command.add_argument("--events", required=True, action="append", metavar="FILE", help=EVENTS)
    _map_option(command)
    _rules_option(command)
    command.add_argument("--at", metavar="T", type=_instant, help="the instant asked about; the last one if left out")
    _known_option(command)
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the answer (text)")


def _diff(command: _Parser) -> None:
    command.add_argument("old", metavar="OLD", help=REVISED)
    command.add_argument("new", metavar="NEW", help="likewise; @REVISION alone is the other one at that revision")
    command.add_argument("events", nargs="+", metavar="EVENTS", help=FILE)
    _map_option(command)
    _site_option(command)
    _until_option(command)
    command.add_argument(
        "--limit", metavar="N", type=_natural, default=3, help="show at most so many examples of each rule (3)"
    )
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the answer (text)")


def _report(command: _Parser) -> None:
    what = f"{EVENTS.partition(';')[0]}; - is standard input; or one record, whose alerts are told: {RECORD}"
    command.add_argument("events", nargs="+", metavar="EVENTS", help=what)
    _map_option(command)
    command.add_argument(
        "--rules", metavar="PACK[,PACK]", help=f"{PACK}; of a record the shipped one that it names, if left out"
    )
    _site_option(command)
    _until_option(command)
    _known_option(command)
    _pseudonyms_option(command)
    command.add_argument(
        "--out", "-o", metavar="FILE", help="write the page there, whole or not at all; to standard output if left out"
    )
    command.add_argument(
        "--limit", metavar="N", type=_natural, default=20, help="tell at most so many alerts of each rule in full (20)"
    )


def _key(command: _Parser) -> None:
    command.add_argument("name", metavar="NAME", help="of the log, as example.org/cameras; no spaces, no +")
    command.add_argument(
        "--out", "-o", required=True, metavar="FILE", help="of the private key; FILE.pub is the public"
    )


def _checkpoint(command: _Parser) -> None:
    command.add_argument("store", metavar="STORE", help=RECORD)
    command.add_argument("--signed", action="store_true", help="print the whole signed note, not its three lines")
    command.add_argument("--tiles", metavar="DIR", help="also write the log there, as static files (C2SP tlog-tiles)")
    stamp = "also write what a time stamp authority is sent, to have it stamp the checkpoint (RFC 3161)"
    command.add_argument("--stamp-request", metavar="FILE", help=stamp)


def _verify(command: _Parser) -> None:
    command.add_argument("store", metavar="STORE", help=f"{RECORD}; or the folder that checkpoint --tiles wrote")
    key = "public key that must have signed, or its file; may be given more than once"
    command.add_argument("--key", metavar="PUB", action="append", default=[], help=key)
    since = "an older checkpoint that somebody kept, three lines or signed; may be given more than once"
    command.add_argument("--since", metavar="FILE", action="append", default=[], help=since)
    command.add_argument("--stamp", metavar="FILE", help="reply of a time stamp authority about that checkpoint")
    command.add_argument("--authority", metavar="PEM", help="certificates of the authority, with its root")
    rules = f"derive the alerts by it; the shipped one that the record names, if left out; {PACK}"
    command.add_argument("--rules", metavar="PACK", help=rules)
    _site_option(command)
    slow = "also hold each alert to the definition of the language, without the engine; slow"
    command.add_argument("--by-definition", action="store_true", help=slow)
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the answer (text)")


def _prune(command: _Parser) -> None:
    command.add_argument("store", metavar="STORE", help=RECORD)
    _rules_option(command)
    asked = command.add_mutually_exclusive_group()
    asked.add_argument("--before", metavar="T", type=_instant, help="forget what events said that happened before it")
    keep = "keep so much before the instant reached, as P3Y; the retention of the site file if left out"
    asked.add_argument("--keep", metavar="PERIOD", type=_period, help=keep)
    command.options += ["--before", "--keep"]
    command.add_argument("--key", metavar="FILE", help="private key of a sealed record")


def _rules(command: _Parser) -> None:
    command.add_argument("packs", nargs="*", metavar="PACK", help=f"{PACK}; all shipped ones if left out")
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the list (text)")


def _kinds(command: _Parser) -> None:
    command.add_argument("pack", nargs="?", metavar="PACK", help=f"{PACK}; camera-programme if left out")
    command.add_argument("kind", nargs="?", metavar="KIND", help="show its attributes")
    command.add_argument("--format", choices=("text", "json"), default="text", help="of the list (text)")


def _schema(command: _Parser) -> None:
    command.add_argument(
        "what",
        choices=("pack", "alert", "cloudevents"),
        metavar="WHAT",
        help="pack: the files of a pack; alert, cloudevents: a line that run tells with --format jsonl, cloudevents",
    )
    command.add_argument("--rules", metavar="PACK[,PACK]", help=f"of pack: offer what these have by name; {PACK}")


def _pseudonyms(command: _Parser) -> None:
    command.add_argument("file", metavar="FILE", help="of keys, for its owner alone; made where there is none")
    command.add_argument(
        "--from", metavar="T", type=_instant, dest="start", help="add a key that counts for events from then on"
    )


def _map_option(command: _Parser) -> None:
    command.add_argument("--map", metavar="FILE", help="which events the rows of the tables among the files are")


def _rules_option(command: _Parser) -> None:
    command.add_argument("--rules", required=True, metavar="PACK[,PACK]", help=PACK)
    _site_option(command)


def _site_option(command: _Parser) -> None:
    command.add_argument(
        "--site", metavar="FILE", help="what this place sets for itself: parameters, severities, dates and exceptions"
    )


def _pseudonyms_option(command: _Parser) -> None:
    command.add_argument(
        "--pseudonyms",
        metavar="FILE",
        help="put pseudonyms in the place of ids of persons, by the keys of this file (oversight pseudonyms)",
    )


def _until_option(command: _Parser) -> None:
    command.add_argument(
        "--until", metavar="T", type=_instant, help="let time pass until then; later events are left out"
    )


def _known_option(command: _Parser) -> None:
    command.add_argument(
        "--as-known-at",
        metavar="T",
        type=_instant,
        help="what could have been known then: count only what was recorded (recordedtime, else time) by then, and "
        "let time pass until then",
    )


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _natural(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise argparse.ArgumentTypeError("a number, 0 or more")
    return int(text)


def _several(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_JOBS:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_JOBS}")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("a number from 1 on")
    return int(text)


def _period(text: str) -> str:
    try:
        Period.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


_EXITS = {
    "run": EXITS, "check": CHECK_EXITS, "test": TEST_EXITS, "explain": EXPLAIN_EXITS, "why-not": WHY_NOT_EXITS,
    "diff": DIFF_EXITS, "verify": VERIFY_EXITS, "report": REPORT_EXITS,
}  # fmt: skip
_COMMANDS = {
    "run": ("run", _run, "run events through packs of rules, and tell the alerts"),
    "check": ("check", _check, "find every problem of every file of a pack"),
    "test": ("test", _test, "try the cases beside the rules"),
    "explain": ("explain", _explain, "say why an alert was raised"),
    "why-not": ("why_not", _why_not, "say why a rule has no alert open about a subject"),
    "diff": ("diff", _diff, "say which alerts a change of rules adds, removes or alters"),
    "report": ("report", _report, "write a page of HTML for people: what is in breach, since when, by which law"),
    "verify": ("verify", _verify, "audit a record: nothing was altered, removed or added, and the alerts follow"),
    "checkpoint": ("checkpoint", _checkpoint, "print three lines that stand for all of a record, to be kept elsewhere"),
    "key": ("key", _key, "make the key that seals a record"),
    "prune": ("prune", _prune, "forget what old events of a record said; what the log has of them stays"),
    "rules": ("catalogue", _rules, "list the rules there are"),
    "kinds": ("catalogue", _kinds, "list the kinds of event there are"),
    "pseudonyms": ("pseudonyms", _pseudonyms, "make a key by which run puts pseudonyms for ids of persons"),
    "schema": ("schema", _schema, "write a JSON Schema, from which an editor completes and explains"),
}
