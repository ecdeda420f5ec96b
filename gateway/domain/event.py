"""Events: what producers publish, after the wire format is off.

An event's identity and context come from the Kafka headers of the CloudEvents binding; its data stays opaque
here, because no rule of the domain looks into it.
"""

import re
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError

DEFAULT_TENANT = "default"
MAX_EVENT_ID_CHARS = 256

_EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\Z")
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
# The id is signed as `{id}.{timestamp}.{body}` and sent as a header: a dot would make the signed content ambiguous
# only together with a forged timestamp header, which is signed too; control and non-ASCII characters can't be sent.
_EVENT_ID = re.compile(rf"[\x21-\x7e]{{1,{MAX_EVENT_ID_CHARS}}}\Z")


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where in Kafka an event was read: the coordinates an operator can look up."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Event:
    """One event, decoded as far as the gateway needs to route it.

    Attributes:
        event_id: the producer's id; receivers de-duplicate on it.
        event_type: e.g. `order.created`.
        schema_version: the version of the event type that the producer wrote.
        time_ms: when it happened, milliseconds since the epoch.
        source: the CloudEvents source, e.g. `/shop/orders`.
        subject: the CloudEvents subject, or None.
        tenant: whose subscriptions may see it.
        traceparent: the W3C trace context to hand on, or None.
        key: the Kafka key of the event record (the ordering key), or None.
        position: where it was read.
    """

    event_id: str
    event_type: str
    schema_version: int
    time_ms: int
    source: str
    subject: str | None
    tenant: str
    traceparent: str | None
    key: bytes | None
    position: SourcePosition


def check_event_type(event_type: str) -> str:
    """Return `event_type` if it is dotted lower case (`order.created`).

    Raises:
        InvalidInputError: it is not.
    """
    if _EVENT_TYPE.match(event_type) is None:
        raise InvalidInputError(
            f"'{event_type}' is not an event type",
            hint="event types are dotted lower case, like order.created",
        )
    return event_type


def check_event_id(event_id: str) -> str:
    """Return `event_id` if it can be sent as a header: 1 to 256 printable ASCII characters without spaces.

    Raises:
        InvalidInputError: it is not.
    """
    if _EVENT_ID.match(event_id) is None:
        raise InvalidInputError(
            f"event id {event_id[:40]!r} can't be sent as webhook-id",
            hint=f"use 1 to {MAX_EVENT_ID_CHARS} printable ASCII characters without spaces",
        )
    return event_id


def check_tenant(tenant: str) -> str:
    """Return `tenant` if it is a plain name of at most 128 letters, digits, dots, dashes and underscores.

    Raises:
        InvalidInputError: it is not.
    """
    if _TENANT.match(tenant) is None:
        raise InvalidInputError(
            f"'{tenant[:40]}' is not a tenant name", hint="use letters, digits, dots, dashes and underscores"
        )
    return tenant


def domain_of(event_type: str) -> str:
    """Give the first dotted part of an event type, which names its topic: `order.created` -> `order`."""
    return event_type.partition(".")[0]
