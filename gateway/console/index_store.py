"""What the index is kept in, as those see it who write and ask it: a file, or a database that several consoles share.

Questions are written in the SQL that SQLite and PostgreSQL have in common, with `?` for each value. What differs is
asked of the connection.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gateway.domain.errors import GatewayError, UnavailableError


class IndexStoreError(UnavailableError):
    """The index can't be had or written, and waiting does not help."""


class IndexAwayError(UnavailableError):
    """The index can't be had just now: it is being made anew, or its database does not answer."""


class IndexDamagedError(GatewayError):
    """What is kept can't be read: it has to be made anew."""


class QuestionTooLongError(GatewayError):
    """A question took longer than it was allowed to, and was broken off."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What was added to the index; below zero where it was taken away.

    Attributes:
        deliveries: how many.
        steps: how many.
        characters: of the event ids of the deliveries.
    """

    deliveries: int = 0
    steps: int = 0
    characters: int = 0


class Rows(Protocol):
    """What a statement found, or changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row has columns of any type
        """Give the next row, a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """Give the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class IndexConnection(Protocol):
    """A connection to the index, for one thread at a time."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows:
        """Have one statement done, with a value for each `?`."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Have one statement done for each row of values."""

    def through(self, table: str, index: str) -> str:
        """Name a table for a FROM, to be read through one of its indexes."""

    def transaction(self) -> AbstractContextManager[None]:
        """Do all that is done inside of it, or, when it is left by an exception, nothing."""

    def allow(self, seconds: float) -> None:
        """Break off what takes longer than this from now on."""

    def note_growth(self, growth: Growth) -> None:
        """Be told, inside of a transaction, what was added or taken away."""

    def used_bytes(self) -> int:
        """Give how large what is kept is."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class WrittenElsewhere:
    """Another console writes the index: how far it is.

    Attributes:
        caught_up: everything is in it that was there when that console began.
        lag: how many records are still to be read.
        used_bytes: how large it is.
    """

    caught_up: bool
    lag: int
    used_bytes: int


class IndexStore(Protocol):
    """Where the index is.

    Attributes:
        generation: a word for what is kept, as it was made; another one after it was made anew, none before it is open.
    """

    generation: str

    def open(self, *, anew: bool = False) -> IndexConnection | WrittenElsewhere:
        """Give the connection that writes, to what is made anew where it has to be.

        Args:
            anew: it has to be.

        Raises:
            IndexStoreError: it can't be had.
            IndexAwayError: not just now.
        """

    def connect_reader(self) -> IndexConnection:
        """Give a connection that only reads."""

    def translated_errors(self) -> AbstractContextManager[None]:
        """Have what goes wrong with a connection raised as one of this module's errors."""

    def close(self) -> None:
        """Let others write it."""
