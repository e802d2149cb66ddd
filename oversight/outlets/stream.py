"""
The alert stream: each change is an event dictionary that passes through processors to a sink.

Processors are structlog's: functions of a logger, a method name and the dictionary, each giving the
dictionary to the next and the last one the text for the sink. Nothing global is configured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from functools import cached_property
from typing import Any

from oversight.model.alerts import Change

EventDict = MutableMapping[str, Any]
Processor = Callable[[Any, str, EventDict], Any]
Sink = Callable[[str], object]


class Outlet:
    """
    One way in which changes are told.

    Args:
        sink: takes the text of one change, without a line end.
        processors: in order, the last gives text; one that raises ``structlog.DropEvent`` drops the change.

    >>> Outlet(print, [lambda logger, method, alert: alert["rule"]]).tell([])
    """

    def __init__(self, sink: Sink, processors: Sequence[Processor]) -> None:
        self._sink = sink
        self._processors = list(processors)

    @cached_property
    def _stream(self) -> Any:
        """What takes alerts: a logger of structlog whose one method is the sink."""
        import structlog  # who has nothing to tell does not wait for it

        class End:
            tell = staticmethod(self._sink)

        class Stream(structlog.BoundLoggerBase):
            def tell(self, alert: EventDict) -> None:
                self._proxy_to_logger("tell", **alert)

        return structlog.wrap_logger(
            End(), processors=self._processors, wrapper_class=Stream, context_class=dict
        ).bind()

    def tell(self, changes: Iterable[Change]) -> None:
        """
        Tell *changes*, in order.

        Raises:
            Exception: what the sink raises, for example ``BrokenPipeError``; the changes before were told.
        """
        for change in changes:
            self._stream.tell(change.as_dict())
