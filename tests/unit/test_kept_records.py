"""What passes keep is bounded over all strands; what exceeds the bound is read again, in order."""

from confluent_kafka import Message

from gateway.domain.topics import DELIVERIES
from gateway.egress.kept_records import MAX_KEPT_BYTES, Kept, KeptRecords

PARTITION = (DELIVERIES, 0)
# Each record counts as 64 KiB, with its overhead.
VALUE = bytes(65_536 - 1024)
MAX_KEPT = MAX_KEPT_BYTES // 65_536
END = 10**6


def message(offset: int) -> Message:
    return Message(topic=DELIVERIES, partition=0, offset=offset, value=VALUE)


def filled(records: KeptRecords, kept: Kept, count: int) -> Kept:
    for offset in range(count):
        records.add(kept, message(offset))
    return kept


def test_what_exceeds_the_bound_is_read_again() -> None:
    """From the first one on that is not kept, also where there is room again in between."""
    records = KeptRecords()
    first = filled(records, Kept(0, END), MAX_KEPT + 5)
    assert (len(first.records), first.end) == (MAX_KEPT, MAX_KEPT)
    second = filled(records, Kept(0, END), 1)
    assert (len(second.records), second.end, second.begun) == (0, 0, True)
    assert records.take(first).offset() == 0
    records.add(first, message(MAX_KEPT + 6))
    assert len(first.records) == MAX_KEPT - 1


def test_what_is_dropped_makes_room() -> None:
    """Dropped, replaced, or never put: it counts no more."""
    records = KeptRecords()
    for _ in range(3):
        records.put(PARTITION, "sub_1", filled(records, Kept(0, END), MAX_KEPT // 2))
    assert records.of(PARTITION, "sub_1") is not None
    records.discard(filled(records, Kept(0, END), 10))
    records.drop(PARTITION, "sub_1")
    assert records.of(PARTITION, "sub_1") is None
    assert len(filled(records, Kept(0, END), MAX_KEPT).records) == MAX_KEPT
