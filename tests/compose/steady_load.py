"""Events that are published one after the other, whatever happens to the stack meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from gateway.kafka.config import KafkaConfig
from gateway.kafka.publisher import EventPublisher, PublishError
from gateway.wire.event_encoder import NewEvent
from tests.e2e.events import payments

_PAUSE_S = 0.03


class SteadyLoad:
    """What was published until now.

    Attributes:
        acknowledged: the ids of the events that Kafka has.
    """

    def __init__(self, kafka: KafkaConfig, tenant: str) -> None:
        self.acknowledged: set[str] = set()
        self._kafka = kafka
        self._tenant = tenant
        self._stop = threading.Event()

    def publish(self) -> None:
        """Publish until told to stop; an event that is not acknowledged is published again, as producers do."""
        with EventPublisher(self._kafka) as publisher:
            for number in count():
                [event] = payments(1, self._tenant, first=number)
                while not self._is_acknowledged(publisher, event):
                    pass
                if self._stop.wait(_PAUSE_S):
                    return

    def _is_acknowledged(self, publisher: EventPublisher, event: NewEvent) -> bool:
        try:
            [receipt] = publisher.publish_batch([event])
        except PublishError:
            return False
        self.acknowledged.add(receipt.event_id)
        return True

    def stop(self) -> None:
        """Publish no more after the event that is under way."""
        self._stop.set()


@contextmanager
def steady_load(kafka: KafkaConfig, tenant: str) -> Iterator[SteadyLoad]:
    """Publish some thirty events a second, inside; when this is left, all of them are acknowledged."""
    load = SteadyLoad(kafka, tenant)
    thread = threading.Thread(target=load.publish)
    thread.start()
    try:
        yield load
    finally:
        load.stop()
        thread.join()
