"""What a load needs: cores, processes, memory, partitions, disk and network. The formula of `gateway capacity`.

The costs are those that `gateway bench` measured (docs/performance/results.json); `tests/unit/test_capacity.py` holds
them to that file, and the formula to measurements that it was not made from. docs/operations.md explains the formula.
"""

import math
from dataclasses import dataclass

from gateway.domain.subscription import DEFAULT_MAX_IN_FLIGHT
from gateway.domain.topics import DELIVERIES_RETENTION_MS

# A second process takes over when one ends; fewer partitions than the default of `topics apply` save nothing.
LEAST_PROCESSES = 2
LEAST_PARTITIONS = 6
MAX_PARTITIONS = 1000
# Partitions for one process: the group grows to twice its size without new topics, and uneven keys even out.
PARTITIONS_PER_PROCESS = 2
# Beside the body: in Kafka ids, types, times, the key, and what Kafka adds; over the network headers, TLS and TCP.
DELIVERY_RECORD_BYTES = 350
ATTEMPT_RECORD_BYTES = 300
REQUEST_HEADER_BYTES = 700

_DAY_S = 86_400
_LONGEST_TIER_S = _DAY_S
_PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class CpuCost:
    """CPU time of one part: what it does once for each event, and again for each delivery or attempt; microseconds."""

    event_us: float
    delivery_us: float

    def cores(self, events_per_s: float, deliveries_per_s: float) -> float:
        """Give the cores that are busy all the time."""
        return (self.event_us * events_per_s + self.delivery_us * deliveries_per_s) / _PER_MILLION


# From cpu_us_per_delivery: event_us + delivery_us at fan-out 1, event_us / 10 + delivery_us at fan-out 10.
STREAM_COST = CpuCost(event_us=176.0, delivery_us=12.5)
EGRESS_COST = CpuCost(event_us=7.0, delivery_us=167.6)
BROKER_COST = CpuCost(event_us=36.8, delivery_us=27.1)


@dataclass(frozen=True, slots=True)
class MemoryCost:
    """Peak memory of a process with few subscriptions, and what a thousand more add; MiB."""

    process_mib: float
    thousand_subscriptions_mib: float


# From peak_rss_mb at fan-out 1 and 10, and the memory with 100,000 subscriptions of `match`.
STREAM_MEMORY = MemoryCost(process_mib=127.0, thousand_subscriptions_mib=1.5)
EGRESS_MEMORY = MemoryCost(process_mib=240.0, thousand_subscriptions_mib=3.1)


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be carried.

    Attributes:
        events_per_s: events a second, in the busiest minutes.
        fan_out: deliveries of an event, on average.
        attempts: attempts of a delivery, on average; 1 where all succeed at once.
        attempt_s: what an attempt takes, on average, in seconds.
        event_bytes: an event in Kafka: key, value and headers.
        body_bytes: the body of a request.
        subscriptions: how many there are.
        events_kept_s: how long Kafka keeps events, in seconds.
        replication: copies of every record in Kafka.
        utilisation: how much of its core a process is to use at most, above 0 and up to 1.
    """

    events_per_s: float
    fan_out: float
    attempts: float
    attempt_s: float
    event_bytes: int
    body_bytes: int
    subscriptions: int
    events_kept_s: float
    replication: int
    utilisation: float


@dataclass(frozen=True, slots=True)
class Processes:
    """One stage: busy cores, processes of one core each, and the memory that each of them needs."""

    cores: float
    processes: int
    memory_mib: int


@dataclass(frozen=True, slots=True)
class CoreSeconds:
    """Core-seconds of a million deliveries, by part; the receivers' and producers' own are not in it."""

    stream: float
    egress: float
    broker: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a load needs.

    Attributes:
        deliveries_per_s: events by fan-out.
        attempts_per_s: requests.
        stream: the stream's processes.
        egress: egress' processes.
        broker_cores: busy cores of the brokers, for one copy of each record.
        partitions: for `GATEWAY_PARTITIONS`.
        in_flight: requests under way at once, by Little's law.
        subscription_per_s: the most that one subscription is sent with the default `--max-in-flight`.
        kafka_in_bytes_per_s: written to Kafka, before copies.
        kafka_out_bytes_per_s: read from Kafka by stream and egress.
        internet_bytes_per_s: requests that leave.
        disk_bytes: what Kafka keeps, with copies, not compressed.
        core_s_per_million: what a million deliveries cost.
    """

    deliveries_per_s: float
    attempts_per_s: float
    stream: Processes
    egress: Processes
    broker_cores: float
    partitions: int
    in_flight: float
    subscription_per_s: float
    kafka_in_bytes_per_s: float
    kafka_out_bytes_per_s: float
    internet_bytes_per_s: float
    disk_bytes: float
    core_s_per_million: CoreSeconds


def capacity_for(load: Load, *, egress_budget_bytes: int) -> Capacity:
    """Say what a load needs.

    Args:
        load: what is to be carried; every number but `utilisation` is at least 0.
        egress_budget_bytes: what an egress process may have taken from Kafka and not settled.
    """
    deliveries = load.events_per_s * load.fan_out
    attempts = deliveries * load.attempts
    stream = _processes(load, STREAM_COST.cores(load.events_per_s, deliveries), STREAM_MEMORY, 0)
    egress = _processes(load, EGRESS_COST.cores(load.events_per_s, attempts), EGRESS_MEMORY, egress_budget_bytes)
    most = max(stream.processes, egress.processes)
    event_bytes = load.events_per_s * load.event_bytes
    delivery_bytes = deliveries * (load.body_bytes + DELIVERY_RECORD_BYTES)
    # Each attempt but the last leaves the delivery in a retry topic.
    retry_bytes = delivery_bytes * (load.attempts - 1)
    attempt_bytes = attempts * ATTEMPT_RECORD_BYTES
    kept_s = DELIVERIES_RETENTION_MS / 1000
    kept = (
        event_bytes * load.events_kept_s
        + (delivery_bytes + attempt_bytes) * kept_s
        + retry_bytes * (kept_s + _LONGEST_TIER_S)
    )
    return Capacity(
        deliveries_per_s=deliveries,
        attempts_per_s=attempts,
        stream=stream,
        egress=egress,
        broker_cores=BROKER_COST.cores(load.events_per_s, attempts),
        partitions=max(LEAST_PARTITIONS, PARTITIONS_PER_PROCESS * most),
        in_flight=attempts * load.attempt_s,
        subscription_per_s=min(DEFAULT_MAX_IN_FLIGHT / load.attempt_s, _PER_MILLION / EGRESS_COST.delivery_us),
        kafka_in_bytes_per_s=event_bytes + delivery_bytes + retry_bytes + attempt_bytes,
        kafka_out_bytes_per_s=event_bytes + delivery_bytes + retry_bytes,
        internet_bytes_per_s=attempts * (load.body_bytes + REQUEST_HEADER_BYTES),
        disk_bytes=kept * load.replication,
        core_s_per_million=_per_million(load),
    )


def problems_with(load: Load, capacity: Capacity) -> list[str]:
    """Say why a load can't be carried like this, in words; empty where it can."""
    problems = []
    if capacity.partitions > MAX_PARTITIONS:
        problems.append(f"{capacity.partitions:,} partitions are more than a deployment has, {MAX_PARTITIONS:,}")
    if capacity.attempts_per_s > capacity.subscription_per_s * load.subscriptions:
        most_per_s = capacity.subscription_per_s * load.subscriptions
        problems.append(
            f"{load.subscriptions:,} subscriptions can be sent {most_per_s:,.0f} requests a second with "
            f"{DEFAULT_MAX_IN_FLIGHT} under way at once, and {capacity.attempts_per_s:,.0f} are needed"
        )
    return problems


def _processes(load: Load, cores: float, memory: MemoryCost, more_bytes: int) -> Processes:
    table_mib = memory.thousand_subscriptions_mib * load.subscriptions / 1000
    return Processes(
        cores=cores,
        processes=max(LEAST_PROCESSES, math.ceil(cores / load.utilisation)),
        memory_mib=math.ceil(memory.process_mib + table_mib + more_bytes / 2**20),
    )


def _per_million(load: Load) -> CoreSeconds:
    """Give what each part takes for a million deliveries: that many, and the events they come from, in one second."""
    events = _PER_MILLION / load.fan_out
    attempts = _PER_MILLION * load.attempts
    return CoreSeconds(
        stream=STREAM_COST.cores(events, _PER_MILLION),
        egress=EGRESS_COST.cores(events, attempts),
        broker=BROKER_COST.cores(events, attempts),
    )
