"""A delivery that its producer asked for later waits in the retry tiers, one after the other, until it is time.

It needs no store and no timer of its own: each tier holds a record until it is due, and then it is forwarded again. No
hop counts as an attempt. What the rule promises, where egress keeps up: never early, at most the shortest tier late,
and few hops, because each one takes the largest step that fits.
"""

from gateway.domain.retry import PutOff
from gateway.domain.tiers import Tier


def next_hop(not_before_ms: int, now_ms: int, tiers: tuple[Tier, ...]) -> PutOff | None:
    """Say where a delivery waits next, or None where it is time.

    A tier is read in the order in which it was written, so that a record may wait as long as the tier's delay,
    whatever its own due time. The tier may therefore exceed what is left by no more than the shortest tier's delay:
    by so much the delivery may be late. Without that allowance the milliseconds that each hop takes would send a
    delivery that has five minutes left through ten tiers of thirty seconds.

    Args:
        not_before_ms: when it may be sent, milliseconds since the epoch; 0 for at once.
        now_ms: the present, milliseconds since the epoch.
        tiers: the deployment's tiers, at least one.
    """
    left_ms = not_before_ms - now_ms
    if left_ms <= 0:
        return None
    shortest = min(tiers)
    fitting = [tier for tier in tiers if tier.delay_ms - shortest.delay_ms <= left_ms]
    tier = max(fitting)
    return PutOff(tier, min(now_ms + tier.delay_ms, not_before_ms))
