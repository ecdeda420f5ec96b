"""What came out of a demo, and whether all of it is as it has to be. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.history import DeliveryHistory
from gateway.domain.retry import NAMED_POLICIES
from gateway.receiver.received import InboxStats
from gateway.services.demo_endpoints import ATTEMPTS_EXHAUSTED, CIRCUIT_OPEN, DELIVERED, DemoEndpoint
from gateway.services.demo_tally import EndpointTally


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What came out.

    Attributes:
        published: events.
        deliveries: what they had to make: one for each endpoint.
        delivered: answered with 2xx.
        retried: deliveries that needed more than one attempt.
        attempts: HTTP requests.
        dead_lettered: found in the dead-letter topic at the end.
        attempts_exhausted: those of them that were given up after the last attempt of their policy.
        circuit_open: those of them that waited too long behind an open circuit.
        signatures_verified: requests whose signature the test receiver accepted.
        signatures_rejected: requests whose signature it did not accept.
        unexplained: deliveries that are neither delivered nor a dead letter of one of these two kinds.
        seconds: how long it took from the first event to the end.
        passed: all of it is as it has to be.
    """

    published: int
    deliveries: int
    delivered: int
    retried: int
    attempts: int
    dead_lettered: int
    attempts_exhausted: int
    circuit_open: int
    signatures_verified: int
    signatures_rejected: int
    unexplained: int
    seconds: float
    passed: bool


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """All that is known of one endpoint's deliveries.

    Attributes:
        endpoint: which one.
        tally: what the attempts topic tells.
        letters: what the dead-letter topic holds.
        inbox: what the test receiver has counted.
    """

    endpoint: DemoEndpoint
    tally: EndpointTally
    letters: Sequence[DeliveryHistory]
    inbox: InboxStats

    @property
    def ends(self) -> Counter[str]:
        """How many deliveries came to what: delivered, or the reason of a dead letter."""
        reasons = (letter.dead_letter.reason for letter in self.letters if letter.dead_letter is not None)
        return Counter(reasons) + Counter({DELIVERED: self.tally.ended_as(DELIVERED)})

    def is_as_expected(self, published: int) -> bool:
        """Tell whether each delivery ended once, as it may, and the three sources agree."""
        ends, expected = self.ends, self.endpoint.ends
        return (
            ends.total() == published == len(self.tally.last)
            and ends[expected[0]] > 0
            and set(ends) <= set(expected)
            and all(self.tally.ended_as(end) == count for end, count in ends.items())
            and all(self._has_all_attempts(letter) for letter in self.letters)
            and self.inbox.rejected == 0
            # Where a kept connection ends without an answer, the client makes a request twice.
            and self.inbox.verified >= self.tally.attempts
            and self.inbox.accepted_ids == ends[DELIVERED]
        )

    def _has_all_attempts(self, letter: DeliveryHistory) -> bool:
        if letter.dead_letter is None or letter.dead_letter.reason != ATTEMPTS_EXHAUSTED:
            return True
        return len(letter.attempts) == NAMED_POLICIES[self.endpoint.retry_policy].max_attempts


def sum_up(results: Sequence[EndpointResult], *, wanted: int, published: int, seconds: float) -> DemoSummary:
    """Sum up.

    Args:
        results: of each endpoint.
        wanted: how many events were to be published.
        published: how many were.
        seconds: how long it took.
    """
    ends = Counter[str]()
    for result in results:
        ends.update(result.ends)
    deliveries = published * len(results)
    explained = ends[DELIVERED] + ends[ATTEMPTS_EXHAUSTED] + ends[CIRCUIT_OPEN]
    return DemoSummary(
        published=published,
        deliveries=deliveries,
        delivered=ends[DELIVERED],
        retried=sum(result.tally.retried for result in results),
        attempts=sum(result.tally.attempts for result in results),
        dead_lettered=sum(len(result.letters) for result in results),
        attempts_exhausted=ends[ATTEMPTS_EXHAUSTED],
        circuit_open=ends[CIRCUIT_OPEN],
        signatures_verified=sum(result.inbox.verified for result in results),
        signatures_rejected=sum(result.inbox.rejected for result in results),
        unexplained=deliveries - explained,
        seconds=round(seconds, 1),
        passed=published == wanted and all(result.is_as_expected(published) for result in results),
    )
