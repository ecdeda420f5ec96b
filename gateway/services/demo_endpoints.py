"""The endpoints of `gateway demo`: one for each way that deliveries can go, and what has to come of each."""

from dataclasses import dataclass

from gateway.domain.outcome import Outcome, Reason

DELIVERED = Outcome.DELIVERED.value
ATTEMPTS_EXHAUSTED = Reason.ATTEMPTS_EXHAUSTED.value
CIRCUIT_OPEN = Reason.CIRCUIT_OPEN.value

# With fewer, the dead endpoint does not fail often enough for its circuit to open before the last attempts are made.
MIN_EVENTS = 10


# The one that works once the demo is over.
MENDED = "missing"


@dataclass(frozen=True, slots=True)
class DemoEndpoint:
    """One of the demo's endpoints.

    Attributes:
        name: its inbox at the test receiver.
        description: what it does, for people.
        mode: how it fails.
        retry_policy: its subscription's retry policy.
        ends: what its deliveries may come to; some have to come to the first of these.
        spread_s: how long its rate limit has all events take, seconds, or None for no limit.
    """

    name: str
    description: str
    mode: str
    retry_policy: str
    ends: tuple[str, ...]
    spread_s: int | None = None

    def rate_limit(self, events: int) -> str:
        """Give its subscription's rate limit, for so many events."""
        return "none" if self.spread_s is None else f"{max(events // self.spread_s, 1)}/s"


ENDPOINTS = (
    DemoEndpoint("healthy", "answers 200", "none", "quick", (DELIVERED,)),
    DemoEndpoint("limited", "has a rate limit", "none", "quick", (DELIVERED,), spread_s=30),
    # Enough steps that even this one gets everything.
    DemoEndpoint("flaky", "fails 3 of 10", "flaky:0.3", "1s,1s,1s,1s,1s,1s,5s,5s,5s,5s,5s,5s", (DELIVERED,)),
    # Answers, so it is no case for the circuit.
    DemoEndpoint(MENDED, "answers 404", "404", "quick", (ATTEMPTS_EXHAUSTED,)),
    # Those that its circuit lets through, before it opens and as probes, may make all their attempts.
    DemoEndpoint("dead", "answers 500", "500", "quick", (CIRCUIT_OPEN, ATTEMPTS_EXHAUSTED)),
)
