"""Step ⑤: one attempt: sign, send, and what it came to. Gives a value; changes nothing."""

import time
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.delivery import AttemptSummary, Delivery
from gateway.domain.endpoint import host_as_given
from gateway.domain.errors import GatewayError
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.domain.request_headers import request_headers
from gateway.domain.signing import signature_headers
from gateway.domain.subscription import Subscription, granted_paths
from gateway.egress.echoes import without_answer, without_echoes
from gateway.egress.opening import Opener
from gateway.http.client import WebhookClient
from gateway.telemetry.clock import now_ms
from gateway.telemetry.security_log import SecurityEvent, log_security
from gateway.wire.sealing import KeyRing


@dataclass(frozen=True, slots=True)
class CompletedAttempt:
    """One attempt that was made.

    Attributes:
        summary: what the delivery carries along of it.
        result: the answer, or why there is none.
    """

    summary: AttemptSummary
    result: SendResult


class Attempter(Protocol):
    """Makes one attempt."""

    async def attempt(self, delivery: Delivery, subscription: Subscription) -> CompletedAttempt:
        """Make the next attempt of a delivery."""


class SigningAttempter:
    """Signs with the subscription's own secrets, as they are now, and sends with its own headers and TLS terms.

    Args:
        client: sends.
        key_ring: opens what is sealed.
    """

    def __init__(self, client: WebhookClient, key_ring: KeyRing) -> None:
        self._client = client
        self._opener = Opener(key_ring)
        self.forget = self._opener.forget

    async def attempt(self, delivery: Delivery, subscription: Subscription) -> CompletedAttempt:
        """Make the next attempt of a delivery."""
        started_ms = now_ms()
        started = time.perf_counter()
        result = await self._send(delivery, subscription, started_ms)
        if isinstance(result, Failed) and result.code is ErrorCode.ADDRESS_REFUSED:
            _log_refused(subscription)
        summary = AttemptSummary(
            attempt_number=delivery.next_attempt_number,
            started_at_ms=started_ms,
            duration_ms=round((time.perf_counter() - started) * 1000),
            status=result.status if isinstance(result, Answered) else None,
            error=result.code.value if isinstance(result, Failed) else None,
        )
        return CompletedAttempt(summary, result)

    async def _send(self, delivery: Delivery, subscription: Subscription, now_ms: int) -> SendResult:
        if delivery.tenant != subscription.tenant:
            # Ids are free again when a subscription is deleted, and what was planned for it may wait for days.
            return Failed(ErrorCode.CONFIGURATION, "the subscription that it was planned for is there no more")
        withdrawn = _withdrawn_grants(delivery, subscription)
        if withdrawn:
            return Failed(ErrorCode.CONFIGURATION, f"its body holds what is granted no more: {', '.join(withdrawn)}")
        opened = self._opener.open(subscription)
        secrets = opened.signing_secrets(now_ms)
        if not secrets:
            return Failed(ErrorCode.CONFIGURATION, "every signing secret has expired")
        try:
            signature = signature_headers(
                subscription.signature_profiles, secrets, delivery.event_id, delivery.body, now_ms=now_ms
            )
        except GatewayError as error:
            return Failed(ErrorCode.CONFIGURATION, error.message)
        headers = request_headers(delivery, signature, opened.headers)
        result = await self._client.send(
            subscription.url, headers, delivery.body, timeout_s=subscription.timeout_s, tls=opened.tls
        )
        if delivery.sensitive_fields:
            result = without_answer(result)
        return without_echoes(result, opened.headers.values()) if opened.headers else result


def _withdrawn_grants(delivery: Delivery, subscription: Subscription) -> list[str]:
    """Give the sensitive fields that a delivery was planned with and its subscription may not see any more."""
    if not delivery.sensitive_fields:
        return []
    granted = granted_paths(subscription.sensitive_grants, delivery.event_type)
    return [path for path in delivery.sensitive_fields if path not in granted]


def _log_refused(subscription: Subscription) -> None:
    # The host as it was given, not what it was resolved to: whoever may see such lines learns nothing of the network.
    host, subscription_id = host_as_given(subscription.url), subscription.subscription_id
    log_security(SecurityEvent.ADDRESS_REFUSED, subscription_id, subscription_id=subscription_id, host=host)
