"""One box for everything over HTTP: what an id, a name, or a part of one, stands for."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field

from gateway.console.api.models import Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.index_store import IndexConnection
from gateway.console.search import DeliverySearch, IndexedDelivery, search_deliveries
from gateway.domain.access import Role
from gateway.domain.subscription import Subscription

MAX_FOUND = 20
# A shorter text is a part of nearly everything.
_LEAST_CHARS = 2
_Kind = Literal["delivery", "event", "subscription", "event_type", "host"]


class SearchQuery(Query):
    """What is looked for."""

    q: Annotated[Text, Field(description="an id as a whole; of a subscription, a host or an event type also a part")]


class FoundView(BaseModel):
    """Something that was found."""

    kind: _Kind
    id: str = Field(description="its id or name, by which everything else is asked")
    detail: str = Field(description="what tells it from others, for people")


class SearchView(BaseModel):
    """What was found; what fits as a whole comes first."""

    items: list[FoundView] = Field(description=f"at most {MAX_FOUND}")
    more: bool = Field(description="there is more")


class FindingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/search", "search", "Say what an id, a name, or a part of one, stands for.", "overview",
                Role.VIEWER, self._search, SearchView, query=SearchQuery, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _search(self, call: Call) -> Answer:
        wanted = str(call.query.q).strip()
        tenant = call.caller.tenant

        def look(connection: IndexConnection) -> tuple[Sequence[IndexedDelivery], Sequence[IndexedDelivery]]:
            one = DeliverySearch(delivery_id=wanted, tenant=tenant)
            of_event = DeliverySearch(event_id=wanted, tenant=tenant)
            return (
                search_deliveries(connection, one, limit=1).deliveries,
                search_deliveries(connection, of_event, limit=MAX_FOUND).deliveries,
            )

        deliveries, of_event = await self._parts.reader.ask(look)
        found = [
            FoundView(kind="delivery", id=one.delivery_id, detail=f"{one.event_type} to {one.subscription_id}")
            for one in deliveries
        ]
        if of_event:
            many = "1 delivery" if len(of_event) == 1 else f"{len(of_event)} deliveries"
            found.append(FoundView(kind="event", id=wanted, detail=f"{of_event[0].event_type}, {many}"))
        # The table belongs to the event loop: what is looked through on another thread is a copy.
        subscriptions = [one for one in self._parts.table.index if call.caller.sees(one.tenant)]
        found += await asyncio.to_thread(_named, wanted.lower(), subscriptions, self._parts.catalog.event_types())
        return Answer(SearchView(items=found[:MAX_FOUND], more=len(found) > MAX_FOUND))


def _named(wanted: str, subscriptions: Sequence[Subscription], event_types: Sequence[str]) -> list[FoundView]:
    """Find what has a name like that: whole names first, then those that begin with it, then by name."""
    if len(wanted) < _LEAST_CHARS:
        return []
    hosts: dict[str, int] = {}
    found = []
    for one in subscriptions:
        if wanted in one.subscription_id.lower() or wanted in one.description.lower():
            found.append(FoundView(kind="subscription", id=one.subscription_id, detail=_about(one)))
        if wanted in one.url.lower():
            host = urlsplit(one.url).hostname or ""
            if wanted in host:
                hosts[host] = hosts.get(host, 0) + 1
    found += [FoundView(kind="host", id=host, detail=_of_host(count)) for host, count in hosts.items()]
    found += _types(wanted, event_types)
    return sorted(found, key=lambda one: (one.id.lower() != wanted, not one.id.lower().startswith(wanted), one.id))


def _about(subscription: Subscription) -> str:
    about = subscription.description or urlsplit(subscription.url).hostname
    return f"{about} ({subscription.state.value})"


def _of_host(count: int) -> str:
    return "1 subscription" if count == 1 else f"{count} subscriptions"


def _types(wanted: str, event_types: Sequence[str]) -> Iterator[FoundView]:
    for event_type in event_types:
        if wanted in event_type:
            yield FoundView(kind="event_type", id=event_type, detail="event type")
