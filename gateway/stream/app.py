"""The Faust app: one agent per event topic, each doing nothing but decode → match → plan → produce → ack.

Every exception is caught inside the loop, because Faust would acknowledge the event anyway; a bad event goes to
`events.rejected`. Events are acknowledged by ourselves, in order, after Kafka has acknowledged their deliveries.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import faust
import faust.types
import structlog

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.group_offsets import STREAM_GROUP_ID
from gateway.kafka.partitioning import Partition
from gateway.kafka.producer import OutRecord
from gateway.stream.acks import InOrderAcks
from gateway.stream.broker_login import faust_credentials
from gateway.stream.output import BoundedOutput
from gateway.stream.partition_hold import PartitionHold
from gateway.stream.pipeline import EventPipeline
from gateway.stream.prompt_consumer import use_prompt_consumer
from gateway.stream.runs import Record, run_in
from gateway.wire.errors import RegistryUnavailableError
from gateway.wire.event_codec import EventRecord

# After it Kafka gives up a member that it does not hear of, seconds.
SESSION_S = 15.0
_HEARTBEAT_S = 3.0
_COMMIT_INTERVAL_S = 0.5
_POSITION_TIMEOUT_S = 2.0
# Of each event topic, Faust reads so many runs ahead of the agent. Its own number, 4096, is 4 GB of large events.
_READ_AHEAD_RUNS = 64
# What an event takes in memory beside its bytes.
_OVERHEAD_BYTES = 2048
_log = structlog.get_logger()


class StreamApp:
    """Reads the event topics in the stream group.

    Args:
        config: how to reach Kafka.
        topics: the event topics.
        pipeline: turns a record into records.
        output: produces them.
        acks: acknowledges in order.
    """

    def __init__(
        self,
        config: KafkaConfig,
        topics: Sequence[str],
        pipeline: EventPipeline,
        output: BoundedOutput,
        acks: InOrderAcks,
    ) -> None:
        self._pipeline = pipeline
        self._output = output
        self._acks = acks
        self._stopping = False
        self.app = _faust_app(config)
        use_prompt_consumer(self.app)
        self._hold: PartitionHold[Any, _Arrival] = PartitionHold(
            self._handle,
            is_ready=lambda arrival: self._pipeline.prepare(arrival.record) is None,
            is_current=self._is_current,
            set_aside=self._set_aside,
            resume=self._resume,
            crash=self.app.crash,
            name=lambda partition: f"{partition.topic}-{partition.partition}",
        )
        self.assigned = asyncio.Event()
        self.app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        for topic in topics:
            channel = self.app.topic(
                topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
            )
            self.app.agent(channel, name=f"agent.{topic}")(self._agent)

    async def run(self) -> None:
        """Join the group, run the agents, and raise when Faust has given up; it does not by itself.

        Raises:
            GatewayError: it has.
        """
        await self.app.start()
        await self.app._crashed.wait()  # noqa: SLF001 - Faust offers no public way to learn of it
        raise GatewayError(f"Faust gave up: {self.app.crash_reason!r}")

    async def stop(self, drain_s: float, leave_s: float) -> None:
        """Take no more events, let those in flight finish, commit, leave the group.

        Args:
            drain_s: how long events in flight may take, seconds.
            leave_s: how long Faust may take after that; it takes a minute where Kafka is away.
        """
        self._stopping = True
        self._hold.close()
        try:
            async with asyncio.timeout(drain_s):
                await self._acks.empty()
        except TimeoutError:
            _log.warning("stream.drain_incomplete", in_flight=self._acks.in_flight, after_s=drain_s)
        try:
            async with asyncio.timeout(leave_s):
                await self.app.stop()
        except TimeoutError:
            _log.warning("stream.left_uncleanly", after_s=leave_s, hint="the group waits for the session to time out")

    @property
    def holds_partitions(self) -> bool:
        """Whether a partition waits for the schema registry: then that it does not move is no fault."""
        return self._hold.holds

    def owned(self) -> frozenset[Partition]:
        """Give the partitions that are assigned at present. Callable on any thread."""
        if not self.assigned.is_set():
            return frozenset()
        try:
            return frozenset((tp.topic, tp.partition) for tp in self.app.consumer.assignment())
        except Exception:  # noqa: BLE001 - during a rebalance Faust raises what it likes
            return frozenset()

    async def positions(self) -> dict[tuple[str, int], int]:
        """Give the next offset that is read of each assigned partition; empty where Faust does not answer in time."""
        found: dict[tuple[str, int], int] = {}
        try:
            async with asyncio.timeout(_POSITION_TIMEOUT_S):
                for tp in list(self.app.consumer.assignment()):
                    found[tp.topic, tp.partition] = await self.app.consumer.position(tp) or 0
        except Exception as error:  # noqa: BLE001 - during a rebalance Faust raises what it likes; no answer is one too
            _log.debug("stream.positions_unknown", error=str(error))
            return {}
        return found

    async def _on_assigned(self, _app: Any, assigned: Any, **_: Any) -> None:  # noqa: ANN401 - Faust's signal
        _log.info("stream.assigned", partitions=len(assigned))
        self.assigned.set()

    async def _agent(self, stream: Any) -> None:  # noqa: ANN401 - Faust is untyped here
        async for event in stream.noack().events():
            if self._stopping:
                return
            # Of Faust's own type: what it resumes it takes as it is, and later is surprised by any other.
            partition = faust.types.TP(event.message.topic, event.message.partition)
            run = run_in(event.message)
            for record in run:
                await self._acks.room()
                is_last = record is run[-1]
                arrival = _Arrival(
                    event, _record_of(record), is_last=is_last, others_follow=not (is_last and stream.channel.empty())
                )
                await self._hold.take(partition, arrival, arrival.size_bytes)

    async def _handle(self, arrival: "_Arrival") -> None:
        records = await self._process(arrival.record)
        finished = self._acks.begin(arrival.event.message.tp, self._ack_of(arrival), arrival.size_bytes)
        await self._output.produce(records, finished, others_follow=arrival.others_follow)

    def _is_current(self, arrival: "_Arrival") -> bool:
        """Tell whether no rebalance came since it was read: after one it may be read again, here or elsewhere."""
        return bool(arrival.event.message.generation_id == self.app.consumer_generation_id)

    def _set_aside(self, partition: Any, arrival: "_Arrival") -> None:  # noqa: ANN401 - Faust is untyped here
        self.app.consumer.pause_partitions({partition})
        # A rebalance and a stop wait for what Faust believes to have begun. This has not, and may wait for hours.
        self.app.consumer.unacked.discard(arrival.event.message)

    def _resume(self, partition: Any) -> None:  # noqa: ANN401 - Faust is untyped here
        if partition in self.app.consumer.assignment():
            self.app.consumer.resume_partitions({partition})

    def _ack_of(self, arrival: "_Arrival") -> Callable[[], None]:
        def ack() -> None:
            # A late ack must not move the reading of somebody else.
            if arrival.is_last and self._is_current(arrival):
                arrival.event.ack()

        return ack

    async def _process(self, record: EventRecord) -> Iterable[OutRecord]:
        try:
            blocking = self._pipeline.prepare(record)
            if blocking is not None:
                await asyncio.to_thread(blocking)
            return self._pipeline.process(record)
        except RegistryUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - the stream goes on; the event is kept in events.rejected
            return self._pipeline.reject(record, error)


class _Arrival(NamedTuple):
    """A record of a run.

    Attributes:
        event: Faust's, which carries the run.
        record: the record.
        is_last: it is the run's last: once it is acknowledged, so is the run.
        others_follow: another one was there already when it came.
    """

    event: Any
    record: EventRecord
    is_last: bool
    others_follow: bool

    @property
    def size_bytes(self) -> int:
        """What it takes in memory."""
        return len(self.record.value or b"") + len(self.record.key or b"") + _OVERHEAD_BYTES


def _record_of(record: Record) -> EventRecord:
    return EventRecord(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        # Kafka has null header values; one is as good as an empty one.
        headers=[(name, value or b"") for name, value in record.headers],
    )


class _AppWithoutFolders(faust.App):
    def _create_directories(self) -> None:
        """Create none: they are for tables, of which there are none, and the file system may be read-only."""


def _faust_app(config: KafkaConfig) -> Any:  # noqa: ANN401 - Faust is untyped here
    return _AppWithoutFolders(
        STREAM_GROUP_ID,
        broker=[f"kafka://{server.strip()}" for server in config.bootstrap_servers.split(",")],
        broker_client_id=config.client_id,
        broker_credentials=faust_credentials(config.security),
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=_HEARTBEAT_S,
        broker_commit_interval=_COMMIT_INTERVAL_S,
        stream_buffer_maxsize=_READ_AHEAD_RUNS,
        consumer_auto_offset_reset="earliest",
        # The layout is `gateway topics apply`'s to create, and nothing is served: Faust's web server would listen on
        # every interface.
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
