"""Statistics, signals and the console's own health over HTTP."""

import sqlite3
from dataclasses import asdict

import orjson

from gateway.console.api.models import (
    HealthView,
    SignalQuery,
    SignalsView,
    SignalView,
    StatsQuery,
    StatsView,
)
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route
from gateway.console.overview import Overview, overview
from gateway.domain.access import Role


class LookingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/stats", "getStats", "Say how attempts went lately, and which endpoints did worst.", "overview",
                Role.VIEWER, self._stats, StatsView, query=StatsQuery,
            ),
            Route(
                "GET", "/signals", "listSignals", "List what happened to endpoints, newest first.", "overview",
                Role.VIEWER, self._signals, SignalsView, query=SignalQuery,
            ),
            Route(
                "GET", "/health", "getHealth", "Say how far the index is, and how large.", "overview",
                Role.VIEWER, self._health, HealthView,
            ),
        ]  # fmt: skip

    async def _stats(self, call: Call) -> Answer:
        query: StatsQuery = call.query

        def look(connection: sqlite3.Connection) -> Overview:
            return overview(connection, minutes=query.minutes, now_ms=self._parts.clock())

        return Answer(StatsView(**asdict(await self._parts.reader.ask(look))))

    async def _signals(self, call: Call) -> Answer:
        query: SignalQuery = call.query
        found = await self._parts.reader.ask(lambda connection: _find_signals(connection, query))
        return Answer(SignalsView(items=[SignalView(**orjson.loads(text)) for text in found]))

    async def _health(self, _: Call) -> Answer:
        indexer = self._parts.indexer
        return Answer(
            HealthView(
                version=self._parts.version,
                caught_up=indexer.caught_up.is_set(),
                lag=indexer.lag,
                undecodable=indexer.undecodable,
                index_bytes=indexer.used_bytes,
                subscriptions=len(self._parts.table.index),
            )
        )


def _find_signals(connection: sqlite3.Connection, query: SignalQuery) -> list[str]:
    if query.subscription_id is None:
        where, values = "at_ms >= ?", [query.since_ms]
        index = "signals_by_time"
    else:
        where, values = "subscription = (SELECT id FROM names WHERE name = ?) AND at_ms >= ?", []
        values = [query.subscription_id, query.since_ms]  # type: ignore[list-item]
        index = "signals_by_subscription"
    rows = connection.execute(
        f"SELECT signal FROM signals INDEXED BY {index} WHERE {where} ORDER BY at_ms DESC LIMIT ?",  # noqa: S608 - texts of this module
        [*values, query.limit],
    )
    return [text for (text,) in rows]
