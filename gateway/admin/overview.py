"""Follows the topics that tell how the gateway is doing, and gives an overview of it whenever asked.

Every number is read from Kafka: no process has to be reachable. Of attempts nothing is kept but counts, and of signals
the last of each subscription.
"""

import time

from gateway.admin.lifecycle import Clock
from gateway.admin.standing import StandingReader
from gateway.admin.standing_watch import StandingWatch, standing_of
from gateway.domain.attempt_window import WINDOW_S, AttemptWindow
from gateway.domain.overview import Overview, SignalBoard
from gateway.domain.topics import ATTEMPTS, SIGNALS, TopicLayout
from gateway.kafka.attempt_tail import attempt_kind
from gateway.kafka.config import KafkaConfig
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.record_log import RecordTail
from gateway.kafka.signal_log import signal_kind

RECENT_S = 5
WORST = 100
# What is read of the past when it begins: of a minute, or of a day, not more than so many records.
_PAST_RECORDS = 200_000
_SIGNALS_MS = 86_400_000
_POLL_S = 0.05


class OverviewReader:
    """The overview. Blocking, for one thread.

    Args:
        config: how to reach Kafka.
        layout: the deployment's topics.
        clock: gives the present.

    Raises:
        UnavailableError: no broker answers, or a topic is missing.
        GatewayError: an access rule is missing.
    """

    def __init__(self, config: KafkaConfig, layout: TopicLayout, clock: Clock) -> None:
        self._clock = clock
        self._layout = layout
        self._board = SignalBoard()
        self._watch = StandingWatch(StandingReader(config, layout), clock)
        now_ms = clock()
        lookup = OffsetLookup(config)
        signals = lookup.newest_span(lookup.partitions({SIGNALS: None}), now_ms - _SIGNALS_MS, _PAST_RECORDS).ranges
        past = lookup.newest_span(lookup.partitions({ATTEMPTS: None}), now_ms - WINDOW_S * 1000, _PAST_RECORDS)
        self._past_attempts = sum(len(offsets) for offsets in past.ranges.values())
        self._window = AttemptWindow(past.since_ms)
        self._signals = RecordTail(config, signal_kind(), begin_at={at[1]: one.start for at, one in signals.items()})
        self._attempts = RecordTail(
            config, attempt_kind(), begin_at={at[1]: one.start for at, one in past.ranges.items()}
        )

    @property
    def is_cut_off(self) -> bool:
        """Whether no broker answers; everything is as it was seen last."""
        return self._attempts.is_cut_off

    def start(self) -> None:
        """Begin to look at how far everything is."""
        self._watch.start()

    def look(self, at_most_s: float) -> None:
        """Look once, and read the past minute: for one overview, without `start`.

        Args:
            at_most_s: how long to read for, seconds.

        Raises:
            UnavailableError: no broker answers.
        """
        self._watch.look()
        give_up_at = time.monotonic() + at_most_s
        read = 0
        while read < self._past_attempts and time.monotonic() < give_up_at:
            read += self._read_once()

    def follow(self, for_s: float) -> None:
        """Take in what is written during some seconds.

        Raises:
            GatewayError: an access rule is missing.
        """
        end = time.monotonic() + for_s
        while time.monotonic() < end:
            self._read_once()
        if self._watch.failure is not None:
            raise self._watch.failure

    def overview(self) -> Overview:
        """Give how everything is now."""
        now_ms, newest = self._clock(), self._watch.newest
        return Overview(
            now_ms,
            self._window.sum_up(now_ms, WINDOW_S, WORST),
            self._window.sum_up(now_ms, RECENT_S),
            None if newest is None else standing_of(newest, self._layout, self._board),
            self._board.open_circuits,
        )

    def close(self) -> None:
        """Let go of the broker."""
        self._watch.stop()
        self._attempts.close()
        self._signals.close()

    def _read_once(self) -> int:
        self._board.take(self._signals.read(0))
        attempts = self._attempts.read(_POLL_S)
        now_ms = self._clock()
        for attempt in attempts:
            self._window.add(attempt, now_ms)
        return len(attempts)
