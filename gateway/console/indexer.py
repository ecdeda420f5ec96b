"""Keeps the index up to date: a thread that follows the topics and writes what it reads.

It may be ended at any moment, and the index may be removed: the next one reads on from the positions in it, or reads
everything again. An index that turns out to be damaged is made anew while everything else goes on. Where consoles share
an index, one of them writes it, and the others stand by.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

import structlog

from gateway.console.index_store import IndexDamagedError, IndexStore, IndexStoreError, WrittenElsewhere
from gateway.console.index_writer import IndexBatch, IndexWriter
from gateway.console.steps import Place
from gateway.domain.errors import UnavailableError
from gateway.domain.progress import Progress, reading_progress
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS, SIGNALS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.partitioning import Offsets
from gateway.kafka.scan import RawRecord
from gateway.kafka.topic_follower import PositionsLostError, TopicFollower
from gateway.wire.errors import UndecodableError
from gateway.wire.records import attempt_codec, delivery_codec
from gateway.wire.signal_record import signal_codec

_POLL_S = 0.2
_RETRY_S = 2.0
_TEND_S = 5.0
# Between two looks for partitions that were added.
_LOOK_S = 30.0
# For so long at most deliveries are removed in a row: reading must go on. That is as long as is read between, and to
# remove a delivery takes less than half as long as to add one: so however fast a machine is, the index keeps its size.
_PRUNE_S = _TEND_S
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IndexBounds:
    """How much the index keeps.

    Attributes:
        keep_ms: how far back, milliseconds.
        max_bytes: how large it may be.
    """

    keep_ms: int
    max_bytes: int


def indexed_topics(layout: TopicLayout) -> tuple[str, ...]:
    """Name the topics that the index is made of.

    Retry topics are not: what waits in them, and until when, the attempt before says, too.
    """
    retries = layout.retry_topics()
    return (*(topic for topic in layout.delivery_topics() if topic not in retries), DEAD_LETTERS, ATTEMPTS, SIGNALS)


class Indexer:
    """The thread. Belongs to the event loop on which it is started.

    Args:
        config: how to reach Kafka.
        topics: see `indexed_topics`.
        make_store: gives where the index is, for the id of the Kafka cluster.
        bounds: how much it keeps.
        clock: gives the present, milliseconds since the epoch.
        beat: called each time the thread moves.

    Attributes:
        failure: fails with the reason when the index is kept up to date no longer; never done before.
        caught_up: set once everything is in the index that was in the topics at the start.
        store: where the index is, or None before Kafka was there.
        records: how many records were read.
        undecodable: how many of them could not be.
        lag: how many records are still to be read.
        used_bytes: how large the index is.
    """

    failure: asyncio.Future[None]

    def __init__(  # noqa: PLR0917 - the parts that it has
        self,
        config: KafkaConfig,
        topics: Sequence[str],
        make_store: Callable[[str], IndexStore],
        bounds: IndexBounds,
        clock: Callable[[], int],
        beat: Callable[[], None],
    ) -> None:
        self.store: IndexStore | None = None
        self.caught_up = asyncio.Event()
        self.records = self.undecodable = self.lag = self.used_bytes = 0
        self._config = config
        self._topics = topics
        self._make_store = make_store
        self._bounds = bounds
        self._clock = clock
        self._beat = beat
        self._damaged = self._told = False
        self._reached: Offsets = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    @property
    def generation(self) -> str:
        """The index's, see `IndexStore`; empty before it is open."""
        return "" if self.store is None else self.store.generation

    def start(self) -> None:
        """Begin; returns at once."""
        self._loop = asyncio.get_running_loop()
        self.failure = self._loop.create_future()
        self._thread.start()

    def progress(self, ends: Offsets) -> Progress:
        """Tell whether it reads what there is. Callable on any thread."""
        return reading_progress(dict(self._reached), ends)

    async def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def report_damage(self) -> None:
        """Have the index made anew: it could not be read. Any thread may call it."""
        self._damaged = True

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._follow()
        except Exception as error:  # noqa: BLE001 - whatever ends this thread has to end the service that relies on it
            self._hand_over(self._fail, error)
        finally:
            if self.store is not None:
                self.store.close()

    def _follow(self) -> None:
        """Read and write until it stops, something goes away, the index is made anew, or a topic has grown."""
        try:
            store = self._opened_store()
            with store.translated_errors():
                opened = store.open(anew=self._damaged)
                self._damaged = False
                if isinstance(opened, WrittenElsewhere):
                    self._stand_by(opened)
                else:
                    with closing(IndexWriter(opened)) as writer, closing(self._follower()) as follower:
                        follower.open(writer.positions(), self._clock() - self._bounds.keep_ms)
                        self._reached = follower.reached
                        self._read(follower, writer)
        except IndexStoreError:
            raise
        except UnavailableError as error:
            _log.warning("index.waiting", error=error.message)
            self._beat()
            self._stopping.wait(_RETRY_S)
        except (IndexDamagedError, PositionsLostError) as error:
            self._damaged = True
            _log.warning("index.made_anew", why=str(error))
        finally:
            self._reached = {}

    def _opened_store(self) -> IndexStore:
        if self.store is None:
            with closing(self._follower()) as follower:
                self.store = self._make_store(follower.cluster_id())
        return self.store

    def _follower(self) -> TopicFollower:
        return TopicFollower(self._config, self._topics)

    def _stand_by(self, elsewhere: WrittenElsewhere) -> None:
        """Read no topic while another console does, and be there when it goes."""
        self._beat()
        self.lag, self.used_bytes = elsewhere.lag, elsewhere.used_bytes
        if elsewhere.caught_up:
            self._tell_caught_up()
        self._stopping.wait(_RETRY_S)

    def _read(self, follower: TopicFollower, writer: IndexWriter) -> None:
        tend_at_s, look_at_s = 0.0, time.monotonic() + _LOOK_S
        while not (self._stopping.is_set() or self._damaged):
            self._beat()
            records = follower.read(_POLL_S)
            if records:
                writer.apply(self._batch(records))
            if not follower.behind:
                self._tell_caught_up()
            if time.monotonic() >= tend_at_s:
                self._tend(follower, writer)
                tend_at_s = time.monotonic() + _TEND_S
            if time.monotonic() >= look_at_s:
                if follower.has_grown():
                    _log.info("index.partitions_added")
                    return
                look_at_s = time.monotonic() + _LOOK_S

    def _tend(self, follower: TopicFollower, writer: IndexWriter) -> None:
        give_up_at_s = time.monotonic() + _PRUNE_S
        while writer.prune(self._clock() - self._bounds.keep_ms, self._bounds.max_bytes):
            self._beat()
            if time.monotonic() > give_up_at_s or self._stopping.is_set():
                break
        self.used_bytes = writer.used_bytes()
        self.lag = follower.lag()
        writer.note_progress(caught_up=not follower.behind, lag=self.lag)

    def _batch(self, records: Iterable[RawRecord]) -> IndexBatch:
        batch = IndexBatch()
        for raw in records:
            self.records += 1
            batch.positions[raw.topic, raw.partition] = raw.offset + 1
            place = Place(raw.topic, raw.partition, raw.offset)
            try:
                if raw.topic == SIGNALS:
                    batch.signals.append((signal_codec().decode(raw.value), place))
                else:
                    codec = attempt_codec() if raw.topic == ATTEMPTS else delivery_codec()
                    batch.records.append((codec.decode(raw.value), place))
            except UndecodableError:
                self.undecodable += 1
        return batch

    def _tell_caught_up(self) -> None:
        if not self._told:
            self._told = True
            self._hand_over(self._become_caught_up)

    def _become_caught_up(self) -> None:
        _log.info("index.caught_up", records=self.records, undecodable=self.undecodable)
        self.caught_up.set()

    def _hand_over(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            # The loop is closed: there is nobody left to look.
            self._stopping.set()

    def _fail(self, error: Exception) -> None:
        if not self.failure.done():
            self.failure.set_exception(error)
