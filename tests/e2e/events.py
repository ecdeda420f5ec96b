"""Events for tests: made-up data of every type and version, and any number of small ones with ids that tell."""

import asyncio
from collections.abc import Iterator
from random import Random
from uuid import UUID

from gateway.kafka.publisher import EventPublisher
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import NewEvent
from gateway.wire.mocking import mock_data


def payments(count: int, tenant: str, *, first: int = 0, key: str | None = None) -> list[NewEvent]:
    """Make `order.paid` events with the ids `<tenant>-<number>`; each has its number as key where none is given."""
    return [
        NewEvent(
            "order.paid",
            {
                "order_id": str(UUID(int=number)),
                "payment_id": str(UUID(int=number)),
                "paid_at": "2026-01-01T00:00:00Z",
                "method": "CARD",
                "currency": "EUR",
                "amount": "12.30",
            },
            version=1,
            key=key or str(number),
            event_id=event_id(tenant, number),
            tenant=tenant,
        )
        for number in range(first, first + count)
    ]


async def publish_payments(
    publisher: EventPublisher, tenant: str, count: int, *, first: int = 0, key: str | None = None
) -> list[str]:
    """Publish payments while receivers go on answering, and give their ids; see `payments`."""
    events = payments(count, tenant, first=first, key=key)
    receipts = await asyncio.to_thread(publisher.publish_batch, events)
    return [receipt.event_id for receipt in receipts]


def event_id(tenant: str, number: int) -> str:
    """Give the id of the n-th payment of a tenant, from 0."""
    return f"{tenant}-{number:06}"


def one_of_each(catalog: Catalog, tenant: str) -> Iterator[NewEvent]:
    """Make one event of each type and version of the catalog."""
    random = Random(7)  # noqa: S311 - made-up data
    for event_type in catalog.event_types():
        for version in catalog.versions(event_type):
            data = mock_data(catalog.entry(event_type, version).nodes, random)
            yield NewEvent(event_type, data, version, tenant=tenant, event_id=f"{tenant}-{event_type}-{version}")
