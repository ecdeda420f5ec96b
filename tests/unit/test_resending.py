"""One delivery sent again: from which of its records, and what is refused."""

from dataclasses import replace

import pytest

from gateway.domain.delivery import Delivery
from gateway.domain.errors import ConflictError
from gateway.domain.subscription import SubscriptionState
from gateway.replay.resending import choose_record
from tests.delivery_records import T0, dead, planned
from tests.subscriptions import subscription

SHOP = subscription("sub_1")
FIRST = planned()
REPLAYED = replace(FIRST.replayed(T0 + 5), body=b"newer")
LETTER = dead(REPLAYED, (), at_ms=T0 + 9)
NOTE = replace(FIRST.replayed(T0 + 20), body=b"")


@pytest.mark.parametrize(
    ("records", "chosen"),
    [
        ([FIRST], FIRST),
        ([FIRST, REPLAYED], REPLAYED),
        ([LETTER, REPLAYED, FIRST], LETTER),
        # The note of a replay has no body, and says nothing of what is sent.
        ([NOTE, LETTER], LETTER),
    ],
)
def test_the_newest_record_with_a_body_is_sent(records: list[Delivery], chosen: Delivery) -> None:
    """In whichever order they are read; also to a subscription that is paused: then it waits."""
    for to in (SHOP, replace(SHOP, state=SubscriptionState.PAUSED)):
        assert choose_record(to, records) == chosen
        assert choose_record(to, records[::-1]) == chosen


@pytest.mark.parametrize("records", [[], [NOTE]])
def test_without_a_body_there_is_nothing_to_send(records: list[Delivery]) -> None:
    """Kafka has forgotten it, or there never was one."""
    with pytest.raises(ConflictError, match="no body to send"):
        choose_record(SHOP, records)


def test_nothing_is_sent_to_a_disabled_subscription() -> None:
    """It would become a dead letter."""
    with pytest.raises(ConflictError, match="is disabled"):
        choose_record(replace(SHOP, state=SubscriptionState.DISABLED), [FIRST])
