"""`Idempotency-Key`: a write that is sent again with its key is answered again, not done again.

Kept in memory, so that a secret which was answered once is nowhere on disk: a restart forgets, and so do time and
number. It is meant for a client that did not get the answer, not for one that comes back tomorrow.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from gateway.console.access.caller import Caller
from gateway.console.api.problems import ProblemError

MAX_KEYS = 1_000
MAX_KEY_CHARS = 128
KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was sent: status, body and headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Entry:
    request: bytes
    until_s: float
    answer: KeptAnswer | None = None


class KeptAnswers:
    """The answers of writes, by their keys; for one event loop.

    Args:
        clock: a monotonic clock, seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[tuple[Caller, str], _Entry] = {}

    async def once(
        self, caller: Caller, key: str, request: bytes, write: Callable[[], Awaitable[KeptAnswer]]
    ) -> tuple[KeptAnswer, bool]:
        """Give the answer to a request, and whether it was given before.

        Args:
            caller: whose key it is: nobody is given another's answer.
            key: as the client sent it.
            request: all that the request asks for.
            write: does it, to its end also where nobody waits for the answer any more; an error is not kept.

        Raises:
            ProblemError: the key is no key, belongs to another request, or to one that is not answered yet.
        """
        if not (0 < len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable()):
            raise ProblemError(
                HTTPStatus.BAD_REQUEST, "invalid_key", f"an Idempotency-Key has up to {MAX_KEY_CHARS} ASCII characters"
            )
        self._forget()
        digest = hashlib.blake2b(request, digest_size=16).digest()
        known = self._entries.get((caller, key))
        if known is None:
            return await self._write((caller, key), digest, write), False
        if known.request != digest:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "key_used", "this Idempotency-Key was sent with another request"
            )
        if known.answer is None:
            raise ProblemError(HTTPStatus.CONFLICT, "in_progress", "the request with this key is not answered yet")
        return known.answer, True

    async def _write(
        self, key: tuple[Caller, str], digest: bytes, write: Callable[[], Awaitable[KeptAnswer]]
    ) -> KeptAnswer:
        entry = self._entries[key] = _Entry(digest, self._clock() + KEPT_S)
        writing = asyncio.ensure_future(write())

        def keep(written: asyncio.Future[KeptAnswer]) -> None:
            if written.cancelled() or written.exception() is not None:
                self._entries.pop(key, None)
            else:
                entry.answer = written.result()

        writing.add_done_callback(keep)
        # Whoever comes again after a time-out is not to do it twice.
        return await asyncio.shield(writing)

    def _forget(self) -> None:
        """Forget what is old, and of the rest the oldest where there is too much."""
        now_s = self._clock()
        for key in [key for key, entry in self._entries.items() if entry.until_s <= now_s]:
            del self._entries[key]
        answered = [key for key, entry in self._entries.items() if entry.answer is not None]
        for key in answered[: max(0, len(self._entries) - MAX_KEYS + 1)]:
            del self._entries[key]
