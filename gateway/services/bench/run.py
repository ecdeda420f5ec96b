"""One run of events through the gateway: its subscriptions, its events, and what has become of them.

Each run has a prefix of its own for its ids, so that nothing of an earlier one is counted with it.
"""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.domain.errors import GatewayError
from gateway.domain.secret import GENERATED_BYTES, HmacSecret
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.services.bench.endpoints import Counts
from gateway.services.bench.event_source import EVENT_TYPE, EventSource
from gateway.services.bench.measures import Account, account_for, total_of
from gateway.services.bench.process_usage import Usage, machine_busy_s
from gateway.services.bench.rig import Gateway, Rig, Say
from gateway.services.bench.subscribers import Subscriber, Subscribers, spread_ids

_LOOK_S = 0.02
_SETTLE_LOOK_S = 0.2
_SHOW_S = 0.5
_STALL_S = 60.0
# How long nothing may arrive until what is missing counts as lost: longer than a retry that met a broken connection.
_LOST_AFTER_S = 20.0
_REST_TIMEOUT_S = 300.0
_REST_LOOK_S = 0.5
# Of a core: what egress uses when there is nothing to deliver is below that.
_IDLE_SHARE = 0.12
_IDLE_LOOKS = 2
_BULK_LINGER_MS = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was counted at one moment, and what had been spent by then.

    Attributes:
        usage: by each part.
        machine_busy_s: CPU seconds, by everything on the machine.
    """

    counts: Counts
    usage: dict[str, Usage]
    machine_busy_s: float


class Run:
    """The subscriptions and events of one measurement.

    Args:
        rig: where it takes place.
        name: of the scenario.
        subscriptions: how many, one for each of the first endpoints.
        fan_out: how many of them match each event: 1 or all.
        tick: told from time to time how it goes, for people.
        linger_ms: how long the publisher waits for a batch.
    """

    def __init__(
        self,
        rig: Rig,
        name: str,
        *,
        subscriptions: int,
        fan_out: int,
        tick: Say,
        linger_ms: int = _BULK_LINGER_MS,
    ) -> None:
        self._rig = rig
        self._name = name
        self._tick = tick
        self._shown_s = 0.0
        self.prefix = f"{name}-{secrets.token_hex(3)}-"
        self.fan_out = fan_out
        secret = HmacSecret(secrets.token_bytes(GENERATED_BYTES))
        self.subscribers = Subscribers(SubscriptionStore(rig.kafka), rig.deployment.key_ring(), secret)
        # Events go to the tenants in turn: with one tenant each, every event has one subscription that matches.
        self.tenants = [f"{self.prefix}{number}" for number in range(subscriptions // fan_out)]
        ids = spread_ids(self.prefix, subscriptions, rig.settings.partitions)
        self.subscriptions = [
            Subscriber(one, self.tenants[number % len(self.tenants)], rig.endpoints.url(number), (EVENT_TYPE,))
            for number, one in enumerate(ids)
        ]
        rig.endpoints.begin(self.prefix, secret)
        self.subscribers.subscribe(self.subscriptions)
        self.source = EventSource(
            rig.kafka, rig.deployment.catalog(), prefix=self.prefix, tenants=self.tenants, linger_ms=linger_ms
        )

    @property
    def subscription_ids(self) -> list[str]:
        """Its subscriptions."""
        return [subscription.subscription_id for subscription in self.subscriptions]

    def end(self) -> None:
        """Delete the subscriptions."""
        self.subscribers.delete(self.subscription_ids)

    def snapshot(self, gateway: Gateway) -> Snapshot:
        """Look at the counts and costs of this moment."""
        return Snapshot(self._rig.endpoints.count(), self._rig.usage(gateway), machine_busy_s())

    def flood(self, gateway: Gateway, seconds: float, *, outstanding: int) -> None:
        """Publish as fast as deliveries arrive: never more than `outstanding` deliveries ahead of them.

        Raises:
            GatewayError: a process ended, or nothing arrives any more.
        """
        progress = _Progress(gateway)
        most = max(outstanding // self.fan_out // 10, 1)
        for _ in self._until(time.monotonic() + seconds):
            arrived = self._rig.endpoints.count().total
            progress.note(arrived)
            room = (outstanding - self.source.published * self.fan_out + arrived) // self.fan_out
            if room < most:
                time.sleep(_LOOK_S)
            else:
                self.source.publish(most)

    def pace(self, gateway: Gateway, seconds: float, *, events_per_s: float) -> range:
        """Publish at a steady rate; give the numbers of the events.

        Raises:
            GatewayError: a process ended.
        """
        first = self.source.published
        started_s = time.monotonic()
        for number in range(int(seconds * events_per_s)):
            pause_s = started_s + number / events_per_s - time.monotonic()
            if pause_s > 0:
                time.sleep(pause_s)
            self.source.publish(1)
            self._show(started_s + seconds)
        gateway.check()
        return range(first, self.source.published)

    def settle(self, gateway: Gateway) -> Account:
        """Wait until everything has arrived, or nothing more does, and give the account of all subscriptions.

        Raises:
            GatewayError: a process ended, or a signature was wrong.
        """
        self.source.flush()
        last_total = -1
        last_s = time.monotonic()
        while True:
            gateway.check()
            counts = self._rig.endpoints.count()
            if counts.rejected:
                raise GatewayError(f"{counts.rejected} of the signatures that were checked are wrong")
            if counts.total != last_total:
                last_total, last_s = counts.total, time.monotonic()
            given_up = time.monotonic() - last_s > _LOST_AFTER_S
            missing = self.source.published * self.fan_out - counts.total
            if given_up or missing <= 0:
                account = self.account()
                if given_up or not account.lost:
                    return account
            self._tick(f"{self._name}: waiting for {max(missing, 0):,} deliveries")
            time.sleep(_SETTLE_LOOK_S)

    def rest(self, gateway: Gateway) -> None:
        """Wait until egress has nothing left to do, so that what comes next is measured by itself.

        Raises:
            GatewayError: it goes on for more than five minutes.
        """
        give_up_at = time.monotonic() + _REST_TIMEOUT_S
        idle_looks = 0
        while idle_looks < _IDLE_LOOKS:
            if time.monotonic() > give_up_at:
                raise GatewayError(f"egress did not come to rest for {_REST_TIMEOUT_S:.0f} s")
            self._tick(f"{self._name}: waiting for egress to come to rest")
            before_s = self._rig.usage(gateway)["egress"].cpu_s
            time.sleep(_REST_LOOK_S)
            spent_s = self._rig.usage(gateway)["egress"].cpu_s - before_s
            idle_looks = idle_looks + 1 if spent_s < _REST_LOOK_S * _IDLE_SHARE else 0

    def account(self) -> Account:
        """Compare what each subscription had to get with what arrived at its endpoint."""
        step = len(self.tenants)
        arrivals = self._rig.endpoints.arrivals()
        return total_of(
            account_for(range(number % step, self.source.published, step), arrivals[number].numbers)
            for number in range(len(self.subscriptions))
        )

    def _until(self, end_s: float) -> Iterator[None]:
        while time.monotonic() < end_s:
            self._show(end_s)
            yield

    def _show(self, end_s: float) -> None:
        now_s = time.monotonic()
        if now_s - self._shown_s > _SHOW_S:
            self._shown_s = now_s
            self._tick(f"{self._name}: {end_s - now_s:.0f} s to go, {self.source.published:,} events published")


class _Progress:
    """Sees when nothing arrives any more, which would make a run wait for ever."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._last = -1
        self._since_s = time.monotonic()

    def note(self, arrived: int) -> None:
        self._gateway.check()
        if arrived != self._last:
            self._last, self._since_s = arrived, time.monotonic()
        elif time.monotonic() - self._since_s > _STALL_S:
            raise GatewayError(f"nothing was delivered for {_STALL_S:.0f} s")
