"""How attempts to some subscriptions went, hour by hour: from the counts in the index."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.index_store import IndexConnection
from gateway.console.names import marks
from gateway.console.statistics import HOUR_MS

MAX_HOURS = 48
MAX_SUBSCRIPTIONS = 100


@dataclass(frozen=True, slots=True)
class HourCount:
    """The attempts that were begun in one hour.

    Attributes:
        at_ms: when it began, milliseconds since the epoch.
        attempts: how many.
        failed: those that did not deliver.
    """

    at_ms: int
    attempts: int
    failed: int


def count_hours(
    connection: IndexConnection, subscription_ids: Sequence[str], *, hours: int, now_ms: int
) -> dict[str, list[HourCount]]:
    """Count attempts by subscription and hour; hours without any are left out.

    Args:
        connection: of a reader.
        subscription_ids: at most MAX_SUBSCRIPTIONS.
        hours: how many up to now, the present one with them; at most MAX_HOURS.
        now_ms: the present, milliseconds since the epoch.
    """
    last = now_ms // HOUR_MS
    wanted = range(last - hours + 1, last + 1)
    # Each hour and subscription is looked up: hours of many others lie between.
    rows = connection.execute(
        "SELECT name, hour, attempts, failed FROM names JOIN hours ON subscription = id "  # noqa: S608 - only marks
        f"WHERE name IN ({marks(subscription_ids)}) AND hour IN ({marks(wanted)}) ORDER BY hour",
        [*subscription_ids, *wanted],
    )
    found: defaultdict[str, list[HourCount]] = defaultdict(list)
    for name, hour, attempts, failed in rows:
        found[name].append(HourCount(hour * HOUR_MS, attempts, failed))
    return found
