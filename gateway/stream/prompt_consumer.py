"""Faust's consumer, without four tasks for each event.

For each event that it has read, Faust waits until it is in its agent's queue, or until reading is to be suspended,
whichever comes first; `mode` makes each of these waits a task, and two more for its own end. That is a sixth of what an
event costs the stream. Nearly always there is room in the queue and nothing to wait for: then there are no tasks here.
"""

import inspect
import types
from collections.abc import Coroutine, Generator
from typing import Any

import faust
from faust.transport.drivers.aiokafka import Consumer
from mode.services import WaitResults


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


class PromptConsumer(PromptWaits, Consumer):
    """Faust's consumer over aiokafka."""


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
