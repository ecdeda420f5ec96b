"""Which records of a batch are due, and from where the rest of each partition has to wait: decided over a batch.

A retry topic holds its records in the order in which they were written, and their due times rise with it but for
the jitter: what comes after a record that is not due waits with it, in the log.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Message

from gateway.kafka.partitioning import Partition, place_of

DUE_HEADER = "due_at_ms"
# Milliseconds since the epoch, up to the year 2286.
_MOMENT = re.compile(rb"[0-9]{1,13}\Z")


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
    """Read when a record is due; at once where its header can't be meant, so that nothing waits behind it for ever."""
    for name, value in cast("list[tuple[str, bytes | None]]", message.headers() or []):
        if name == DUE_HEADER and value is not None and _MOMENT.match(value):
            return int(value)
    return 0
