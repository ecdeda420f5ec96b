"""Watches that the parts of a process make progress as long as Kafka lets them, in a thread of its own.

The watchdog (`gateway.telemetry.watchdog`) sees loops that do not turn; this sees those that turn for nothing, since
the Kafka client below them is silent.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from gateway.domain.progress import Progress, ProgressJudge

# Between two looks, seconds; with little patience, more often.
_LOOK_S = 5.0
_LOOKS_AT_LEAST = 4
_log = structlog.get_logger()

S = TypeVar("S")


class ProgressWatch(Generic[S]):
    """The thread. Neither a stop nor the process's end waits for it.

    Args:
        ask: asks Kafka how far it has come, over a connection that is none of the parts'; None while it does not
            answer. May block, for some seconds.
        patience_s: how long a part may make no progress, seconds.
        on_stalled: called, on the thread, with the name of a part that makes none.
        clock: a monotonic clock, seconds.
    """

    def __init__(
        self,
        ask: Callable[[], S | None],
        patience_s: float,
        on_stalled: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._on_stalled = on_stalled
        self._clock = clock
        self._parts: list[tuple[str, Callable[[S], Progress], ProgressJudge]] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress-watch", daemon=True)

    def judge(self, name: str, look: Callable[[S], Progress], *, more_patience_s: float = 0.0) -> None:
        """Judge a part from now on.

        Args:
            name: of the part, in words.
            look: tells what is seen of it beside Kafka's answer; called on the thread.
            more_patience_s: what it may take longer than others, seconds.
        """
        self._parts.append((name, look, ProgressJudge(self._patience_s + more_patience_s, self._clock())))

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Judge no more: the parts end on purpose now."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(min(_LOOK_S, self._patience_s / _LOOKS_AT_LEAST)):
            self.look()

    def look(self) -> None:
        """Look at every part once."""
        answer = self._ask()
        for name, look, judge in tuple(self._parts):
            try:
                seen = None if answer is None else look(answer)
            except Exception:  # noqa: BLE001 - what can't be told of one part must not end the watch over the others
                _log.exception("progress.unknown", part=name)
                seen = None
            if judge.stalled(seen, self._clock()) and not self._stopping.is_set():
                self._on_stalled(name)
