"""Step ④, the reading half: the main reader of `deliveries` and the retry tiers, in a thread of its own.

The thread polls, holds back what is not due, pauses under pressure and commits; decisions are made on the event
loop, by a `DeliveryListener`. It hands over at most a few batches ahead of the loop. A retry partition whose head is
not yet due is paused and its position put back, so that waiting costs no memory.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Protocol

import structlog
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.domain.cursor import DurableCursor, Strand
from gateway.domain.errors import GatewayError
from gateway.kafka.access import denial, final_refusal, is_denied
from gateway.kafka.config import KafkaConfig
from gateway.kafka.cursor_log import read_cursors
from gateway.kafka.fetch_control import FetchControl
from gateway.kafka.partitioning import Partition, place_of
from gateway.kafka.pending_commits import Commit, PendingCommits, to_commit
from gateway.kafka.reader_progress import ReaderProgress

# After it Kafka gives up a member that it does not hear of, seconds.
SESSION_S = 15.0
_BATCH = 500
_BATCHES_AHEAD = 2
_METADATA_TIMEOUT_S = 15.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AssignedPartition:
    """A partition that this process now owns.

    Attributes:
        partition: topic and number.
        position: the committed offset, or 0 where there is none.
        cursors: the durable cursors of what lags in it.
        settled: what the commit said of the offsets beyond.
    """

    partition: Partition
    position: int
    cursors: Mapping[Strand, DurableCursor]
    settled: str = ""


class DeliveryListener(Protocol):
    """What the reader tells, always on the event loop and in this order per partition."""

    def assigned(self, partitions: Sequence[AssignedPartition]) -> None:
        """These partitions are owned from now on."""

    def records(self, batch: Sequence[Message]) -> None:
        """These records were read, in offset order per partition, and are due."""

    async def revoked(self, partitions: Sequence[Partition]) -> dict[Partition, Commit]:
        """These partitions are given up: finish or abandon what is under way, and give what to commit."""

    def committed(self, commits: Mapping[Partition, Commit]) -> None:
        """These commits are durable."""

    def lost(self, partitions: Sequence[Partition]) -> None:
        """These partitions belong to somebody else already: nothing may be committed."""


class DeliveryConsumer:
    """The thread around the consumer of the egress group.

    Args:
        config: how to reach Kafka.
        group_id: the egress group.
        topics: where deliveries begin, and the retry topics.
        rests_ms: how long partitions of a topic may rest once they are read to their end, milliseconds.
        listener: told on the event loop.
        revoke_timeout_s: how long a revocation may wait for the listener, seconds.
        beat: called with every turn of the loop.
        recall: called with the positions of partitions before they are assigned; may block for some seconds.

    Attributes:
        progress: what is seen of it from outside.
    """

    def __init__(  # noqa: PLR0917 - see the docstring
        self,
        config: KafkaConfig,
        group_id: str,
        topics: Sequence[str],
        rests_ms: Mapping[str, int],
        listener: DeliveryListener,
        revoke_timeout_s: float,
        beat: Callable[[], None],
        recall: Callable[[Mapping[Partition, int]], None],
    ) -> None:
        self._config = config
        self._topics = list(topics)
        self._listener = listener
        self._revoke_timeout_s = revoke_timeout_s
        self._beat = beat
        self._recall = recall
        self._consumer = Consumer(
            config.consumer(
                group_id,
                **{
                    "partition.assignment.strategy": "range",
                    "session.timeout.ms": int(SESSION_S * 1000),
                    "on_commit": self._on_commit,
                    "error_cb": self._on_error,
                    "queued.max.messages.kbytes": 16_384,
                    "enable.partition.eof": True,
                    # A partition that is resumed waits for the request that is under way.
                    "fetch.wait.max.ms": 100,
                },
            )
        )
        self._loop = asyncio.get_running_loop()
        self.failure: asyncio.Future[None] = self._loop.create_future()
        self.first_assignment = asyncio.Event()
        self._ahead = threading.Semaphore(_BATCHES_AHEAD)
        self._stopping = False
        self._blocked = False
        self._owned: set[Partition] = set()
        self._fetching = FetchControl(self._consumer, rests_ms)
        self.progress = ReaderProgress(self._fetching)
        self._commits = PendingCommits()
        self._thread = threading.Thread(target=self._run, name="delivery-consumer", daemon=True)

    def start(self) -> None:
        """Join the group and begin to read."""
        self._thread.start()

    async def stop(self) -> None:
        """Give up all partitions (the listener's `revoked` is called), commit, leave the group."""
        self._stopping = True
        await asyncio.to_thread(self._thread.join)

    def block(self, *, blocked: bool) -> None:
        """Stop or go on fetching; heartbeats go on. Callable on any thread."""
        self._blocked = blocked

    def request_commit(self, commits: dict[Partition, Commit]) -> None:
        """Have this committed soon. Callable on any thread."""
        self._commits.ask(commits)

    # --- everything below runs on the consumer's thread ---

    def _run(self) -> None:
        try:
            self._consumer.subscribe(
                self._topics, on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
            while not self._stopping:
                self._turn()
            self._consumer.close()
        except Exception as error:  # noqa: BLE001 - the thread must not die unseen; the failure ends the process
            self._loop.call_soon_threadsafe(self._fail, error)

    def _fail(self, error: Exception) -> None:
        if not self.failure.done():
            self.failure.set_exception(
                error if isinstance(error, GatewayError) else GatewayError(f"the delivery consumer failed: {error}")
            )

    def _turn(self) -> None:
        self._beat()
        self._commit_requested()
        self._fetching.apply(blocked=self._blocked)
        first = self._consumer.poll(self._fetching.poll_s)
        if first is None:
            return
        batch = [message for message in (first, *self._consumer.consume(_BATCH - 1, 0)) if self._is_record(message)]
        self.progress.read(len(batch))
        if due := self._fetching.hold_back(batch, self._owned):
            self._hand_over(due)

    def _is_record(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if error.code() == KafkaError._PARTITION_EOF:
            self.progress.at_end(place_of(message), message.offset() or 0)
            self._fetching.at_end(place_of(message), self._owned)
            return False
        if is_denied(error):
            raise denial(error, self._config, message.topic())
        if error.fatal():
            raise KafkaException(error)
        _log.warning("kafka.consumer_trouble", error=error.str(), topic=message.topic())
        return False

    def _hand_over(self, batch: list[Message]) -> None:
        while not self._ahead.acquire(timeout=1.0):
            # The loop is busy. Its own watchdog judges that; here only a stop has to be noticed.
            self._beat()
            if self._stopping:
                return
        self._loop.call_soon_threadsafe(self._deliver, batch)

    def _deliver(self, batch: list[Message]) -> None:
        try:
            self._listener.records(batch)
        except Exception as error:  # noqa: BLE001 - a batch that was not taken must not be passed over
            _log.exception("egress.batch_failed")
            self._fail(error)
        finally:
            self._ahead.release()

    def _commit_requested(self) -> None:
        if commits := self._commits.take(time.monotonic()):
            self._consumer.commit(offsets=to_commit(commits), asynchronous=True)

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        commits = {(tp.topic, tp.partition): (tp.offset, tp.metadata or "") for tp in partitions}
        # Where only some of them were refused, the error stands with those.
        refused = {(tp.topic, tp.partition): why for tp in partitions if (why := error or tp.error) is not None}
        durable = {at: commit for at, commit in commits.items() if at not in refused}
        if durable:
            self._loop.call_soon_threadsafe(self._committed, durable)
        for why in refused.values():
            if is_denied(why):
                raise denial(why, self._config)
        if refused:
            _log.warning("kafka.commit_failed", error=next(iter(refused.values())).str())
            self._commits.failed({at: commits[at] for at in refused}, time.monotonic())

    def _committed(self, commits: Mapping[Partition, Commit]) -> None:
        self._listener.committed(commits)
        # Only now: what the listener hears of as durable has to be the last that was under way.
        self._commits.durable(commits)

    def _on_error(self, error: KafkaError) -> None:
        if refused := final_refusal(error, self._config):
            raise refused

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.progress.assigned(frozenset((tp.topic, tp.partition) for tp in partitions))
        committed = consumer.committed(partitions, timeout=_METADATA_TIMEOUT_S)
        for tp in committed:
            if tp.error is not None:
                raise KafkaException(tp.error)
        cursors = read_cursors(self._config, {tp.partition for tp in partitions})
        consumer.assign(committed)
        self._fetching.assigned(committed)
        self._owned = {(tp.topic, tp.partition) for tp in committed}
        self._commits.own(self._owned)
        assigned = [
            AssignedPartition(
                (tp.topic, tp.partition),
                0 if tp.offset == OFFSET_INVALID else tp.offset,
                cursors.get((tp.topic, tp.partition), {}),
                tp.metadata or "",
            )
            for tp in committed
        ]
        self._recall({each.partition: each.position for each in assigned})
        self._loop.call_soon_threadsafe(self._assigned, assigned)

    def _assigned(self, partitions: list[AssignedPartition]) -> None:
        self._listener.assigned(partitions)
        self.first_assignment.set()

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        given_up = [(tp.topic, tp.partition) for tp in partitions]
        self._forget(given_up)
        finished = asyncio.run_coroutine_threadsafe(self._listener.revoked(given_up), self._loop)
        commits = self._await(finished)
        if not commits:
            return
        try:
            consumer.commit(offsets=to_commit(commits), asynchronous=False)
        except KafkaException as error:
            _log.warning("kafka.commit_failed", error=str(error), during="revocation")

    def _await(self, finished: Future[dict[Partition, Commit]]) -> dict[Partition, Commit]:
        """Wait for the listener; that may take longer than the watchdog is patient."""
        give_up_at = time.monotonic() + self._revoke_timeout_s
        while not wait([finished], timeout=min(1.0, self._revoke_timeout_s)).done:
            self._beat()
            if time.monotonic() > give_up_at:
                raise GatewayError(f"partitions could not be given up within {self._revoke_timeout_s:.0f} s")
        return finished.result()

    def _on_lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        given_up = [(tp.topic, tp.partition) for tp in partitions]
        self._forget(given_up)
        _log.warning("kafka.partitions_lost", partitions=len(given_up))
        self._loop.call_soon_threadsafe(self._listener.lost, given_up)

    def _forget(self, partitions: list[Partition]) -> None:
        self.progress.given_up()
        self._owned.difference_update(partitions)
        self._commits.give_up(partitions)
        self._fetching.forget(partitions)
