"""The codec of `events.rejected`."""

from functools import cache
from typing import Any

from gateway.domain.delivery import RejectedEvent
from gateway.domain.event import SourcePosition
from gateway.wire.record_codec import RecordCodec


def _to_avro(rejected: RejectedEvent) -> dict[str, Any]:
    return {
        "source_topic": rejected.source.topic,
        "source_partition": rejected.source.partition,
        "source_offset": rejected.source.offset,
        "source_key": rejected.source_key,
        "source_value": rejected.source_value,
        "headers": [{"name": name, "value": value} for name, value in rejected.headers],
        "reason": rejected.reason,
        "detail": rejected.detail,
        "rejected_at_ms": rejected.rejected_at_ms,
    }


def _from_avro(value: dict[str, Any]) -> RejectedEvent:
    source = SourcePosition(value.pop("source_topic"), value.pop("source_partition"), value.pop("source_offset"))
    headers = tuple((header["name"], header["value"]) for header in value.pop("headers"))
    return RejectedEvent(source=source, headers=headers, **value)


@cache
def rejected_codec() -> RecordCodec[RejectedEvent]:
    """The codec of `events.rejected`."""
    return RecordCodec("rejected_event", _to_avro, _from_avro)
