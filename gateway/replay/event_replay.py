"""Carries a replay out: reads its stretches, writes deliveries at its rate, and notes how far it has come.

What a checkpoint says is done is in Kafka: it is written after the deliveries are confirmed. A run that is killed is
resumed from its last checkpoint. One that was cancelled, or is resumed elsewhere, learns so at its next one.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.errors import ConflictError, GatewayError
from gateway.domain.replay import PassedOver, Replay, ReplayState, Tally, pace
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.partitioning import Partition
from gateway.kafka.replay_log import ReplayLog, ReplayWatch
from gateway.kafka.scan import RawRecord, ScanBounds, ScanReport, TopicScan
from gateway.replay.event_planner import PlannedReplay
from gateway.telemetry.clock import now_ms

CHECKPOINT_S = 1.0
UNBOUNDED = ScanBounds(max_records=sys.maxsize, deadline_s=float("inf"))
# Small ones, so that egress has them one after the other and not all at once.
_BATCHES_PER_S = 50
_MAX_BATCH_DELIVERIES = 500
_MAX_BATCH_BYTES = 4_194_304


class Planner(Protocol):
    """Makes deliveries of what is read.

    Attributes:
        tally: what it has made.
    """

    tally: Tally

    def plan(self, raw: RawRecord, *, now_ms: int) -> Iterator[PlannedReplay]:
        """Give the deliveries of one record, counting them and what is passed over."""


class _EndedError(Exception):
    """This run has to end: what another process wrote says so."""

    def __init__(self, seen: Replay) -> None:
        super().__init__()
        self.seen = seen


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, and waiting; tests have their own.

    Attributes:
        monotonic_s: a clock that never goes back, seconds.
        sleep_s: waits so many seconds.
    """

    monotonic_s: Callable[[], float] = time.monotonic
    sleep_s: Callable[[float], None] = time.sleep


class EventReplay:
    """One run of a replay. Blocking.

    Args:
        config: how to reach the cluster.
        replay: the run, in the state RUNNING.
        planner: makes deliveries; its tally begins with what earlier runs did.
        advanced: told of each checkpoint.
        clock: the time.
    """

    def __init__(
        self,
        config: KafkaConfig,
        replay: Replay,
        planner: Planner,
        advanced: Callable[[Replay], None],
        clock: Clock | None = None,
    ) -> None:
        self._config = config
        self._replay = replay
        self._planner = planner
        self._advanced = advanced
        self._clock = clock or Clock()
        self._log = ReplayLog(config)
        self._batch = _Batch(ConfirmedWriter(config), replay.rate_per_s, self._clock)
        self._reached: dict[Partition, int] = {}
        self._checkpoint_at_s = 0.0

    def run(self) -> Replay:
        """Replay what is left; gives the replay as it ended: FINISHED, or CANCELLED by somebody else.

        A KeyboardInterrupt, and any error, leaves it STOPPED at what is confirmed, where that can still be written.

        Raises:
            UnavailableError: Kafka does not answer or confirm, or the schema registry can't be asked.
            ConflictError: it was resumed elsewhere, and goes on there.
        """
        watch = ReplayWatch(self._config, self._replay.replay_id)
        try:
            return self._run(watch)
        finally:
            watch.close()

    def _run(self, watch: ReplayWatch) -> Replay:
        # Until a run is noted, nobody can tell it to end; and it may have been prepared for minutes. What comes after
        # this look, the watch sees: it was opened before.
        known = self._log.read().by_id.get(self._replay.replay_id)
        if known is not None and known.is_over:
            return known
        if known is not None and known.run >= self._replay.run:
            raise self._resumed_elsewhere()
        try:
            self._log.write(self._replay)
            self._checkpoint_at_s = self._clock.monotonic_s() + CHECKPOINT_S
            ranges = {(one.topic, one.partition): one.left for one in self._replay.stretches}
            TopicScan(self._config, UNBOUNDED).read(ranges, lambda raw: self._take(raw, watch), self._note_gone)
            self._batch.write()
            self._end(ReplayState.FINISHED)
        except _EndedError as ended:
            if ended.seen.run > self._replay.run:
                raise self._resumed_elsewhere() from None
            self._end(ReplayState.CANCELLED)
        except BaseException:
            self._replay = self._replay.ended(ReplayState.STOPPED, now_ms())
            with contextlib.suppress(GatewayError):  # then it stays RUNNING, and can be resumed all the same
                self._log.write(self._replay)
            raise
        return self._replay

    def _resumed_elsewhere(self) -> ConflictError:
        return ConflictError(f"replay {self._replay.replay_id} was resumed elsewhere, and goes on there")

    def _take(self, raw: RawRecord, watch: ReplayWatch) -> None:
        for planned in self._planner.plan(raw, now_ms=now_ms()):
            self._batch.add(planned)
            self._checkpoint_if_due(watch)  # an event may be for thousands of subscriptions
        self._reached[raw.topic, raw.partition] = raw.offset + 1
        self._checkpoint_if_due(watch)

    def _note_gone(self, at: Partition, offsets: range) -> None:
        self._planner.tally.passed[PassedOver.NOT_KEPT] += len(offsets)
        self._reached[at] = offsets.stop

    def _checkpoint_if_due(self, watch: ReplayWatch) -> None:
        if self._clock.monotonic_s() < self._checkpoint_at_s:
            return
        self._batch.write()
        self._replay = self._replay.advanced(self._reached, self._planner.tally, now_ms())
        self._log.write(self._replay)
        self._advanced(self._replay)
        for seen in watch.seen():
            if self._replay.gives_way_to(seen):
                raise _EndedError(seen)
        self._checkpoint_at_s = self._clock.monotonic_s() + CHECKPOINT_S

    def _end(self, state: ReplayState) -> None:
        self._replay = self._replay.advanced(self._reached, self._planner.tally, now_ms()).ended(state, now_ms())
        self._log.write(self._replay)
        self._advanced(self._replay)


class _Batch:
    """Writes deliveries, a batch at a time, no faster than the rate; each note after its delivery is confirmed."""

    def __init__(self, writer: ConfirmedWriter, rate_per_s: float | None, clock: Clock) -> None:
        self._writer = writer
        self._rate_per_s = rate_per_s
        self._clock = clock
        share = _MAX_BATCH_DELIVERIES if rate_per_s is None else int(rate_per_s / _BATCHES_PER_S)
        self._most = min(max(share, 1), _MAX_BATCH_DELIVERIES)
        self._planned: list[PlannedReplay] = []
        self._size_bytes = 0
        self._next_at_s = 0.0

    def add(self, planned: PlannedReplay) -> None:
        """Take a delivery, and write the batch if it is full."""
        self._planned.append(planned)
        self._size_bytes += len(planned.record.value or b"")
        if len(self._planned) >= self._most or self._size_bytes >= _MAX_BATCH_BYTES:
            self.write()

    def write(self) -> None:
        """Write what there is, and wait until Kafka has confirmed it."""
        if not self._planned:
            return
        wait_s, self._next_at_s = pace(self._next_at_s, self._clock.monotonic_s(), len(self._planned), self._rate_per_s)
        if wait_s > 0:
            self._clock.sleep_s(wait_s)
        self._writer.write([planned.record for planned in self._planned])
        notes = [planned.note for planned in self._planned if planned.note is not None]
        if notes:
            self._writer.write(notes)
        self._planned.clear()
        self._size_bytes = 0


def count_all(
    config: KafkaConfig,
    replay: Replay,
    planner: Planner,
    progress: Callable[[int, int], None],
    bounds: ScanBounds = UNBOUNDED,
) -> tuple[Tally, ScanReport]:
    """Read what a replay would, and count what it would do: nothing is written.

    Args:
        config: how to reach the cluster.
        replay: what is asked for.
        planner: makes deliveries.
        progress: called with the records read and the records there are to read.
        bounds: how much is read at most.

    Raises:
        UnavailableError: Kafka does not answer, or the schema registry can't be asked.
    """

    def take(raw: RawRecord) -> None:
        for _ in planner.plan(raw, now_ms=now_ms()):
            pass

    def note_gone(_: Partition, offsets: range) -> None:
        planner.tally.passed[PassedOver.NOT_KEPT] += len(offsets)

    ranges = {(one.topic, one.partition): one.left for one in replay.stretches}
    report = TopicScan(config, bounds, progress).read(ranges, take, note_gone)
    return planner.tally, report
