"""Ctrl-C at any point of a call of a record: no alert is lost, none is recorded twice, and the record goes on."""

import signal
import sys
from contextlib import suppress

import pytest
from tests.test_record import LONG, Heard, plain
from tests.tiny import day, on, tiny

import oversight
from oversight.runner import record as module


class Interrupted:
    """Within it, the signal of Ctrl-C comes at the so-manieth line of the module of records that is reached."""

    def __init__(self, number):
        self.number = number

    def _line(self, _frame, event, _value):
        if event == "line":
            self.number -= 1
            if self.number == 0:
                signal.raise_signal(signal.SIGINT)
        return self._line

    def __enter__(self):
        self._before = sys.gettrace()
        sys.settrace(lambda frame, *_: self._line if frame.f_code.co_filename == module.__file__ else None)
        return self

    def __exit__(self, *_):
        sys.settrace(self._before)


def feed(record, number=0):
    """What is taken in after time has passed, once that was interrupted at a line; whether that was reached."""
    with suppress(KeyboardInterrupt), Interrupted(number) as interrupted:
        record.feed(on("2", 6, "k2"))
    return interrupted.number <= 0


@pytest.mark.parametrize("opened_again", [True, False])
def test_interrupted_anywhere(opened_again, tmp_path):
    """Whoever feeds the same again, into the same record or one opened anew, has what comes without an interrupt."""
    pack, lines = tiny(tmp_path, LONG), 0
    url = f"sqlite:///{tmp_path}/case.db"

    def found(number):
        """Whether a line was reached, and what is on record where the call was interrupted there."""
        heard = Heard()
        with oversight.open(url, pack, outlets={"mine": heard}) as record:
            record.feed(on("1", 1))
            record.advance(day(5))
            reached = feed(record, number) and number > 0
            if not opened_again:
                record.feed(on("2", 6, "k2"))
                record.advance(day(20))
        with oversight.open(url, pack, outlets={"mine": heard}) as record:
            record.feed(on("2", 6, "k2"))
            record.advance(day(20))
            record.tell()
            types = [entry.type for entry in record._opened().entries() if entry.type in ("event", "change")]
            result = plain(record.changes()), record.now, types
        assert [change.position for change in record_of(url, pack)] == sorted({c.position for c in heard.told})
        for path in tmp_path.glob("case.db*"):
            path.unlink()
        return reached, result

    _, expected = found(0)
    while True:
        lines += 1
        reached, result = found(lines)
        assert expected == result
        if not reached:
            break
    assert lines > 30


def record_of(url, pack):
    """The changes that a record has."""
    with oversight.open(url, pack, read_only=True) as record:
        return list(record.changes())
