"""Subscriptions: who wants which events, where to, and how they are to be sent."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gateway.domain.errors import InvalidInputError
from gateway.domain.rate_limit import RateLimit
from gateway.domain.retry import STANDARD_POLICY, RetryPolicy

DEFAULT_TIMEOUT_S = 10.0
MAX_TIMEOUT_S = 60.0
DEFAULT_MAX_IN_FLIGHT = 32
MAX_MAX_IN_FLIGHT = 1000
MAX_SECRETS = 8
MAX_FILTER_CHARS = 4096
MAX_TRANSFORM_CHARS = 16_384
MAX_GRANTS = 100
MAX_GRANT_CHARS = 512
_INT_END = 2**31  # of what a record's schema can hold
_DAY_S = 86_400

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")


class SubscriptionState(Enum):
    """Whether deliveries are made: at once, after a resume, or not at all."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class DeliveryOrder(Enum):
    """Whether deliveries with the same event key arrive in order, also across retries."""

    NONE = "none"
    KEY = "key"


class SignatureProfile(Enum):
    """How a request is signed: Standard Webhooks headers, or the `X-Webhook-*` ones."""

    STANDARD = "standard"
    X_WEBHOOK = "x-webhook"


class ContentMode(Enum):
    """What a request's body is: see `gateway.shaping`."""

    WEBHOOK = "webhook"
    CLOUDEVENTS = "cloudevents"
    CLOUDEVENTS_BINARY = "cloudevents-binary"
    DATA = "data"
    AVRO = "avro"


class OnFilterError(Enum):
    """What becomes of an event on which a filter fails, because the data has no answer to it."""

    SEND = "send"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A signing secret as it lies in the topic: encrypted, bound to its subscription.

    Attributes:
        key_id: the id of the key-ring key it was sealed with.
        ciphertext: nonce and AEAD ciphertext of the secret's text (`whsec_…`).
        created_at_ms: when it was made.
        expires_at_ms: until when it still signs after a rotation, or None for the current one.
    """

    key_id: str
    ciphertext: bytes
    created_at_ms: int
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """Any other confidential text as it lies in the topic: encrypted, bound to its subscription and its purpose there.

    Attributes:
        key_id: the id of the key-ring key it was sealed with.
        ciphertext: nonce and AEAD ciphertext of the text.
    """

    key_id: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class CustomHeader:
    """A header that is sent with every attempt.

    Attributes:
        name: an RFC 9110 token, as it was written.
        value: sealed, for it may be a credential.
    """

    name: str
    value: Sealed


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What the gateway shows to an endpoint that wants to know its clients (mutual TLS).

    Attributes:
        chain: PEM, the gateway's own certificate first.
        key: the private key's PEM, sealed.
    """

    chain: str
    key: Sealed


@dataclass(frozen=True, slots=True)
class Subscription:
    """One tenant's wish to get events at a URL.

    Attributes:
        subscription_id: unique over all tenants; the key of the compacted topic.
        tenant: whose events it may see.
        description: for people.
        url: where deliveries are POSTed.
        event_types: exact types, `order.*` or `*`; at least one.
        secrets: newest first; every one that has not expired signs.
        signature_profiles: which signature headers are sent; at least one.
        timeout_s: how long one attempt may take, in seconds.
        max_in_flight: how many attempts may be under way at once.
        retry_policy: which tiers a failed delivery steps through.
        state: active, paused or disabled.
        state_reason: why it is not active, or None.
        revision: 1 when created, one more with each write.
        created_at_ms: when it was created.
        updated_at_ms: when it was last written.
        rate_limit: how fast attempts may be made, or None for no limit.
        order: whether deliveries of one event key keep their order.
        state_changed_at_ms: since when it is in its state, or None where that is not known.
        failing_since_ms: since when nothing could be delivered, once that has lasted; None while all is well.
        headers: are sent with every attempt, in this order.
        ca_bundle: PEM, the only authorities that are trusted for its endpoint; None for the system's.
        client_certificate: is shown to the endpoint where it asks for one, or None.
        pins: the schema version that it gets of an event type, as (event type, version) pairs by type.
        follow_latest: of event types without a pin it gets the latest version, else the first.
        content_mode: what the body of a request is.
        filter: a CEL expression that an event has to meet, or None.
        on_filter_error: what becomes of an event on which the filter fails.
        sensitive_grants: the sensitive fields that it may see, as `order.created:customer.email`.
        transform: a JSON template, its strings CEL expressions, that reshapes the data; or None.
    """

    subscription_id: str
    tenant: str
    url: str
    event_types: tuple[str, ...]
    secrets: tuple[SealedSecret, ...]
    created_at_ms: int
    updated_at_ms: int
    revision: int = 1
    description: str = ""
    signature_profiles: tuple[SignatureProfile, ...] = (SignatureProfile.STANDARD,)
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_in_flight: int = DEFAULT_MAX_IN_FLIGHT
    retry_policy: RetryPolicy = STANDARD_POLICY
    state: SubscriptionState = SubscriptionState.ACTIVE
    state_reason: str | None = None
    rate_limit: RateLimit | None = None
    order: DeliveryOrder = DeliveryOrder.NONE
    state_changed_at_ms: int | None = None
    failing_since_ms: int | None = None
    headers: tuple[CustomHeader, ...] = ()
    ca_bundle: str | None = None
    client_certificate: ClientCertificate | None = None
    pins: tuple[tuple[str, int], ...] = ()
    follow_latest: bool = True
    content_mode: ContentMode = ContentMode.WEBHOOK
    filter: str | None = None
    on_filter_error: OnFilterError = OnFilterError.SEND
    sensitive_grants: tuple[str, ...] = ()
    transform: str | None = None


def granted_paths(grants: Iterable[str], event_type: str) -> tuple[str, ...]:
    """Give the paths of the fields of one event type that are granted.

    Args:
        grants: as `order.created:customer.email`.
        event_type: which one.
    """
    prefix = f"{event_type}:"
    return tuple(grant.removeprefix(prefix) for grant in grants if grant.startswith(prefix))


def check_sendable(subscription: Subscription) -> Subscription:
    """Return `subscription` if its numbers mean something: lanes and limits are computed with them.

    The bounds of `gateway.admin.definition` are for those who write; a newer gateway may have wider ones.

    Raises:
        InvalidInputError: a number is not positive or beyond all measure, or nothing would sign.
    """
    limit = subscription.rate_limit
    counts = (subscription.max_in_flight, *(() if limit is None else (limit.per_s, limit.burst)))
    if not all(0 < count < _INT_END for count in counts) or not 0 < subscription.timeout_s < _DAY_S:
        raise InvalidInputError("time-out, max in flight, rate and burst have to be positive numbers")
    if not subscription.signature_profiles:
        raise InvalidInputError("there is no signature profile")
    return subscription


def check_subscription_id(subscription_id: str) -> str:
    """Return `subscription_id` if it is 1 to 64 letters, digits, dashes and underscores.

    Raises:
        InvalidInputError: it is not.
    """
    if _ID.match(subscription_id) is None:
        raise InvalidInputError(
            f"'{subscription_id[:40]}' is not a subscription id",
            hint="use 1 to 64 letters, digits, dashes and underscores",
        )
    return subscription_id
