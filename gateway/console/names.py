"""Words that come again and again in the index, each kept once and known by its number."""

from collections.abc import Iterable

from gateway.console.index_store import IndexConnection

# Statements have at most 32,766 parameters; this many at a time are as fast as any.
CHUNK = 500


class Names:
    """The words and their numbers; for the thread that writes."""

    def __init__(self, connection: IndexConnection) -> None:
        self._connection = connection
        self._codes: dict[str, int] = {}

    def learn(self, names: Iterable[str]) -> None:
        """Give a number to each word that has none yet, inside of the running transaction."""
        for name in names:
            if name not in self._codes:
                self._codes[name] = self._known(name) or self._add(name)

    def code(self, name: str) -> int:
        """Give the number of a word that was learnt."""
        return self._codes[name]

    def forget(self) -> None:
        """A transaction was rolled back: what was learnt in it has no number."""
        self._codes.clear()

    def _known(self, name: str) -> int | None:
        found = self._connection.execute("SELECT id FROM names WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def _add(self, name: str) -> int:
        code = int(self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM names").fetchone()[0])
        self._connection.execute("INSERT INTO names VALUES (?, ?)", (code, name))
        return code

    def words(self, codes: Iterable[int]) -> dict[int, str]:
        """Give the words of some numbers."""
        return words_of(self._connection, codes)


def words_of(connection: IndexConnection, codes: Iterable[int]) -> dict[int, str]:
    """Give the words of some numbers."""
    wanted = list(set(codes))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        found.update(connection.execute(f"SELECT id, name FROM names WHERE id IN ({marks(part)})", part))  # noqa: S608 - only marks
    return found


def codes_of(connection: IndexConnection, names: Iterable[str]) -> dict[str, int]:
    """Give the numbers of some words; those that the index has never met have none."""
    wanted = list(set(names))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        found.update(connection.execute(f"SELECT name, id FROM names WHERE name IN ({marks(part)})", part))  # noqa: S608 - only marks
    return found


def marks(values: Iterable[object]) -> str:
    """Give the parameter marks for some values."""
    return ",".join("?" for _ in values)
