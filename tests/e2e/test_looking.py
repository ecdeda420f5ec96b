"""Looking with the installed program: what deliveries, dlq and signals find, and each way to be refused."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from gateway.domain.topics import DEAD_LETTERS, TopicLayout
from gateway.kafka.config import KafkaConfig
from tests.delivery_records import dead, planned
from tests.integration.records_on_kafka import write_records

PROGRAM = Path(sys.executable).with_name("gateway")
USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE = 2, 3, 4, 5

Gateway = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gateway(kafka: KafkaConfig, topics: TopicLayout) -> Gateway:
    """Run the program against the session's broker, whose topics exist."""
    assert topics.tiers

    def run(*arguments: str, bootstrap_servers: str = kafka.bootstrap_servers) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GATEWAY_BOOTSTRAP_SERVERS": bootstrap_servers}
        return subprocess.run(
            [str(PROGRAM), *arguments], env=environment, capture_output=True, text=True, timeout=40, check=False
        )

    return run


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["deliveries", "get", "evt-unknown"], NOT_FOUND, "no delivery of 'evt-unknown' since 20"),
        (["deliveries", "get"], USAGE, "EVENT_ID|DELIVERY_ID"),
        (["deliveries", "get", "x", "--since", "yesterday"], USAGE, "write it like 30s, 15m, 24h or 7d"),
        (["deliveries", "list", "--status", "lost"], USAGE, "'lost' is not one of"),
        (["deliveries", "list", "--limit", "0"], USAGE, "0 is not in the range"),
        (["signals", "--kind", "bad_mood"], USAGE, "'bad_mood' is not one of"),
        (["signals", "--since", "yesterday"], USAGE, "write it like 30s, 15m, 24h or 7d"),
        (["subscriptions", "get", "no-such"], NOT_FOUND, "there is no subscription 'no-such'"),
        (["dlq", "list", "--reason", "bad_mood"], USAGE, "'bad_mood' is not one of"),
        (["dlq", "replay"], USAGE, "name what to replay"),
        (["dlq", "replay", "some-id", "--all"], USAGE, "name what to replay"),
        (["dlq", "replay", "some-id", "--reason", "gone"], USAGE, "--reason chooses among"),
        (["dlq", "replay", "no-such-delivery"], NOT_FOUND, "no dead letter of delivery no-such-delivery"),
    ],
)
def test_what_can_not_be_done_is_said_with_its_exit_code(
    gateway: Gateway, arguments: list[str], exit_code: int, message: str
) -> None:
    """A message on standard error, nothing on standard output, and no stack trace."""
    result = gateway(*arguments)
    assert (result.returncode, result.stdout) == (exit_code, ""), result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["dlq", "list"], ["signals"], ["signals", "--follow"]])
def test_an_unreachable_broker_is_named(gateway: Gateway, arguments: list[str]) -> None:
    """Within some seconds, and without the client library's own lines in between."""
    result = gateway(*arguments, bootstrap_servers="127.0.0.1:1")
    assert result.returncode == UNAVAILABLE
    assert result.stderr.startswith("error: no Kafka broker answers at 127.0.0.1:1\n")


def test_a_dead_letter_is_found_replayed_and_then_known_as_replayed(gateway: Gateway, kafka: KafkaConfig) -> None:
    """The way of an operator: look, replay, look again; a second replay is refused."""
    now_ms = time.time_ns() // 1_000_000
    letter = dead(planned(f"evt-{uuid4().hex}", f"sub_{uuid4().hex[:8]}", at_ms=now_ms - 1000), (), at_ms=now_ms)
    write_records(kafka, (DEAD_LETTERS, letter))

    waiting = orjson.loads(gateway("dlq", "list", "--subscription", letter.subscription_id, "--json").stdout)
    assert (waiting["delivery_id"], waiting["waiting"]) == (letter.delivery_id, True)
    assert "dead lettered (attempts_exhausted)" in gateway("deliveries", "get", letter.event_id).stdout

    assert "1 dead letters replayed" in gateway("dlq", "replay", letter.delivery_id).stdout
    assert gateway("dlq", "replay", letter.delivery_id).returncode == CONFLICT

    replayed = gateway("deliveries", "get", letter.delivery_id, "--json")
    assert orjson.loads(replayed.stdout)["state"] == "pending"
