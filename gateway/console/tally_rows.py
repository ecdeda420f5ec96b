"""Counts of attempts as rows of the index: added to what is there, inside of the writer's transaction."""

from gateway.console.index_store import IndexConnection
from gateway.console.names import Names
from gateway.console.statistics import HOUR_MS, MINUTE_MS, AttemptTally


def write_tally(connection: IndexConnection, names: Names, tally: AttemptTally) -> None:
    """Add counts to those that are there.

    Args:
        connection: in a transaction.
        names: have learnt every word of the tally.
        tally: what is added.
    """
    connection.executemany(
        "INSERT INTO minutes VALUES (?, ?, ?, ?) "
        "ON CONFLICT (minute, outcome, bucket) DO UPDATE SET attempts = minutes.attempts + excluded.attempts",
        [(minute, names.code(outcome), bucket, n) for (minute, outcome, bucket), n in tally.minutes.items()],
    )
    connection.executemany(
        "INSERT INTO hours VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (hour, subscription, tenant) DO UPDATE SET attempts = hours.attempts + excluded.attempts, "
        "failed = hours.failed + excluded.failed, duration_ms = hours.duration_ms + excluded.duration_ms",
        [
            (hour, names.code(whose.subscription_id), names.code(whose.tenant), *counted)
            for (hour, whose), counted in tally.hours.items()
        ],
    )
    connection.executemany(
        "INSERT INTO subscription_minutes VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (minute, subscription, tenant, delivered, bucket) DO UPDATE SET "
        "attempts = subscription_minutes.attempts + excluded.attempts, "
        "duration_ms = subscription_minutes.duration_ms + excluded.duration_ms",
        [
            (minute, names.code(whose.subscription_id), names.code(whose.tenant), int(delivered), bucket, *counted)
            for (minute, whose, delivered, bucket), counted in tally.of_subscriptions.items()
        ],
    )


def prune_tally(connection: IndexConnection, before_ms: int) -> None:
    """Remove the counts of what happened before some time, milliseconds since the epoch; inside of a transaction."""
    connection.execute("DELETE FROM minutes WHERE minute < ?", (before_ms // MINUTE_MS,))
    connection.execute("DELETE FROM subscription_minutes WHERE minute < ?", (before_ms // MINUTE_MS,))
    connection.execute("DELETE FROM hours WHERE hour < ?", (before_ms // HOUR_MS,))
