"""Decoded data → the values that expressions are evaluated on, and how much they are.

Plain ones, for the library to take over: a decimal becomes a double, what has no type in CEL (dates, times, uuids) the
text that the body shows, an aware time a timestamp. The library takes texts as C strings; one that it would cut off, or
stumble over, is refused.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.shaping.cel_types import EVENT_WORDS
from gateway.wire.rendering import json_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnusableTextError(ValueError):
    """A text holds what no expression can read: U+0000, or half of a surrogate pair."""


class Values:
    """What is made of one event's data.

    Attributes:
        data: the values.
        largest: how many items the largest array, map or record in it has.
        size: how many characters and bytes all texts in it have.
    """

    def __init__(self, data: Any) -> None:
        self.largest = 0
        self.size = 0
        self.data = self._value(data)

    def _value(self, value: Any) -> Any:
        # By the exact type, the most frequent ones first: this is done for every event that meets a filter.
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind in _AS_THEY_ARE:
            return value
        if kind is dict:
            self.largest = max(self.largest, len(value))
            return {self._text(key): self._value(item) for key, item in value.items()}
        if kind is list:
            self.largest = max(self.largest, len(value))
            return [self._value(item) for item in value]
        if kind is bytes:
            self.size += len(value)
            return bytearray(value)
        convert = _CONVERSIONS.get(kind)
        if convert is None:
            raise TypeError(f"a {kind.__name__} is no value of an Avro schema")
        return convert(value)

    def _text(self, text: str) -> str:
        self.size += len(text)
        return readable_text(text)


def readable_text(text: str) -> str:
    """Return a text if an expression can read it.

    Raises:
        UnusableTextError: it can't.
    """
    if "\0" in text:
        raise UnusableTextError("a text holds the character U+0000")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnusableTextError("a text holds half of a surrogate pair") from None
    return text


def timestamp(moment: datetime) -> Timestamp:
    """Make a timestamp of an aware time."""
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def _moment(moment: datetime) -> Timestamp | str:
    """Make a text of a local time: without a zone it is no point in time."""
    return json_text(moment) if moment.tzinfo is None else timestamp(moment)


_AS_THEY_ARE = frozenset({type(None), bool, int, float})
_CONVERSIONS: dict[type, Callable[[Any], Any]] = {
    Decimal: float,
    datetime: _moment,
    date: json_text,
    time: json_text,
    UUID: str,
}


def event_values(event: Mapping[str, Any], time_ms: int) -> dict[str, Any]:
    """Give the values of `event`.

    Args:
        event: its attributes by name, but for the time.
        time_ms: when it happened, milliseconds since the epoch.

    Raises:
        UnusableTextError: one of them can't be read.
    """
    values = {name: event[name] for name in EVENT_WORDS if name != "time"}
    for value in values.values():
        if value is not None:
            readable_text(value)
    return {**values, "time": Timestamp(seconds=time_ms // 1000, nanos=time_ms % 1000 * 1_000_000)}
