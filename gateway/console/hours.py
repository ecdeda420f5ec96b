"""How attempts to some subscriptions went, hour by hour: from the counts in the index."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.index_store import IndexConnection
from gateway.console.names import marks
from gateway.console.statistics import HOUR_MS
from gateway.domain.subscription import Subscription

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
    connection: IndexConnection, subscriptions: Sequence[Subscription], *, hours: int, now_ms: int
) -> dict[str, list[HourCount]]:
    """Count attempts by subscription and hour; hours without any are left out.

    Args:
        connection: of a reader.
        subscriptions: at most MAX_SUBSCRIPTIONS. Of one that had another's id before, the other's are left out.
        hours: how many up to now, the present one with them; at most MAX_HOURS.
        now_ms: the present, milliseconds since the epoch.
    """
    asked = {one.subscription_id: one for one in subscriptions}
    last = now_ms // HOUR_MS
    wanted = range(last - hours + 1, last + 1)
    # Each hour and subscription is looked up: hours of many others lie between.
    rows = connection.execute(
        "SELECT names.name, tenants.name, hour, attempts, failed FROM names JOIN hours ON subscription = names.id "  # noqa: S608 - only marks
        "JOIN names AS tenants ON tenants.id = tenant "
        f"WHERE names.name IN ({marks(asked)}) AND hour IN ({marks(wanted)}) ORDER BY hour",
        [*asked, *wanted],
    )
    found: defaultdict[str, list[HourCount]] = defaultdict(list)
    for name, tenant, hour, attempts, failed in rows:
        if tenant == asked[name].tenant and hour >= asked[name].created_at_ms // HOUR_MS:
            found[name].append(HourCount(hour * HOUR_MS, attempts, failed))
    return found
