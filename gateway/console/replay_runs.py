"""Carries replays out beside the console: each in a process of its own, which is the command `gateway replay resume`.

A replay computes for as long as it lasts, and would take the time that requests need. What it has done is in Kafka, not
here: a console that ends stops its replays, one that is killed leaves them running, and either way any console shows
how far they are, and can resume or cancel them (docs/decisions/0051).
"""

import asyncio
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from weakref import WeakValueDictionary

import structlog

from gateway.domain.errors import UnavailableError

MAX_RUNNING = 2
# Those that run are counted, too. What one tenant may have leaves room for others, and what all tenants may have leaves
# room for those who look after them.
MAX_OF_TENANT = 10
MAX_OF_TENANTS = 30
MAX_OF_OPERATORS = 20
_STOP_S = 8.0
# The last words of a process: why it failed is there.
_TAIL_BYTES = 4096
_MAX_FAILURES = 100
_MAX_FAILURE_CHARS = 500
# It was interrupted, as it is told to when the console ends.
_INTERRUPTED = 130
_log = structlog.get_logger()


class ReplayRuns:
    """The processes; belongs to the event loop.

    Args:
        program: the words that begin the command line of `gateway`.
        max_running: how many run at once; the others wait for their turn.

    Attributes:
        is_stopping: whether it has been told to end.
    """

    def __init__(self, program: Sequence[str], max_running: int = MAX_RUNNING) -> None:
        self._program = program
        self._turns = asyncio.Semaphore(max_running)
        # A tenant's replays run one after the other, so that they don't take all turns.
        self._turn_of: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._places: dict[str, str | None] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._failures: dict[str, str] = {}
        self.is_stopping = False

    @contextmanager
    def place(self, replay_id: str, tenant: str | None) -> Iterator[None]:
        """Keep a place for a replay that is about to be noted; it is free again unless the replay is started meanwhile.

        Args:
            replay_id: which one; it has no place yet.
            tenant: of whoever begins it; None for those who see all tenants.

        Raises:
            UnavailableError: too many have one, or the console ends.
        """
        self._check_room(tenant)
        self._places[replay_id] = tenant
        try:
            yield
        finally:
            if replay_id not in self._tasks:
                self._places.pop(replay_id, None)

    def start(self, replay_id: str) -> None:
        """Have a replay that has a place carried out from its last checkpoint, when it is its turn.

        Raises:
            UnavailableError: the console ends.
        """
        self._check_going_on()
        self._failures.pop(replay_id, None)
        task = asyncio.ensure_future(self._carry_out(replay_id, self._places[replay_id]))
        self._tasks[replay_id] = task
        task.add_done_callback(lambda _: self._forget(replay_id))

    def withdraw(self, replay_id: str) -> None:
        """Have one not begin that waits; one that runs learns from Kafka that it was cancelled."""
        if replay_id in self._tasks and replay_id not in self._running:
            self._tasks[replay_id].cancel()

    def waits(self, replay_id: str) -> bool:
        """Tell whether one waits here for its turn."""
        return replay_id in self._places and replay_id not in self._running

    def runs(self, replay_id: str) -> bool:
        """Tell whether one is carried out by a process of this console."""
        return replay_id in self._running

    def failure_of(self, replay_id: str) -> str | None:
        """Say why the last process of one ended, where it failed."""
        return self._failures.get(replay_id)

    async def stop(self) -> None:
        """End all; what they have done by then is noted, and they can be resumed."""
        self.is_stopping = True
        tasks = list(self._tasks.values())
        for replay_id, task in list(self._tasks.items()):
            process = self._running.get(replay_id)
            if process is None:
                task.cancel()
            else:
                _end(process, signal.SIGTERM)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_STOP_S)
            for process in list(self._running.values()) if late else ():
                _end(process, signal.SIGKILL)

    def _check_room(self, tenant: str | None) -> None:
        self._check_going_on()
        of_tenants = [each for each in self._places.values() if each is not None]
        if tenant is None:
            held, room = len(self._places) - len(of_tenants), MAX_OF_OPERATORS
        elif (held := of_tenants.count(tenant)) >= MAX_OF_TENANT:
            room = MAX_OF_TENANT
        else:
            held, room = len(of_tenants), MAX_OF_TENANTS
        if held >= room:
            raise UnavailableError(f"{room} replays run or wait already", hint="cancel some, or wait")

    def _check_going_on(self) -> None:
        if self.is_stopping:
            raise UnavailableError("the console ends", hint="try again in a moment")

    def _forget(self, replay_id: str) -> None:
        del self._tasks[replay_id], self._places[replay_id]

    async def _carry_out(self, replay_id: str, tenant: str | None) -> None:
        own_turn = nullcontext() if tenant is None else self._turn_of.setdefault(tenant, asyncio.Lock())
        async with own_turn, self._turns:
            try:
                code, words = await self._run(replay_id)
            except OSError as error:
                self._note_failure(replay_id, f"error: its process can't be started: {error.strerror}")
                return
        _log.info("console.replay_ended", replay_id=replay_id, exit_code=code)
        if code not in {0, _INTERRUPTED, -signal.SIGTERM}:
            self._note_failure(replay_id, words)

    async def _run(self, replay_id: str) -> tuple[int, str]:
        """Run the command for one; gives its exit code and its last words."""
        # A session of its own: Ctrl-C reaches the console only, which then ends it.
        process = await asyncio.create_subprocess_exec(
            *self._program, "replay", "resume", replay_id, "--noted", "--json",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self._running[replay_id] = process
        try:
            words = await _last_words(process)
            return await process.wait(), words
        finally:
            del self._running[replay_id]

    def _note_failure(self, replay_id: str, words: str) -> None:
        told = [line.removeprefix("error: ") for line in words.splitlines() if line.startswith("error: ")]
        while len(self._failures) >= _MAX_FAILURES:
            del self._failures[next(iter(self._failures))]
        self._failures[replay_id] = (told[-1] if told else "its process ended")[:_MAX_FAILURE_CHARS]


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Read what a process says until it ends; gives the end of that."""
    if process.stderr is None:
        return ""
    kept: deque[bytes] = deque(maxlen=2)
    while chunk := await process.stderr.read(_TAIL_BYTES):
        kept.append(chunk)
    return b"".join(kept).decode("utf-8", "replace")


def _end(process: asyncio.subprocess.Process, how: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(how)
