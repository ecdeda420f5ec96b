"""Deliveries over HTTP: searched in the index; shown with what Kafka still has of their records."""

import asyncio
from dataclasses import asdict
from urllib.parse import urlsplit

from gateway.console.access.caller import Caller
from gateway.console.api.cursors import read_cursor, write_cursor
from gateway.console.api.delivery_detail import attempt_views, body_view, recipient_view, request_view, source_view
from gateway.console.api.models import (
    DeliveryDetailView,
    DeliveryPageView,
    DeliveryQuery,
    DeliveryView,
)
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.stored_records import StoredRecords
from gateway.console.index_store import IndexConnection
from gateway.console.search import (
    DeliveryPage,
    DeliverySearch,
    IndexedDelivery,
    PageStart,
    row_of,
    search_deliveries,
)
from gateway.console.step_rows import read_steps
from gateway.console.steps import Step
from gateway.domain.access import Role
from gateway.domain.errors import NotFoundError


class DeliveriesApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._records = StoredRecords(parts.config)

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/deliveries", "listDeliveries", "Search deliveries, newest first.", "deliveries",
                Role.SUBSCRIBER, self._list, DeliveryPageView, query=DeliveryQuery, scope=Scope.TENANT,
            ),
            Route(
                "GET", "/deliveries/{delivery_id}", "getDelivery",
                "Show a delivery with its attempts, its body, and when it is tried next.", "deliveries",
                Role.SUBSCRIBER, self._get, DeliveryDetailView, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: DeliveryQuery = call.query
        wanted = DeliverySearch(
            delivery_id=query.delivery_id,
            event_id=query.event_id,
            event_type=query.event_type,
            subscription_ids=self._subscriptions(query, call.caller),
            tenant=call.caller.tenant_for(query.tenant),
            states=tuple(query.state) or None,
            since_ms=query.since_ms,
            before_ms=query.before_ms,
        )
        return Answer(await find_page(self._parts, wanted, query.limit, query.cursor))

    def _subscriptions(self, query: DeliveryQuery, caller: Caller) -> tuple[str, ...] | None:
        """Give the subscriptions that are meant, by their ids and by the host of their endpoints; None for all."""
        named = tuple(query.subscription_id) or None
        if query.host is None:
            return named
        host = query.host.lower()
        # There may be a hundred thousand, and to take a URL apart is what takes time.
        there = {
            one.subscription_id
            for one in self._parts.table.index
            if caller.sees(one.tenant) and host in one.url.lower() and _host_of(one.url) == host
        }
        return tuple(sorted(there if named is None else there & set(named)))

    async def _get(self, call: Call) -> Answer:
        delivery_id = call.path["delivery_id"]

        def look(connection: IndexConnection) -> tuple[IndexedDelivery, list[Step]] | None:
            row = row_of(connection, delivery_id)
            found = search_deliveries(connection, DeliverySearch(delivery_id=delivery_id), limit=1).deliveries
            return None if row is None or not found else (found[0], read_steps(connection, row))

        found = await self._parts.reader.ask(look)
        if found is None or not call.caller.sees(found[0].tenant):
            raise NotFoundError(
                f"there is no delivery '{delivery_id}' in the index",
                hint="it may be older than what is kept: gateway deliveries get reads the topics themselves",
            )
        delivery, steps = found
        records = await self._records.read([step.place for step in steps if step.place is not None])
        subscription = self._parts.table.index.get(delivery.subscription_id)
        if subscription is not None and subscription.tenant != delivery.tenant:
            subscription = None  # another one, which has its id now
        return Answer(
            DeliveryDetailView(
                delivery=view_of(delivery),
                attempts=attempt_views(steps, records),
                body=body_view(records.values()),
                request=await asyncio.to_thread(request_view, subscription, records.values()),
                subscription=None if subscription is None else recipient_view(subscription),
                source=source_view(records.values()),
            )
        )


def _host_of(url: str) -> str | None:
    return urlsplit(url).hostname


async def find_page(parts: Parts, wanted: DeliverySearch, limit: int, cursor: str | None) -> DeliveryPageView:
    """Give a page of deliveries.

    Raises:
        ProblemError: the cursor is none, or of an index that is there no more.
    """
    generation = parts.indexer.generation
    start = None if cursor is None else PageStart(*read_cursor(cursor, generation, 2))

    def look(connection: IndexConnection) -> DeliveryPage:
        return search_deliveries(connection, wanted, limit=limit, start=start)

    page = await parts.reader.ask(look)
    items = [view_of(one) for one in page.deliveries]
    if page.next is None:
        return DeliveryPageView(items=items, next=None, back_to_ms=None)
    following = write_cursor(generation, page.next)
    return DeliveryPageView(items=items, next=following, back_to_ms=page.next.at_ms)


def view_of(delivery: IndexedDelivery) -> DeliveryView:
    """Give a delivery as it is shown."""
    return DeliveryView(**asdict(delivery))
