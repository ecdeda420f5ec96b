"""Which records of a batch are due, and from where the rest of each partition has to wait: decided over a batch.

A retry topic holds its records in the order in which they were written, and their due times rise with it but for
the jitter: what comes after a record that is not due waits with it, in the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Message

from gateway.kafka.partitioning import Partition, place_of

DUE_HEADER = "due_at_ms"


@dataclass(frozen=True, slots=True)
class Wait:
    """The first record of a partition that is not due.

    Attributes:
        offset: its offset.
        due_at_ms: when it is due, milliseconds since the epoch.
    """

    offset: int
    due_at_ms: int


def split_due(batch: Iterable[Message], now_ms: int) -> tuple[list[Message], dict[Partition, Wait]]:
    """Give the records that may be handed over, and where each partition (topic, number) that has others waits.

    Args:
        batch: records in offset order per partition.
        now_ms: the present, milliseconds since the epoch.
    """
    due: list[Message] = []
    waits: dict[Partition, Wait] = {}
    for message in batch:
        partition = place_of(message)
        if partition in waits:
            continue
        due_at_ms = _due_at_ms(message)
        if due_at_ms <= now_ms:
            due.append(message)
        else:
            waits[partition] = Wait(message.offset() or 0, due_at_ms)
    return due, waits


def _due_at_ms(message: Message) -> int:
    for name, value in cast("list[tuple[str, bytes]]", message.headers() or []):
        if name == DUE_HEADER and value.isdigit():
            return int(value)
    return 0
