"""Dead letters over HTTP: listed and grouped from the index, begun again as `gateway dlq replay` does."""

import asyncio
from collections.abc import Sequence

from gateway.console.access.caller import Caller
from gateway.console.api.deliveries import find_page
from gateway.console.api.models import (
    DeadLetterQuery,
    DeliveryPageView,
    LetterGroupsView,
    LetterGroupView,
    ReplayBody,
    ReplayedView,
)
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.index_store import IndexConnection
from gateway.console.names import words_of
from gateway.console.search import DeliverySearch, search_deliveries
from gateway.console.tables import STATES
from gateway.domain.access import Role
from gateway.domain.history import DeliveryState
from gateway.replay.dead_letters import DeadLetters, LetterFilter, choose, letter_targets
from gateway.replay.replayer import Replayer

_MAX_GROUPS = 500
# A record's timestamp is its producer's, the time in it may be another machine's.
_CLOCK_MARGIN_MS = 600_000


class DeadLettersApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # A replay reads the dead-letter topic, twice.
        self._replaying = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "GET", "/dead-letters", "listDeadLetters", "List deliveries that were given up, newest first.",
                "dead letters", Role.SUBSCRIBER, self._list, DeliveryPageView, query=DeadLetterQuery,
                scope=Scope.TENANT,
            ),
            Route(
                "GET", "/dead-letters/groups", "groupDeadLetters", "Count dead letters by subscription and reason.",
                "dead letters", Role.SUBSCRIBER, self._groups, LetterGroupsView, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/dead-letters/replay", "replayDeadLetters",
                "Begin deliveries again that were given up: the same body, the same webhook-id.",
                "dead letters", Role.OPERATOR, self._replay, ReplayedView, body=ReplayBody, repeats=True,
                scope=Scope.TENANT, portal=True,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: DeadLetterQuery = call.query
        wanted = DeliverySearch(
            event_type=query.event_type,
            subscription_ids=tuple(query.subscription_id) or None,
            tenant=call.caller.tenant_for(query.tenant),
            states=(DeliveryState.DEAD_LETTERED,),
            reason=query.reason,
            since_ms=query.since_ms,
            before_ms=query.before_ms,
        )
        return Answer(await find_page(self._parts, wanted, query.limit, query.cursor))

    async def _groups(self, call: Call) -> Answer:
        tenant = call.caller.tenant
        groups = await self._parts.reader.ask(lambda connection: _count_groups(connection, tenant))
        return Answer(LetterGroupsView(items=groups))

    async def _replay(self, call: Call) -> Answer:
        body: ReplayBody = call.body
        since_ms = await self._parts.reader.ask(lambda connection: _since(connection, body.delivery_ids))
        async with self._replaying:
            replayed = await asyncio.to_thread(self._begin_again, call.caller, body, since_ms)
        return Answer(ReplayedView(delivery_ids=replayed))

    def _begin_again(self, caller: Caller, body: ReplayBody, since_ms: int) -> list[str]:
        config = self._parts.config
        found = DeadLetters(config).find(LetterFilter(tuple(body.delivery_ids), since_ms=since_ms))
        seen = [letter for letter in found.letters if caller.sees(letter.tenant)]
        chosen = choose(seen, body.delivery_ids, again=body.again)
        self._parts.audit(caller, "dead_letters_replayed", letter_targets(chosen))
        replayed: list[str] = []
        Replayer(config).replay(
            chosen, now_ms=self._parts.clock(), confirmed=lambda letter: replayed.append(letter.delivery_id)
        )
        return replayed


def _since(connection: IndexConnection, delivery_ids: Sequence[str]) -> int:
    """Say from when on the topic has to be read for some dead letters; 0 where the index does not know one of them."""
    times_ms = []
    for delivery_id in delivery_ids:
        found = search_deliveries(connection, DeliverySearch(delivery_id=delivery_id), limit=1).deliveries
        times_ms.append((found[0].dead_lettered_at_ms if found else None) or 0)
    return max(0, min(times_ms) - _CLOCK_MARGIN_MS)


def _count_groups(connection: IndexConnection, tenant: str | None) -> list[LetterGroupView]:
    given_up, delivered = STATES.index(DeliveryState.DEAD_LETTERED), STATES.index(DeliveryState.DELIVERED)
    of_tenant = "" if tenant is None else "AND tenant = (SELECT id FROM names WHERE name = ?) "
    rows = connection.execute(
        f"SELECT subscription, reason, count(*), min(dead_lettered_at_ms), max(dead_lettered_at_ms) "  # noqa: S608 - numbers
        f"FROM {connection.through('deliveries', 'undelivered')} WHERE state = {given_up} AND state <> {delivered} "
        f"{of_tenant}GROUP BY subscription, reason ORDER BY count(*) DESC, subscription, reason LIMIT ?",
        (_MAX_GROUPS,) if tenant is None else (tenant, _MAX_GROUPS),
    ).fetchall()
    words = words_of(connection, (code for row in rows for code in row[:2] if code is not None))
    return [
        LetterGroupView(
            subscription_id=words[subscription],
            reason=words.get(reason),
            count=count,
            oldest_ms=oldest_ms or 0,
            newest_ms=newest_ms or 0,
        )
        for subscription, reason, count, oldest_ms, newest_ms in rows
    ]
