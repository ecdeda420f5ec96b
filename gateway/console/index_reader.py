"""Asks the index, beside the thread that writes it: a few threads with connections of their own, each question bounded.

A question that takes too long is broken off, and one that finds others waiting in a long line is refused: neither can
keep the process from answering what is quick.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.console.indexer import Indexer
from gateway.domain.errors import UnavailableError

QUESTION_S = 5.0
MAX_WAITING = 64
_THREADS = 4
# Virtual machine instructions between two looks at the clock.
_LOOK_EVERY = 20_000

T = TypeVar("T")


class IndexReader:
    """Reads the index; belongs to an event loop.

    Args:
        indexer: whose index it is.
        question_s: how long one question may take, seconds.
    """

    def __init__(self, indexer: Indexer, question_s: float = QUESTION_S) -> None:
        self._indexer = indexer
        self._question_s = question_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="index-reader")
        self._local = threading.local()
        self._waiting = 0

    async def ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Give the answer to a question.

        Args:
            question: reads what it needs from a connection; is called on another thread.

        Raises:
            UnavailableError: the index is not open yet or is being made anew, it took too long, or too many ask.
        """
        if self._waiting >= MAX_WAITING:
            raise UnavailableError("too many ask at once", hint="try again in a moment")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Answer no more; what is asked already is answered."""
        self._threads.shutdown(wait=True)

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._connection()
            deadline_s = time.monotonic() + self._question_s
            connection.set_progress_handler(lambda: time.monotonic() > deadline_s, _LOOK_EVERY)
            return question(connection)
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                raise UnavailableError(
                    f"this takes longer than {self._question_s:.0f} s", hint="narrow it down: a time range helps most"
                ) from None
            raise _made_anew() from error
        except sqlite3.DatabaseError as error:
            self._indexer.report_damage()
            raise _made_anew() from error

    def _connection(self) -> sqlite3.Connection:
        """Give this thread's connection to the file as it is now."""
        file = self._indexer.file
        if file is None or not file.generation:
            raise UnavailableError("the index is not open yet", hint="is Kafka there? see /readyz")
        known: tuple[str, sqlite3.Connection] | None = getattr(self._local, "known", None)
        if known is not None and known[0] == file.generation:
            return known[1]
        if known is not None:
            known[1].close()
        generation = file.generation
        connection = file.connect_reader()
        self._local.known = (generation, connection)
        return connection


def _made_anew() -> UnavailableError:
    return UnavailableError("the index is being made anew", hint="try again in a moment")
