"""The codec of `gateway.signals`.

A kind that a newer gateway made up is undecodable here: whoever lists signals says how many those were.
"""

from functools import cache
from typing import Any

from gateway.domain.signals import Signal, SignalKind
from gateway.wire.record_codec import RecordCodec, checked_ints


def _to_avro(signal: Signal) -> dict[str, Any]:
    return {**{name: getattr(signal, name) for name in Signal.__slots__}, "kind": signal.kind.value}


def _from_avro(value: dict[str, Any]) -> Signal:
    return Signal(kind=SignalKind(value.pop("kind")), **checked_ints(value, "count", "failures", "waiting"))


@cache
def signal_codec() -> RecordCodec[Signal]:
    """The codec of `gateway.signals`."""
    return RecordCodec("signal", _to_avro, _from_avro)
