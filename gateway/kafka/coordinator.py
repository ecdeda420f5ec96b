"""Questions to the coordinator of a consumer group: asked again while there is none, or another one."""

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

_ASK_AGAIN_S = 0.2
# One that has just started reads its groups first, and the first group of a cluster makes their topic.
_MOVING = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)

T = TypeVar("T")


def ask_coordinator(question: Callable[[], T], *, patience_s: float) -> T:
    """Ask until the coordinator can tell; blocking.

    Args:
        question: asks it once.
        patience_s: for how long it is asked again, seconds.

    Raises:
        KafkaException: another failure, or there is still no coordinator after that time.
    """
    give_up_at = time.monotonic() + patience_s
    while True:
        try:
            return question()
        except KafkaException as error:
            if error.args[0].code() not in _MOVING or time.monotonic() > give_up_at:
                raise
        time.sleep(_ASK_AGAIN_S)
