"""Step ②→③: decoded data → JSON, as every content mode that writes JSON has it; and the body of the mode `webhook`.

That body is compact JSON `{"id","type","timestamp","data"}`. Types that JSON lacks:

    timestamp      RFC 3339 in UTC with milliseconds and `Z`; microseconds where there are any
    local time     the same without `Z`
    date, time     ISO 8601
    decimal        a string with all its digits: a JSON number would be rounded by most readers
    uuid, enum     a string
    bytes, fixed   standard base64
    NaN, infinity  null: JSON has no word for them

A long is a JSON number, also above 2^53.
"""

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson

from gateway.domain.event import Event

CONTENT_TYPE = "application/json"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC_OFFSET = "+00:00"
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


def render_webhook(event: Event, data: dict[str, Any]) -> bytes:
    """Give the body of content mode `webhook`.

    Args:
        event: whose id, type and time stand around the data.
        data: the decoded data, as fastavro gives it.

    Raises:
        TypeError: a value of a type that no Avro schema decodes to.
    """
    return render_body(event.event_id, event.event_type, event.time_ms, data)


def render_body(event_id: str, event_type: str, time_ms: int, data: dict[str, Any]) -> bytes:
    """Give the same of an event that is still to be published.

    Args:
        event_id: its id.
        event_type: its type.
        time_ms: when it happened, milliseconds since the epoch.
        data: the decoded data.
    """
    body = {
        "id": event_id,
        "type": event_type,
        "timestamp": rfc3339(_EPOCH + timedelta(milliseconds=time_ms)),
        "data": data,
    }
    return orjson.dumps(body, default=json_text, option=_OPTIONS)


def render_data(data: Any) -> bytes:
    """Give an event's data alone, in the same form; `gateway.wire.json_data` reads it back."""
    return orjson.dumps(data, default=json_text, option=_OPTIONS)


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC with milliseconds and `Z`, or with microseconds where it has them.

    A moment without a time zone (Avro's local timestamps) is written without `Z`.
    """
    timespec = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    if moment.tzinfo is None:
        return moment.isoformat(timespec=timespec)
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec=timespec)[: -len(_UTC_OFFSET)] + "Z"


def json_text(value: Any) -> str:
    """Write a value of a type that JSON lacks.

    Raises:
        TypeError: no Avro schema decodes to its type.
    """
    match value:
        case datetime():
            return rfc3339(value)
        case Decimal():
            return format(value, "f")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat(timespec="microseconds" if value.microsecond % 1000 else "milliseconds")
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            raise TypeError(f"a {type(value).__name__} can't be rendered")
