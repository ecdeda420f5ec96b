"""`gateway bench`."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click
import orjson
from rich.console import Console

from gateway.cli.output import emit_json, emit_table
from gateway.services.bench.charts import save_charts
from gateway.services.bench.headlines import Results, headlines
from gateway.services.bench.machine import describe_machine, describe_versions
from gateway.services.bench.options import Options
from gateway.services.bench.scenarios import SCENARIOS, lost_in, run_scenarios
from gateway.services.up import say
from gateway.telemetry.logs import configure_logs

RESULTS_FILE = "results.json"
_DEFAULTS = Options()


@click.command(epilog="\b\nScenarios:\n" + "\n".join(f"  {name:12}{found.about}" for name, found in SCENARIOS.items()))
@click.argument("scenarios", nargs=-1, type=click.Choice(list(SCENARIOS)), metavar="[SCENARIO]...")
@click.option("--quick", is_flag=True, help="Less of everything: all scenarios in under three minutes.")
@click.option("--duration", "duration_s", type=click.FloatRange(1, 3600), help="Seconds that each window lasts.")
@click.option(
    "--rate",
    "events_per_s",
    type=click.FloatRange(1, 2000),
    default=_DEFAULTS.events_per_s,
    show_default=True,
    help="Events a second of steady and isolation.",
)
@click.option(
    "--egress",
    type=click.IntRange(1, 16),
    default=_DEFAULTS.egress,
    show_default=True,
    help="Egress processes of the fan-out scenarios.",
)
@click.option(
    "--outstanding",
    type=click.IntRange(100, 1_000_000),
    help="Deliveries that the publisher may be ahead. [default: 20000, or 4000 with --quick]",
)
@click.option(
    "--database",
    metavar="URL",
    help="A PostgreSQL database that has no index, in which search makes one and removes it. [default: a file]",
)
@click.option(
    "--save",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"Folder for {RESULTS_FILE} and charts of the results.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object, as the last line.")
def command(
    scenarios: tuple[str, ...],
    quick: bool,
    duration_s: float | None,
    events_per_s: float,
    egress: int,
    outstanding: int | None,
    database: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Measure the gateway on this machine: throughput, latency, isolation, backlog, matching and crashes.

    It starts a Kafka broker of its own in a temporary folder, the gateway's processes, a receiver and a publisher,
    and takes all of them down again; a cluster of yours is never used. Without names it runs every scenario; what
    each measures, and how to read the numbers, is in docs/performance.md. Exit code 1 if a delivery was lost.

    \b
    Examples:
      gateway bench --quick
      gateway bench fan_out_1 steady --json
      gateway bench fan_out_10 --egress 2 --duration 30
      gateway bench --save docs/performance
    """
    configure_logs("error", "json")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    options = Options(quick, duration_s, events_per_s, egress, outstanding, database)
    console = Console(stderr=True)
    results: Results = {"machine": describe_machine(), "versions": dict(describe_versions())}
    try:
        with console.status("") as status:
            say_it = console.print if console.is_terminal else say
            for name, result in run_scenarios(scenarios, options, say_it, status.update):
                results[name] = result
    finally:
        # Also when one of them failed: half an hour of measuring must not be lost with it.
        _show(results, folder, as_json=as_json)
    sys.exit(1 if lost_in(results) else 0)


def _interrupt(_: int, __: FrameType | None) -> None:
    """Take everything down, once: a second signal must not leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _show(results: Results, folder: Path | None, *, as_json: bool) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RESULTS_FILE).write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2) + b"\n")
        for file in (folder / RESULTS_FILE, *save_charts(results, folder)):
            say(f"wrote {file}")
    emit_table(
        ("scenario", "what", "value"), [(found.scenario, found.what, found.value) for found in headlines(results)]
    )
    if as_json:
        emit_json(results)
