"""Faust's consumer, without four tasks for each of its events, and without its pauses while events wait.

For each event of its own (a run, see `gateway.stream.runs`), Faust waits until it is in its agent's queue, or until
reading is to be suspended, whichever comes first; `mode` makes each of these waits a task, and two more for its own
end. Nearly always there is room in the queue and nothing to wait for: then there are no tasks here.

Under load Faust paused in two ways, together for up to half of the time:

    partitions whose agent's queue is full are left out when it waits for more to read; where they were all that had
    any, it waited for its full second, although there is room again a moment later;
    its client asks a broker for one thing at a time, and where the partitions it asks for have nothing, the broker
    keeps the question for 1.5 s; those that have something were not asked for meanwhile.
"""

import inspect
import types
from collections.abc import Coroutine, Generator
from typing import Any

import aiokafka
import faust
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from mode.services import WaitResults

from gateway.stream.runs import ReadsRuns

# How long a broker keeps a question that it has no answer to, milliseconds. Ten of them a second cost next to nothing.
FETCH_MAX_WAIT_MS = 100
# How long to wait for more while a queue is full, seconds.
BUFFERED_WAIT_S = 0.01


class PromptWaits:
    """For a `mode.Service`: its `wait_first`, for a first wait that is mostly over at once."""

    async def wait_first(self, *waits: Any, timeout: Any = None) -> Any:  # noqa: ANN401, ASYNC109 - as in mode.Service
        """Wait until the first of several waits is over; see `mode.Service.wait_first`."""
        first, *others = waits
        if not inspect.iscoroutine(first):
            return await super().wait_first(*waits, timeout=timeout)  # type: ignore[misc]
        try:
            awaited = first.send(None)
        except BaseException as ended:
            for other in filter(inspect.iscoroutine, others):
                other.close()
            if not isinstance(ended, StopIteration):
                raise
            return WaitResults([first], [ended.value], False)  # noqa: FBT003 - whether it was stopped
        return await super().wait_first(_rest_of(first, awaited), *others, timeout=timeout)  # type: ignore[misc]


class PromptReads:
    """For a Faust consumer: its wait for records, while partitions are left out because their queues are full."""

    async def _wait_next_records(self: Any, timeout: float) -> Any:  # noqa: ANN401, ASYNC109 - as in Faust
        if not self.flow_active or self._buffered_partitions.isdisjoint(self.assignment()):
            return await super()._wait_next_records(timeout)  # type: ignore[misc]
        if self._get_active_partitions():
            return await super()._wait_next_records(BUFFERED_WAIT_S)  # type: ignore[misc]
        await self.sleep(BUFFERED_WAIT_S)
        return {}, set()


class PromptThread(AIOKafkaConsumerThread):
    """Faust's thread with its client, whose questions the broker does not keep for long."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:  # noqa: ANN401 - Faust's
        consumer = super()._create_worker_consumer(transport)
        # Faust's own number is fixed in its code. The client takes this one when it starts.
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS  # noqa: SLF001 - as above
        return consumer


class PromptConsumer(PromptWaits, PromptReads, ReadsRuns, Consumer):
    """Faust's consumer over aiokafka, which gives runs."""

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return PromptThread(self, loop=self.loop, beacon=self.beacon)


def use_prompt_consumer(app: faust.App) -> None:
    """Let an app that has not started read with it."""
    app.transport.Consumer = PromptConsumer  # type: ignore[misc] # of this app, not of every one in the process


async def _rest_of(begun: Coroutine[Any, Any, Any], awaited: Any) -> Any:  # noqa: ANN401 - what was begun gives it
    return await _resume(begun, awaited)


@types.coroutine
def _resume(begun: Coroutine[Any, Any, Any], awaited: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401 - as above
    """Go on with a coroutine that already awaits something (PEP 380, the expansion of `yield from`)."""
    while True:
        try:
            try:
                answer = yield awaited
            except BaseException as error:  # noqa: BLE001 - a cancellation too is the coroutine's to handle
                awaited = begun.throw(error)
            else:
                awaited = begun.send(answer)
        except StopIteration as ended:
            return ended.value
