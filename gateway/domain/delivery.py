"""Deliveries, attempts and dead letters: the duty to bring one event to one subscription, and its history."""

import hashlib
import uuid
from dataclasses import dataclass, replace
from enum import Enum

from gateway.domain.event import SourcePosition
from gateway.domain.outcome import Reason

MAX_EXCERPT_CHARS = 1024
MAX_ERROR_CHARS = 300
# Kafka's default limit is 1 MB for a record with its key and headers, and a delivery grows with its attempts.
MAX_RECORD_BYTES = 950_000
# What receivers are asked to take; the largest that can be configured leaves room for the rest of the record.
DEFAULT_MAX_BODY_BYTES = 262_144
LARGEST_MAX_BODY_BYTES = 921_600
# The reason of a dead letter's note that says that nobody wants it any more.
PURGED = "purged"
# What began a delivery that an operator made up to try an endpoint.
TEST_TRIGGER = "test"
# Random once, fixed for good: two gateways must derive the same delivery id.
_NAMESPACE = uuid.UUID("6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11").bytes


class Priority(Enum):
    """Whether a delivery overtakes the normal ones that wait for the same subscription."""

    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AttemptSummary:
    """What a delivery carries along of each attempt already made."""

    attempt_number: int
    started_at_ms: int
    duration_ms: int
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """The duty to bring one event to one subscription; also what retry tiers and the dead-letter topic hold.

    Attributes:
        delivery_id: deterministic, see `delivery_id_of`.
        subscription_id: to whom.
        tenant: whose.
        event_id: sent as `webhook-id`, the same on every attempt and replay.
        event_type: e.g. `order.created`.
        schema_version: the version that the body is in.
        event_key: the event record's Kafka key, or None.
        source: where the event was read.
        traceparent: W3C trace context, or None.
        content_type: media type of the body.
        body: the exact bytes that are sent and signed.
        planned_at_ms: when the stream planned it.
        due_at_ms: not before this; 0 for at once.
        trigger: `event`; `replay` or `test` when an operator asked for it.
        attempts: what was tried so far, oldest first.
        reason: why it is in the dead-letter topic, or, on its way there, why it has no body; None elsewhere.
        dead_lettered_at_ms: since when; None elsewhere.
        not_before_ms: the producer asked for it to be sent no earlier; 0 for at once.
        priority: whether it overtakes others that wait.
        content_headers: request headers that belong to the body, as (name, value) pairs.
        sensitive_fields: the sensitive fields that the body may hold, by the paths that its subscription was granted.
        replay_id: which replay of past events planned it; empty where none did.
    """

    delivery_id: str
    subscription_id: str
    tenant: str
    event_id: str
    event_type: str
    schema_version: int
    event_key: bytes | None
    source: SourcePosition
    traceparent: str | None
    content_type: str
    body: bytes
    planned_at_ms: int
    due_at_ms: int = 0
    trigger: str = "event"
    attempts: tuple[AttemptSummary, ...] = ()
    reason: str | None = None
    dead_lettered_at_ms: int | None = None
    not_before_ms: int = 0
    priority: Priority = Priority.NORMAL
    content_headers: tuple[tuple[str, str], ...] = ()
    sensitive_fields: tuple[str, ...] = ()
    replay_id: str = ""

    @property
    def next_attempt_number(self) -> int:
        """The number that the next attempt gets, from 1."""
        return len(self.attempts) + 1

    @property
    def is_test(self) -> bool:
        """Tell whether it tries an endpoint: it is attempted once, and nobody misses it if that fails."""
        return self.trigger == TEST_TRIGGER

    def retried(self, attempt: AttemptSummary, due_at_ms: int) -> "Delivery":
        """The same duty with one more attempt behind it, due later."""
        return replace(self, attempts=(*self.attempts, attempt), due_at_ms=due_at_ms)

    def dead_lettered(self, attempts: tuple[AttemptSummary, ...], reason: Reason, now_ms: int) -> "Delivery":
        """The same duty, given up for `reason`."""
        return replace(self, attempts=attempts, reason=reason.value, due_at_ms=0, dead_lettered_at_ms=now_ms)

    def replayed(self, now_ms: int, replay_id: str = "") -> "Delivery":
        """The same duty begun again by an operator, its attempts counted from 1 and in no hurry."""
        return replace(
            self,
            trigger="replay",
            attempts=(),
            reason=None,
            dead_lettered_at_ms=None,
            due_at_ms=0,
            not_before_ms=0,
            planned_at_ms=now_ms,
            priority=Priority.NORMAL,
            replay_id=replay_id,
        )

    def purged(self, now_ms: int) -> "Delivery":
        """The note that a dead letter is not to be replayed: a round of its own, in which nothing is to be sent."""
        return replace(self.replayed(now_ms), body=b"", reason=PURGED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """The record of one attempt, or of a delivery's end without one (`attempt_number` is then the last made).

    Attributes:
        outcome: `delivered`, `retry_scheduled`, `put_off` (it does not count), `dead_lettered`, `discarded`.
        reason: why, where it was not delivered.
        status: the HTTP status, or None where there was no answer.
        error: an ErrorCode's value, or None.
        error_detail: one line for people, or None.
        due_at_ms: when the next attempt is due, or None.
        response_excerpt: the beginning of the response body.
        response_headers: those that are kept, see `gateway.domain.foreign_text`.
        replay_id: which replay of past events it belongs to; empty where to none.
    """

    delivery_id: str
    subscription_id: str
    tenant: str
    event_id: str
    event_type: str
    attempt_number: int
    max_attempts: int
    trigger: str
    started_at_ms: int
    duration_ms: int
    outcome: str
    reason: str | None
    status: int | None
    error: str | None
    error_detail: str | None
    due_at_ms: int | None
    response_excerpt: str
    response_headers: tuple[tuple[str, str], ...] = ()
    replay_id: str = ""

    @property
    def was_made(self) -> bool:
        """Tell an attempt from the record of an end without one: a request leaves a status or an error."""
        return self.status is not None or self.error is not None


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event record that could not become deliveries: the original bytes, the reason and where it was."""

    source: SourcePosition
    source_key: bytes | None
    source_value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    reason: str
    detail: str
    rejected_at_ms: int

    def keepable(self) -> "RejectedEvent":
        """The same, but without key, value and headers where they would not fit a record of their own."""
        # The key lies in the record's own key as well.
        size = 2 * len(self.source_key or b"") + len(self.source_value or b"")
        size += sum(len(name) + len(value) for name, value in self.headers)
        if size <= MAX_RECORD_BYTES:
            return self
        detail = f"{self.detail} (too large to be kept here: see where it was read)"
        return replace(self, source_key=None, source_value=None, headers=(), detail=detail)


def delivery_id_of(event_id: str, subscription_id: str) -> str:
    """Derive the delivery's id (a name-based UUID of version 8, RFC 9562 section 5.8) from event and subscription.

    A stream that is killed between producing a delivery and committing the event plans it again: the same inputs
    must give the same id, so that the repeat is recognised as one delivery.
    """
    name = f"{subscription_id}\0{event_id}".encode()
    digest = bytearray(hashlib.blake2b(_NAMESPACE + name, digest_size=16).digest())
    # By hand: uuid.UUID knows version 8 only since Python 3.14, and takes longer than the hash.
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
