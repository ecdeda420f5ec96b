"""How far everything is, for all who look: Kafka is asked at most every two seconds, and not while nobody looks.

An answer never waits for Kafka for long: what was seen last is given, with its time, while the next look is under way.
"""

import asyncio
import time

import structlog

from gateway.admin.standing import StandingReader
from gateway.admin.standing_watch import Look, StandingWatch
from gateway.domain.errors import GatewayError
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.telemetry.clock import now_ms

_FRESH_S = 2.0
# What is older is not given without having waited for something newer.
_STALE_MS = 15_000
_WAIT_S = 1.5
_log = structlog.get_logger()


class SharedStanding:
    """The newest look; for one event loop.

    Args:
        config: how to reach Kafka.
        layout: the deployment's topics.
    """

    def __init__(self, config: KafkaConfig, layout: TopicLayout) -> None:
        self._config = config
        self._layout = layout
        self._watch: StandingWatch | None = None
        self._looking: asyncio.Future[None] | None = None
        self._looked_at_s = -_FRESH_S
        self._failed = False

    async def newest(self) -> Look | None:
        """Give what was seen last; None where nothing was seen yet."""
        if self._looking is None and time.monotonic() - self._looked_at_s >= _FRESH_S:
            self._looking = asyncio.ensure_future(self._look())
        seen = self._seen()
        if self._looking is not None and (seen is None or now_ms() - seen.at_ms > _STALE_MS):
            await asyncio.wait({self._looking}, timeout=_WAIT_S)
        return self._seen()

    def _seen(self) -> Look | None:
        return None if self._watch is None else self._watch.newest

    async def _look(self) -> None:
        try:
            await asyncio.to_thread(self._look_once)
            self._failed = False
        except GatewayError as error:
            if not self._failed:
                _log.warning("console.standing_not_seen", why=error.message)
            self._failed = True
        finally:
            self._looked_at_s = time.monotonic()
            self._looking = None

    def _look_once(self) -> None:
        if self._watch is None:
            topics = (*self._layout.event_topics(), *self._layout.delivery_topics())
            self._watch = StandingWatch(StandingReader(self._config, self._layout, topics), now_ms)
        self._watch.look()
