"""How a property is tried: on many drawn histories, several of them with each pack that is drawn."""

from __future__ import annotations

import functools
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import Phase, assume, given, note, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import UnsatisfiedAssumption
from tests.conftest import PROFILE
from tests.properties.drawn import checked, exceptions, histories, packs

from oversight import Pack
from oversight.testing.dice import Dice, thrown

SEVERAL = {"quick": 5, "ci": 2, "long": 10}[PROFILE]
"""How many histories each pack is tried on: reading a pack takes longer than trying it on one."""
PACK, HISTORY = 640, 300
"""How many choices make a pack with what a site excepts, and a history."""

Written = dict[str, Any]
Property = Callable[[Dice], None]


def tried(besides: int) -> Callable[[Property], Callable[[], None]]:
    """
    Make a test of a property of a pack and a history.

    It is tried on as many histories as the profile says. Where it fails, Hypothesis is given that pack and that history
    alone, and makes them simpler.

    Args:
        besides: how many choices the property makes for itself, after those of :func:`written_example`.
    """
    size = HISTORY + besides

    def test_of(holds: Property) -> Callable[[], None]:
        alone = given(thrown(PACK + size))(holds)
        failed: list[bytes] = []

        # What varies is one seed: of several parts Hypothesis would put one in the place of another, five times for
        # each example that is new.
        @settings(max_examples=-(-settings().max_examples // SEVERAL), phases=[Phase.generate], database=None)
        @given(st.binary(min_size=16, max_size=16))
        @named(holds)
        def on_several(seed: bytes) -> None:
            drawn = random.Random(seed)
            pack = drawn.randbytes(PACK)
            for _ in range(SEVERAL):
                data = pack + drawn.randbytes(size)
                try:
                    holds(Dice(data))
                except Exception as error:
                    if not isinstance(error, UnsatisfiedAssumption):
                        failed.append(data)
                    raise

        @named(holds)
        def test() -> None:
            try:
                on_several()
            except Exception:
                if failed:
                    simplified(alone, failed[-1])
                raise

        return test

    return test_of


def named(holds: Property) -> Callable[[Any], Any]:
    """Give a function the name and the words of another, but not what that takes."""

    def name(made: Any) -> Any:
        made.__name__, made.__qualname__, made.__doc__ = holds.__name__, holds.__qualname__, holds.__doc__
        made.__module__ = holds.__module__
        return made

    return name


def simplified(alone: Any, data: bytes) -> None:
    """Have Hypothesis find the simplest example like one that fails; raises what that raises."""
    simple = settings(
        database=InMemoryExampleDatabase(), phases=[Phase.reuse, Phase.shrink], derandomize=False, print_blob=False
    )(alone)
    try:
        simple.hypothesis.fuzz_one_input(data)
    except Exception:
        simple()


@functools.lru_cache(maxsize=4)
def written_pack(data: bytes) -> tuple[Written, list[Written]]:
    """A pack, and what a site excepts, as they are written."""
    dice = Dice(data)
    written = packs(dice.part(600))
    return written, exceptions(dice.part(20), [rule["rule"] for rule in written["rules"]])


def written_example(dice: Dice) -> tuple[Written, list[Written], list[Written]]:
    """A pack and what a site excepts, as they are written, and a history: what a property draws first."""
    written, excepted = written_pack(dice.part(PACK).data)
    return written, excepted, histories(dice.part(HISTORY))


def of_the_pack(dice: Dice) -> Dice:
    """Dice for what is drawn once for each pack."""
    return Dice(dice.data[PACK - 20 : PACK])


def read(written: Written, excepted: list[Written], **noted: Any) -> Pack:
    """The pack that is written; one that does not check is no example."""
    pack = _read(json.dumps(written), json.dumps(excepted))
    assume(pack is not None)
    assert pack is not None
    for about, what in {**written, "exceptions": excepted, **noted}.items():
        if about in ("facts", "rules", "exceptions", *noted):
            note(f"{about}: {what}")
    return pack


@functools.lru_cache(maxsize=4)
def _read(written: str, excepted: str) -> Pack | None:
    with tempfile.TemporaryDirectory() as folder:
        return checked(json.loads(written), Path(folder), json.loads(excepted))


def example(dice: Dice) -> tuple[Pack, list[Written]]:
    """A pack and a history."""
    written, excepted, history = written_example(dice)
    return read(written, excepted, history=history), history
