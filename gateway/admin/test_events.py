"""Test events: one made-up event to one subscription only, on the way that real deliveries take.

The stream's own code makes the delivery, so that body, headers and signature are those of a real one. The
subscription's filter is not asked: whoever tries an endpoint wants to see something arrive. Egress tries it once, and
keeps no dead letter of it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from gateway.domain.delivery import TEST_TRIGGER, Delivery, Priority
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.event import SourcePosition
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.domain.topics import PRIORITY_DELIVERIES
from gateway.domain.versions import covered_types
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.shaping.drafts import draft_event
from gateway.shaping.routing import Router
from gateway.shaping.trial_events import trial_event
from gateway.shaping.views import Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_json
from gateway.wire.moments import milliseconds_of
from gateway.wire.records import delivery_codec

ID_PREFIX = "test-"
# It was read from no topic.
_NOWHERE = -1


def plan_test(
    catalog: Catalog,
    subscription: Subscription,
    now: datetime,
    *,
    max_body_bytes: int,
    event_type: str | None = None,
    version: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> Delivery:
    """Plan the delivery of a test event; nothing is written.

    Args:
        catalog: the known event types and versions.
        subscription: to whom.
        now: the present, with a time zone.
        max_body_bytes: how many bytes a body may have.
        event_type: of which type; None for the first one that it gets.
        version: the schema version that the data is in; None for the newest.
        data: the event's data; None for made-up data.

    Raises:
        ConflictError: the subscription is paused or disabled.
        NotFoundError: there is no such event type or version.
        InvalidInputError: it does not get events of the type, or the data does not fit.
    """
    _check_active(subscription)
    chosen = _type_for(subscription, catalog, event_type)
    if data is None:
        data = mock_json(catalog.entry(chosen, version).nodes, Random())  # noqa: S311 - made up
    event = NewEvent(
        chosen,
        data,
        version,
        event_id=f"{ID_PREFIX}{secrets.token_hex(8)}",
        tenant=subscription.tenant,
    )
    decoded = trial_event(catalog, event, now, max_body_bytes=max_body_bytes)
    index = SubscriptionIndex()
    index.put(replace(subscription, filter=None))
    drafted = draft_event(
        Router(Views(catalog), index, max_body_bytes=max_body_bytes), decoded, now_ms=milliseconds_of(now)
    )
    if drafted.refusal is not None:
        raise InvalidInputError(f"the event would be rejected: {drafted.refusal.detail}")
    (draft,) = drafted.drafts
    if draft.failure is not None:
        raise InvalidInputError(f"there is no body to send: {draft.failure.detail}")
    ((plan, _),) = draft.plans
    source = SourcePosition(decoded.event.position.topic, _NOWHERE, _NOWHERE)
    # It has no key, and so no place in an order: whoever waits for it need not wait for all others.
    return replace(plan.first, trigger=TEST_TRIGGER, source=source, priority=Priority.HIGH)


def send_test(config: KafkaConfig, delivery: Delivery) -> None:
    """Begin a planned delivery; it is in Kafka when this returns.

    Raises:
        UnavailableError: Kafka does not confirm it.
    """
    record = OutRecord(PRIORITY_DELIVERIES, delivery.subscription_id.encode(), delivery_codec().encode(delivery))
    ConfirmedWriter(config).write([record])


def _check_active(subscription: Subscription) -> None:
    if subscription.state is SubscriptionState.ACTIVE:
        return
    raise ConflictError(
        f"subscription '{subscription.subscription_id}' is {subscription.state.value}: nothing is sent to it",
        hint=f"first: gateway subscriptions resume {subscription.subscription_id}",
    )


def _type_for(subscription: Subscription, catalog: Catalog, event_type: str | None) -> str:
    covered = covered_types(subscription.event_types, catalog.event_types())
    if event_type is not None:
        catalog.entry(event_type, None)  # refuses what there is not
    if not covered or event_type not in {None, *covered}:
        what = event_type or "any event type of the catalog"
        raise InvalidInputError(
            f"subscription '{subscription.subscription_id}' does not get {what}",
            hint=f"it gets {', '.join(covered[:10])}" if covered else None,
        )
    return event_type or covered[0]
