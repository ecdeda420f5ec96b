"""Which parts of the event topics a replay reads: a span of time, or offsets, up to the ends as they are now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import SourcePosition
from gateway.domain.replay import Stretch
from gateway.domain.topics import event_topic
from gateway.domain.versions import covered_types
from gateway.kafka.partitioning import Partition

MAX_OFFSET_RANGES = 1000


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A span of the times of event records.

    Attributes:
        since_ms: its beginning, milliseconds since the epoch.
        until_ms: its end, not included; None for now.
    """

    since_ms: int
    until_ms: int | None = None


OffsetRanges = Sequence[tuple[SourcePosition, int]]
"""Parts of partitions: the first offset of each, and the last one."""


class Offsets(Protocol):
    """Knows where partitions begin and end: what is needed of an OffsetLookup."""

    def partitions(self, topics: Mapping[str, bytes | None]) -> list[Partition]:
        """List the partitions of topics."""

    def kept(self, partitions: Collection[Partition]) -> dict[Partition, range]:
        """Give the offsets that each partition keeps now."""

    def between(self, kept: Mapping[Partition, range], since_ms: int, until_ms: int | None) -> dict[Partition, range]:
        """Give the offsets of a span of time."""


@dataclass(frozen=True, slots=True)
class ChosenStretches:
    """What a replay is to read.

    Attributes:
        stretches: those that hold anything.
        gone: the partitions of which the beginning that was asked for is not kept any more, with the first offset
            that is.
    """

    stretches: tuple[Stretch, ...]
    gone: dict[Partition, int]


def topics_of(patterns: Sequence[str], event_types: Sequence[str]) -> tuple[str, ...]:
    """Name the topics of the event types that patterns cover.

    Raises:
        InvalidInputError: they cover none.
    """
    covered = covered_types(patterns, event_types)
    if not covered:
        raise InvalidInputError(
            f"the catalog has no event type that {', '.join(patterns)} covers",
            hint="`gateway schemas list` shows what there is",
        )
    return tuple(dict.fromkeys(event_topic(event_type) for event_type in covered))


def choose_stretches(lookup: Offsets, topics: Sequence[str], chosen: TimeSpan | OffsetRanges) -> ChosenStretches:
    """Choose what is read.

    Args:
        lookup: asks the brokers.
        topics: the event topics that may be read.
        chosen: a span of time in all of them, or offsets.

    Raises:
        InvalidInputError: offsets of a topic or a partition that there is not, or that overlap.
        UnavailableError: no broker answers, or a topic is missing.
    """
    kept = lookup.kept(lookup.partitions(dict.fromkeys(topics)))
    if isinstance(chosen, TimeSpan):
        ranges = lookup.between(kept, chosen.since_ms, chosen.until_ms)
        # What begins with the first record that is kept, where others were deleted, may have begun before.
        gone = {at: found.start for at, found in ranges.items() if found.start == kept[at].start > 0}
        return ChosenStretches(tuple(_stretches(ranges)), gone)
    asked = _asked(chosen, kept)
    ranges = {
        at: range(max(found.start, kept[at].start), min(found.stop, kept[at].stop)) for at, found in asked.items()
    }
    gone = {at: kept[at].start for at, found in asked.items() if found.start < kept[at].start}
    return ChosenStretches(tuple(_stretches(ranges)), gone)


def _asked(chosen: OffsetRanges, kept: Mapping[Partition, range]) -> dict[Partition, range]:
    asked: dict[Partition, range] = {}
    for first, last in chosen:
        at = (first.topic, first.partition)
        if at not in kept:
            raise InvalidInputError(
                f"{first.topic} has no partition {first.partition} to replay, or --type leaves the topic out"
            )
        if at in asked:
            raise InvalidInputError(f"two ranges of offsets in {first.topic}:{first.partition}", hint="give one")
        asked[at] = range(first.offset, last + 1)
    return asked


def _stretches(ranges: Mapping[Partition, range]) -> Iterator[Stretch]:
    for (topic, partition), offsets in sorted(ranges.items()):
        if offsets:
            yield Stretch(topic, partition, offsets.start, offsets.start, offsets.stop)
