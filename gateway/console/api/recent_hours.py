"""How attempts to some subscriptions went lately, over HTTP: what a list of them shows of each at a glance."""

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.console.api.models import Query, Text
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.hours import MAX_HOURS, MAX_SUBSCRIPTIONS, HourCount, count_hours
from gateway.console.index_store import IndexConnection
from gateway.domain.access import Role


class RecentHoursQuery(Query):
    """Of which subscriptions, and how far back."""

    subscription_id: Annotated[
        list[Text], Field(min_length=1, max_length=MAX_SUBSCRIPTIONS, description="may be repeated")
    ]
    hours: Annotated[int, Field(ge=1, le=MAX_HOURS, description="how many up to now")] = 24


class HourView(BaseModel):
    """The attempts that were begun in one hour."""

    at_ms: int
    attempts: int
    failed: int


class RecentHoursView(BaseModel):
    """The attempts to one subscription; hours without any are left out."""

    subscription_id: str
    attempts: int
    failed: int
    hours: list[HourView]


class RecentHoursListView(BaseModel):
    """Of each subscription that was asked for and is known, in the order of the question."""

    items: list[RecentHoursView]


class RecentHoursApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/stats/subscriptions", "listRecentHours",
                "Say how attempts to some subscriptions went, hour by hour.", "overview",
                Role.SUBSCRIBER, self._list, RecentHoursListView, query=RecentHoursQuery, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: RecentHoursQuery = call.query
        table = self._parts.table.index
        known = [
            one
            for one in map(table.get, dict.fromkeys(query.subscription_id))
            if one is not None and call.caller.sees(one.tenant)
        ]

        def look(connection: IndexConnection) -> dict[str, list[HourCount]]:
            return count_hours(connection, known, hours=query.hours, now_ms=self._parts.clock())

        found = await self._parts.reader.ask(look) if known else {}
        return Answer(RecentHoursListView(items=[_view(one.subscription_id, found) for one in known]))


def _view(subscription_id: str, found: dict[str, list[HourCount]]) -> RecentHoursView:
    hours = found.get(subscription_id, [])
    return RecentHoursView(
        subscription_id=subscription_id,
        attempts=sum(hour.attempts for hour in hours),
        failed=sum(hour.failed for hour in hours),
        hours=[HourView(**asdict(hour)) for hour in hours],
    )
