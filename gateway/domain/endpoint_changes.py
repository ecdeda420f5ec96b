"""What egress writes into the subscriptions table by itself, decided on the table as it is.

An operator's change always wins: what was seen of an endpoint changes nothing if the subscription has meanwhile got
another URL, was paused, disabled or resumed, or was deleted and made anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.changes import Put, revised
from gateway.domain.health import same_endpoint
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.subscription import Subscription, SubscriptionState


@dataclass(frozen=True, slots=True)
class Disable:
    """The endpoint is given up.

    Attributes:
        seen: the subscription as it was when that was found.
        reason: why, for people.
    """

    seen: Subscription
    reason: str


@dataclass(frozen=True, slots=True)
class NoteFailing:
    """The endpoint has been failing for long.

    Attributes:
        seen: the subscription as it was when that was found.
        since_ms: since when, milliseconds since the epoch.
    """

    seen: Subscription
    since_ms: int


@dataclass(frozen=True, slots=True)
class ClearFailing:
    """The endpoint, noted as failing, has taken a delivery.

    Attributes:
        seen: the subscription as it was when that was found.
        since_ms: since when it was failing, as the note says.
    """

    seen: Subscription
    since_ms: int


EndpointChange = Disable | NoteFailing | ClearFailing


def decide_changes(changes: Iterable[EndpointChange], index: SubscriptionIndex, now_ms: int) -> list[Put]:
    """Give what is to be written of these changes; those that are made already or don't hold any more are left out.

    Args:
        changes: at most one for each subscription.
        index: the table as it is.
        now_ms: the present, milliseconds since the epoch.
    """
    puts = []
    for change in changes:
        current = index.get(change.seen.subscription_id)
        if current is None or not same_endpoint(current, change.seen):
            continue
        changed = _changed(change, current, now_ms)
        if changed is not None:
            puts.append(Put(changed))
    return puts


def _changed(change: EndpointChange, current: Subscription, now_ms: int) -> Subscription | None:
    match change:
        case Disable(_, reason):
            return revised(current, now_ms=now_ms, state=SubscriptionState.DISABLED, state_reason=reason)
        case NoteFailing(_, since_ms):
            return _with_note(current, since_ms, now_ms)
        case ClearFailing():
            return _with_note(current, None, now_ms)


def _with_note(current: Subscription, since_ms: int | None, now_ms: int) -> Subscription | None:
    if current.failing_since_ms == since_ms:
        return None
    return revised(current, now_ms=now_ms, failing_since_ms=since_ms)
