"""Statistics, signals and the console's own health over HTTP."""

import asyncio
from dataclasses import asdict

from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.standing_watch import standing_of
from gateway.console.api.looking_models import (
    DepthView,
    HealthView,
    LaggingView,
    OpenCircuitView,
    SignalQuery,
    SignalsView,
    SignalView,
    StandingView,
    StatsQuery,
    StatsView,
)
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.index_store import IndexConnection
from gateway.console.overview import Overview, Whose, overview
from gateway.console.signal_rows import IndexedBoard, find_signals
from gateway.console.standing import SharedStanding
from gateway.domain.access import Role
from gateway.domain.overview import Depth, SignalBoard, Standing

_MOST_LISTED = 100


class LookingApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._standing = SharedStanding(parts.config, parts.layout)
        self._signals_board = IndexedBoard()
        self._looking_at_board = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/stats", "getStats",
                "Say how attempts went lately, which endpoints did worst, and what waits.", "overview",
                Role.VIEWER, self._stats, StatsView, query=StatsQuery, scope=Scope.TENANT,
            ),
            Route(
                "GET", "/signals", "listSignals", "List what happened to endpoints, newest first.", "overview",
                Role.VIEWER, self._signals, SignalsView, query=SignalQuery, scope=Scope.TENANT,
            ),
            Route(
                "GET", "/health", "getHealth", "Say how far the index is, and how large.", "overview",
                Role.VIEWER, self._health, HealthView,
            ),
        ]  # fmt: skip

    async def _stats(self, call: Call) -> Answer:
        query: StatsQuery = call.query
        tenant = call.caller.tenant_for(query.tenant)
        table = self._parts.table.index
        whose = None
        if tenant is not None:
            whose = Whose(tenant, [one.subscription_id for one in select_subscriptions(table, tenant=tenant)])

        def look(connection: IndexConnection) -> Overview:
            return overview(connection, minutes=query.minutes, now_ms=self._parts.clock(), whose=whose)

        counted = await self._parts.reader.ask(look)
        seen, board = await self._standing.newest(), await self._board()
        standing = None if seen is None else standing_of(seen, self._parts.layout, board)

        def is_shown(subscription_id: str) -> bool:
            one = table.get(subscription_id)
            return one is not None and tenant in {None, one.tenant} and board.is_told_of(subscription_id, one.tenant)

        told = () if standing is None else standing.lagging
        lagging = [one for one in told if is_shown(one.subscription_id)]
        held = [(name, until_ms) for name, until_ms in board.open_circuits.items() if is_shown(name)]
        return Answer(
            StatsView(
                **asdict(counted),
                lagging=[LaggingView(**asdict(one)) for one in lagging[:_MOST_LISTED]],
                lagging_count=len(lagging),
                open_circuits=[
                    OpenCircuitView(subscription_id=name, until_ms=until_ms)
                    for name, until_ms in sorted(held, key=lambda one: one[0])[:_MOST_LISTED]
                ],
                open_circuit_count=len(held),
                standing=None if standing is None or call.caller.tenant is not None else _standing_view(standing),
            )
        )

    async def _board(self) -> SignalBoard:
        generation = self._parts.indexer.generation
        async with self._looking_at_board:
            return await self._parts.reader.ask(
                lambda connection: self._signals_board.refreshed(connection, generation, self._parts.clock())
            )

    async def _signals(self, call: Call) -> Answer:
        query: SignalQuery = call.query
        tenant = call.caller.tenant_for(query.tenant)
        found = await self._parts.reader.ask(
            lambda connection: find_signals(
                connection,
                subscription_id=query.subscription_id,
                tenant=tenant,
                kinds=query.kind or None,
                since_ms=query.since_ms,
                limit=query.limit,
            )
        )
        return Answer(SignalsView(items=[SignalView(**asdict(one)) for one in found]))

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


def _standing_view(standing: Standing) -> StandingView:
    def views(depths: tuple[Depth, ...]) -> list[DepthView]:
        return [DepthView(**asdict(depth)) for depth in depths]

    return StandingView(
        at_ms=standing.at_ms,
        stream=views(standing.stream),
        egress=views(standing.egress),
        tiers=views(standing.tiers),
        dead_letters=standing.dead_letters,
    )
