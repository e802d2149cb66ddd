"""
Compliance rules over a stream of events: what must, must not, or must soon follow, and the evidence for it.

Load a pack, feed events, read what changes:

>>> import oversight
>>> engine = oversight.Engine(oversight.load("camera-programme"))
>>> engine.feed({"kind": "event.retracted", "id": "2", "time": "2026-03-10T09:00:00+08:00", "corrects": "1"})
()

Importing this package starts no thread, opens no file and configures no logger.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from oversight import errors
from oversight.engine.core import Engine
from oversight.model.alerts import Change
from oversight.model.diagnostics import Diagnostic
from oversight.model.events import vocabulary_of
from oversight.model.folding import Folded, fold
from oversight.model.known import as_known_at
from oversight.model.lifetimes import Lifetime, lifetimes
from oversight.model.pack import Pack
from oversight.runner.packs import load, shipped

if TYPE_CHECKING:
    from oversight.meaning.verify import verify
    from oversight.meaning.whynot import why_not
    from oversight.runner.comparison import Comparison, compare
    from oversight.runner.opening import open_record as open  # noqa: A004
    from oversight.runner.record import Record

__version__ = "0.1.0"
__all__ = [
    "load", "shipped", "Pack", "Engine", "Change", "fold", "Folded", "event_classes", "verify", "why_not",
    "as_known_at", "lifetimes", "Lifetime", "compare", "Comparison", "Diagnostic", "errors", "open", "Record",
    "__version__",
]  # fmt: skip


def event_classes(pack: Pack) -> Mapping[str, type]:
    """
    The kinds of *pack* as frozen, slotted attrs classes, by kind; an engine takes their objects as events.

    Args:
        pack: checked, as :func:`load` gives it.

    >>> event_classes(load("camera-programme"))["camera.activated"].__name__
    'CameraActivated'
    """
    return vocabulary_of(pack).classes


# What feeds an engine does not wait for what looks back at a history.
_LATER = {
    "verify": ("meaning.verify", "verify"),
    "why_not": ("meaning.whynot", "why_not"),
    "Comparison": ("runner.comparison", "Comparison"),
    "compare": ("runner.comparison", "compare"),
    "open": ("runner.opening", "open_record"),
    "Record": ("runner.record", "Record"),
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _LATER[name]
    found = globals()[name] = getattr(import_module(f"oversight.{module}"), own)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
