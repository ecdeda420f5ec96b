"""Looking with the installed program: what each command finds and follows, and each way to be refused."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from gateway.domain.delivery import Attempt
from gateway.domain.topics import DEAD_LETTERS, TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.wire.sealing import generate_key_line
from tests.delivery_records import attempt_of, dead, planned
from tests.e2e.running import Program
from tests.integration.records_on_kafka import write_records

PROGRAM = Path(sys.executable).with_name("gateway")
USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE = 2, 3, 4, 5

Gateway = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def gateway(kafka: KafkaConfig, topics: TopicLayout) -> Gateway:
    """Run the program against the session's broker, whose topics exist."""
    assert topics.tiers

    def run(
        *arguments: str, bootstrap_servers: str = kafka.bootstrap_servers, secret_keys: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GATEWAY_BOOTSTRAP_SERVERS": bootstrap_servers}
        if secret_keys is not None:
            environment["GATEWAY_SECRET_KEYS"] = secret_keys
        return subprocess.run(
            [str(PROGRAM), *arguments], env=environment, capture_output=True, text=True, timeout=100, check=False
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
        (["tail", "--type", "or*"], USAGE, "'or*' is not an event type pattern"),
        (["top"], USAGE, "there is no terminal to draw on"),
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


@pytest.mark.parametrize("arguments", [["dlq", "list"], ["tail"], ["top", "--once"]])
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


def attempts_of(name: str, count: int) -> list[Attempt]:
    """Records of attempts that have just ended: the last one failed."""
    now_ms = time.time_ns() // 1_000_000
    deliveries = [planned(f"evt-{uuid4().hex}", name, at_ms=now_ms, tenant=name) for _ in range(count)]
    outcomes = ["delivered"] * (count - 1) + ["dead_lettered"]
    statuses = [200] * (count - 1) + [503]
    return [
        attempt_of(delivery, 1, outcome, at_ms=now_ms - 20, status=status)
        for delivery, outcome, status in zip(deliveries, outcomes, statuses, strict=True)
    ]


def test_deliveries_are_watched_as_they_happen(kafka: KafkaConfig, topics: TopicLayout, tmp_path: Path) -> None:
    """From some time ago on, then live, until Ctrl-C; and the overview counts those of the last minute."""
    assert topics.tiers
    name = f"sub_{uuid4().hex[:8]}"
    environment = {**os.environ, "GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    write_records(kafka, *attempts_of(name, 3))
    arguments = ("tail", "--tenant", name, "--since", "10m", "--json")
    tail = Program(arguments, environment, tmp_path / "tail")
    read_until(tail, 3)
    write_records(kafka, *attempts_of(name, 2))
    read_until(tail, 5)
    told = [orjson.loads(line) for line in tail.output.splitlines()]
    assert tail.stop(signal.SIGINT) == 0
    assert [one["outcome"] for one in told].count("dead_lettered") == 2
    assert {one["subscription_id"] for one in told} == {name}

    shell = f"{PROGRAM} tail --tenant {name} --since 10m --status dead_lettered | head -n 1"
    first = subprocess.run(  # noqa: S602 - a pipe is what is tested
        shell,
        shell=True,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert "dead_lettered" in first.stdout
    assert first.stderr == ""

    # The first ones may be a minute old by now.
    name = f"sub_{uuid4().hex[:8]}"
    write_records(kafka, *attempts_of(name, 3), *attempts_of(name, 2))
    done = subprocess.run([str(PROGRAM), "top", "--once", "--json"], env=environment, capture_output=True, check=True)
    overview = orjson.loads(done.stdout)
    assert {one["subscription_id"]: one["failed"] for one in overview["worst"]}[name] == 2
    assert overview["attempts"] >= 5


def read_until(tail: Program, lines: int) -> None:
    """Wait for so many lines."""
    deadline = time.monotonic() + 60
    while len(tail.output.splitlines()) < lines:
        assert tail.running, tail.log
        assert time.monotonic() < deadline, tail.output
        time.sleep(0.05)


def test_the_overview_is_drawn_until_it_is_ended(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """On a terminal of 80 by 24; q ends it, and leaves the terminal as it was."""
    assert topics.tiers
    terminal, programs_side = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(terminal)
    environment = {**os.environ, "GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TERM": "xterm"}
    process = subprocess.Popen([str(PROGRAM), "top"], env=environment, stdin=programs_side, stdout=programs_side)
    drawn = b""
    while b"deliveries.replay" not in drawn or b"q end" not in drawn:
        drawn += os.read(terminal, 4096)
    os.write(terminal, b"q")
    drawn = b""
    while b"\x1b[?1049l" not in drawn:  # back to what was on the terminal before
        drawn += os.read(terminal, 4096)
    assert process.wait(60) == 0
    assert b"\x1b[?25h" in drawn  # the cursor is shown again
    assert termios.tcgetattr(terminal) == before
    os.close(programs_side)
    os.close(terminal)


def test_who_changed_what_is_told(gateway: Gateway) -> None:
    """By which command, and what it was before."""
    name = f"sub_{uuid4().hex[:8]}"
    keys = ("subscriptions", "create", "--id", name, "--url", "https://example.com/h", "--event-type", "order.paid")
    assert gateway(*keys, secret_keys=generate_key_line()).returncode == 0
    assert gateway("subscriptions", "pause", name).returncode == 0
    entries = [orjson.loads(line) for line in gateway("audit", "--subscription", name, "--json").stdout.splitlines()]
    assert [(one["command"], one["action"]) for one in entries] == [
        ("gateway subscriptions create", "created"),
        ("gateway subscriptions pause", "paused"),
    ]
    assert "state               active → paused" in gateway("audit", "--subscription", name).stdout
