"""Where the tests' indexes are, and how the writer of one is had."""

from collections.abc import Callable

from gateway.console.index_store import IndexConnection, IndexStore, WrittenElsewhere

# For the id of a Kafka cluster, gives the store of a new console: always of the same index.
IndexPlace = Callable[[str], IndexStore]


def opened(store: IndexStore, *, anew: bool = False) -> IndexConnection:
    """Give the connection that writes, which nobody else has."""
    connection = store.open(anew=anew)
    assert not isinstance(connection, WrittenElsewhere)
    return connection
