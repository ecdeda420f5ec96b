"""What the demo makes of what it saw: passed only where each delivery ended once, as it may, by all accounts."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.domain.folding import HistoryBook
from gateway.domain.outcome import Reason
from gateway.receiver.received import InboxStats
from gateway.services.demo_endpoints import ATTEMPTS_EXHAUSTED, CIRCUIT_OPEN, DELIVERED, ENDPOINTS
from gateway.services.demo_summary import DemoSummary, EndpointResult, sum_up
from gateway.services.demo_tally import EndpointTally
from tests.delivery_records import T0, attempt_of, planned, summaries

BY_NAME = {endpoint.name: endpoint for endpoint in ENDPOINTS}

# How a delivery ended, and after how many attempts.
End = tuple[str, int]
WELL: Sequence[End] = ((DELIVERED, 1), (DELIVERED, 3))
REFUSED: Sequence[End] = ((ATTEMPTS_EXHAUSTED, 4), (ATTEMPTS_EXHAUSTED, 4))
BROKEN: Sequence[End] = ((CIRCUIT_OPEN, 0), (ATTEMPTS_EXHAUSTED, 4))


def found(name: str, ends: Sequence[End]) -> EndpointResult:
    """Give what is found of an endpoint whose deliveries ended so."""
    tally, letters = EndpointTally(), HistoryBook()
    for number, (end, attempts) in enumerate(ends):
        delivery = planned(f"evt-{number}", name)
        made = [attempt_of(delivery, each + 1, "retry_scheduled", at_ms=T0 + each) for each in range(attempts)]
        if end == DELIVERED:
            made[-1] = replace(made[-1], outcome="delivered", status=200)
        else:
            letters.add(delivery.dead_lettered(summaries(tuple(made)), Reason(end), T0 + 60_000))
            last = attempt_of(delivery, attempts, "dead_lettered", at_ms=T0 + 60_000, status=None)
            if end == ATTEMPTS_EXHAUSTED:
                last = replace(made.pop(), outcome="dead_lettered")
            made.append(replace(last, reason=end))
        for attempt in made:
            tally.take(attempt)
    delivered = sum(end == DELIVERED for end, _ in ends)
    inbox = InboxStats(verified=tally.attempts, accepted_ids=delivered)
    return EndpointResult(BY_NAME[name], tally, letters.histories(), inbox)


def summed_up(*results: EndpointResult) -> DemoSummary:
    return sum_up(results, wanted=2, published=2, seconds=61.23)


def test_a_good_run_is_accounted_for() -> None:
    """Every delivery is in one of three sums; an end without a request is no attempt."""
    summary = summed_up(found("healthy", WELL), found("missing", REFUSED), found("dead", BROKEN))
    assert summary == DemoSummary(
        published=2,
        deliveries=6,
        delivered=2,
        retried=4,
        attempts=16,
        dead_lettered=4,
        attempts_exhausted=3,
        circuit_open=1,
        signatures_verified=16,
        signatures_rejected=0,
        unexplained=0,
        seconds=61.2,
        passed=True,
    )


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("healthy", [(DELIVERED, 1)]),  # one is missing
        ("healthy", [(DELIVERED, 1), (CIRCUIT_OPEN, 2)]),
        ("missing", [(ATTEMPTS_EXHAUSTED, 4), (ATTEMPTS_EXHAUSTED, 3)]),  # given up early
        ("missing", [(ATTEMPTS_EXHAUSTED, 4), (DELIVERED, 2)]),
        ("missing", [(ATTEMPTS_EXHAUSTED, 4), (CIRCUIT_OPEN, 1)]),
        ("dead", [(ATTEMPTS_EXHAUSTED, 4), (ATTEMPTS_EXHAUSTED, 4)]),  # its circuit never opened
        ("dead", [(CIRCUIT_OPEN, 1), (Reason.MAX_AGE.value, 1)]),
    ],
)
def test_an_end_that_should_not_be_fails_it(name: str, ends: Sequence[End]) -> None:
    """A delivery that is missing, or ended as it should not at this endpoint."""
    assert not summed_up(found(name, ends)).passed


@pytest.mark.parametrize(
    "inbox",
    [
        InboxStats(verified=4, rejected=1, accepted_ids=2),
        InboxStats(verified=3, accepted_ids=2),
        InboxStats(verified=4, accepted_ids=1),
    ],
)
def test_the_receiver_s_account_counts(inbox: InboxStats) -> None:
    """A signature that does not fit, a request that did not come, an event that was not taken."""
    well = found("healthy", WELL)
    assert summed_up(well).passed
    assert not summed_up(replace(well, inbox=inbox)).passed


def test_a_letter_that_only_one_topic_knows_fails_it() -> None:
    """The attempts and the dead letters have to tell the same."""
    broken = found("dead", BROKEN)
    assert summed_up(broken).passed
    assert not summed_up(replace(broken, letters=broken.letters[1:])).passed
    assert summed_up(replace(broken, letters=broken.letters[1:])).unexplained == 1


def test_fewer_events_than_asked_for_fail_it() -> None:
    """However well these went."""
    assert not sum_up([found("healthy", WELL)], wanted=3, published=2, seconds=1).passed
