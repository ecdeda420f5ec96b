"""What follows an attempt, as the records that Kafka has to acknowledge before the delivery counts as settled."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain.cursor import Retrying
from gateway.domain.delivery import TEST_TRIGGER, Delivery
from gateway.domain.outcome import Answered, ErrorCode, Failed, Reason, SendResult
from gateway.domain.retry import QUICK_POLICY, policy_of
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import ATTEMPTS, DEAD_LETTERS
from gateway.egress.settlement import Settlement, settle_attempt, settle_without_attempt
from gateway.kafka.producer import OutRecord
from gateway.wire.records import attempt_codec, delivery_codec
from tests.delivery_records import T0, planned
from tests.egress_in_memory import completed
from tests.subscriptions import subscription

SUBSCRIPTION = replace(subscription("sub_1"), retry_policy=QUICK_POLICY)
NOW_MS = T0 + 500
PARTITION = 4


def settle(
    result: SendResult, delivery: Delivery | None = None, *, jitter: float = 0.0, in_place: bool = False
) -> Settlement:
    """Settle the next attempt of a delivery."""
    delivery = delivery or planned()
    attempt = completed(result, delivery.next_attempt_number)
    return settle_attempt(
        delivery,
        SUBSCRIPTION,
        attempt,
        DEFAULT_TIERS,
        PARTITION,
        in_place=in_place,
        now_ms=NOW_MS,
        jitter=jitter,
    )


def tried(times: int) -> Delivery:
    """Give a delivery with so many failed attempts behind it."""
    delivery = planned()
    for number in range(1, times + 1):
        delivery = delivery.retried(completed(Answered(500), number).summary, T0)
    return delivery


def test_a_delivered_one_leaves_its_attempt_only() -> None:
    """The attempt record says who, what, when and what came of it; its key is the delivery id."""
    delivery = planned()
    settlement = settle(Answered(204, excerpt="thanks", headers=(("Server", "nginx"),)), delivery)
    (record,) = settlement.records
    assert (record.topic, record.key, record.partition) == (ATTEMPTS, delivery.delivery_id.encode(), -1)
    attempt = attempt_codec().decode(record.value)
    assert (attempt.delivery_id, attempt.event_id) == (delivery.delivery_id, delivery.event_id)
    assert (attempt.subscription_id, attempt.tenant) == ("sub_1", "default")
    assert (attempt.attempt_number, attempt.max_attempts, attempt.trigger) == (1, 4, "event")
    assert (attempt.started_at_ms, attempt.duration_ms) == (T0, 20)
    assert (attempt.outcome, attempt.reason, attempt.status, attempt.error) == ("delivered", None, 204, None)
    assert (attempt.due_at_ms, attempt.response_excerpt) == (None, "thanks")
    assert attempt.response_headers == (("Server", "nginx"),)
    assert not settlement.verdict.disables
    assert (settlement.retrying, settlement.dead_letter) == (None, None)


@pytest.mark.parametrize(("times", "tier", "delay_ms"), [(0, "1s", 1000), (1, "5s", 5000), (2, "30s", 30_000)])
def test_a_failed_one_waits_in_the_next_tier(times: int, tier: str, delay_ms: int) -> None:
    """Its record stays in the partition it was read from and says in a header when it is due."""
    delivery = tried(times)
    attempt_record, retry = settle(Answered(500), delivery).records
    assert (retry.topic, retry.key, retry.partition) == (f"deliveries.retry.{tier}", b"sub_1", PARTITION)
    assert retry.headers == [("due_at_ms", str(NOW_MS + delay_ms).encode())]
    waiting = delivery_codec().decode(retry.value)
    assert waiting == delivery.retried(completed(Answered(500), times + 1).summary, NOW_MS + delay_ms)
    attempt = attempt_codec().decode(attempt_record.value)
    assert (attempt.outcome, attempt.reason) == ("retry_scheduled", Reason.HTTP_STATUS.value)
    assert attempt.due_at_ms == NOW_MS + delay_ms


def test_jitter_is_only_ever_later() -> None:
    """The header, the record and the attempt name the same time."""
    attempt_record, retry = settle(Answered(500), jitter=0.999).records
    due_at_ms = delivery_codec().decode(retry.value).due_at_ms
    assert NOW_MS + 1000 < due_at_ms <= NOW_MS + 1100
    assert retry.headers == [("due_at_ms", str(due_at_ms).encode())]
    assert attempt_codec().decode(attempt_record.value).due_at_ms == due_at_ms


def test_retry_after_lengthens_the_wait() -> None:
    """An endpoint that asks for a minute waits in the tier of five."""
    _, retry = settle(Answered(429, retry_after_s=60.0)).records
    assert retry.topic == "deliveries.retry.5m"


def test_what_met_with_the_proxy_waits_as_if_nothing_had_been() -> None:
    """Its record has no attempt more, also after the last one; the attempt's own record says what happened."""
    delivery = tried(3)
    attempt_record, waiting = settle(Failed(ErrorCode.PROXY, "the proxy answered 407"), delivery).records
    assert (waiting.topic, waiting.key, waiting.partition) == ("deliveries.retry.1s", b"sub_1", PARTITION)
    assert waiting.headers == [("due_at_ms", str(NOW_MS + 1000).encode())]
    assert delivery_codec().decode(waiting.value) == replace(delivery, due_at_ms=NOW_MS + 1000)
    attempt = attempt_codec().decode(attempt_record.value)
    assert (attempt.outcome, attempt.reason, attempt.attempt_number) == ("put_off", "proxy_failure", 4)
    assert (attempt.error, attempt.error_detail) == ("proxy_failure", "the proxy answered 407")
    assert attempt.due_at_ms == NOW_MS + 1000


def test_in_its_place_too_the_proxy_costs_no_attempt() -> None:
    """The cursor of its key has the attempts as they were."""
    delivery = tried(3)
    settlement = settle(Failed(ErrorCode.PROXY), delivery, in_place=True)
    assert [record.topic for record in settlement.records] == [ATTEMPTS]
    assert settlement.retrying == Retrying(NOW_MS + 1000, delivery.attempts)


def dead_letter_of(records: list[OutRecord]) -> Delivery:
    """Check the place of a dead letter, and read it."""
    _, letter = records
    assert (letter.topic, letter.key, letter.partition) == (DEAD_LETTERS, b"sub_1", PARTITION)
    return delivery_codec().decode(letter.value)


def test_the_last_failure_goes_to_the_dead_letters() -> None:
    """With every attempt that was made, and when and why it was given up."""
    delivery = tried(3)
    settlement = settle(Failed(ErrorCode.TIMEOUT, "too slow"), delivery)
    letter = dead_letter_of(settlement.records)
    assert [attempt.attempt_number for attempt in letter.attempts] == [1, 2, 3, 4]
    assert letter.attempts[-1].error == "timeout"
    assert (letter.reason, letter.dead_lettered_at_ms, letter.due_at_ms) == ("attempts_exhausted", NOW_MS, 0)
    assert letter.body == delivery.body
    attempt = attempt_codec().decode(settlement.records[0].value)
    assert (attempt.outcome, attempt.reason) == ("dead_lettered", "attempts_exhausted")
    assert (attempt.status, attempt.error, attempt.error_detail) == (None, "timeout", "too slow")


@pytest.mark.parametrize(
    ("result", "reason", "disables"),
    [
        (Answered(410), Reason.GONE, True),
        (Failed(ErrorCode.ADDRESS_REFUSED), Reason.ADDRESS_REFUSED, False),
        (Failed(ErrorCode.CONFIGURATION), Reason.CONFIGURATION, False),
    ],
)
def test_what_can_not_succeed_is_not_repeated(result: SendResult, reason: Reason, *, disables: bool) -> None:
    """The first attempt is the last; an endpoint that is gone disables its subscription."""
    settlement = settle(result)
    assert dead_letter_of(settlement.records).reason == reason.value
    assert settlement.verdict.disables == disables
    assert settlement.dead_letter is reason


def test_fail_fast_ends_at_a_client_error() -> None:
    """Where the subscription wants it so."""
    picky = replace(SUBSCRIPTION, retry_policy=policy_of("1s", fail_fast=True))
    settlement = settle_attempt(
        planned(), picky, completed(Answered(404)), DEFAULT_TIERS, PARTITION, in_place=False, now_ms=NOW_MS, jitter=0.0
    )
    assert dead_letter_of(settlement.records).reason == Reason.CLIENT_ERROR.value


def test_a_disabled_subscription_s_delivery_is_kept() -> None:
    """It can be replayed; the attempts so far stay with it, and no new one is made up."""
    delivery = tried(2)
    records = settle_without_attempt(delivery, Reason.DISABLED, PARTITION, now_ms=NOW_MS)
    letter = dead_letter_of(records)
    assert (letter.reason, letter.attempts) == ("disabled", delivery.attempts)
    attempt = attempt_codec().decode(records[0].value)
    assert (attempt.attempt_number, attempt.outcome, attempt.reason) == (2, "dead_lettered", "disabled")
    assert (attempt.status, attempt.error) == (None, None)


def test_a_deleted_subscription_s_delivery_is_discarded() -> None:
    """A record says so, and nothing else is kept."""
    (record,) = settle_without_attempt(planned(), Reason.SUBSCRIPTION_DELETED, PARTITION, now_ms=NOW_MS)
    attempt = attempt_codec().decode(record.value)
    assert (attempt.attempt_number, attempt.outcome) == (0, "discarded")
    assert attempt.reason == "subscription_deleted"


def test_a_retry_in_its_place_writes_no_delivery() -> None:
    """The later ones of its key wait behind it: what is to be known of it goes into the cursor of the key."""
    delivery = tried(1)
    settlement = settle(Answered(500), delivery, in_place=True)
    (record,) = settlement.records
    assert record.topic == ATTEMPTS
    attempt = attempt_codec().decode(record.value)
    assert (attempt.outcome, attempt.due_at_ms) == ("retry_scheduled", NOW_MS + 5000)
    attempts = (*delivery.attempts, completed(Answered(500), 2).summary)
    assert settlement.retrying == Retrying(NOW_MS + 5000, attempts)


@pytest.mark.parametrize("result", [Answered(200), Answered(410)])
def test_in_its_place_only_a_retry_is_another_thing(result: SendResult) -> None:
    """What is delivered, or given up, is settled as any other."""
    assert settle(result, in_place=True).retrying is None
    assert settle(result, in_place=True).records == settle(result).records


@pytest.mark.parametrize("reason", [Reason.CIRCUIT_OPEN, Reason.MAX_AGE])
def test_what_waited_for_too_long_says_behind_what(reason: Reason) -> None:
    """The dead letter keeps the attempts that were made and the reason why no more are."""
    delivery = tried(1)
    letter = dead_letter_of(settle_without_attempt(delivery, reason, PARTITION, now_ms=NOW_MS))
    assert (letter.reason, letter.attempts) == (reason.value, delivery.attempts)


def test_one_wide_line_is_logged_per_attempt() -> None:
    """With what an operator filters by; never with a body."""
    with capture_logs() as lines:
        settle(Answered(500, excerpt="secret?"))
    (line,) = lines
    assert line["event"] == "delivery.attempted"
    assert (line["event_id"], line["subscription_id"], line["status"]) == ("evt-1", "sub_1", 500)
    assert (line["attempt_number"], line["max_attempts"], line["outcome"]) == (1, 4, "retry_scheduled")
    assert "secret?" not in repr(line)
    assert line["trace_id"] is None


def test_the_line_of_an_attempt_names_the_trace_of_its_event() -> None:
    """By it an operator finds what the producer and the receiver did."""
    traced = replace(planned(), traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    with capture_logs() as lines:
        settle(Answered(500), traced)
    assert [line["trace_id"] for line in lines] == ["0af7651916cd43dd8448eb211c80319c"]


def test_a_test_is_tried_once_and_leaves_no_dead_letter() -> None:
    """Its attempt record says that, and what came of it; a policy with retries does not matter."""
    test = replace(planned(), trigger=TEST_TRIGGER)
    settlement = settle(Answered(500), test)
    (record,) = settlement.records
    attempt = attempt_codec().decode(record.value)
    assert (attempt.trigger, attempt.outcome, attempt.reason) == ("test", "discarded", "attempts_exhausted")
    assert (attempt.status, attempt.max_attempts, settlement.dead_letter) == (500, 1, None)
    (ended,) = settle_without_attempt(test, Reason.CIRCUIT_OPEN, PARTITION, now_ms=NOW_MS)
    assert attempt_codec().decode(ended.value).outcome == "discarded"
