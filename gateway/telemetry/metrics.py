"""The one registry of metrics: every name that a process shows, with its kind, its labels and its meaning.

`docs/metrics.md` is made of it, and a process that does not show what stands here fails its test. The parts count in
plain numbers (`gateway.telemetry.measures`), and what is a state is read when somebody asks: nothing on the way of a
delivery takes a lock or formats a text.

No label has values that users choose, such as ids of subscriptions: how many series there are depends on the
deployment's topics and catalog, not on who uses it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from gateway.domain.outcome import Reason
from gateway.domain.signals import SignalKind

PREFIX = "webhook_gateway_"


class Kind(Enum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Process(Enum):
    """Who shows a metric."""

    STREAM = "stream"
    EGRESS = "egress"
    CONSOLE = "console"


BOTH = (Process.STREAM, Process.EGRESS)
ALL = (*BOTH, Process.CONSOLE)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: as Prometheus has it, without the suffixes `_bucket`, `_sum` and `_count` of a histogram.
        kind: how it moves.
        meaning: for people.
        shown_by: the processes.
        labels: their names; a series has a value for each, in this order.
        bounds: of a histogram: the upper bounds of its buckets, in the unit of the name.
        begins: the series that are there from the start, at 0, by the values of their labels. Prometheus' `increase`
            sees no jump in a series that begins with it, so what alerts count this way begins at 0.
    """

    name: str
    kind: Kind
    meaning: str
    shown_by: tuple[Process, ...]
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    begins: tuple[tuple[str, ...], ...] = ()


def _counter(
    name: str, meaning: str, *labels: str, by: tuple[Process, ...], begins: Iterable[tuple[str, ...]] = ()
) -> Metric:
    return Metric(f"{PREFIX}{name}_total", Kind.COUNTER, meaning, by, labels, begins=tuple(begins))


def _gauge(name: str, meaning: str, *labels: str, by: tuple[Process, ...]) -> Metric:
    return Metric(PREFIX + name, Kind.GAUGE, meaning, by, labels)


_STREAM, _EGRESS = (Process.STREAM,), (Process.EGRESS,)
# An attempt takes from a millisecond to the longest time-out, 60 s.
_ATTEMPT_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# A delivery takes from some milliseconds to the longest retry policy, some days.
_AGE_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 300.0, 1800.0, 7200.0, 86_400.0, 345_600.0)
_LATENESS_BOUNDS = (0.1, 0.5, 1.0, 5.0, 30.0, 300.0, 1800.0, 7200.0)

# As in docs/events.md; the last is egress's, the others are the stream's.
REJECTIONS = (
    "empty_value",
    "not_avro",
    "unknown_schema",
    "unknown_type",
    "bad_header",
    "too_far_ahead",
    "too_large",
    "internal_error",
    "undecodable",
)
_ONLY_OF_ATTEMPTS = (Reason.NONE, Reason.HTTP_STATUS, Reason.REDIRECT, Reason.SEND_FAILED, Reason.PROXY)
_GIVEN_UP = tuple(reason for reason in Reason if reason not in {*_ONLY_OF_ATTEMPTS, Reason.SUBSCRIPTION_DELETED})

BUILD = _gauge("build_info", "1; its labels say which version of which process runs", "process", "version", by=ALL)
READY = _gauge("ready", "1 while `/readyz` says so, else 0", by=ALL)
LOOP_SILENCE = _gauge(
    "loop_silence_seconds",
    "since a loop of the process last moved; at `GATEWAY_STALL_TIMEOUT_S` the process ends itself",
    "loop",
    by=ALL,
)
SUBSCRIPTIONS = _gauge("subscriptions", "subscriptions in the process's table", by=ALL)
SUBSCRIPTIONS_SKIPPED = _counter(
    "subscription_records_skipped", "records of `subscriptions` that could not be read", by=ALL
)
ASSIGNED_PARTITIONS = _gauge("assigned_partitions", "partitions that the process reads", "topic", by=BOTH)
LAG = _gauge(
    "lag_records",
    "records of the process's partitions that are not committed; of a retry topic it is the tier's depth",
    "topic",
    by=BOTH,
)
COMMIT_AGE = _gauge(
    "commit_age_seconds",
    "for how long the commit of a partition has not moved although records are behind it, of the partition with the "
    "longest; that of a retry topic rests while nothing is due",
    "topic",
    by=BOTH,
)
LAG_LOOK_AGE = _gauge(
    "lag_look_age_seconds", "since Kafka last told lag and commits, which it is asked for every 10 s", by=BOTH
)
SIGNALS = _counter(
    "signals", "signals sent, see `gateway signals`", "kind", by=BOTH, begins=[(kind.value,) for kind in SignalKind]
)
EVENTS_REJECTED = _counter(
    "events_rejected",
    "records that went to `events.rejected`",
    "reason",
    by=BOTH,
    begins=[(reason,) for reason in REJECTIONS],
)
UNCONFIRMED = _gauge("unconfirmed_records", "records produced and not yet acknowledged by Kafka", by=BOTH)

SPANS_EXPORTED = _counter("spans_exported", "spans of traces that the collector took", by=BOTH)
SPANS_DROPPED = _counter(
    "spans_dropped",
    "spans that were not exported: too many waited (`queue_full`), or the collector did not take them (`not_exported`)",
    "reason",
    by=BOTH,
)

EVENTS = _counter("events", "events decoded, wanted by somebody or not", "event_type", by=_STREAM)
DELIVERIES_PLANNED = _counter("deliveries_planned", "deliveries written by the stream", "priority", by=_STREAM)
DELIVERIES_STILLBORN = _counter(
    "deliveries_stillborn", "of these, those without a body, which become dead letters", "reason", by=_STREAM
)
FILTER_ERRORS = _counter("filter_errors", "filters that had no answer for an event", by=_STREAM)
EVENTS_IN_FLIGHT = _gauge("events_in_flight", "events taken whose deliveries Kafka has not acknowledged", by=_STREAM)
REGISTRY_WAITING = _gauge("registry_waiting", "1 while partitions wait for the schema registry, else 0", by=_STREAM)

ATTEMPTS = _counter("attempts", "attempts made", "outcome", "reason", by=_EGRESS)
ATTEMPT_DURATION = Metric(
    f"{PREFIX}attempt_duration_seconds",
    Kind.HISTOGRAM,
    "what attempts took, from signing to the end of the answer",
    _EGRESS,
    ("outcome",),
    _ATTEMPT_BOUNDS,
)
DELIVERIES_ENDED = _counter(
    "deliveries_ended",
    "deliveries that came to their end: `delivered`, `dead_lettered`, `discarded` with their subscription, or a "
    "`duplicate`",
    "result",
    "reason",
    by=_EGRESS,
    begins=[("dead_lettered", reason.value) for reason in _GIVEN_UP],
)
DELIVERY_AGE = Metric(
    f"{PREFIX}delivery_age_seconds",
    Kind.HISTOGRAM,
    "from the time at which deliveries were planned, or wanted if that is later, to the end of the attempt that "
    "delivered them",
    _EGRESS,
    (),
    _AGE_BOUNDS,
)
RETRY_LATENESS = Metric(
    f"{PREFIX}retry_lateness_seconds",
    Kind.HISTOGRAM,
    "by how much retries were late when they were read from their tier's topic",
    _EGRESS,
    ("topic",),
    _LATENESS_BOUNDS,
)
ATTEMPTS_IN_FLIGHT = _gauge("attempts_in_flight", "attempts under way", by=_EGRESS)
DELIVERIES_WAITING = _gauge("deliveries_waiting", "deliveries that wait in lanes", by=_EGRESS)
LANES = _gauge("lanes", "lanes, by what they do", "state", by=_EGRESS)
LAGGING = _gauge("lagging_subscriptions", "subscriptions of which something is left in the log", by=_EGRESS)
TIER_OVERDUE = _gauge(
    "tier_overdue_seconds",
    "by how much at least a retry topic that is not read on has missed its oldest record's time; else 0",
    "topic",
    by=_EGRESS,
)
TAKEN_BYTES = _gauge("taken_bytes", "bytes of what was taken from Kafka and is not settled", by=_EGRESS)
FETCHING_BLOCKED = _gauge("fetching_blocked", "1 while too much is taken to fetch more, else 0", by=_EGRESS)

_CONSOLE = (Process.CONSOLE,)
INDEX_RECORDS = _counter("index_records", "records that the index took in", by=_CONSOLE)
INDEX_UNDECODABLE = _counter("index_records_skipped", "of these, those that could not be read", by=_CONSOLE)
INDEX_LAG = _gauge("index_lag_records", "records that are not in the index yet", by=_CONSOLE)
INDEX_BYTES = _gauge("index_bytes", "what the index holds", by=_CONSOLE)

METRICS = (
    BUILD,
    READY,
    LOOP_SILENCE,
    SUBSCRIPTIONS,
    SUBSCRIPTIONS_SKIPPED,
    ASSIGNED_PARTITIONS,
    LAG,
    COMMIT_AGE,
    LAG_LOOK_AGE,
    SIGNALS,
    EVENTS_REJECTED,
    UNCONFIRMED,
    SPANS_EXPORTED,
    SPANS_DROPPED,
    EVENTS,
    DELIVERIES_PLANNED,
    DELIVERIES_STILLBORN,
    FILTER_ERRORS,
    EVENTS_IN_FLIGHT,
    REGISTRY_WAITING,
    ATTEMPTS,
    ATTEMPT_DURATION,
    DELIVERIES_ENDED,
    DELIVERY_AGE,
    RETRY_LATENESS,
    ATTEMPTS_IN_FLIGHT,
    DELIVERIES_WAITING,
    LANES,
    LAGGING,
    TIER_OVERDUE,
    TAKEN_BYTES,
    FETCHING_BLOCKED,
    INDEX_RECORDS,
    INDEX_UNDECODABLE,
    INDEX_LAG,
    INDEX_BYTES,
)
