"""The gateway's own records: domain objects ↔ Avro values, and a codec for each kind.

Deliveries and attempts are taken apart and put together field by field: egress reads one and writes the other for
every delivery, and it costs half of what a loop over the names does.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from gateway.domain.delivery import Attempt, AttemptSummary, Delivery, Priority
from gateway.domain.event import SourcePosition
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import RetryPolicy
from gateway.domain.subscription import (
    ClientCertificate,
    ContentMode,
    CustomHeader,
    DeliveryOrder,
    OnFilterError,
    Sealed,
    SealedSecret,
    SignatureProfile,
    Subscription,
    SubscriptionState,
    check_sendable,
)
from gateway.domain.tiers import parse_tier
from gateway.wire.record_codec import RecordCodec, checked_ints


def _delivery_to_avro(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.delivery_id,
        "subscription_id": delivery.subscription_id,
        "tenant": delivery.tenant,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "schema_version": delivery.schema_version,
        "event_key": delivery.event_key,
        "source_topic": delivery.source.topic,
        "source_partition": delivery.source.partition,
        "source_offset": delivery.source.offset,
        "traceparent": delivery.traceparent,
        "content_type": delivery.content_type,
        "body": delivery.body,
        "planned_at_ms": delivery.planned_at_ms,
        "due_at_ms": delivery.due_at_ms,
        "trigger": delivery.trigger,
        "attempts": _attempts_to_avro(delivery.attempts),
        "reason": delivery.reason,
        "dead_lettered_at_ms": delivery.dead_lettered_at_ms,
        "not_before_ms": delivery.not_before_ms,
        "priority": delivery.priority.value,
        "content_headers": [{"name": name, "value": value} for name, value in delivery.content_headers],
        "sensitive_fields": list(delivery.sensitive_fields),
        "replay_id": delivery.replay_id,
    }


def _attempts_to_avro(attempts: tuple[AttemptSummary, ...]) -> list[dict[str, Any]]:
    return [
        {
            "attempt_number": attempt.attempt_number,
            "started_at_ms": attempt.started_at_ms,
            "duration_ms": attempt.duration_ms,
            "status": attempt.status,
            "error": attempt.error,
        }
        for attempt in attempts
    ]


def _attempts_from(value: dict[str, Any]) -> tuple[AttemptSummary, ...]:
    return tuple(AttemptSummary(**checked_ints(attempt, "status")) for attempt in value.pop("attempts"))


_PRIORITIES = {priority.value: priority for priority in Priority}


def _delivery_from_avro(value: dict[str, Any]) -> Delivery:
    return Delivery(
        delivery_id=value["delivery_id"],
        subscription_id=value["subscription_id"],
        tenant=value["tenant"],
        event_id=value["event_id"],
        event_type=value["event_type"],
        schema_version=value["schema_version"],
        event_key=value["event_key"],
        source=SourcePosition(value["source_topic"], value["source_partition"], value["source_offset"]),
        traceparent=value["traceparent"],
        content_type=value["content_type"],
        body=value["body"],
        planned_at_ms=value["planned_at_ms"],
        due_at_ms=value["due_at_ms"],
        trigger=value["trigger"],
        attempts=_attempts_from(value),
        reason=value["reason"],
        dead_lettered_at_ms=value["dead_lettered_at_ms"],
        not_before_ms=value["not_before_ms"],
        priority=_PRIORITIES[value["priority"]],
        content_headers=tuple((header["name"], header["value"]) for header in value["content_headers"]),
        sensitive_fields=tuple(value["sensitive_fields"]),
        replay_id=value["replay_id"],
    )


def _attempt_to_avro(attempt: Attempt) -> dict[str, Any]:
    return {
        "delivery_id": attempt.delivery_id,
        "subscription_id": attempt.subscription_id,
        "tenant": attempt.tenant,
        "event_id": attempt.event_id,
        "event_type": attempt.event_type,
        "attempt_number": attempt.attempt_number,
        "max_attempts": attempt.max_attempts,
        "trigger": attempt.trigger,
        "started_at_ms": attempt.started_at_ms,
        "duration_ms": attempt.duration_ms,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "status": attempt.status,
        "error": attempt.error,
        "error_detail": attempt.error_detail,
        "due_at_ms": attempt.due_at_ms,
        "response_excerpt": attempt.response_excerpt,
        "response_headers": [{"name": name, "value": value} for name, value in attempt.response_headers],
        "replay_id": attempt.replay_id,
    }


def _attempt_from_avro(value: dict[str, Any]) -> Attempt:
    headers = tuple((header["name"], header["value"]) for header in value.pop("response_headers"))
    return Attempt(response_headers=headers, **checked_ints(value, "status"))


def _subscription_to_avro(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscription_id": subscription.subscription_id,
        "tenant": subscription.tenant,
        "url": subscription.url,
        "event_types": list(subscription.event_types),
        "secrets": [
            {
                "key_id": secret.key_id,
                "ciphertext": secret.ciphertext,
                "created_at_ms": secret.created_at_ms,
                "expires_at_ms": secret.expires_at_ms,
            }
            for secret in subscription.secrets
        ],
        "created_at_ms": subscription.created_at_ms,
        "updated_at_ms": subscription.updated_at_ms,
        "revision": subscription.revision,
        "description": subscription.description,
        "signature_profiles": [profile.value for profile in subscription.signature_profiles],
        "timeout_s": subscription.timeout_s,
        "max_in_flight": subscription.max_in_flight,
        "retry_tiers": [tier.name for tier in subscription.retry_policy.tiers],
        "fail_fast": subscription.retry_policy.fail_fast,
        "state": subscription.state.value,
        "state_reason": subscription.state_reason,
        "rate_per_s": None if subscription.rate_limit is None else subscription.rate_limit.per_s,
        "rate_burst": None if subscription.rate_limit is None else subscription.rate_limit.burst,
        "order": subscription.order.value,
        "state_changed_at_ms": subscription.state_changed_at_ms,
        "failing_since_ms": subscription.failing_since_ms,
        "headers": [{"name": header.name, **_sealed_to_avro(header.value)} for header in subscription.headers],
        "ca_bundle": subscription.ca_bundle,
        "client_certificate": _certificate_to_avro(subscription.client_certificate),
        "pins": dict(subscription.pins),
        "follow_latest": subscription.follow_latest,
        "content_mode": subscription.content_mode.value,
        "filter": subscription.filter,
        "on_filter_error": subscription.on_filter_error.value,
        "sensitive_grants": list(subscription.sensitive_grants),
        "transform": subscription.transform,
    }


def _sealed_to_avro(sealed: Sealed) -> dict[str, Any]:
    return {"key_id": sealed.key_id, "ciphertext": sealed.ciphertext}


def _certificate_to_avro(certificate: ClientCertificate | None) -> dict[str, Any] | None:
    return None if certificate is None else {"chain": certificate.chain, **_sealed_to_avro(certificate.key)}


# A hundred thousand subscriptions have a handful of policies and profiles: reading the table takes half the time,
# and they share the objects.
@lru_cache(maxsize=1024)
def _policy_from(tier_names: tuple[str, ...], fail_fast: bool) -> RetryPolicy:  # noqa: FBT001 - as in the record
    return RetryPolicy(tuple(parse_tier(name) for name in tier_names), fail_fast)


@lru_cache(maxsize=64)
def _profiles_from(names: tuple[str, ...]) -> tuple[SignatureProfile, ...]:
    return tuple(SignatureProfile(name) for name in names)


def _rate_limit_from(per_s: float | None, burst: int | None) -> RateLimit | None:
    return None if per_s is None or burst is None else RateLimit(per_s, burst)


def _header_from(value: dict[str, Any]) -> CustomHeader:
    return CustomHeader(value["name"], Sealed(value["key_id"], value["ciphertext"]))


def _certificate_from(value: dict[str, Any] | None) -> ClientCertificate | None:
    if value is None:
        return None
    return ClientCertificate(value["chain"], Sealed(value["key_id"], value["ciphertext"]))


def _subscription_from_avro(value: dict[str, Any]) -> Subscription:
    subscription = Subscription(
        event_types=tuple(value.pop("event_types")),
        secrets=tuple(SealedSecret(**secret) for secret in value.pop("secrets")),
        signature_profiles=_profiles_from(tuple(value.pop("signature_profiles"))),
        retry_policy=_policy_from(tuple(value.pop("retry_tiers")), value.pop("fail_fast")),
        state=SubscriptionState(value.pop("state")),
        rate_limit=_rate_limit_from(value.pop("rate_per_s"), value.pop("rate_burst")),
        order=DeliveryOrder(value.pop("order")),
        headers=tuple(_header_from(header) for header in value.pop("headers")),
        client_certificate=_certificate_from(value.pop("client_certificate")),
        pins=tuple(sorted(value.pop("pins").items())),
        content_mode=ContentMode(value.pop("content_mode")),
        on_filter_error=OnFilterError(value.pop("on_filter_error")),
        sensitive_grants=tuple(value.pop("sensitive_grants")),
        **value,
    )
    return check_sendable(subscription)


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """From where a lagging subscription, or one key of an ordered one, has to be read in one partition of one topic.

    Attributes:
        offset: the lowest one that is not settled.
        event_key: the key, or None where the whole subscription lags.
        due_at_ms: the delivery at `offset` is not tried before.
        attempts: what was tried of that delivery.
        settled: which offsets beyond are settled, see `gateway.domain.offsets`.
    """

    subscription_id: str
    topic: str
    partition: int
    offset: int
    event_key: bytes | None = None
    due_at_ms: int = 0
    attempts: tuple[AttemptSummary, ...] = ()
    settled: str = ""

    def __post_init__(self) -> None:
        if self.offset < 0:
            raise ValueError(f"there is no offset {self.offset}")


def _cursor_to_avro(cursor: CursorRecord) -> dict[str, Any]:
    return {
        "subscription_id": cursor.subscription_id,
        "topic": cursor.topic,
        "partition": cursor.partition,
        "offset": cursor.offset,
        "event_key": cursor.event_key,
        "due_at_ms": cursor.due_at_ms,
        "attempts": _attempts_to_avro(cursor.attempts),
        "settled": cursor.settled,
    }


@cache
def cursor_codec() -> RecordCodec[CursorRecord]:
    """The codec of `gateway.cursors`."""
    return RecordCodec("cursor", _cursor_to_avro, lambda value: CursorRecord(attempts=_attempts_from(value), **value))


@cache
def delivery_codec() -> RecordCodec[Delivery]:
    """The codec of `deliveries`, the retry tiers and the dead-letter topic."""
    return RecordCodec("delivery", _delivery_to_avro, _delivery_from_avro)


@cache
def attempt_codec() -> RecordCodec[Attempt]:
    """The codec of `attempts`."""
    return RecordCodec("attempt", _attempt_to_avro, _attempt_from_avro)


@cache
def subscription_codec() -> RecordCodec[Subscription]:
    """The codec of `subscriptions`."""
    return RecordCodec("subscription", _subscription_to_avro, _subscription_from_avro)
