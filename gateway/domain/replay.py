"""Replays of past events, or of dead letters: what an operator may ask for, how far one is, and which run goes on.

A replay reads stretches of the event topics, or of the dead-letter topic, whose ends are fixed when it starts.
Everything below a stretch's next offset is done: its deliveries are in Kafka. So one that was killed goes on from
there, and repeats at most what came after its last checkpoint.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import SourcePosition

# Deliveries a second, unless something else is asked for: a tenth of what one process of each stage carries.
DEFAULT_RATE_PER_S = 500.0
# What ended longer ago is forgotten when another one is started.
KEPT_MS = 30 * 86_400_000

# A run says each second how far it is, if Kafka confirms it; it may take as long as that, and a slow one pauses.
_SILENT_MS = 30_000

_OFFSETS = re.compile(r"(events\.[a-z0-9_]{1,200}):([0-9]{1,6}):([0-9]{1,18})-([0-9]{1,18})\Z")


class ReplaySource(Enum):
    """What is sent again."""

    EVENTS = "events"  # of their topics: deliveries are planned anew
    DEAD_LETTERS = "dead_letters"  # as they are


class ReplayState(Enum):
    """Where a replay stands. A process that was killed leaves it running: nobody else may be."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class DeliveryStatus(Enum):
    """What became of a delivery, as its attempts tell; of several, the first of these counts."""

    DELIVERED = "delivered"
    FAILED = "failed"  # given up: it is a dead letter, or was discarded
    RETRYING = "retrying"
    NONE = "none"  # no attempt is known of it, or it was never planned


_ATTEMPT_OUTCOMES = {
    "delivered": DeliveryStatus.DELIVERED,
    "dead_lettered": DeliveryStatus.FAILED,
    "discarded": DeliveryStatus.FAILED,
    "retry_scheduled": DeliveryStatus.RETRYING,
    "put_off": DeliveryStatus.RETRYING,
}


class PassedOver(Enum):
    """Why an event, or one of its deliveries, is not replayed, in the order in which it is asked."""

    NOT_KEPT = "not_kept"  # retention removed it before the replay came to it
    UNDECODABLE = "undecodable"
    TYPE = "type"
    TENANT = "tenant"
    FILTER = "filter"
    FILTER_FAILED = "filter_failed"
    REFUSED = "refused"  # the stream would reject it
    NOT_WANTED = "not_wanted"  # none of the subscriptions wants it
    NO_BODY = "no_body"  # there is nothing to send of it to a subscription
    STATUS = "status"
    DUPLICATE = "duplicate"  # it was published again, shortly after


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be replayed.

    Attributes:
        since_ms: the beginning of the span of time, milliseconds since the epoch; 0 where offsets are given.
        event_types: patterns, at least one.
        tenants: whose; empty for all.
        subscription_ids: to whom; empty for all that want an event, or have dead letters.
        statuses: of events: only deliveries that came to one of these; empty for all.
        filter: of events: a condition in CEL on the newest version of each, or None.
        source: what is sent again.
        reasons: of dead letters: only those given up for one of these; empty for all.
    """

    since_ms: int = 0
    event_types: tuple[str, ...] = ("*",)
    tenants: tuple[str, ...] = ()
    subscription_ids: tuple[str, ...] = ()
    statuses: tuple[DeliveryStatus, ...] = ()
    filter: str | None = None
    source: ReplaySource = ReplaySource.EVENTS
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a partition, and how far it is done.

    Attributes:
        start: where it began.
        next: everything below is done.
        end: the offset that it ends before.
    """

    topic: str
    partition: int
    start: int
    next: int
    end: int

    @property
    def left(self) -> range:
        """The offsets that are still to be read."""
        return range(self.next, max(self.next, self.end))


@dataclass(slots=True)
class Tally:
    """What a replay has done.

    Attributes:
        deliveries: how many were written.
        passed: how many events or deliveries were passed over, by reason.
        by_subscription: how many were written to each, by this process.
    """

    deliveries: int = 0
    passed: Counter[PassedOver] = field(default_factory=Counter)
    by_subscription: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay, as `gateway.replays` has it.

    Attributes:
        run: from 1; each resumption is another one.
        actor: who started it.
        rate_per_s: deliveries a second at most; None for as many as there can be.
        passed: how many events or deliveries were passed over, by reason's name: a newer gateway may have others.
    """

    replay_id: str
    state: ReplayState
    run: int
    actor: str
    started_at_ms: int
    updated_at_ms: int
    wanted: Wanted
    rate_per_s: float | None
    stretches: tuple[Stretch, ...]
    deliveries: int = 0
    passed: tuple[tuple[str, int], ...] = ()

    @property
    def events_read(self) -> int:
        """How many offsets of its stretches are done."""
        return sum(stretch.next - stretch.start for stretch in self.stretches)

    @property
    def events_total(self) -> int:
        """How many offsets its stretches have."""
        return sum(stretch.end - stretch.start for stretch in self.stretches)

    @property
    def is_over(self) -> bool:
        """Tell whether there is nothing to resume."""
        return self.state in {ReplayState.FINISHED, ReplayState.CANCELLED}

    def is_silent(self, now_ms: int) -> bool:
        """Tell whether it is said to run, but nobody has said so for so long that its process must be gone."""
        longest_pause_ms = 0.0 if self.rate_per_s is None else 1000 / self.rate_per_s
        return self.state is ReplayState.RUNNING and now_ms - self.updated_at_ms > _SILENT_MS + longest_pause_ms

    def resumed(self, now_ms: int) -> "Replay":
        """The same replay in a run of its own, which any earlier one gives way to."""
        return replace(self, state=ReplayState.RUNNING, run=self.run + 1, updated_at_ms=now_ms)

    def advanced(self, reached: Mapping[tuple[str, int], int], tally: Tally, now_ms: int) -> "Replay":
        """The same run further on.

        Args:
            reached: by topic and partition, the offset below which everything is done.
            tally: all that it has done, earlier runs included.
            now_ms: the present, milliseconds since the epoch.
        """
        stretches = tuple(
            replace(one, next=max(one.next, reached.get((one.topic, one.partition), one.next)))
            for one in self.stretches
        )
        passed = tuple(sorted((reason.value, count) for reason, count in tally.passed.items()))
        return replace(
            self, stretches=stretches, deliveries=tally.deliveries, passed=passed, updated_at_ms=max(now_ms, 0)
        )

    def ended(self, state: ReplayState, now_ms: int) -> "Replay":
        """The same replay in another state; a finished one has come to its ends, also where they hold no records."""
        stretches = self.stretches
        if state is ReplayState.FINISHED:
            stretches = tuple(replace(one, next=max(one.next, one.end)) for one in stretches)
        return replace(self, state=state, stretches=stretches, updated_at_ms=now_ms)

    def gives_way_to(self, seen: "Replay") -> bool:
        """Tell whether this run has to end, having seen what another process wrote of the replay.

        An earlier run writes one more checkpoint before it learns that this one has begun: that means nothing.
        """
        return seen.run > self.run or (seen.run == self.run and seen.state is ReplayState.CANCELLED)


def tally_of(done: Replay) -> Tally:
    """Give what a replay has done so far, to be counted on from there."""
    known = {reason.value: reason for reason in PassedOver}
    return Tally(done.deliveries, Counter({known[name]: count for name, count in done.passed if name in known}))


def status_after(outcomes: Iterable[str]) -> DeliveryStatus:
    """Give what became of a delivery, from the outcomes of its attempts in any order."""
    found = {_ATTEMPT_OUTCOMES.get(outcome, DeliveryStatus.RETRYING) for outcome in outcomes}
    return next((status for status in DeliveryStatus if status in found), DeliveryStatus.NONE)


def parse_offsets(text: str) -> tuple[SourcePosition, int]:
    """Read `events.order:3:100-200`: a partition of an event topic, its first offset and its last one.

    Raises:
        InvalidInputError: it is none.
    """
    found = _OFFSETS.match(text)
    if found is None or int(found[3]) > int(found[4]):
        raise InvalidInputError(
            f"'{text[:80]}' names no offsets of an event topic",
            hint="write TOPIC:PARTITION:FIRST-LAST, like events.order:3:100-200",
        )
    return SourcePosition(found[1], int(found[2]), int(found[3])), int(found[4])


def pace(next_at_s: float, now_s: float, deliveries: int, rate_per_s: float | None) -> tuple[float, float]:
    """Say how long to wait before some deliveries are written, and from when the next ones may be; seconds.

    Time that was lost is not made up for: a replay that stood still does not go faster afterwards.

    Args:
        next_at_s: from when these may be written, by a clock that never goes back.
        now_s: the present, by the same clock.
        deliveries: how many they are.
        rate_per_s: how many a second there may be; None for no bound.
    """
    if rate_per_s is None:
        return 0.0, now_s
    begin_s = max(next_at_s, now_s)
    return begin_s - now_s, begin_s + deliveries / rate_per_s
