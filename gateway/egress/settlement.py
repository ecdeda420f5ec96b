"""Steps ⑥ and ⑦: what an attempt came to, as records; and the settling of a delivery once Kafka has them all.

Pure but for the logging line: the records are produced elsewhere.
"""

from dataclasses import dataclass, replace
from functools import partial

import structlog

from gateway.domain.cursor import Retrying
from gateway.domain.delivery import Attempt, AttemptSummary, Delivery
from gateway.domain.outcome import Answered, Failed, Reason, Verdict, classify
from gateway.domain.retry import DeadLetter, Decision, Delivered, PutOff, Retry, RetryPolicy, decide
from gateway.domain.subscription import Subscription
from gateway.domain.tiers import Tier
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, retry_topic
from gateway.domain.trace_context import trace_id_of
from gateway.egress.attempt import CompletedAttempt
from gateway.kafka.due_times import DUE_HEADER
from gateway.kafka.producer import OutRecord
from gateway.wire.records import attempt_codec, delivery_codec

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What has to be acknowledged by Kafka before the delivery counts as settled.

    Attributes:
        records: its attempt record, and its retry or dead-letter record where there is one.
        verdict: what the attempt came to.
        retrying: how it stands where it is to be retried in its place.
        dead_letter: why it was given up, or None.
    """

    records: list[OutRecord]
    verdict: Verdict
    retrying: Retrying | None = None
    dead_letter: Reason | None = None


def settle_attempt(
    delivery: Delivery,
    subscription: Subscription,
    completed: CompletedAttempt,
    tiers: tuple[Tier, ...],
    partition: int,
    *,
    in_place: bool,
    now_ms: int,
    jitter: float,
) -> Settlement:
    """Decide what follows an attempt.

    Args:
        delivery: the duty, without this attempt.
        subscription: as it was at send time.
        completed: the attempt.
        tiers: the deployment's tiers.
        partition: the number of the partition that the delivery was read from; its records stay in it.
        in_place: later deliveries of its key wait behind it: a retry takes it no further.
        now_ms: the present, milliseconds since the epoch.
        jitter: a random number in [0, 1).
    """
    policy = _policy_of(delivery, subscription)
    verdict = classify(completed.result, fail_fast=policy.fail_fast)
    number = completed.summary.attempt_number
    decision = decide(verdict, policy, tiers, attempt_number=number, now_ms=now_ms, jitter=jitter)
    records = [_attempt_record(delivery, policy.max_attempts, completed, verdict, decision)]
    match decision:
        case Retry(_, due_at_ms) if in_place:
            return Settlement(records, verdict, Retrying(due_at_ms, (*delivery.attempts, completed.summary)))
        case Retry(tier, due_at_ms):
            records.append(_retry_record(delivery.retried(completed.summary, due_at_ms), tier, partition))
        case PutOff(_, due_at_ms) if in_place:
            return Settlement(records, verdict, Retrying(due_at_ms, delivery.attempts))
        case PutOff():
            records += put_off(delivery, decision, partition)
        case DeadLetter(reason):
            if not delivery.is_test:
                attempts = (*delivery.attempts, completed.summary)
                records.append(_dead_letter_record(delivery.dead_lettered(attempts, reason, now_ms), partition))
                return Settlement(records, verdict, dead_letter=reason)
        case Delivered():
            pass
    return Settlement(records, verdict)


def is_discarded(delivery: Delivery, reason: Reason) -> bool:
    """Tell whether nothing is kept of a delivery that ends for a reason."""
    return delivery.is_test or reason is Reason.SUBSCRIPTION_DELETED


def settle_without_attempt(delivery: Delivery, reason: Reason, partition: int, *, now_ms: int) -> list[OutRecord]:
    """Give the records that end a delivery: to the dead letters; or discarded: a test, or one to nobody any more."""
    discarded = is_discarded(delivery, reason)
    made = len(delivery.attempts)
    attempt = _attempt_of(delivery)(
        attempt_number=made,
        max_attempts=made,
        started_at_ms=now_ms,
        duration_ms=0,
        outcome="discarded" if discarded else "dead_lettered",
        reason=reason.value,
        status=None,
        error=None,
        error_detail=None,
        due_at_ms=None,
        response_excerpt="",
    )
    records = [OutRecord(ATTEMPTS, delivery.delivery_id.encode(), attempt_codec().encode(attempt))]
    if not discarded:
        records.append(_dead_letter_record(delivery.dead_lettered(delivery.attempts, reason, now_ms), partition))
    _log.info("delivery.ended", delivery_id=delivery.delivery_id, reason=reason.value)
    return records


def put_off(delivery: Delivery, hop: PutOff, partition: int) -> list[OutRecord]:
    """Give the record in which a delivery waits for its time: it costs no attempt."""
    return [_retry_record(replace(delivery, due_at_ms=hop.due_at_ms), hop.tier, partition)]


def _policy_of(delivery: Delivery, subscription: Subscription) -> RetryPolicy:
    """Give how a delivery is retried: a test shows how one attempt goes."""
    policy = subscription.retry_policy
    return RetryPolicy((), policy.fail_fast) if delivery.is_test else policy


def _attempt_of(delivery: Delivery) -> partial[Attempt]:
    """Begin an attempt record with what it says of its delivery."""
    return partial(
        Attempt,
        delivery_id=delivery.delivery_id,
        subscription_id=delivery.subscription_id,
        tenant=delivery.tenant,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        trigger=delivery.trigger,
        replay_id=delivery.replay_id,
    )


def _attempt_record(
    delivery: Delivery, max_attempts: int, completed: CompletedAttempt, verdict: Verdict, decision: Decision
) -> OutRecord:
    summary: AttemptSummary = completed.summary
    result = completed.result
    outcome, reason, due_at_ms = _described(delivery, verdict, decision)
    attempt = _attempt_of(delivery)(
        attempt_number=summary.attempt_number,
        max_attempts=max_attempts,
        started_at_ms=summary.started_at_ms,
        duration_ms=summary.duration_ms,
        outcome=outcome,
        reason=reason,
        status=summary.status,
        error=summary.error,
        error_detail=result.detail if isinstance(result, Failed) else None,
        due_at_ms=due_at_ms,
        response_excerpt=result.excerpt if isinstance(result, Answered) else "",
        response_headers=result.headers if isinstance(result, Answered) else (),
    )
    log = _log.debug if outcome == "delivered" else _log.info
    log(
        "delivery.attempted",
        delivery_id=attempt.delivery_id,
        event_id=attempt.event_id,
        event_type=attempt.event_type,
        subscription_id=attempt.subscription_id,
        attempt_number=attempt.attempt_number,
        max_attempts=max_attempts,
        status=attempt.status,
        error=attempt.error,
        duration_ms=attempt.duration_ms,
        outcome=outcome,
        reason=reason,
        trace_id=None if delivery.traceparent is None else trace_id_of(delivery.traceparent),
    )
    return OutRecord(ATTEMPTS, delivery.delivery_id.encode(), attempt_codec().encode(attempt))


def _described(delivery: Delivery, verdict: Verdict, decision: Decision) -> tuple[str, str | None, int | None]:
    match decision:
        case Delivered():
            return "delivered", None, None
        case Retry(_, due_at_ms):
            return "retry_scheduled", verdict.reason.value, due_at_ms
        case PutOff(_, due_at_ms):
            return "put_off", verdict.reason.value, due_at_ms
        case DeadLetter(reason):
            return "discarded" if delivery.is_test else "dead_lettered", reason.value, None


def _retry_record(delivery: Delivery, tier: Tier, partition: int) -> OutRecord:
    headers: list[tuple[str, str | bytes | None]] = [(DUE_HEADER, str(delivery.due_at_ms).encode())]
    return OutRecord(
        retry_topic(tier),
        delivery.subscription_id.encode(),
        delivery_codec().encode(delivery),
        partition,
        headers,
    )


def _dead_letter_record(delivery: Delivery, partition: int) -> OutRecord:
    value = delivery_codec().encode(delivery)
    return OutRecord(DEAD_LETTERS, delivery.subscription_id.encode(), value, partition)
