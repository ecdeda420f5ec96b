"""Which offsets a replay reads, and whether the beginning of what was asked for is still there."""

from collections.abc import Collection, Mapping

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import SourcePosition
from gateway.domain.replay import Stretch
from gateway.kafka.partitioning import Partition
from gateway.replay.stretches import TimeSpan, choose_stretches, topics_of

TOPIC = "events.order"
FULL, SHORTENED, EMPTY = (TOPIC, 0), (TOPIC, 1), (TOPIC, 2)


class MemoryOffsets:
    """Three partitions with a record each second: one with all records, one that has lost the first ten, one empty."""

    def partitions(self, topics: Mapping[str, bytes | None]) -> list[Partition]:
        """See Offsets."""
        return [at for at in (FULL, SHORTENED, EMPTY) if at[0] in topics]

    def kept(self, partitions: Collection[Partition]) -> dict[Partition, range]:
        """See Offsets."""
        return {at: {FULL: range(20), SHORTENED: range(10, 20), EMPTY: range(0)}[at] for at in partitions}

    def between(self, kept: Mapping[Partition, range], since_ms: int, until_ms: int | None) -> dict[Partition, range]:
        """See Offsets."""
        last_ms = 10**9 if until_ms is None else until_ms
        spans = {}
        for at, offsets in kept.items():
            inside = [offset for offset in offsets if since_ms <= offset * 1000 < last_ms]
            spans[at] = range(inside[0], inside[-1] + 1) if inside else range(offsets.stop, offsets.stop)
        return spans


@pytest.mark.parametrize(
    ("span", "stretches", "gone"),
    [
        (TimeSpan(15_000), {FULL: range(15, 20), SHORTENED: range(15, 20)}, {}),
        (TimeSpan(12_000, 14_000), {FULL: range(12, 14), SHORTENED: range(12, 14)}, {}),
        (TimeSpan(5_000), {FULL: range(5, 20), SHORTENED: range(10, 20)}, {SHORTENED: 10}),
        (TimeSpan(0), {FULL: range(20), SHORTENED: range(10, 20)}, {SHORTENED: 10}),
        (TimeSpan(30_000), {}, {}),
    ],
)
def test_a_span_of_time(span: TimeSpan, stretches: dict[Partition, range], gone: dict[Partition, int]) -> None:
    """Partitions that hold nothing of it are left out; one whose beginning is gone is told."""
    chosen = choose_stretches(MemoryOffsets(), (TOPIC,), span)
    assert {(one.topic, one.partition): one.left for one in chosen.stretches} == stretches
    assert chosen.gone == gone


def test_offsets_are_cut_to_what_is_kept() -> None:
    """Both ends are part of what is asked for."""
    asked = [(SourcePosition(*FULL, 18), 99), (SourcePosition(*SHORTENED, 5), 12), (SourcePosition(*EMPTY, 0), 5)]
    chosen = choose_stretches(MemoryOffsets(), (TOPIC,), asked)
    assert chosen.stretches == (Stretch(*FULL, 18, 18, 20), Stretch(*SHORTENED, 10, 10, 13))
    assert chosen.gone == {SHORTENED: 10}


@pytest.mark.parametrize(
    "asked",
    [
        [(SourcePosition(TOPIC, 7, 0), 1)],
        [(SourcePosition("events.invoice", 0, 0), 1)],
        [(SourcePosition(*FULL, 0), 1), (SourcePosition(*FULL, 5), 6)],
    ],
)
def test_offsets_that_can_not_be_read_are_refused(asked: list[tuple[SourcePosition, int]]) -> None:
    """Of a partition that there is not, of a topic that is left out, or twice of one partition."""
    with pytest.raises(InvalidInputError):
        choose_stretches(MemoryOffsets(), (TOPIC,), asked)


def test_only_topics_that_may_hold_wanted_events_are_read() -> None:
    """Each once, however many of its types are wanted."""
    types = ("invoice.issued", "order.created", "order.paid")
    assert topics_of(("*",), types) == ("events.invoice", "events.order")
    assert topics_of(("order.*", "order.paid"), types) == ("events.order",)
    with pytest.raises(InvalidInputError, match="no event type"):
        topics_of(("customer.*",), types)
