"""The codec of `gateway.replays`."""

from functools import cache
from typing import Any

from gateway.domain.replay import DeliveryStatus, Replay, ReplaySource, ReplayState, Stretch, Wanted
from gateway.wire.record_codec import RecordCodec


def _to_avro(replay: Replay) -> dict[str, Any]:
    wanted = replay.wanted
    return {
        "replay_id": replay.replay_id,
        "state": replay.state.value,
        "run": replay.run,
        "actor": replay.actor,
        "started_at_ms": replay.started_at_ms,
        "updated_at_ms": replay.updated_at_ms,
        "since_ms": wanted.since_ms,
        "event_types": list(wanted.event_types),
        "tenants": list(wanted.tenants),
        "subscription_ids": list(wanted.subscription_ids),
        "statuses": [status.value for status in wanted.statuses],
        "filter": wanted.filter,
        "rate_per_s": replay.rate_per_s,
        "stretches": [{name: getattr(one, name) for name in Stretch.__slots__} for one in replay.stretches],
        "deliveries": replay.deliveries,
        "passed": dict(replay.passed),
        "source": wanted.source.value,
        "reasons": list(wanted.reasons),
    }


def _from_avro(value: dict[str, Any]) -> Replay:
    wanted = Wanted(
        since_ms=value.pop("since_ms"),
        event_types=tuple(value.pop("event_types")),
        tenants=tuple(value.pop("tenants")),
        subscription_ids=tuple(value.pop("subscription_ids")),
        statuses=tuple(DeliveryStatus(status) for status in value.pop("statuses")),
        filter=value.pop("filter"),
        source=ReplaySource(value.pop("source")),
        reasons=tuple(value.pop("reasons")),
    )
    return Replay(
        wanted=wanted,
        state=ReplayState(value.pop("state")),
        stretches=tuple(Stretch(**one) for one in value.pop("stretches")),
        passed=tuple(sorted(value.pop("passed").items())),
        **value,
    )


@cache
def replay_codec() -> RecordCodec[Replay]:
    """The codec of `gateway.replays`."""
    return RecordCodec("replay", _to_avro, _from_avro)
