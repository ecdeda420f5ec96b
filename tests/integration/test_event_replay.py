"""Past events on Kafka, begun again: by the command, to topics that egress would read."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner, Result

from gateway.cli.dlq import command as dlq
from gateway.cli.replay import command
from gateway.domain.changes import Put
from gateway.domain.delivery import Delivery, delivery_id_of
from gateway.domain.errors import ConflictError, GatewayError, NotFoundError
from gateway.domain.outcome import Reason
from gateway.domain.replay import PassedOver, Replay, ReplaySource, ReplayState, Stretch, Tally, Wanted
from gateway.domain.subscription import Subscription
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.config import KafkaConfig
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.replay_log import ReplayLog
from gateway.kafka.scan import RawRecord, TopicScan, no_progress
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.replay.event_planner import PlannedReplay
from gateway.replay.event_replay import CHECKPOINT_S, EventReplay, count_all
from gateway.replay.stretches import TimeSpan
from gateway.services.audit import Actor
from gateway.services.replays import Replays
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.event_encoder import NewEvent
from gateway.wire.records import delivery_codec
from tests.delivery_records import attempt_of, dead, planned
from tests.integration.records_on_kafka import write_records
from tests.integration.test_explain_command import PAID
from tests.integration.test_scan import remove_below, write_numbered
from tests.subscriptions import subscription

pytestmark = pytest.mark.usefixtures("topics")


@pytest.fixture
def tenant() -> str:
    """Give a tenant of this test's own."""
    return f"tenant-{uuid4().hex[:12]}"


def publish(kafka: KafkaConfig, tenant: str, count: int) -> list[str]:
    """Publish events; gives their ids."""
    ids = [f"{tenant}-{number}" for number in range(count)]
    events = [NewEvent("order.paid", PAID, event_id=each, tenant=tenant, key=each) for each in ids]
    with EventPublisher(kafka) as publisher:
        publisher.publish_batch(events)
    return ids


def subscribe(kafka: KafkaConfig, tenant: str, **fields: Any) -> Subscription:
    """Create a subscription, after the fact."""
    created = replace(subscription(tenant=tenant, event_types=("order.*",)), **fields)
    SubscriptionStore(kafka).change(lambda _: [Put(created)])
    return created


def begun(kafka: KafkaConfig, subscription_id: str, topic: str = REPLAY_DELIVERIES) -> list[Delivery]:
    """Read what lies in a topic for a subscription."""
    found: list[RawRecord] = []
    TopicScan(kafka).run({topic: subscription_id.encode()}, 0, found.append)
    return [delivery_codec().decode(raw.value) for raw in found if raw.key == subscription_id.encode()]


def objects(result: Result) -> list[dict[str, Any]]:
    """Read what a command printed as JSON."""
    assert result.exit_code == 0, (result.output, result.exception)
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def started(kafka: KafkaConfig, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.cli.main", "replay", *arguments],
        env={"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "PATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def first_checkpoint(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait for the first thing that it prints."""
    assert process.stdout is not None
    said: dict[str, Any] = orjson.loads(process.stdout.readline())
    return said


def test_a_brand_new_subscription_gets_what_was_published_before(
    program: CliRunner, kafka: KafkaConfig, tenant: str
) -> None:
    """First counted, then begun: with the id that receivers know and the trigger; then the replay can be looked up."""
    ids = publish(kafka, tenant, 12)
    subscribed = subscribe(kafka, tenant)
    name = subscribed.subscription_id
    span = ["start", "--subscription", name, "--since", "1h", "--rate", "none", "--json"]

    (counted,) = objects(program.invoke(command, [*span, "--dry-run"]))
    assert (counted["deliveries"], counted["by_subscription"]) == (12, {name: 12})
    assert not begun(kafka, name)

    *_, ended = objects(program.invoke(command, [*span, "--yes"]))
    assert (ended["state"], ended["deliveries"]) == ("finished", 12)
    assert ended["events_read"] == ended["events_total"]
    deliveries = begun(kafka, name)
    assert Counter(one.event_id for one in deliveries) == Counter(ids)
    assert {one.delivery_id for one in deliveries} == {delivery_id_of(each, name) for each in ids}
    assert {(one.trigger, one.replay_id) for one in deliveries} == {("replay", ended["replay_id"])}

    (shown,) = objects(program.invoke(command, ["status", ended["replay_id"], "--json"]))
    assert shown == ended
    assert ended["replay_id"] in program.invoke(command, ["list"]).stdout
    refused = program.invoke(command, ["resume", ended["replay_id"]]).exception
    assert isinstance(refused, ConflictError)
    assert "finished already" in refused.message


def test_one_that_is_killed_is_resumed_and_loses_nothing(program: CliRunner, kafka: KafkaConfig, tenant: str) -> None:
    """What is repeated came after the last checkpoint: about a second's worth at most."""
    ids = publish(kafka, tenant, 300)
    name = subscribe(kafka, tenant).subscription_id
    process = started(kafka, "start", "--subscription", name, "--since", "1h", "--rate", "100/s", "--yes", "--json")
    said = first_checkpoint(process)
    process.kill()
    process.communicate()
    (killed,) = objects(program.invoke(command, ["status", said["replay_id"], "--json"]))
    assert killed["state"] == "running"
    assert 0 < len(begun(kafka, name)) < len(ids)

    *_, ended = objects(program.invoke(command, ["resume", said["replay_id"], "--json"]))

    assert ended["state"] == "finished"
    sent = Counter(one.event_id for one in begun(kafka, name))
    assert set(sent) == set(ids)
    assert sent.total() - len(ids) <= 100 * (CHECKPOINT_S + 1)


def test_a_run_that_is_cancelled_stopped_or_taken_over_ends_and_says_so(
    program: CliRunner, kafka: KafkaConfig, tenant: str
) -> None:
    """Cancelled from another process, it is over; stopped, it can be resumed; and it can be while it still runs.

    It is stopped, too, where nobody reads any more what it prints: that does not pass for a good end.
    """
    publish(kafka, tenant, 200)
    name = subscribe(kafka, tenant).subscription_id
    arguments = ("start", "--subscription", name, "--since", "1h", "--rate", "4/s", "--yes", "--json")
    processes = [started(kafka, *arguments) for _ in range(4)]
    names = [str(first_checkpoint(process)["replay_id"]) for process in processes]
    log = ReplayLog(kafka)

    objects(program.invoke(command, ["cancel", names[0], "--json"]))
    processes[1].send_signal(signal.SIGTERM)
    log.write(log.read().require(names[2]).resumed(now_ms()))
    unread = processes[3].stdout
    assert unread is not None
    unread.close()

    errors = [process.communicate(timeout=50)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [1, 130, 4, 1]
    assert "cancelled by somebody else" in errors[0]
    assert f"gateway replay resume {names[1]}" in errors[1]
    assert "resumed elsewhere" in errors[2]
    assert f"gateway replay resume {names[3]}" in errors[3]
    known = log.read().by_id
    states = [known[each].state for each in names]
    assert states == [ReplayState.CANCELLED, ReplayState.STOPPED, ReplayState.RUNNING, ReplayState.STOPPED]
    assert len(begun(kafka, name)) < 800


def test_what_becomes_of_a_replay_while_a_run_is_prepared_counts(
    kafka: KafkaConfig, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To know what became of deliveries may take minutes: cancelled meanwhile, or resumed elsewhere, none is begun."""
    publish(kafka, tenant, 3)
    name = subscribe(kafka, tenant).subscription_id
    monkeypatch.setenv("GATEWAY_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    replays, wanted = Replays(load_settings()), Wanted(subscription_ids=(name,))
    replay = replays.new(wanted, replays.choose(wanted, TimeSpan(now_ms() - 60_000)).stretches, None)
    replays.log.write(replay.ended(ReplayState.STOPPED, now_ms()))
    one, another = (replays.resumable(replay.replay_id) for _ in range(2))

    replays.log.write(another)
    with pytest.raises(ConflictError, match="resumed elsewhere"):
        replays.run(one, lambda _: None)
    run = replays.resumable(replay.replay_id)
    replays.cancel(replay.replay_id, Actor("ann", "a test"))
    ended, _ = replays.run(run, lambda _: None)

    assert ended.state is ReplayState.CANCELLED
    assert replays.log.read().require(replay.replay_id).state is ReplayState.CANCELLED
    assert not begun(kafka, name)


class Reading:
    """Makes no deliveries; tells which offsets it was given."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.offsets: list[int] = []

    def plan(self, raw: RawRecord, *, now_ms: int) -> Iterator[PlannedReplay]:  # noqa: ARG002 - as a Planner
        """Take a record."""
        self.offsets.append(raw.offset)
        return iter(())


def test_what_retention_removed_before_a_replay_came_to_it_is_counted(
    kafka: KafkaConfig, new_topic: Callable[..., str]
) -> None:
    """A slow replay of the last days, or one that was stopped for a while, does not pass for a whole one."""
    topic = new_topic(partitions=1)
    write_numbered(kafka, topic, range(1), 10)
    remove_below(kafka, {(topic, 0): 6})
    stretch = Stretch(topic, 0, 0, 2, 9)
    replay = Replay(f"rpl_{uuid4().hex[:16]}", ReplayState.RUNNING, 1, "ann", 1, 1, Wanted(), None, (stretch,))
    reading = Reading()
    ended = EventReplay(kafka, replay, reading, lambda _: None).run()
    assert reading.offsets == [6, 7, 8]
    assert (ended.state, dict(ended.passed)) == (ReplayState.FINISHED, {"not_kept": 4})
    assert (ended.events_read, ended.events_total) == (9, 9)
    assert ReplayLog(kafka).read().require(replay.replay_id).passed == ended.passed
    tally, report = count_all(kafka, replay, Reading(), no_progress)
    assert (tally.passed[PassedOver.NOT_KEPT], report.complete) == (4, True)


def test_dead_letters_are_chosen_by_status_and_marked(program: CliRunner, kafka: KafkaConfig, tenant: str) -> None:
    """One that was delivered is left alone; the other is begun again, and does not wait any more."""
    ids = publish(kafka, tenant, 2)
    name = subscribe(kafka, tenant).subscription_id
    well, ill = (planned(each, name, at_ms=now_ms() - 1000, tenant=tenant) for each in ids)
    failed = attempt_of(ill, 1, "dead_lettered", at_ms=now_ms() - 900)
    letter = dead(ill, (failed,), at_ms=now_ms() - 800)
    write_records(kafka, attempt_of(well, 1, "delivered", at_ms=now_ms(), status=200), failed, (DEAD_LETTERS, letter))
    assert [one["waiting"] for one in objects(program.invoke(dlq, ["list", "--subscription", name, "--json"]))] == [
        True
    ]

    span = ["start", "--subscription", name, "--since", "1h", "--status", "failed", "--yes", "--json"]
    *_, ended = objects(program.invoke(command, span))

    assert (ended["deliveries"], ended["passed_over"]["status"]) == (1, 1)
    assert [one.event_id for one in begun(kafka, name)] == [ids[1]]
    assert [one["waiting"] for one in objects(program.invoke(dlq, ["list", "--subscription", name, "--json"]))] == [
        False
    ]


def test_dead_letters_are_a_replay_of_their_own(
    program: CliRunner, kafka: KafkaConfig, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait and are chosen, once, as they are; stopped and resumed, none is sent twice."""
    name = subscribe(kafka, tenant).subscription_id
    chosen, other_reason, no_body, sent_already = (
        planned(f"{tenant}-{number}", name, at_ms=now_ms() - 5000, tenant=tenant) for number in range(4)
    )
    gone = dead(sent_already, (), at_ms=now_ms() - 4000)
    write_records(
        kafka,
        (DEAD_LETTERS, dead(chosen, (), at_ms=now_ms() - 4000)),
        (DEAD_LETTERS, other_reason.dead_lettered((), Reason.DISABLED, now_ms() - 4000)),
        (DEAD_LETTERS, no_body.dead_lettered((), Reason.TRANSFORM_FAILED, now_ms() - 4000)),
        (DEAD_LETTERS, gone),
        (DEAD_LETTERS, replace(gone.replayed(now_ms()), body=b"")),
    )
    monkeypatch.setenv("GATEWAY_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    replays = Replays(load_settings())
    wanted = Wanted(source=ReplaySource.DEAD_LETTERS, tenants=(tenant,), reasons=("attempts_exhausted",))
    found = replays.choose(wanted, TimeSpan(0))
    replay = replays.new(wanted, found.stretches, None, "ann")
    tally, report = replays.count(replay, no_progress)
    assert (tally.deliveries, tally.by_subscription, report.complete) == (1, {name: 1}, True)
    replays.log.write(replay.ended(ReplayState.STOPPED, now_ms()))

    for _ in range(2):
        *_, ended = objects(program.invoke(command, ["resume", replay.replay_id, "--noted", "--json"]))
        assert (ended["state"], ended["deliveries"], ended["actor"]) == ("finished", 1, "ann")
        assert [(one.event_id, one.trigger, one.replay_id) for one in begun(kafka, name)] == [
            (chosen.event_id, "replay", replay.replay_id)
        ]
        # As if it had been killed before its first checkpoint.
        replays.log.write(replace(replay, deliveries=1).ended(ReplayState.STOPPED, now_ms()))


def test_offsets_choose_records(program: CliRunner, kafka: KafkaConfig, tenant: str) -> None:
    """Both ends are part of it; a partition that there is not is refused, and so is a rate of none."""
    with EventPublisher(kafka) as publisher:
        receipts = publisher.publish_batch(
            [NewEvent("order.paid", PAID, event_id=f"{tenant}-{n}", tenant=tenant, key=tenant) for n in range(5)]
        )
    name = subscribe(kafka, tenant).subscription_id
    first, last = receipts[1], receipts[3]
    offsets = f"{first.topic}:{first.partition}:{first.offset}-{last.offset}"
    *_, ended = objects(
        program.invoke(command, ["start", "--subscription", name, "--offsets", offsets, "--yes", "--json"])
    )
    sent = {one.event_id for one in begun(kafka, name)}
    assert {f"{tenant}-{n}" for n in (1, 3)} <= sent <= {f"{tenant}-{n}" for n in (1, 2, 3)}
    assert ended["events_total"] == last.offset - first.offset + 1
    for arguments, error in (
        (["--subscription", name, "--offsets", "events.order:999:1-2"], "no partition 999"),
        (["--subscription", "nobody", "--since", "1h"], "no subscription 'nobody'"),
        (["--all", "--since", "1h", "--type", "nothing.*"], "no event type"),
        (["--all", "--since", "1h"], "this replays up to"),
        (["--all", "--from", "2026-01-02T00:00Z", "--to", "2026-01-01T00:00Z"], "ends before it begins"),
        (["--all"], "exactly one of"),
        (["--since", "1h"], "to whom"),
    ):
        refused = program.invoke(command, ["start", *arguments]).exception
        assert isinstance(refused, GatewayError)
        assert error in refused.message
    assert isinstance(program.invoke(command, ["status", "rpl_none"]).exception, NotFoundError)


def test_old_replays_are_forgotten(kafka: KafkaConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty days after they ended, when another one is begun."""
    monkeypatch.setenv("GATEWAY_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    replays = Replays(load_settings())
    new = replays.new(Wanted(), (), None)
    old = replace(new.ended(ReplayState.FINISHED, now_ms() - 31 * 86_400_000), replay_id=f"rpl_{uuid4().hex[:16]}")
    replays.log.write(old)
    replays.log.write(new)
    replays.log.forget_old(replays.log.read(), now_ms())
    known = replays.log.read().by_id
    assert new.replay_id in known
    assert old.replay_id not in known
