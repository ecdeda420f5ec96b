"""Attempts as they happen, for whoever watches: one reader of the topic for all of them, and only while somebody does.

Who reads too slowly is told how much was left out: nothing is held up, and nothing piles up.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from gateway.domain.attempt_choice import AttemptChoice
from gateway.domain.delivery import Attempt
from gateway.domain.errors import GatewayError, UnavailableError

MAX_LISTENERS = 20
MAX_WAITING = 500
_POLL_S = 0.5
_log = structlog.get_logger()


class Tail(Protocol):
    """Gives the attempts that are made from now on: what is needed of a RecordTail. Blocking."""

    @property
    def is_cut_off(self) -> bool:
        """Whether Kafka does not answer."""

    def read(self, timeout_s: float) -> list[Attempt]:
        """Give the next ones: at once when there are any."""

    def close(self) -> None:
        """Let go of the broker."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What has come since one last looked.

    Attributes:
        attempts: oldest first.
        dropped: how many more there were, for which there was no room.
        is_cut_off: whether Kafka does not answer just now.
    """

    attempts: Sequence[Attempt]
    dropped: int
    is_cut_off: bool


class Listener:
    """One who watches; belongs to the event loop."""

    def __init__(self, choice: AttemptChoice) -> None:
        self._choice = choice
        self._waiting: deque[Attempt] = deque()
        self._dropped = 0
        self._is_cut_off = False
        self._failure: GatewayError | None = None
        self._is_over = False
        self._news = asyncio.Event()

    async def hear(self, timeout_s: float) -> Heard | None:
        """Give what has come, at once where there is any, else after `timeout_s` seconds at most; None at the end.

        Raises:
            GatewayError: the topic can't be read any more.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()
        if self._failure is not None:
            raise self._failure
        if self._is_over:
            return None
        heard = Heard(tuple(self._waiting), self._dropped, self._is_cut_off)
        self._waiting.clear()
        self._dropped = 0
        return heard

    def take(self, attempts: Sequence[Attempt], *, is_cut_off: bool) -> None:
        """Keep what is wanted of some attempts."""
        wanted = [attempt for attempt in attempts if self._choice.admits(attempt)]
        room = MAX_WAITING - len(self._waiting)
        self._waiting.extend(wanted[:room])
        self._dropped += len(wanted[room:])
        if wanted or is_cut_off != self._is_cut_off:
            self._is_cut_off = is_cut_off
            self._news.set()

    def end(self, failure: GatewayError | None = None) -> None:
        """Have it end; with what it failed."""
        self._failure, self._is_over = failure, True
        self._news.set()


class LiveTail:
    """Hands attempts out to listeners; belongs to the event loop.

    Args:
        open_tail: begins to follow the attempts; called on a thread of its own.
    """

    def __init__(self, open_tail: Callable[[], Tail]) -> None:
        self._open_tail = open_tail
        self._listeners: set[Listener] = set()
        self._feed: _Feed | None = None
        self._is_stopped = False

    @asynccontextmanager
    async def listening(self, choice: AttemptChoice) -> AsyncIterator[Listener]:
        """Watch the attempts that are made from now on.

        Raises:
            UnavailableError: too many watch, or Kafka does not answer.
        """
        if self._is_stopped or len(self._listeners) >= MAX_LISTENERS:
            raise UnavailableError(f"{MAX_LISTENERS} watch already", hint="close a page that does, or wait a moment")
        listener = Listener(choice)
        self._listeners.add(listener)
        try:
            if self._feed is None:
                self._feed = _Feed(self._open_tail, self._hand_out, self._failed)
            # Whoever leaves must not take the others' along.
            await asyncio.shield(self._feed.opened)
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._feed is not None:
                self._feed.stop()
                self._feed = None

    async def stop(self) -> None:
        """End all listening, and the reading."""
        self._is_stopped = True
        for listener in self._listeners:
            listener.end()
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.stop()
            await feed.ended()

    def _hand_out(self, feed: "_Feed", attempts: Sequence[Attempt], is_cut_off: bool) -> None:  # noqa: FBT001 - of a callback
        if feed is self._feed:
            for listener in self._listeners:
                listener.take(attempts, is_cut_off=is_cut_off)

    def _failed(self, feed: "_Feed", error: GatewayError) -> None:
        if feed is self._feed:
            self._feed = None
            for listener in self._listeners:
                listener.end(error)


class _Feed:
    """A thread that follows the topic until it is stopped.

    Args:
        open_tail: begins to follow it.
        hand_out: takes what was read, on the event loop.
        failed: told what ended it, on the event loop.

    Attributes:
        opened: done once what comes is read; with the error where that fails.
    """

    def __init__(
        self,
        open_tail: Callable[[], Tail],
        hand_out: Callable[["_Feed", Sequence[Attempt], bool], None],
        failed: Callable[["_Feed", GatewayError], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._open_tail = open_tail
        self._hand_out = hand_out
        self._failed = failed
        self._stopping = threading.Event()
        self.opened: asyncio.Future[None] = self._loop.create_future()
        # Nobody may be left to ask for its error.
        self.opened.add_done_callback(lambda opened: opened.cancelled() or opened.exception())
        self._thread = threading.Thread(target=self._run, name="live-tail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Have it end, within a second or so."""
        self._stopping.set()

    async def ended(self) -> None:
        """Wait until it has ended."""
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            self._follow()
        except GatewayError as error:
            self._call(self._fail, error)
        except Exception as error:  # noqa: BLE001 - whoever listens would wait for good
            _log.error("console.tail_failed", error=repr(type(error)))
            failure = UnavailableError("attempts can't be followed any more", hint="try again in a moment")
            self._call(self._fail, failure)

    def _follow(self) -> None:
        tail = self._open_tail()
        try:
            self._call(self._open)
            was_cut_off = False
            while not self._stopping.is_set():
                attempts, is_cut_off = tail.read(_POLL_S), tail.is_cut_off
                if attempts or is_cut_off != was_cut_off:
                    was_cut_off = is_cut_off
                    self._call(self._hand_out, self, attempts, is_cut_off)
        finally:
            tail.close()

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        """Call something on the event loop, and wait until it was: what is read never gets ahead of the loop."""
        done = threading.Event()

        def call() -> None:
            try:
                function(*arguments)
            finally:
                done.set()

        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop has ended meanwhile
            self._stopping.set()
            return
        while not done.wait(_POLL_S) and not self._stopping.is_set():
            pass

    def _open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(None)

    def _fail(self, error: GatewayError) -> None:
        if not self.opened.done():
            self.opened.set_exception(error)
        self._failed(self, error)
