"""An endpoint's life as its attempts tell it: given up after 410 or long failing, noted as failing, recovered.

What is found is written into the subscriptions table beside the deliveries: in a thread, one transaction at a time,
everything that is due in one. From the moment an endpoint is to be disabled, its subscription is *held*: no request
is begun until the table says so, or says that an operator has changed something meanwhile. A write that fails is
tried again with growing pauses, still held; given up, the next attempt finds the same again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from gateway.domain.changes import Change, ChangeStore, Put
from gateway.domain.endpoint_changes import ClearFailing, Disable, EndpointChange, NoteFailing, decide_changes
from gateway.domain.errors import GatewayError
from gateway.domain.health import EndpointHealth, Finding, first_failure, same_endpoint
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.subscription import Subscription
from gateway.telemetry.clock import now_ms
from gateway.wire.moments import describe_moment

GONE = "the endpoint answered 410 Gone"

_MAX_DUE = 10_000
_MAX_TRIES = 10
_FIRST_PAUSE_S = 0.5
_MAX_PAUSE_S = 30.0
_log = structlog.get_logger()


class LiveTable(Protocol):
    """The table that the lanes look subscriptions up in."""

    async def refresh(self) -> None:
        """Wait until the table holds everything that was in the topic when this was called."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of failures, and the subscription as it was at the newest of them."""

    seen: Subscription
    health: EndpointHealth


class EndpointLifeCycle:
    """Finds out and writes down how endpoints do. For the event loop; its methods do not block.

    Args:
        store: writes subscriptions; blocking, called in a thread.
        table: shows what was written.
        on_signal: told what became of an endpoint, once that is written.
        on_released: called with the id of a subscription that is not held any more.
        disable_after_s: how long there may be nothing but failures, seconds; 0 for any time.
        clock: gives the present, milliseconds since the epoch.

    Attributes:
        failure: fails if something else than a write goes wrong; the process has to end then.
    """

    def __init__(
        self,
        store: ChangeStore,
        table: LiveTable,
        *,
        on_signal: Callable[[Signal], None],
        on_released: Callable[[str], None],
        disable_after_s: int,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._store = store
        self._table = table
        self._on_signal = on_signal
        self._on_released = on_released
        self._disable_after_ms = disable_after_s * 1000
        self._clock = clock
        self._runs: dict[str, _Run] = {}
        self._due: dict[str, EndpointChange] = {}
        self._held: set[str] = set()
        self._writing: asyncio.Task[None] | None = None
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def attempted(self, subscription: Subscription, *, delivered: bool) -> None:
        """Note what an attempt came to.

        Args:
            subscription: as it was when the attempt was begun.
            delivered: the endpoint took the delivery; False for whatever else it did or did not do.
        """
        if delivered:
            self._runs.pop(subscription.subscription_id, None)
            if subscription.failing_since_ms is not None:
                self._write_soon(ClearFailing(subscription, subscription.failing_since_ms))
        else:
            self._failed(subscription)

    def gone(self, subscription: Subscription) -> None:
        """Disable a subscription whose endpoint answered 410; it is held from now on."""
        self._disable_soon(subscription, GONE)

    def is_held(self, subscription_id: str) -> bool:
        """Tell whether no request may be begun, because the subscription is being disabled."""
        return subscription_id in self._held

    def forget(self, subscription_id: str) -> None:
        """Drop what is remembered of a subscription that was deleted."""
        self._runs.pop(subscription_id, None)

    def forget_runs(self) -> None:
        """Drop what is remembered of every endpoint, when partitions change owners: others may have seen more since.

        What was noted in the table is taken up again with the next failure.
        """
        self._runs.clear()

    def _failed(self, subscription: Subscription) -> None:
        run, at_ms = self._runs.get(subscription.subscription_id), self._clock()
        if run is None or not same_endpoint(run.seen, subscription):
            health = first_failure(subscription.failing_since_ms, at_ms)
        else:
            health = run.health.failed(at_ms)
        self._runs[subscription.subscription_id] = _Run(subscription, health)
        match health.finding(subscription.failing_since_ms, self._disable_after_ms):
            case Finding.DISABLE:
                self._disable_soon(subscription, f"only failures since {describe_moment(health.failing_since_ms)}")
            case Finding.NOTE:
                self._write_soon(NoteFailing(subscription, health.failing_since_ms))
            case Finding.NOTHING:
                pass

    def _disable_soon(self, subscription: Subscription, reason: str) -> None:
        if subscription.subscription_id not in self._held and self._write_soon(Disable(subscription, reason)):
            self._held.add(subscription.subscription_id)

    def _write_soon(self, change: EndpointChange) -> bool:
        subscription_id = change.seen.subscription_id
        if subscription_id in self._held:
            return False  # it is being disabled
        if len(self._due) >= _MAX_DUE and subscription_id not in self._due:
            _log.error("subscription.change_dropped", subscription_id=subscription_id, due=len(self._due))
            return False
        self._due[subscription_id] = change
        if self._writing is None:
            self._start_writing()
        return True

    def _start_writing(self) -> None:
        self._writing = asyncio.get_running_loop().create_task(self._write_all())
        self._writing.add_done_callback(self._written)

    async def _write_all(self) -> None:
        while self._due:
            changes, self._due = self._due, {}
            for put in await self._write(changes):
                self._tell(changes[put.subscription.subscription_id], put.subscription)
            # The table has to show what was written, by us or by an operator, before anything is sent again.
            await self._table.refresh()
            for subscription_id, change in changes.items():
                if isinstance(change, Disable):
                    self._held.discard(subscription_id)
                    self._on_released(subscription_id)

    async def _write(self, changes: dict[str, EndpointChange]) -> list[Put]:
        def decide(index: SubscriptionIndex) -> Sequence[Change]:
            return decide_changes(changes.values(), index, self._clock())

        for number in range(_MAX_TRIES):
            try:
                written = await asyncio.to_thread(self._store.change, decide)
                return [change for change in written if isinstance(change, Put)]
            except GatewayError as error:
                _log.warning("subscriptions.write_failed", changes=len(changes), error=error.message, tries=number + 1)
            await asyncio.sleep(min(_FIRST_PAUSE_S * 2**number, _MAX_PAUSE_S))
        _log.error("subscriptions.write_given_up", changes=len(changes), hint="the next attempts find the same again")
        return []

    def _tell(self, change: EndpointChange, written: Subscription) -> None:
        match change:
            case Disable(_, reason):
                self._runs.pop(written.subscription_id, None)
                self._signal(written, SignalKind.DISABLED, reason)
            case NoteFailing(_, since_ms):
                _log.info(
                    "subscription.failing", subscription_id=written.subscription_id, since=describe_moment(since_ms)
                )
            case ClearFailing(_, since_ms):
                self._signal(written, SignalKind.RECOVERED, f"after only failures since {describe_moment(since_ms)}")

    def _signal(self, written: Subscription, kind: SignalKind, reason: str) -> None:
        self._on_signal(Signal(written.subscription_id, written.tenant, self._clock(), kind, reason))

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.failure.done():
            self.failure.set_exception(error)
        elif error is None and self._due:
            self._start_writing()  # what came after the task's last look

    async def close(self, timeout_s: float) -> None:
        """Wait for what is being written, at most `timeout_s` seconds; what is left then, others find again."""
        writing = self._writing
        if writing is None:
            return
        done, _ = await asyncio.wait({writing}, timeout=timeout_s)
        if not done:
            writing.cancel()
            _log.warning("subscriptions.write_unfinished", after_s=timeout_s)
