"""A live table, fed from its compacted topic: the one reader of both stages and the console.

A thread reads and decodes; the index is changed on the event loop's thread only, so that whoever runs there sees a
table that stands still between two awaits. Ready means: everything that was in the topic at the start is in the
index. A broker outage only delays changes; if the thread itself ends, `failure` says so.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog

from gateway.domain.errors import UnavailableError
from gateway.domain.progress import Progress, reading_progress
from gateway.kafka.compacted_log import (
    CompactedLog,
    TableChange,
    TableIndex,
    TableKind,
    TopicMissingError,
    apply_changes,
)
from gateway.kafka.config import KafkaConfig
from gateway.kafka.partitioning import Offsets

_POLL_S = 0.1
_OPEN_TIMEOUT_S = 2.0
_REFRESH_POLL_S = 0.02
# Once it has read all there is, a request may wait long for the next change. Not so for those who read to the end and
# go: Kafka says that there is no more only when such a request is over, and answers no other question before.
_FETCH_WAIT_MS = 500
# Batches read but not yet applied: bounds memory when the loop is busy.
_BATCHES_AHEAD = 4

_log = structlog.get_logger()

T = TypeVar("T")
R = TypeVar("R")
Index = TypeVar("Index", bound=TableIndex[Any])


class CompactedTable(Generic[R, Index]):
    """All records of a table, kept up to date. Belongs to the event loop on which it is started.

    Args:
        config: how to reach Kafka.
        kind: what table it is.
        index: what it is held in; empty.

    Attributes:
        index: the table; read it on the loop's thread only.
        failure: fails with the reason when the table stops being updated; never done before.
        skipped: how many records could not be read.
    """

    failure: asyncio.Future[None]

    def __init__(self, config: KafkaConfig, kind: TableKind[R], index: Index) -> None:
        self.index = index
        self.skipped = 0
        self._config = config
        self._kind = kind
        self._reached: Offsets = {}
        self._callbacks: list[Callable[[str, R | None], None]] = []
        self._stopping = threading.Event()
        self._room = threading.Semaphore(_BATCHES_AHEAD)
        self._to_refresh: deque[asyncio.Future[None]] = deque()
        self._thread = threading.Thread(target=self._run, name=f"{kind.name}-table", daemon=True)

    async def start(self) -> None:
        """Begin reading; returns at once."""
        self._loop = asyncio.get_running_loop()
        self.failure = self._loop.create_future()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._thread.start()

    async def ready(self) -> None:
        """Wait until the index holds everything that was in the topic at the start.

        Raises:
            GatewayError: the table can't be read, e.g. because its topic is missing.
        """
        await asyncio.wait({self._ready, self.failure}, return_when=asyncio.FIRST_COMPLETED)
        if self.failure.done():
            self.failure.result()

    def subscribe(self, callback: Callable[[str, R | None], None]) -> None:
        """Have `callback(id, subscription or None)` called on the loop for each change after ready."""
        self._callbacks.append(callback)

    async def refresh(self) -> None:
        """Wait until the index holds everything that was in the topic when this was called.

        Tells a record that is gone from one that is too new to have been seen.
        """
        refreshed: asyncio.Future[None] = self._loop.create_future()
        self._to_refresh.append(refreshed)
        await refreshed

    def progress(self, ends: Offsets) -> Progress:
        """Tell whether it reads what there is. Callable on any thread."""
        return reading_progress(self._reached, ends)

    async def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopping.set()
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        log = CompactedLog(self._config, self._kind, **{"fetch.wait.max.ms": _FETCH_WAIT_MS})
        try:
            self._open(log)
            self._read(log)
        except Exception as error:  # noqa: BLE001 - whatever ends this thread has to end the service that relies on it
            self._hand_over(self._fail, error)
        finally:
            log.close()

    def _open(self, log: CompactedLog[R]) -> None:
        """Open the log, however long Kafka is away."""
        while not self._stopping.is_set():
            try:
                log.open(_OPEN_TIMEOUT_S)
            except TopicMissingError:
                raise
            except UnavailableError as error:
                _log.warning(f"{self._kind.name}.waiting_for_kafka", error=error.message)
            else:
                return

    def _read(self, log: CompactedLog[R]) -> None:
        ready = False
        while not self._stopping.is_set():
            changes = log.read(_POLL_S)
            self._reached = log.reached
            self.skipped = log.skipped
            if changes and self._wait_for_room():
                self._hand_over(self._apply, changes)
            if not ready and not log.behind:
                ready = True
                self._hand_over(self._become_ready, log.skipped)
            if ready:
                self._refresh(log)

    def _refresh(self, log: CompactedLog[R]) -> None:
        """Answer those who wait for the present end; who asks from now on waits for the next one."""
        asking = [self._to_refresh.popleft() for _ in range(len(self._to_refresh))]
        if not asking:
            return
        try:
            log.aim(_OPEN_TIMEOUT_S)
        except UnavailableError as error:
            _log.warning(f"{self._kind.name}.waiting_for_kafka", error=error.message)
            self._to_refresh.extend(asking)
            return
        while log.behind and not self._stopping.is_set():
            changes = log.read(_REFRESH_POLL_S)
            if changes and self._wait_for_room():
                self._hand_over(self._apply, changes)
        self._hand_over(_answer, asking)

    def _wait_for_room(self) -> bool:
        while not self._stopping.is_set():
            if self._room.acquire(timeout=_POLL_S):
                return True
        return False

    def _hand_over(self, function: Callable[[T], None], argument: T) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            # The loop is closed: there is nobody left to read the table.
            self._stopping.set()

    def _apply(self, changes: list[TableChange[R]]) -> None:
        self._room.release()
        try:
            apply_changes(self.index, changes)
            if self._ready.done():
                for callback in self._callbacks:
                    for change in changes:
                        callback(*change)
        except Exception as error:  # noqa: BLE001 - a table of which a part is missing must not go on
            self._fail(error)

    def _become_ready(self, skipped: int) -> None:
        _log.info(f"{self._kind.name}.ready", **{self._kind.name: len(self.index)}, skipped=skipped)
        self._ready.set_result(None)

    def _fail(self, error: Exception) -> None:
        self._stopping.set()
        if not self.failure.done():
            self.failure.set_exception(error)


def _answer(asking: list[asyncio.Future[None]]) -> None:
    for future in asking:
        if not future.done():
            future.set_result(None)
