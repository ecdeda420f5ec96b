"""What became of a delivery, as people are told it. `gateway.domain.folding` makes it from the records.

Some of it may be unknown: topics forget (retention), and a scan reads only so far back.
"""

from dataclasses import dataclass
from enum import Enum


class DeliveryState(Enum):
    """Where a delivery stands, in the order of its steps."""

    PENDING = "pending"
    RETRY_SCHEDULED = "retry_scheduled"
    DISCARDED = "discarded"
    DEAD_LETTERED = "dead_lettered"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """One attempt, as far as the records found tell of it.

    Attributes:
        attempt_number: from 1, counted anew in each round.
        max_attempts: how many the round could have, or None where only a summary was found.
        trigger: `event`, `replay` or `test`.
        started_at_ms: when the request was begun, milliseconds since the epoch.
        duration_ms: how long it took.
        status: the HTTP status, or None where there was no answer.
        error: an ErrorCode's value, or None.
        error_detail: one line for people, or None.
        outcome: what followed (`delivered`, `retry_scheduled`, …), or None where only a summary was found.
        reason: why it was not delivered, or None.
        due_at_ms: when the next attempt was due, or None.
        response_excerpt: the beginning of the response body.
        response_headers: those that are kept, see `gateway.domain.foreign_text`.
        replay_id: which replay of past events it belongs to; empty where to none, or where only a summary was found.
    """

    attempt_number: int
    max_attempts: int | None
    trigger: str
    started_at_ms: int
    duration_ms: int
    status: int | None
    error: str | None
    error_detail: str | None = None
    outcome: str | None = None
    reason: str | None = None
    due_at_ms: int | None = None
    response_excerpt: str = ""
    response_headers: tuple[tuple[str, str], ...] = ()
    replay_id: str = ""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """That a delivery went to the dead-letter topic: when, and why."""

    at_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryHistory:
    """One delivery's story so far.

    Attributes:
        delivery_id: which delivery.
        event_id: of which event; sent as `webhook-id`.
        event_type: e.g. `order.created`.
        subscription_id: to whom.
        tenant: whose.
        state: where the newest round stands.
        reason: why it is in that state, or why the newest attempt failed; None where nothing failed.
        due_at_ms: not tried again before this; None unless it waits.
        planned_at_ms: when the event's round was planned, or None where no record found tells.
        replayed_at_ms: when the newest replay was asked for, or None.
        dead_letter: the newest dead letter of any round, or None.
        changed_at_ms: when the newest of the records found came to be.
        attempts: every attempt of every round, oldest first.
    """

    delivery_id: str
    event_id: str
    event_type: str
    subscription_id: str
    tenant: str
    state: DeliveryState
    reason: str | None
    due_at_ms: int | None
    planned_at_ms: int | None
    replayed_at_ms: int | None
    dead_letter: GivenUp | None
    changed_at_ms: int
    attempts: tuple[PastAttempt, ...]
