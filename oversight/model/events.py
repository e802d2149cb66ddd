"""
Events: read from CloudEvents 1.0 or the flat form, checked against the kinds of a pack, and written back.

Inside the rooms an event is an :class:`Event`, a frozen msgspec Struct made for its kind; users meet the public
classes of :attr:`Vocabulary.classes`, frozen slotted attrs classes that also keep what the kind does not know.
Source of the envelope: CloudEvents 1.0 (CNCF), JSON event format, structured mode.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

import attrs
import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from oversight.ground.errors import EventError
from oversight.ground.instants import with_fixed_offsets
from oversight.ground.text import nearest, printable
from oversight.ground.time import format_instant
from oversight.model.forms import (
    ENVELOPE, FIRST_YEAR, LAST_YEAR, MAX_LINE, Envelope, Event, Form, Identifier, Instant, Integer, Stranger, Unknown,
    convert, lacking, read_hook, reason_of, refuse_beyond, refuse_unbounded, write_hook,
)  # fmt: skip
from oversight.model.pack import Kind, Pack


class _FlatHeader(Struct, frozen=True, gc=False):
    kind: str
    id: Identifier
    time: Instant
    source: Annotated[str, Meta(max_length=1024)] = ""
    subject: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET
    sequence: str | Integer | UnsetType = UNSET
    recordedtime: Instant | UnsetType = UNSET
    data: Raw | UnsetType = UNSET


Tried = tuple[Event, str, Callable[[bytes], Any] | None]
"""What one way of reading makes of a line: the event, where its attributes are, and what decodes this form at once."""
Way = Callable[[bytes], Tried]


class _Other(Exception):
    """A line is of another form than the one that was tried."""


class Vocabulary:
    """
    The kinds of a pack as classes, with reading and writing.

    Args:
        kinds: by name, as in ``Pack.kinds``.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.forms = {name: Form(kind) for name, kind in kinds.items()}
        self._flat = msgspec.json.Decoder(_FlatHeader)
        self._any = msgspec.json.Decoder()
        self._data: dict[str, msgspec.json.Decoder[Any]] = {}
        self._unbounded = {name: form.unbounded for name, form in self.forms.items() if form.unbounded}
        self._ways: list[Way] = [self._try_cloud, self._try_enclosed, self._try_beside]
        self._quick: Callable[[bytes], Any] | None = None  # reads by the first of these ways, where it takes but this

    @cached_property
    def _cloud(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(_union([form.event for form in self.forms.values()]), dec_hook=read_hook)

    @cached_property
    def _enclosed(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(_union([form.enclosed for form in self.forms.values()]), dec_hook=read_hook)

    @property
    def classes(self) -> Mapping[str, type]:
        """The public event classes by kind."""
        return {name: form.public for name, form in self.forms.items()}

    def decode(self, source: Any) -> Event | Stranger:
        """
        Read one event from bytes, text, a mapping, or an object of a public class.

        Returns:
            The event, or a :class:`Stranger` where the pack does not know its kind.

        Raises:
            EventError: it is no event, or its attributes are not what its kind says; names the path.
        """
        quick = self._quick
        if quick is not None and type(source) is bytes and source.isascii() and len(source) <= MAX_LINE:
            try:
                event: Event = quick(source)
            except (msgspec.MsgspecError, RecursionError):
                pass  # it is read once more below, by whoever can say what it is or what is wrong
            else:
                plain = event.kind not in self._unbounded and FIRST_YEAR <= event.time.year <= LAST_YEAR
                return event if plain else self._bounded(event, "$.data")
        if isinstance(source, Event | Stranger):
            return source
        if isinstance(source, str):
            source = _encoded(source)
        if isinstance(source, bytes | bytearray | memoryview):
            return self._decode_bytes(bytes(source))
        return self._from_mapping(self.parsed(source))

    def parsed(self, source: Any) -> Mapping[str, Any]:
        """
        What one event says, as a mapping of which nothing has been checked.

        Args:
            source: bytes, text, a mapping, or an object of a public class.

        Raises:
            EventError: it is no JSON object.
        """
        if isinstance(source, str):
            source = _encoded(source)
        if isinstance(source, bytes | bytearray | memoryview):
            return self._parse(bytes(source))
        if isinstance(source, Mapping):
            return source
        if attrs.has(type(source)) and hasattr(type(source), "event_kind"):
            return self.write(source)
        raise EventError(f"expected bytes, text, a mapping or an event, got {type(source).__name__}")

    def body(self, source: Any) -> bytes:
        """
        What one event says, with all that its kind does not know: the bytes that came, or else JSON in order.

        Args:
            source: as :meth:`decode` takes it.

        Raises:
            EventError: it is nothing that JSON could hold.
        """
        if isinstance(source, str):
            source = _encoded(source)
        if isinstance(source, bytes | bytearray | memoryview):
            return bytes(source).strip()
        plain = self.write(source) if isinstance(source, Event) else self.parsed(source)
        try:
            return msgspec.json.encode(plain, enc_hook=write_hook, order="sorted")
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise EventError(f"not JSON: {reason_of(error)}") from None

    def _decode_bytes(self, line: bytes) -> Event | Stranger:
        ways = self._ways
        for place, way in enumerate(ways):
            try:
                event, where, quick = way(line)
            except (_Other, msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                continue
            if len(line) > MAX_LINE or not (line.isascii() or _is_text(line)):
                break
            if place or self._quick != quick:
                ways.insert(0, ways.pop(place))  # the next event is likely to have the same form
                self._quick = quick
            return self._bounded(event, where)
        return self._from_mapping(self._parse(line))

    def _try_cloud(self, line: bytes) -> Tried:
        return self._cloud.decode(line), "$.data", self._cloud.decode

    def _try_enclosed(self, line: bytes) -> Tried:
        """The flat form with all attributes in ``data``."""
        return self._enclosed.decode(line), "$.data", self._enclosed.decode

    def _try_beside(self, line: bytes) -> Tried:
        """The flat form with all attributes beside the envelope."""
        header = self._flat.decode(line)
        form = self.forms.get(header.kind)
        if form is None or header.data is not UNSET or not form.beside:
            raise _Other
        read = self._data.get(header.kind)
        if read is None:
            read = self._data[header.kind] = msgspec.json.Decoder(form.data, dec_hook=read_hook)
        event = form.event(
            id=header.id, source=header.source, time=header.time, data=read.decode(line), subject=header.subject,
            sequence=header.sequence, recordedtime=header.recordedtime,
        )  # fmt: skip
        return event, "$", None

    def _bounded(self, event: Event, where: str) -> Event:
        refuse_beyond(event.time)
        try:
            for name in self._unbounded.get(event.kind, ()):
                refuse_unbounded(getattr(event.data, name), f"{where}.{name}")
        except EventError as error:
            raise self.forms[event.kind].discreet(error, where) from None
        return event

    def _parse(self, line: bytes) -> Mapping[str, Any]:
        if len(line) > MAX_LINE:
            raise EventError(f"the line is longer than {MAX_LINE:,} bytes")
        if not line.isascii() and not _is_text(line):
            raise EventError("not UTF-8 text")
        try:
            value = self._any.decode(line)
        except RecursionError:
            raise EventError("nested too deeply") from None
        except msgspec.MsgspecError as error:
            raise EventError(f"not JSON: {reason_of(error)}") from None
        if not isinstance(value, dict):
            raise EventError(f"expected a JSON object, got {'null' if value is None else type(value).__name__}")
        return value

    def _from_mapping(self, source: Mapping[str, Any]) -> Event | Stranger:
        cloud, kind, attributes, header = self._split(with_fixed_offsets(source))
        form = self.forms.get(kind)
        if form is None:
            return Stranger(kind, str(header["id"]), str(header.get("source", "")))
        where = "$.data" if cloud or "data" in source else "$"
        try:
            form.require(attributes, where)
            for name in form.unbounded:
                refuse_unbounded(attributes.get(name), f"{where}.{name}")
            data = convert(attributes, form.data, where)
        except EventError as error:
            raise form.discreet(error, where) from None
        made = convert({**header, "type": kind, "data": {}, "source": header.get("source", "")}, Event, "$")
        refuse_beyond(made.time)
        return form.event(
            id=made.id, source=made.source, time=made.time, data=data, subject=made.subject,
            sequence=made.sequence, recordedtime=made.recordedtime,
        )  # fmt: skip

    def _split(self, source: Mapping[str, Any]) -> tuple[bool, str, dict[str, Any], dict[str, Any]]:
        """Whether it is a CloudEvent, its kind, its attributes and its envelope."""
        cloud = _is_cloud(source)
        if source.get("specversion", "1.0") != "1.0":
            raise EventError("only CloudEvents 1.0 is read", "$.specversion")
        key = "type" if cloud else "kind"
        if key not in source:
            raise lacking(key, source)
        kind = source[key]
        if not isinstance(kind, str):
            raise EventError(f"expected `str`, got `{type(kind).__name__}`", f"$.{key}")
        for name in ("id", "source", "time") if cloud else ("id", "time"):
            if name not in source:
                raise lacking(name, source)
        data = source.get("data", {})
        if not isinstance(data, Mapping):
            raise EventError(f"expected `object`, got `{type(data).__name__}`", "$.data")
        attributes = dict(data)
        if not cloud:
            for name, value in source.items():
                if name not in ENVELOPE:
                    if name in attributes and attributes[name] != value:
                        raise EventError("given twice, beside the envelope and in data, with two values", f"$.{name}")
                    attributes[name] = value
        header = {name: source[name] for name in source if name in ENVELOPE - {"data", "type", "kind", "specversion"}}
        convert({**header, "source": header.get("source", ""), "data": {}}, Event, "$")
        return cloud, self.known_kind(kind), attributes, header

    def unknown(self, source: Any) -> list[Unknown]:
        """
        The attributes of one event that its kind does not know; none where the kind is unknown, too.

        They are kept and nothing reads them, so a name that is misspelt says nothing to any rule.

        Args:
            source: what :meth:`decode` takes as an event.

        Raises:
            EventError: it is no JSON object.

        >>> from oversight.runner.packs import load
        >>> events = vocabulary_of(load("camera-programme"))
        >>> told = {"target": {"level": "camera", "id": ["cam-1"]}, "reasn": "a trial"}
        >>> [one.path for one in events.unknown({"kind": "capability.enabled", **told})]
        ['reasn', 'target.id']
        """
        mapping = self.parsed(source)
        cloud = _is_cloud(mapping)
        form = self.forms.get(self.known_kind(str(mapping.get("type" if cloud else "kind"))))
        if form is None:
            return []
        data = mapping.get("data")
        attributes = data if isinstance(data, Mapping) else {}
        if not cloud and not ENVELOPE.issuperset(mapping):
            attributes = {**attributes, **{name: mapping[name] for name in mapping if name not in ENVELOPE}}
        return form.unknown(attributes)

    def known_kind(self, kind: str) -> str:
        """
        *kind* without the prefix a publisher may have put before it (``org.example.camera.activated``).
        """
        if kind in self.forms:
            return kind
        rest = kind
        while "." in rest:
            rest = rest.split(".", 1)[1]
            if rest in self.forms:
                return rest
        return kind

    def nearest_kind(self, kind: str) -> str:
        """The known kind most like *kind*, or an empty string."""
        return nearest(kind, self.forms)

    def read(self, source: Any) -> Any:
        """
        Read one event as an object of its public class; what its kind does not know is kept in ``extra``.

        Args:
            source: bytes, text or a mapping.

        Raises:
            EventError: as :meth:`decode`, and where the kind is unknown.
        """
        mapping = self.parsed(source)
        event = self.decode(mapping)
        if isinstance(event, Stranger):
            near = self.nearest_kind(event.kind)
            raise EventError(
                f"unknown kind '{printable(event.kind, 80)}'" + (f", did you mean {near!r}?" if near else "")
            )
        _, _, attributes, _ = self._split(mapping)
        form = self.forms[event.kind]
        envelope = Envelope(
            event.id, event.time, event.source, _known(event.subject), _known(event.sequence),
            _known(event.recordedtime), {k: v for k, v in mapping.items() if k in _extensions(mapping)},
        )  # fmt: skip
        values = {
            member: _kept(_known(getattr(event.data, name)), attributes.get(name))
            for member, name in form.members.items()
        }
        extra = {name: value for name, value in attributes.items() if name not in form.names}
        return form.public(event=envelope, extra=extra, **values)

    def write(self, event: Any) -> dict[str, Any]:
        """The CloudEvents 1.0 JSON object of *event*, an object of a public class or of the rooms."""
        if isinstance(event, Event):
            data = {n: v for n in event.data.__struct_fields__ if (v := getattr(event.data, n)) is not UNSET}
            envelope = Envelope(
                event.id, event.time, event.source, _known(event.subject), _known(event.sequence),
                _known(event.recordedtime),
            )  # fmt: skip
        else:
            envelope = event.event
            named = {name: getattr(event, m) for m, name in self.forms[event.event_kind].members.items()}
            data = {name: value for name, value in named.items() if value is not None} | dict(event.extra)
        written: dict[str, Any] = {"specversion": "1.0", "id": envelope.id, "source": envelope.source}
        written["type"] = event.kind if isinstance(event, Event) else event.event_kind
        if envelope.subject is not None:
            written["subject"] = envelope.subject
        written["time"] = format_instant(envelope.time)
        if envelope.sequence is not None:
            written["sequence"] = envelope.sequence
        if envelope.recorded is not None:
            written["recordedtime"] = format_instant(envelope.recorded)
        written.update(envelope.extensions)
        written["data"] = msgspec.to_builtins(data, enc_hook=write_hook)
        return written


def replaced(event: Event, values: Mapping[str, Any], subject: str | UnsetType) -> Event:
    """
    *event* with other values of some of its attributes.

    Args:
        event: decoded.
        values: by name, each of the type that its kind says.
        subject: of its envelope.
    """
    data = msgspec.structs.replace(event.data, **values)
    return msgspec.structs.replace(event, data=data, subject=subject)


def retracts(event: Event) -> str | None:
    """The id that *event* takes out of the history, or ``None``."""
    corrects = event.data.corrects
    return None if corrects is UNSET else corrects


def _is_cloud(source: Mapping[str, Any]) -> bool:
    """Whether it is a CloudEvent, and not of the flat form."""
    return "specversion" in source or ("type" in source and "kind" not in source)


def _known(value: Any) -> Any:
    return None if value is UNSET else value


def _kept(value: Any, original: Any) -> Any:
    """*value* with those keys of *original* that its type does not know."""
    if isinstance(value, dict) and isinstance(original, Mapping):
        return {**original, **{key: _kept(item, original.get(key)) for key, item in value.items()}}
    if isinstance(value, list) and isinstance(original, list) and len(value) == len(original):
        return [_kept(item, other) for item, other in zip(value, original, strict=True)]
    return value


def _extensions(mapping: Mapping[str, Any]) -> set[str]:
    kept = {"datacontenttype", "dataschema"}
    return {n for n in mapping if n in kept or n not in ENVELOPE} if "specversion" in mapping else kept & set(mapping)


def _union(types: Sequence[Any]) -> Any:
    union = types[0]
    for each in types[1:]:
        union = union | each
    return union


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EventError("not UTF-8 text") from None


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


_VOCABULARIES: dict[int, Vocabulary] = {}
"""By the address of the pack, for as long as that lives."""


def vocabulary_of(pack: Pack) -> Vocabulary:
    """
    The vocabulary of a pack, one for all who ask with this very object: packs that are equal are not looked for.

    Args:
        pack: checked.

    Raises:
        TypeError: it is no pack.
    """
    if not isinstance(pack, Pack):
        said = f": load({pack!r})" if isinstance(pack, str) else ""
        raise TypeError(f"expected a pack, as oversight.load gives it, not {type(pack).__name__}{said}")
    found = _VOCABULARIES.get(id(pack))
    if found is None:
        found = _VOCABULARIES[id(pack)] = Vocabulary(pack.kinds)
        weakref.finalize(pack, _VOCABULARIES.pop, id(pack), None).atexit = False
    return found
