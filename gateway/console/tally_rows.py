"""Counts of attempts as rows of the index: added to what is there, inside of the writer's transaction."""

import sqlite3

from gateway.console.names import Names
from gateway.console.statistics import HOUR_MS, MINUTE_MS, AttemptTally


def write_tally(connection: sqlite3.Connection, names: Names, tally: AttemptTally) -> None:
    """Add counts to those that are there.

    Args:
        connection: in a transaction.
        names: have learnt every word of the tally.
        tally: what is added.
    """
    connection.executemany(
        "INSERT INTO minutes VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts",
        [(minute, names.code(outcome), bucket, n) for (minute, outcome, bucket), n in tally.minutes.items()],
    )
    connection.executemany(
        "INSERT INTO hours VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, "
        "failed = failed + excluded.failed, duration_ms = duration_ms + excluded.duration_ms",
        [(hour, names.code(subscription_id), *counted) for (hour, subscription_id), counted in tally.hours.items()],
    )
    connection.executemany(
        "INSERT INTO subscription_minutes VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET attempts = attempts + excluded.attempts, "
        "duration_ms = duration_ms + excluded.duration_ms",
        [
            (minute, names.code(subscription_id), int(delivered), bucket, *counted)
            for (minute, subscription_id, delivered, bucket), counted in tally.of_subscriptions.items()
        ],
    )


def prune_tally(connection: sqlite3.Connection, before_ms: int) -> None:
    """Remove the counts of what happened before some time, milliseconds since the epoch; inside of a transaction."""
    connection.execute("DELETE FROM minutes WHERE minute < ?", (before_ms // MINUTE_MS,))
    connection.execute("DELETE FROM subscription_minutes WHERE minute < ?", (before_ms // MINUTE_MS,))
    connection.execute("DELETE FROM hours WHERE hour < ?", (before_ms // HOUR_MS,))
