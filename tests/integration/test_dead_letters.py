"""Dead letters: listed, replayed once, and known to be replayed."""

import time
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner

from gateway.cli.dlq import command
from gateway.domain.delivery import Delivery
from gateway.domain.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.scan import RawRecord, TopicScan
from gateway.replay.dead_letters import DeadLetters, LetterFilter, is_waiting
from gateway.replay.replayer import Replayer
from gateway.wire.records import delivery_codec
from tests.delivery_records import attempt_of, dead, planned
from tests.integration.records_on_kafka import write_records

NOW_MS = int(time.time() * 1000)
HOUR_MS = 3_600_000


def letters_of(subscription_id: str, count: int) -> list[Delivery]:
    """Make dead letters, an attempt behind each."""
    deliveries = [
        planned(f"evt-{uuid4().hex[:8]}", subscription_id, at_ms=NOW_MS - HOUR_MS + number) for number in range(count)
    ]
    return [
        dead(
            delivery,
            (attempt_of(delivery, 1, "dead_lettered", at_ms=NOW_MS - 2000),),
            at_ms=NOW_MS - 1000,
        )
        for delivery in deliveries
    ]


def sent_again(kafka: KafkaConfig, subscription_id: str) -> list[Delivery]:
    """Read what lies on `deliveries.replay` for a subscription."""
    found: list[RawRecord] = []
    TopicScan(kafka).run({REPLAY_DELIVERIES: subscription_id.encode()}, 0, found.append)
    return [delivery_codec().decode(raw.value) for raw in found if raw.key == subscription_id.encode()]


@pytest.fixture
def subscription_id(topics: TopicLayout) -> str:
    """Give a subscription of this test's own."""
    assert topics.tiers
    return f"sub_{uuid4().hex[:12]}"


def test_a_replay_is_the_same_delivery_begun_again(kafka: KafkaConfig, subscription_id: str) -> None:
    """Same ids, same body; attempts counted from 1; trigger replay."""
    (letter,) = letters_of(subscription_id, 1)
    # A crash of egress may write a letter twice: it is still one.
    write_records(kafka, (DEAD_LETTERS, letter), (DEAD_LETTERS, letter))
    desk, confirmed = DeadLetters(kafka), list[str]()
    found = desk.find(LetterFilter(subscription_id=subscription_id)).letters
    assert [is_waiting(one) for one in found] == [True]

    Replayer(kafka).replay(found, now_ms=NOW_MS, confirmed=lambda one: confirmed.append(one.delivery_id))
    assert confirmed == [letter.delivery_id]
    assert sent_again(kafka, subscription_id) == [letter.replayed(NOW_MS)]
    (after,) = desk.find(LetterFilter(subscription_id=subscription_id)).letters
    assert (is_waiting(after), after.replayed_at_ms) == (False, NOW_MS)


def test_a_replay_that_fails_again_waits_again(kafka: KafkaConfig, subscription_id: str) -> None:
    """The newest round counts, whatever the clocks of the machines say."""
    (letter,) = letters_of(subscription_id, 1)
    replay = letter.replayed(NOW_MS)
    earlier_by_its_clock = dead(replay, (), at_ms=NOW_MS - 500)
    write_records(kafka, (DEAD_LETTERS, letter), (DEAD_LETTERS, replay), (DEAD_LETTERS, earlier_by_its_clock))
    (again,) = DeadLetters(kafka).find(LetterFilter(subscription_id=subscription_id)).letters
    assert is_waiting(again)


def test_a_clock_that_is_behind_still_dates_the_replay_after_the_letter(
    kafka: KafkaConfig, subscription_id: str
) -> None:
    """Otherwise the replay would not count as newer."""
    (letter,) = letters_of(subscription_id, 1)
    write_records(kafka, (DEAD_LETTERS, letter))
    desk = DeadLetters(kafka)
    found = desk.find(LetterFilter(subscription_id=subscription_id)).letters
    Replayer(kafka).replay(found, now_ms=NOW_MS - HOUR_MS, confirmed=lambda _: None)
    (after,) = desk.find(LetterFilter(subscription_id=subscription_id)).letters
    assert (is_waiting(after), after.replayed_at_ms) == (False, letter.dead_lettered_at_ms)


def test_all_of_a_subscription_are_replayed_and_no_others(
    kafka: KafkaConfig, subscription_id: str, program: CliRunner
) -> None:
    """More than one batch; the other subscription's letters stay."""
    letters = letters_of(subscription_id, 250)
    other = letters_of(f"{subscription_id}-other", 1)
    write_records(kafka, *((DEAD_LETTERS, letter) for letter in [*letters, *other]))

    dry = program.invoke(command, ["replay", "--subscription", subscription_id, "--dry-run"], catch_exceptions=False)
    assert "250 dead letters would be replayed" in dry.stdout
    assert not sent_again(kafka, subscription_id)

    arguments = ["replay", "--subscription", subscription_id, "--all", "--yes", "--json"]
    done = program.invoke(command, arguments, catch_exceptions=False)
    lines = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert {line["delivery_id"] for line in lines if line["replayed"]} == {one.delivery_id for one in letters}
    assert len(sent_again(kafka, subscription_id)) == 250
    assert not sent_again(kafka, f"{subscription_id}-other")

    repeated = program.invoke(command, arguments, catch_exceptions=False)
    assert not repeated.stdout
    assert len(sent_again(kafka, subscription_id)) == 250


def test_the_second_replay_of_one_is_refused_unless_asked_for(
    kafka: KafkaConfig, subscription_id: str, program: CliRunner
) -> None:
    """A receiver should not get an event twice because two operators had the same thought."""
    (letter,) = letters_of(subscription_id, 1)
    write_records(kafka, (DEAD_LETTERS, letter))
    program.invoke(command, ["replay", letter.delivery_id], catch_exceptions=False)
    with pytest.raises(ConflictError, match="replayed or purged already"):
        program.invoke(command, ["replay", letter.delivery_id], catch_exceptions=False)
    assert len(sent_again(kafka, subscription_id)) == 1
    program.invoke(command, ["replay", letter.delivery_id, "--again"], catch_exceptions=False)
    assert len(sent_again(kafka, subscription_id)) == 2


def test_one_that_never_had_a_body_is_listed_and_not_replayed(
    kafka: KafkaConfig, subscription_id: str, program: CliRunner
) -> None:
    """By its id that is refused with the reason, among all of a subscription it is left out, asked for again or not."""
    good, bare = letters_of(subscription_id, 2)
    bare = replace(bare, body=b"", attempts=(), reason="transform_failed")
    write_records(kafka, (DEAD_LETTERS, good), (DEAD_LETTERS, bare))
    table = program.invoke(command, ["list", "--subscription", subscription_id], catch_exceptions=False).stdout
    assert f"{bare.delivery_id}" in table
    assert table.count("no body") == 1
    with pytest.raises(ConflictError, match=r"no body to send: .* \(transform_failed\)"):
        program.invoke(command, ["replay", good.delivery_id, bare.delivery_id, "--again"], catch_exceptions=False)
    everything = ["replay", "--subscription", subscription_id, "--yes", "--again"]
    program.invoke(command, everything, catch_exceptions=False)
    assert [one.delivery_id for one in sent_again(kafka, subscription_id)] == [good.delivery_id]


def test_one_unknown_id_and_nothing_is_replayed(kafka: KafkaConfig, subscription_id: str, program: CliRunner) -> None:
    """All or none, so that a typo is noticed before anything happens."""
    (letter,) = letters_of(subscription_id, 1)
    write_records(kafka, (DEAD_LETTERS, letter))
    with pytest.raises(NotFoundError, match="unknown"):
        program.invoke(command, ["replay", letter.delivery_id, "unknown"], catch_exceptions=False)
    assert not sent_again(kafka, subscription_id)


def test_many_are_not_replayed_unasked(kafka: KafkaConfig, subscription_id: str, program: CliRunner) -> None:
    """Without a terminal to ask at, --yes has to be said."""
    write_records(kafka, *((DEAD_LETTERS, letter) for letter in letters_of(subscription_id, 2)))
    with pytest.raises(InvalidInputError, match="replay 2 deliveries"):
        program.invoke(command, ["replay", "--subscription", subscription_id], catch_exceptions=False)


def test_what_is_purged_waits_no_more_and_is_not_lost(
    kafka: KafkaConfig, subscription_id: str, program: CliRunner
) -> None:
    """It is marked; replays of all leave it out, also by another operator, until one is asked for by name and again."""
    letters = letters_of(subscription_id, 3)
    write_records(kafka, *((DEAD_LETTERS, letter) for letter in letters))
    many = ["purge", "--subscription", subscription_id]
    with pytest.raises(InvalidInputError, match="purge 3 deliveries"):
        program.invoke(command, many, catch_exceptions=False)
    assert "3 dead letters would be purged" in program.invoke(command, [*many, "--dry-run"]).stdout
    with pytest.raises(NotFoundError, match="unknown"):
        program.invoke(command, ["purge", letters[0].delivery_id, "unknown", "--yes"], catch_exceptions=False)

    purged = program.invoke(command, ["purge", letters[0].delivery_id, "--yes", "--json"], catch_exceptions=False)
    assert [orjson.loads(line)["purged"] for line in purged.stdout.splitlines()] == [True]
    listing = ["list", "--subscription", subscription_id]
    assert program.invoke(command, listing, catch_exceptions=False).stdout.count("purged ") == 1
    grouped = program.invoke(command, [*listing, "--group-by", "reason", "--json"], catch_exceptions=False).stdout
    assert [(one["reason"], one["letters"], one["waiting"]) for one in map(orjson.loads, grouped.splitlines())] == [
        ("attempts_exhausted", 3, 2)
    ]
    program.invoke(command, ["replay", "--subscription", subscription_id, "--yes"], catch_exceptions=False)
    assert {one.delivery_id for one in sent_again(kafka, subscription_id)} == {one.delivery_id for one in letters[1:]}
    program.invoke(command, ["replay", letters[0].delivery_id, "--again"], catch_exceptions=False)
    assert len(sent_again(kafka, subscription_id)) == 3


def test_list_marks_what_was_replayed_and_filters_by_reason(
    kafka: KafkaConfig, subscription_id: str, program: CliRunner
) -> None:
    """Waiting and replayed letters are told apart."""
    waiting, replayed = letters_of(subscription_id, 2)
    write_records(kafka, (DEAD_LETTERS, waiting), (DEAD_LETTERS, replayed))
    program.invoke(command, ["replay", replayed.delivery_id], catch_exceptions=False)
    arguments = ["list", "--subscription", subscription_id]
    table = program.invoke(command, arguments, catch_exceptions=False).stdout.splitlines()
    assert len(table) == 3
    assert {line.split()[0]: line.split()[7] for line in table[1:]} == {
        waiting.delivery_id: "waiting",
        replayed.delivery_id: "replayed",
    }
    assert not program.invoke(command, [*arguments, "--reason", "gone", "--json"], catch_exceptions=False).stdout
