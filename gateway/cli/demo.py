"""`gateway demo`."""

import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from gateway.cli.output import emit_json
from gateway.services.demo import ENDPOINTS, DemoSummary, run_demo
from gateway.services.demo_tally import DemoTally
from gateway.services.process import run
from gateway.services.stack import stop_deadline_s
from gateway.services.up import say
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs

_MAX_EVENTS = 5_000
_DESCRIPTIONS = {
    "healthy": "answers 200",
    "flaky": "fails 3 of 10 requests",
    "dead": "fails all",
}


@click.command()
@click.option(
    "--events", type=click.IntRange(1, _MAX_EVENTS), default=200, show_default=True, help="How many to publish."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object, as the last line.")
def command(events: int, as_json: bool) -> None:
    """Show events travelling to a healthy, a flaky and a dead endpoint.

    Starts everything that `gateway up` starts and a test receiver, publishes events of every type and version of the
    catalog, and shows how they are delivered, retried and dead-lettered. Takes about a minute: the dead endpoint's
    deliveries step through the tiers 1s, 5s and 30s. Exit code 1 if anything is not accounted for.

    \b
    Examples:
      gateway demo
      gateway demo --events 50 --json
    """
    # The log of stream and egress would run through the picture: only what an operator has to know stays.
    settings = load_settings(allow_insecure_endpoints=True)
    configure_logs("error", settings.log_format)
    picture = _Picture(live=sys.stderr.isatty())
    summaries: list[DemoSummary] = []

    async def demo() -> None:
        summaries.append(await run_demo(settings, events, picture.say, picture.show))

    try:
        run(demo(), stop_deadline_s=stop_deadline_s(settings))
    finally:
        picture.close()
    summary = summaries[0]
    if as_json:
        emit_json(asdict(summary))
    else:
        _print_summary(summary)
    sys.exit(0 if summary.passed else 1)


class _Picture:
    """The live table on a terminal; a line every few seconds elsewhere."""

    def __init__(self, *, live: bool) -> None:
        self._live = Live(console=Console(stderr=True), refresh_per_second=8) if live else None
        self._shown = 0
        self._running = False

    def say(self, text: str) -> None:
        if self._live is None or not self._running:
            say(text)

    def show(self, tally: DemoTally) -> None:
        if self._live is not None:
            if not self._running:
                self._running = True
                self._live.start()
            self._live.update(_table(tally))
        elif tally.ended * 10 // max(tally.expected, 1) != self._shown:
            self._shown = tally.ended * 10 // max(tally.expected, 1)
            say(f"{tally.published} events published, {tally.ended} of {tally.expected} deliveries ended")

    def close(self) -> None:
        if self._live is not None and self._running:
            self._live.stop()


def _table(tally: DemoTally) -> Table:
    table = Table(title=f"{tally.published} events published", title_justify="left", title_style="bold")
    for column in ("endpoint", "which", "attempts", "delivered", "waiting for a retry", "dead-lettered"):
        table.add_column(column, justify="left" if column in {"endpoint", "which"} else "right")
    for endpoint, counts in zip(ENDPOINTS, tally.endpoints.values(), strict=True):
        table.add_row(
            endpoint.name,
            _DESCRIPTIONS[endpoint.name],
            str(counts.attempts),
            f"[green]{counts.delivered}[/]",
            f"[yellow]{counts.retrying}[/]",
            f"[red]{counts.dead_lettered}[/]",
        )
    return table


def _print_summary(summary: DemoSummary) -> None:
    rows = (
        ("published", f"{summary.published} events, {summary.deliveries} deliveries"),
        ("delivered", f"{summary.delivered} ({summary.retried} of all deliveries needed more than one attempt)"),
        ("dead-lettered", f"{summary.dead_lettered}, each with all its attempts"),
        ("signatures", f"{summary.signatures_verified} verified, {summary.signatures_rejected} rejected"),
        ("unexplained", str(summary.unexplained)),
        ("time", f"{summary.seconds} s"),
    )
    for name, value in rows:
        click.echo(f"{name:15}{value}")
    click.echo("every delivery is accounted for" if summary.passed else "NOT every delivery is accounted for")
