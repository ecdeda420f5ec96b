"""Attempts with a span each, where traces are exported: a child of the span in which the delivery was planned.

The receiver is given the attempt's own trace context, so that its spans become children of the attempt. What follows an
attempt (a retry, a dead letter) keeps the delivery's: all attempts of a delivery, and those of its replays, stand side
by side.
"""

from dataclasses import replace
from functools import lru_cache
from urllib.parse import urlsplit

from gateway.domain.delivery import Delivery
from gateway.domain.outcome import Answered, Failed, Outcome, Reason, SendResult, Verdict, classify
from gateway.domain.subscription import Subscription
from gateway.egress.attempt import Attempter, CompletedAttempt
from gateway.telemetry.spans import SpanKind, Spans

ATTEMPT_SPAN = "gateway.attempt"
BROKEN_OFF = "broken_off"
_PORTS = {"http": 80, "https": 443}


class TracedAttempter:
    """Makes attempts, and tells of them in spans. A span ends with its attempt, whatever that comes to.

    Args:
        attempter: makes the attempts.
        spans: begins spans.
    """

    def __init__(self, attempter: Attempter, spans: Spans) -> None:
        self._attempter = attempter
        self._spans = spans

    async def attempt(self, delivery: Delivery, subscription: Subscription) -> CompletedAttempt:
        """Make the next attempt of a delivery."""
        span = self._spans.begin(ATTEMPT_SPAN, SpanKind.CLIENT, delivery.traceparent)
        try:
            completed = await self._attempter.attempt(replace(delivery, traceparent=span.traceparent), subscription)
        except BaseException:
            # The partition went to another process, or something of ours failed: the delivery is not settled.
            span.end(_of_request(delivery, subscription), BROKEN_OFF)
            raise
        if span.is_recorded:
            result = completed.result
            verdict = classify(result, fail_fast=subscription.retry_policy.fail_fast)
            error = None if verdict.outcome is Outcome.DELIVERED else _error_type(result)
            span.end(_of_request(delivery, subscription) | _of_answer(result, verdict), error)
        return completed


def _of_request(delivery: Delivery, subscription: Subscription) -> dict[str, str | int]:
    """Say what is sent where. Not the URL: the paths and queries of many endpoints are their password."""
    host, port = _server_of(subscription.url)
    attributes: dict[str, str | int] = {
        "http.request.method": "POST",
        "server.address": host,
        "server.port": port,
        "cloudevents.event_id": delivery.event_id,
        "cloudevents.event_type": delivery.event_type,
        "webhook_gateway.delivery_id": delivery.delivery_id,
        "webhook_gateway.subscription_id": delivery.subscription_id,
        "webhook_gateway.tenant": delivery.tenant,
        "webhook_gateway.attempt_number": delivery.next_attempt_number,
        "webhook_gateway.trigger": delivery.trigger,
    }
    if delivery.attempts:
        attributes["http.request.resend_count"] = len(delivery.attempts)
    return attributes


def _of_answer(result: SendResult, verdict: Verdict) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {"webhook_gateway.outcome": verdict.outcome.value}
    if verdict.reason is not Reason.NONE:
        attributes["webhook_gateway.reason"] = verdict.reason.value
    if isinstance(result, Answered):
        attributes["http.response.status_code"] = result.status
    return attributes


def _error_type(result: SendResult) -> str:
    return result.code.value if isinstance(result, Failed) else str(result.status)


@lru_cache(10_000)
def _server_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
