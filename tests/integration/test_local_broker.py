"""The local broker as its users meet it: starts, stops, restarts, and what stands in its way."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from gateway.domain.errors import ConflictError, GatewayError, UnavailableError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port, is_free
from gateway.kafka.local.process import is_running, wait_until
from gateway.kafka.local_broker import BrokerStatus, LocalBroker

NewHome = Callable[[], Path]


@pytest.fixture(scope="module")
def local(new_broker_home: NewHome) -> Iterator[LocalBroker]:
    """A broker of this module's own, running at the beginning of every test that leaves it so."""
    broker = LocalBroker(new_broker_home())
    broker.start(choose_port())
    yield broker
    broker.stop()


def config_of(status: BrokerStatus) -> KafkaConfig:
    assert status.bootstrap_servers is not None
    return KafkaConfig(status.bootstrap_servers)


def produce(config: KafkaConfig, topic: str, value: bytes) -> None:
    admin = AdminClient(config.common())
    admin.create_topics([NewTopic(topic, num_partitions=1)])[topic].result(10)
    producer = Producer(config.producer())
    producer.produce(topic, value)
    assert producer.flush(10) == 0


def read_first(config: KafkaConfig, topic: str) -> bytes | None:
    consumer = Consumer(config.consumer(f"reader-of-{topic}"))
    try:
        consumer.subscribe([topic])
        record = consumer.poll(20)
        assert record is not None
        assert record.error() is None
        value: bytes | None = record.value()
        return value
    finally:
        consumer.close()


def test_a_started_broker_takes_and_gives_records(local: LocalBroker) -> None:
    """After start has returned, a producer, a consumer group and a coordinator all work."""
    config = config_of(local.status())

    produce(config, "first", b"value")

    assert read_first(config, "first") == b"value"


def test_a_restart_keeps_data_and_port(local: LocalBroker) -> None:
    """What was acknowledged before a stop is there after the next start, at the same address."""
    before = local.status()
    produce(config_of(before), "kept", b"value")

    stopped = local.stop()
    after = local.start()

    assert (stopped.running, stopped.pid, stopped.bootstrap_servers) == (False, None, None)
    assert after.pid != before.pid
    assert after.bootstrap_servers == before.bootstrap_servers
    assert read_first(config_of(after), "kept") == b"value"


def test_a_stop_is_clean(local: LocalBroker) -> None:
    """When stop returns, the broker has shut down by itself, its process is gone and its port is free."""
    before = local.status()
    assert before.bootstrap_servers is not None

    stopped = local.stop()
    log = stopped.log_file.read_text()
    port_is_free = is_free(int(before.bootstrap_servers.rpartition(":")[2]))
    local.start()

    # Not by its entry in /proc: init may take its time to remove that.
    assert before.pid is not None
    assert not is_running(before.pid, "kafka.Kafka")
    assert "shut down completed" in log
    assert port_is_free


def test_a_second_start_changes_nothing(local: LocalBroker) -> None:
    """Starting what runs gives the same process, from another object of the same home too."""
    home = local.status().data_dir.parent.parent

    assert local.start() == local.status()
    assert LocalBroker(home).start() == local.status()


def test_another_port_is_refused_while_it_runs(local: LocalBroker) -> None:
    """A running broker can't move; the message says where it is."""
    address = local.status().bootstrap_servers
    assert address is not None

    with pytest.raises(ConflictError, match=f"on port {address.rpartition(':')[2]}"):
        local.start(choose_port())


def test_it_listens_on_the_loopback_address_only(local: LocalBroker) -> None:
    """Nobody but this machine reaches an unprotected development broker."""
    pid = local.status().pid
    sockets = {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                listening.append(fields[1].rpartition(":")[0])

    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    assert len(listening) == 2
    assert set(listening) <= loopback


def test_a_stale_pid_is_not_taken_for_the_broker(new_broker_home: NewHome) -> None:
    """A pid that went to another process is neither reported as running nor signalled."""
    home = new_broker_home()
    me = os.getpid()
    (home / "kafka" / "broker.json").write_text(f'{{"pid": {me}, "port": 9092, "controller_port": 9093}}')
    broker = LocalBroker(home)

    assert not broker.status().running
    assert not broker.stop().running


def test_before_the_first_start_there_is_nothing(tmp_path: Path) -> None:
    """Status and stop of an unused home answer, and leave it unused."""
    broker = LocalBroker(tmp_path)

    assert not broker.status().running
    assert not broker.stop().running
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_refused(new_broker_home: NewHome) -> None:
    """Who asks for a certain port gets it or an error, never another one."""
    with socket.create_server(("127.0.0.1", choose_port())) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=f"port {port} is in use"):
            LocalBroker(new_broker_home()).start(port)


def test_a_start_that_fails_shows_the_log(new_broker_home: NewHome) -> None:
    """When Kafka ends by itself, the error carries what it said last."""
    home = new_broker_home()
    data = home / "kafka" / "data"
    data.mkdir()
    (data / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")

    with pytest.raises(UnavailableError, match="ended while it started") as failed:
        LocalBroker(home).start(choose_port())

    assert "configured node id" in failed.value.message


def test_without_java_the_error_says_what_to_install(new_broker_home: NewHome, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways on are named: the Debian packages, and a Kafka that runs already."""
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(UnavailableError, match="java is not installed") as failed:
        LocalBroker(new_broker_home()).start(choose_port())

    assert failed.value.hint is not None
    assert "openjdk-17-jre-headless maven" in failed.value.hint
    assert "GATEWAY_BOOTSTRAP_SERVERS" in failed.value.hint


def test_an_old_java_is_refused(new_broker_home: NewHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka 4 would end with a class version error; the message names the version instead."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(UnavailableError, match=r"Java 17 or newer is needed, .* has version 11"):
        LocalBroker(new_broker_home()).start(choose_port())


def test_a_failed_download_is_not_taken_for_the_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Maven fails half-way, its words are shown, nothing is left behind, and the next start asks again."""
    tools = tmp_path / "tools"
    tools.mkdir()
    maven = tools / "mvn"
    maven.write_text('#!/bin/sh\nmkdir "$(dirname "$4")/jars"; echo "[ERROR] no repository"; exit 1\n')
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    broker = LocalBroker(tmp_path / "home")

    for _ in range(2):
        with pytest.raises(UnavailableError, match="no repository"):
            broker.start(choose_port())
        assert list((tmp_path / "home" / "kafka" / "libs").iterdir()) == []


def test_a_damaged_state_file_is_reported(new_broker_home: NewHome) -> None:
    """A file that can't be read is named, not guessed around: there may be a broker behind it."""
    home = new_broker_home()
    (home / "kafka" / "broker.json").write_text("{")

    with pytest.raises(GatewayError, match=r"broker\.json is damaged"):
        LocalBroker(home).status()


def test_a_killed_broker_starts_again_with_its_data(local: LocalBroker) -> None:
    """After SIGKILL the state file is stale; status says so and the next start recovers."""
    before = local.status()
    produce(config_of(before), "survives", b"value")
    assert before.pid is not None
    os.kill(before.pid, 9)
    assert wait_until(lambda: not local.status().running, timeout_s=20)

    assert read_first(config_of(local.start()), "survives") == b"value"
