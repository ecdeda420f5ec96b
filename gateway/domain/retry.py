"""Retry policies, and the decision what happens to a delivery after an attempt.

The decision is a value; egress carries it out. Attempts are counted from 1, and a policy of n tiers makes at most
n + 1 attempts.
"""

from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError
from gateway.domain.outcome import Outcome, Reason, Verdict
from gateway.domain.tiers import Tier, parse_tier, tier_at_least

MAX_TIERS = 20
_JITTER_SHARE = 0.1
_MAX_JITTER_MS = 30_000
_LEAST_WAIT_MS = 60_000


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The steps of a subscription's retries.

    Attributes:
        tiers: the delay before each retry, in order; may be empty (one attempt only).
        fail_fast: a 4xx answer other than 408, 425 and 429 ends the delivery at once.
    """

    tiers: tuple[Tier, ...]
    fail_fast: bool = False

    @property
    def max_attempts(self) -> int:
        """How many attempts are made at most."""
        return len(self.tiers) + 1

    @property
    def span_ms(self) -> int:
        """How long the whole policy takes from the first to the last attempt, in milliseconds."""
        return sum(tier.delay_ms for tier in self.tiers)

    @property
    def open_circuit_wait_ms(self) -> int:
        """How old a delivery may get behind an open circuit, in milliseconds: as old as its last attempt would be.

        At least a minute: a policy without retries would otherwise lose what a circuit of a few seconds holds back.
        """
        return max(sum(tier.delay_ms + _spread_ms(tier, 1.0) for tier in self.tiers), _LEAST_WAIT_MS)


def policy_of(*names: str, fail_fast: bool = False) -> RetryPolicy:
    """Build a policy from tier names, e.g. `policy_of("5s", "5m")`."""
    return RetryPolicy(tuple(parse_tier(name) for name in names), fail_fast)


QUICK_POLICY = policy_of("1s", "5s", "30s")
STANDARD_POLICY = policy_of("5s", "5m", "30m", "2h", "5h", "10h", "24h")
NAMED_POLICIES = {"quick": QUICK_POLICY, "standard": STANDARD_POLICY}


def parse_policy(text: str, available: tuple[Tier, ...], *, fail_fast: bool = False) -> RetryPolicy:
    """Read `quick`, `standard`, `none`, or a list of tiers like `1s,5m,2h`.

    Args:
        text: the policy as a user writes it.
        available: the deployment's tiers: only these have a topic.
        fail_fast: see RetryPolicy.

    Raises:
        InvalidInputError: the text is no policy, or names a tier that the deployment does not have.
    """
    if text == "none":
        return RetryPolicy((), fail_fast)
    names = [tier.name for tier in NAMED_POLICIES[text].tiers] if text in NAMED_POLICIES else text.split(",")
    if len(names) > MAX_TIERS:
        raise InvalidInputError(f"a retry policy has at most {MAX_TIERS} tiers, this one has {len(names)}")
    tiers = tuple(parse_tier(name.strip()) for name in names)
    for tier in tiers:
        if tier not in available:
            known = " ".join(tier.name for tier in sorted(available))
            raise InvalidInputError(
                f"there is no retry tier '{tier.name}'",
                hint=f"use quick, standard, none, or a list of: {known}",
            )
    return RetryPolicy(tiers, fail_fast)


def describe_policy(policy: RetryPolicy) -> str:
    """Write a policy the way `parse_policy` reads it."""
    for name, named in NAMED_POLICIES.items():
        if named.tiers == policy.tiers:
            return name
    return ",".join(tier.name for tier in policy.tiers) or "none"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint took the delivery: nothing more to do."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again from `tier`'s topic, not before `due_at_ms`."""

    tier: Tier
    due_at_ms: int


@dataclass(frozen=True, slots=True)
class PutOff:
    """Wait in `tier`'s topic until `due_at_ms`; it costs no attempt."""

    tier: Tier
    due_at_ms: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """No more attempts: the delivery goes to the dead-letter topic."""

    reason: Reason


Decision = Delivered | Retry | PutOff | DeadLetter


def decide(
    verdict: Verdict,
    policy: RetryPolicy,
    available: tuple[Tier, ...],
    *,
    attempt_number: int,
    now_ms: int,
    jitter: float,
) -> Decision:
    """Decide what follows attempt `attempt_number`.

    A `Retry-After` longer than the policy's next step is rounded up to a tier; it never shortens a step. What does not
    count is put off by the shortest step there is: how long it really waits is for the lane's gate to say.

    Args:
        verdict: what the attempt came to.
        policy: the subscription's policy.
        available: the deployment's tiers.
        attempt_number: the attempt just made, from 1.
        now_ms: the present, milliseconds since the epoch.
        jitter: a random number in [0, 1): spreads retries by up to a tenth of the tier, only ever later.
    """
    if verdict.outcome is Outcome.DELIVERED:
        return Delivered()
    if verdict.outcome is Outcome.REJECTED:
        return DeadLetter(verdict.reason)
    if not verdict.counts:
        shortest = min(available)
        return PutOff(shortest, now_ms + shortest.delay_ms)
    if attempt_number > len(policy.tiers):
        return DeadLetter(Reason.ATTEMPTS_EXHAUSTED)
    tier = policy.tiers[attempt_number - 1]
    if verdict.retry_after_s is not None and verdict.retry_after_s > tier.delay_s:
        tier = max(tier, tier_at_least(verdict.retry_after_s, available))
    return Retry(tier, now_ms + tier.delay_ms + _spread_ms(tier, jitter))


def _spread_ms(tier: Tier, jitter: float) -> int:
    return int(min(tier.delay_ms * _JITTER_SHARE, _MAX_JITTER_MS) * jitter)
