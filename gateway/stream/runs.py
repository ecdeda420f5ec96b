"""Faust's consumer gives its agents runs: some records of one partition that follow each other, as one Faust event.

Faust hands records over one by one, through a lock, a queue and several coroutines for each: that is a third of what an
event costs the stream. What it does for a record it does for a run here, and a run is what has been read of a partition
already: under load dozens of records, otherwise one, which nobody waits to complete.

Of a run that is acknowledged every record is. So the offset to commit is the one behind the last run that was, for runs
are acknowledged in order (`gateway.stream.acks`). Faust would look for a gap in all the offsets that it knows of.

Faust also passes over what it has read of a partition that is paused meanwhile, and then commits past it: that loses
events. Here all that was read is handed over; whoever pauses a partition (`gateway.stream.partition_hold`) has room
for it.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import structlog
from aiokafka import ConsumerRecord

# The most that a run holds. One event may be larger, and is a run of its own then.
MAX_EVENTS = 64
MAX_BYTES = 65_536

_log = structlog.get_logger()

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


def runs_of(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Cut a partition's records into runs, in order."""
    run: list[Record] = []
    size_bytes = 0
    for record in records:
        more_bytes = len(record.value or b"") + len(record.key or b"")
        if run and (len(run) == MAX_EVENTS or size_bytes + more_bytes > MAX_BYTES):
            yield run
            run, size_bytes = [], 0
        run.append(record)
        size_bytes += more_bytes
    if run:
        yield run


def run_in(message: Any) -> Sequence[Record]:  # noqa: ANN401 - Faust is untyped here
    """Give the records of a Faust message: at least one."""
    run: Sequence[Record] = message.run
    return run


class ReadsRuns:
    """For a Faust consumer: each of its messages is the last record of a run, and carries the run."""

    async def getmany(self: Any, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109 - as in Faust
        """Give what was read, with partition and message; topics, and the partitions of each, take turns."""
        records, _ = await self._wait_next_records(timeout)
        if not self.flow_active:
            await self._seek_back()
            return
        generation = self.app.consumer_generation_id
        runs = {partition: runs_of(read) for partition, read in (records or {}).items()}
        for partition, run in self.scheduler.iterate(runs):
            if self.should_stop or not self.flow_active or self.app.consumer_generation_id != generation:
                return
            message = self._to_message(partition, run[-1])
            message.run = run
            yield partition, message

    async def _seek_back(self: Any) -> None:
        """A rebalance began while it was read: it is read again by whoever gets the partition."""
        try:
            await self.perform_seek()
        except Exception as error:  # noqa: BLE001 - as in Faust, which seeks again when it has its partitions
            _log.warning("stream.seek_failed", error=str(error))

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:  # noqa: ANN401 - as in Faust
        """Note nothing: offsets between two runs are in the way of no commit."""

    def _new_offset(self: Any, tp: Any) -> int | None:  # noqa: ANN401 - as in Faust
        acked = self._acked[tp]
        if not acked:
            return None
        offset: int = max(acked) + 1
        acked.clear()
        self._acked_index[tp].clear()
        return offset
