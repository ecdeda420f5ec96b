"""Replays over HTTP, of events and of dead letters: counted, begun, watched, cancelled and resumed."""

import asyncio
import contextlib
import time

from gateway.console.access.caller import Caller, require_all_seen
from gateway.console.api.parts import Parts
from gateway.console.api.replay_models import (
    JobState,
    ReplayCountView,
    ReplayListQuery,
    ReplayRequest,
    ReplaysView,
    ReplayView,
    count_view,
    replay_view,
)
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import ConflictError, NotFoundError, UnavailableError
from gateway.domain.replay import Replay, ReplayState
from gateway.kafka.scan import ScanBounds

_TAG = "replays"
_ACCEPTED = 202
# More than that is told to be more.
_COUNTED = ScanBounds(max_records=2_000_000, deadline_s=60.0)
# Before the request itself is broken off.
_PATIENCE_S = 80.0
_SEEN_S = 5.0


class ReplaysApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._replays = parts.replays
        # It is made of reading and computing: a second one would only make both slow.
        self._counting = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/replays/{replay_id}"
        return [
            Route(
                "GET", "/replays", "listReplays", "List replays, of events and of dead letters, newest first.", _TAG,
                Role.VIEWER, self._list, ReplaysView, query=ReplayListQuery, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/replays/count", "countReplay", "Count what a replay would do; nothing is sent.", _TAG,
                Role.OPERATOR, self._count, ReplayCountView, body=ReplayRequest, scope=Scope.TENANT,
            ),
            Route(
                "POST", "/replays", "startReplay",
                "Send past events, or dead letters, again: to some subscriptions, or to all.", _TAG, Role.OPERATOR,
                self._start, ReplayView, body=ReplayRequest, status=_ACCEPTED, repeats=True, scope=Scope.TENANT,
            ),
            Route(
                "GET", one, "getReplay", "Show a replay, and how far it is.", _TAG, Role.VIEWER, self._get,
                ReplayView, scope=Scope.TENANT,
            ),
            Route(
                "POST", f"{one}/cancel", "cancelReplay",
                "End a replay for good, wherever it runs. What it has begun by then is delivered.", _TAG, Role.OPERATOR,
                self._cancel, ReplayView, repeats=True, scope=Scope.TENANT,
            ),
            Route(
                "POST", f"{one}/resume", "resumeReplay",
                "Go on with a replay that was stopped or interrupted. Where it still runs it ends, and goes on here.",
                _TAG, Role.OPERATOR, self._resume, ReplayView, status=_ACCEPTED, repeats=True, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        query: ReplayListQuery = call.query
        seen = (one for one in self._replays.table.index.newest_first() if _sees(call.caller, one))
        shown = [self._view(one, call.caller) for one, _ in zip(seen, range(query.limit), strict=False)]
        return Answer(ReplaysView(items=shown))

    async def _get(self, call: Call) -> Answer:
        return Answer(self._view(await self._current(call), call.caller))

    async def _count(self, call: Call) -> Answer:
        body: ReplayRequest = call.body
        if self._counting.locked():
            raise UnavailableError("another replay is being counted", hint="try again in a moment")
        async with self._counting:
            replay, is_kept = await self._planned(body, call.caller)
            until_s = time.monotonic() + _PATIENCE_S

            def go_on(_: int, __: int) -> None:
                if time.monotonic() > until_s or self._replays.runs.is_stopping:
                    raise UnavailableError(
                        f"this takes longer than {_PATIENCE_S:.0f} s to count", hint="choose a shorter time"
                    )

            tally, report = await asyncio.to_thread(self._replays.desk.count, replay, go_on, _COUNTED)
        return Answer(count_view(replay, tally, report, is_kept=is_kept, caller=call.caller))

    async def _start(self, call: Call) -> Answer:
        replay, _ = await self._planned(call.body, call.caller)
        with self._replays.runs.place(replay.replay_id, call.caller.tenant):
            await asyncio.to_thread(self._replays.desk.begin, replay, call.caller)
            self._replays.runs.start(replay.replay_id)
        return await self._noted(replay, call.caller)

    async def _cancel(self, call: Call) -> Answer:
        replay_id = (await self._current(call)).replay_id
        cancelled = await asyncio.to_thread(self._replays.desk.cancel, replay_id, call.caller)
        self._replays.runs.withdraw(replay_id)
        return await self._noted(cancelled, call.caller)

    async def _resume(self, call: Call) -> Answer:
        replay = await self._current(call)
        runs = self._replays.runs
        if runs.waits(replay.replay_id) or runs.runs(replay.replay_id):
            raise ConflictError(f"replay {replay.replay_id} is under way here already")
        with runs.place(replay.replay_id, call.caller.tenant):
            await asyncio.to_thread(self._replays.desk.resume, replay.replay_id, call.caller)
            runs.start(replay.replay_id)
        return await self._noted(replay, call.caller)

    async def _planned(self, body: ReplayRequest, caller: Caller) -> tuple[Replay, bool]:
        wanted, chosen = body.wanted(caller), body.chosen()
        require_all_seen(self._parts.table.index, wanted.subscription_ids, caller)
        return await asyncio.to_thread(self._replays.desk.plan, wanted, chosen, body.rate_per_s, caller)

    async def _current(self, call: Call) -> Replay:
        """Give the replay that the path names."""
        replay_id = call.path["replay_id"]
        if self._replays.table.index.get(replay_id) is None:
            await self._catch_up()
        found = self._replays.table.index.get(replay_id)
        if found is None or not _sees(call.caller, found):
            raise NotFoundError(f"there is no replay '{replay_id}'")
        return found

    async def _noted(self, replay: Replay, caller: Caller) -> Answer:
        """Show a replay once this process knows what was written of it, so that whoever asks next sees it, too."""
        await self._catch_up()
        known = self._replays.table.index.get(replay.replay_id) or replay
        return Answer(self._view(known, caller), location=f"/replays/{replay.replay_id}")

    async def _catch_up(self) -> None:
        """Wait until the table holds what was written before; without Kafka it stays as it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEEN_S):
                await self._replays.table.refresh()

    def _view(self, replay: Replay, caller: Caller) -> ReplayView:
        runs = self._replays.runs
        return replay_view(replay, self._state(replay), runs.failure_of(replay.replay_id), caller)

    def _state(self, replay: Replay) -> JobState:
        runs, replay_id = self._replays.runs, replay.replay_id
        if replay.state is ReplayState.STOPPED and (runs.waits(replay_id) or runs.runs(replay_id)):
            return "waiting"
        if replay.is_silent(self._parts.clock()) and not runs.runs(replay_id):
            return "interrupted"
        return replay.state.value


def _sees(caller: Caller, replay: Replay) -> bool:
    """Tell whether a replay is a caller's to see: of all tenants, or of theirs alone."""
    return caller.tenant is None or replay.wanted.tenants == (caller.tenant,)
