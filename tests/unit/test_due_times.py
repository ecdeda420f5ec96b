"""Which records of a batch may be handed over, and where the others wait."""

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from gateway.kafka.due_times import DUE_HEADER, Wait, split_due

NOW_MS = 1_000


def message(partition: int, offset: int, due: bytes | None) -> Message:
    headers: list[tuple[str, str | bytes | None]] = [("other", b"1")]
    if due is not None:
        headers.append((DUE_HEADER, due))
    return Message(topic="t", partition=partition, offset=offset, headers=headers)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0, 999, 1000, 1001, 5000])), max_size=30).map(
        lambda records: [(offset, *record) for offset, record in enumerate(records)]
    )
)
def test_a_partition_waits_from_its_first_record_that_is_not_due(records: list[tuple[int, int, int]]) -> None:
    """Whatever follows it; other partitions do not wait with it."""
    batch = [message(partition, offset, str(due).encode()) for offset, partition, due in records]
    due, waits = split_due(batch, NOW_MS)
    expected: dict[int, Wait] = {}
    for offset, partition, due_at_ms in records:
        if due_at_ms > NOW_MS:
            expected.setdefault(partition, Wait(offset, due_at_ms))
    assert waits == {("t", partition): wait for partition, wait in expected.items()}
    assert [one.offset() for one in due] == [
        offset for offset, partition, _ in records if partition not in expected or offset < expected[partition].offset
    ]


def test_a_record_without_a_due_time_is_due() -> None:
    """So is one whose header is not a number."""
    batch = [message(0, 0, None), message(0, 1, b""), message(0, 2, b"soon"), message(0, 3, b"-5")]
    assert split_due(batch, NOW_MS) == (batch, {})
