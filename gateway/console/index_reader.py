"""Asks the index, beside the thread that writes it: a few threads with connections of their own, each question bounded.

A question that takes too long is broken off, and one that finds others waiting in a long line is refused: neither can
keep the process from answering what is quick.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.console.index_store import (
    IndexAwayError,
    IndexConnection,
    IndexDamagedError,
    IndexStore,
    IndexStoreError,
    QuestionTooLongError,
)
from gateway.console.indexer import Indexer
from gateway.domain.errors import UnavailableError

QUESTION_S = 5.0
MAX_WAITING = 64
_THREADS = 4

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
        self._connections: dict[int, tuple[str, IndexConnection]] = {}  # by thread
        self._waiting = 0

    async def ask(self, question: Callable[[IndexConnection], T]) -> T:
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
        for _, connection in self._connections.values():
            connection.close()

    def _answer(self, question: Callable[[IndexConnection], T]) -> T:
        store = self._indexer.store
        if store is None or not store.generation:
            raise UnavailableError("the index is not open yet", hint="is Kafka there? see /readyz")
        try:
            with store.translated_errors():
                connection = self._connection(store)
                connection.allow(self._question_s)
                return question(connection)
        except QuestionTooLongError:
            raise UnavailableError(
                f"this takes longer than {self._question_s:.0f} s", hint="narrow it down: a time range helps most"
            ) from None
        except IndexAwayError as error:
            self._forget()
            # Where it is, and what went wrong there, is nothing for who asks.
            raise UnavailableError("the index can't be read just now", hint="try again in a moment") from error
        except (IndexStoreError, IndexDamagedError) as error:
            self._forget()
            if isinstance(error, IndexDamagedError):
                self._indexer.report_damage()
            raise UnavailableError("the index is being made anew", hint="try again in a moment") from error

    def _connection(self, store: IndexStore) -> IndexConnection:
        """Give this thread's connection to the index as it is now."""
        generation = store.generation
        known = self._connections.get(threading.get_ident())
        if known is not None and known[0] == generation:
            return known[1]
        self._forget()
        connection = store.connect_reader()
        self._connections[threading.get_ident()] = (generation, connection)
        return connection

    def _forget(self) -> None:
        known = self._connections.pop(threading.get_ident(), None)
        if known is not None:
            known[1].close()
