"""`gateway capacity`: what a load needs, from what was measured. Nothing is connected and nothing is measured."""

import sys
from dataclasses import asdict
from typing import Any

import click

from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.domain.capacity import Capacity, Load, capacity_for, problems_with
from gateway.egress.ledger import DEFAULT_BUDGET_BYTES

_FOUND_EXIT = 1
_MAX_PER_S = 1e7
_MAX_BYTES = 64 * 2**20


@click.command()
@click.option("--events-per-s", type=click.FloatRange(0.001, _MAX_PER_S), required=True, help="In the busiest minutes.")
@click.option("--fan-out", type=click.FloatRange(0.001, 1e6), required=True, help="Deliveries of an event, on average.")
@click.option(
    "--attempts", type=click.FloatRange(1, 20), default=1.0, show_default=True, help="Of a delivery, average."
)
@click.option("--attempt-s", type=click.FloatRange(0.001, 60), default=0.2, show_default=True, help="What one takes.")
@click.option("--event-bytes", type=click.IntRange(1, _MAX_BYTES), default=500, show_default=True, help="In Kafka.")
@click.option("--body-bytes", type=click.IntRange(1, _MAX_BYTES), default=1000, show_default=True, help="Of a request.")
@click.option("--subscriptions", type=click.IntRange(1, 10**8), default=1000, show_default=True, help="How many.")
@click.option("--retention", type=DURATION, default="7d", show_default=True, help="How long Kafka keeps events.")
@click.option("--replication", type=click.IntRange(1, 9), default=3, show_default=True, help="Copies in Kafka.")
@click.option(
    "--utilisation", type=click.FloatRange(0.05, 1), default=0.6, show_default=True, help="Of a core, at most."
)
@json_option
def command(*, retention: int, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the fields of `Load`
    """Say what a load needs: cores, processes, memory, partitions, network and disk.

    The costs are those that `gateway bench` measured for this release, the formula is in docs/operations.md. Run the
    benchmark on a machine of yours to see how it compares. Exit code 1 when the load can't be carried like that.

    \b
    Examples:
      gateway capacity --events-per-s 500 --fan-out 4
      gateway capacity --events-per-s 2000 --fan-out 10 --attempt-s 0.5 --subscriptions 20000 --body-bytes 4000
      gateway capacity --events-per-s 500 --fan-out 4 --attempts 1.2 --json
    """
    load = Load(events_kept_s=retention / 1000, **options)
    capacity = capacity_for(load, egress_budget_bytes=DEFAULT_BUDGET_BYTES)
    problems = problems_with(load, capacity)
    if as_json:
        emit_json({"load": asdict(load), **asdict(capacity), "problems": problems})
    else:
        _show(capacity)
        for problem in problems:
            emit_line(f"problem: {problem}")
    if problems:
        sys.exit(_FOUND_EXIT)


def _show(capacity: Capacity) -> None:
    emit_line(f"{capacity.deliveries_per_s:,.0f} deliveries/s, {capacity.attempts_per_s:,.0f} requests/s")
    stages = (("stream", capacity.stream), ("egress", capacity.egress))
    rows = [(name, f"{one.cores:.2f}", str(one.processes), f"{one.memory_mib:,} MiB") for name, one in stages]
    emit_table(
        ("", "cores busy", "processes", "memory of each"),
        [*rows, ("Kafka", f"{capacity.broker_cores:.2f}", "", "")],
    )
    cost = capacity.core_s_per_million
    emit_table(
        ("", ""),
        [
            ("partitions", f"{capacity.partitions:,}"),
            ("requests under way", f"{capacity.in_flight:,.0f}"),
            ("one subscription gets at most", f"{capacity.subscription_per_s:,.0f}/s"),
            ("written to Kafka", _rate(capacity.kafka_in_bytes_per_s)),
            ("read from Kafka", _rate(capacity.kafka_out_bytes_per_s)),
            ("sent to endpoints", _rate(capacity.internet_bytes_per_s)),
            ("disk of Kafka, all copies", _size(capacity.disk_bytes)),
            (
                "core-seconds of a million deliveries",
                f"{cost.stream:,.0f} stream, {cost.egress:,.0f} egress, {cost.broker:,.0f} Kafka",
            ),
        ],
    )


def _rate(bytes_per_s: float) -> str:
    return f"{bytes_per_s / 1e6:,.2f} MB/s"


def _size(size_bytes: float) -> str:
    return f"{size_bytes / 1e9:,.1f} GB"
