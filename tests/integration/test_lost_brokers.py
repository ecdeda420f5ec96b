"""What is seen of a client that knows no broker, in librdkafka's own statistics."""

import threading
import time

from confluent_kafka import Producer

from gateway.kafka.config import KafkaConfig
from gateway.kafka.lost_brokers import BrokersWatch

_OFTEN = {"statistics.interval.ms": 50}
_TIMES = 20


def poll(producer: Producer, until: threading.Event, *, at_most_s: float) -> None:
    """Serve a client's callbacks."""
    give_up_at = time.monotonic() + at_most_s
    while not until.is_set() and time.monotonic() < give_up_at:
        producer.poll(0.05)


def test_a_client_without_any_broker_is_lost() -> None:
    """As after an answer that the cluster has none: it has nobody to connect to."""
    lost = threading.Event()
    producer = Producer({**BrokersWatch(lost.set).properties(), **_OFTEN, "log_level": 0})
    poll(producer, lost, at_most_s=10)
    assert lost.is_set()


def test_a_client_is_not_lost_while_it_knows_whom_to_ask(kafka: KafkaConfig) -> None:
    """Connected, or trying to connect."""
    for config in (kafka, KafkaConfig("127.0.0.1:1")):
        lost, looked = threading.Event(), threading.Event()
        watch, looks = BrokersWatch(lost.set), 0

        def look(statistics: str, watch: BrokersWatch = watch, looked: threading.Event = looked) -> None:
            nonlocal looks
            looks += 1
            watch.look(statistics)
            if looks >= _TIMES:
                looked.set()

        producer = Producer(config.producer(**_OFTEN, stats_cb=look, log_level=0))
        poll(producer, looked, at_most_s=20)
        assert looked.is_set()
        assert not lost.is_set()
