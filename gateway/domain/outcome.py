"""What an attempt came to: from a response or a failure to send, to a verdict.

Pure, and total: every status code and every error code has exactly one verdict.
"""

from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

MAX_RETRY_AFTER_S = 86_400.0

_RETRIED_4XX = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
# These say "later", not "broken".
_BUSY = frozenset({HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_HOLDING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Outcome(Enum):
    """The three things an attempt can come to."""

    DELIVERED = "delivered"
    RETRYABLE = "retryable"
    REJECTED = "rejected"


class ErrorCode(Enum):
    """Why an attempt got no usable HTTP answer."""

    TIMEOUT = "timeout"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    NETWORK = "network_error"
    DNS = "dns_failure"
    TLS = "tls_failure"
    TLS_EXPIRED = "tls_certificate_expired"
    TLS_UNTRUSTED = "tls_certificate_untrusted"
    TLS_HOST = "tls_wrong_host"
    TLS_HANDSHAKE = "tls_handshake_failure"
    TLS_CLIENT_CERTIFICATE = "tls_client_certificate"
    INVALID_RESPONSE = "invalid_response"
    ADDRESS_REFUSED = "address_refused"
    CONFIGURATION = "unusable_configuration"
    PROXY = "proxy_failure"


class Reason(Enum):
    """Why a delivery ended, or why an attempt failed, in words that stay the same."""

    NONE = "none"
    HTTP_STATUS = "http_status"
    REDIRECT = "redirect"
    GONE = "gone"
    CLIENT_ERROR = "client_error"
    SEND_FAILED = "send_failed"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    ADDRESS_REFUSED = "address_refused"
    CONFIGURATION = "unusable_configuration"
    PROXY = "proxy_failure"
    CIRCUIT_OPEN = "circuit_open"
    MAX_AGE = "max_age"
    DISABLED = "disabled"
    SUBSCRIPTION_DELETED = "subscription_deleted"
    UNDECODABLE = "undecodable"
    PROJECTION_FAILED = "projection_failed"
    TRANSFORM_FAILED = "transform_failed"
    TOO_LARGE = "too_large"


# Of deliveries that were planned without a body: there is nothing to send, and nothing to replay.
WITHOUT_BODY = frozenset({Reason.PROJECTION_FAILED, Reason.TRANSFORM_FAILED, Reason.TOO_LARGE, Reason.UNDECODABLE})


def reason_without_body(text: str) -> Reason:
    """Read why a delivery was planned without a body: one of WITHOUT_BODY; UNDECODABLE for a newer gateway's reason.

    Args:
        text: the `reason` of a delivery that is not in the dead-letter topic.
    """
    return next((reason for reason in WITHOUT_BODY if reason.value == text), Reason.UNDECODABLE)


_OUR_OWN = frozenset({Reason.ADDRESS_REFUSED, Reason.CONFIGURATION, Reason.PROXY})


@dataclass(frozen=True, slots=True)
class Answered:
    """The endpoint answered with a status.

    Attributes:
        status: the HTTP status code.
        retry_after_s: the `Retry-After` it asked for, in seconds, or None.
        excerpt: the beginning of the response body, as plain text.
        headers: those response headers that are kept, see `gateway.domain.foreign_text`.
    """

    status: int
    retry_after_s: float | None = None
    excerpt: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """No usable answer came.

    Attributes:
        code: what went wrong.
        detail: one line for people, without secrets.
    """

    code: ErrorCode
    detail: str = ""


SendResult = Answered | Failed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an attempt means for its delivery and its subscription.

    Attributes:
        outcome: delivered, retryable or rejected.
        reason: why, where it is not delivered.
        retry_after_s: how long the endpoint asked to be left alone, in seconds, or None.
        disables: the endpoint said that it is gone for good (410).
        endpoint_failed: the endpoint is in trouble, whatever the delivery: no usable answer, 1xx, 408 or 5xx.
    """

    outcome: Outcome
    reason: Reason = Reason.NONE
    retry_after_s: float | None = None
    disables: bool = False
    endpoint_failed: bool = False

    @property
    def speaks_of_endpoint(self) -> bool:
        """Tell whether the endpoint had a say in it: not where the gateway itself refused, or had nothing to send."""
        return self.reason not in _OUR_OWN

    @property
    def counts(self) -> bool:
        """Tell whether it uses up one of the delivery's attempts: not where the operator's proxy was in the way."""
        return self.reason is not Reason.PROXY


_DELIVERED = Verdict(Outcome.DELIVERED)


def classify(result: SendResult, *, fail_fast: bool = False) -> Verdict:
    """Judge one attempt.

    Args:
        result: the answer, or why there is none.
        fail_fast: the subscription wants other 4xx answers to end the delivery.
    """
    if isinstance(result, Failed):
        return _classify_failure(result)
    return _classify_status(result, fail_fast=fail_fast)


def _classify_failure(failure: Failed) -> Verdict:
    match failure.code:
        case ErrorCode.ADDRESS_REFUSED:
            return Verdict(Outcome.REJECTED, Reason.ADDRESS_REFUSED)
        case ErrorCode.CONFIGURATION:
            return Verdict(Outcome.REJECTED, Reason.CONFIGURATION)
        case ErrorCode.PROXY:
            return Verdict(Outcome.RETRYABLE, Reason.PROXY)
        case _:
            return Verdict(Outcome.RETRYABLE, Reason.SEND_FAILED, endpoint_failed=True)


def _classify_status(answer: Answered, *, fail_fast: bool) -> Verdict:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success, RFC 9110 section 15.3
        return _DELIVERED
    if status == HTTPStatus.GONE:
        return Verdict(Outcome.REJECTED, Reason.GONE, disables=True)
    # 1xx never ends an exchange, so as an answer it is the server's fault like a 5xx (RFC 9110 sections 15.2, 15.6).
    if status in _RETRIED_4XX or status >= 500 or status < 200:  # noqa: PLR2004 - classes of status codes
        busy = status in _BUSY
        return Verdict(Outcome.RETRYABLE, Reason.HTTP_STATUS, _hold(answer), endpoint_failed=not busy)
    if 300 <= status < 400:  # noqa: PLR2004 - redirects are never followed
        return Verdict(Outcome.RETRYABLE, Reason.REDIRECT)
    if fail_fast:
        return Verdict(Outcome.REJECTED, Reason.CLIENT_ERROR)
    return Verdict(Outcome.RETRYABLE, Reason.CLIENT_ERROR)


def _hold(answer: Answered) -> float | None:
    if answer.retry_after_s is None or answer.status not in _HOLDING:
        return None
    return min(max(answer.retry_after_s, 0.0), MAX_RETRY_AFTER_S)
