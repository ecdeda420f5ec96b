"""`gateway demo`."""

import sys
import time
from dataclasses import asdict

import click
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from gateway.cli.output import emit_json
from gateway.services.demo import run_demo
from gateway.services.demo_endpoints import ATTEMPTS_EXHAUSTED, CIRCUIT_OPEN, DELIVERED, ENDPOINTS, MENDED, MIN_EVENTS
from gateway.services.demo_summary import DemoSummary
from gateway.services.demo_tally import DemoTally
from gateway.services.process import run, until_stopped_or_failed
from gateway.services.stack import stop_deadline_s
from gateway.services.up import say
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs

_MAX_EVENTS = 5_000
_SAY_EVERY_S = 5.0


@click.command()
@click.option(
    "--events",
    type=click.IntRange(MIN_EVENTS, _MAX_EVENTS),
    default=200,
    show_default=True,
    help="How many to publish.",
)
@click.option(
    "--stay/--exit",
    default=None,
    help="Whether to go on running after the summary, to look around in the console; else it does in a terminal.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object, on a line of its own.")
def command(events: int, stay: bool | None, as_json: bool) -> None:
    """Show events travelling to endpoints that do well, and to others that don't.

    Starts everything that `gateway up` starts, the console too, and a test receiver, publishes events of every type and
    version of the catalog, and shows how they are delivered, retried and given up: after all attempts where an endpoint
    refuses them, after a minute behind an open circuit where it fails. That minute is most of what it takes. Exit
    code 1 if anything is not accounted for.

    In a terminal it stays until Ctrl-C, so that one can look at all of it in the console, and the endpoint that
    refused everything accepts it from then on. The demo's subscriptions are deleted in the end.

    \b
    Examples:
      gateway demo
      gateway demo --events 50 --exit --json
    """
    # The log of stream and egress would run through the picture: only what an operator has to know stays.
    settings = load_settings(allow_insecure_endpoints=True)
    configure_logs("error", settings.log_format)
    stays = sys.stdout.isatty() if stay is None else stay
    picture = _Picture(live=sys.stderr.isatty())
    summaries: list[DemoSummary] = []

    async def look(summary: DemoSummary, console_url: str) -> None:
        summaries.append(summary)
        picture.close()
        if as_json:
            emit_json(asdict(summary))
        else:
            _print_summary(summary)
        if stays:
            sys.stdout.flush()
            _say_where_to_look(console_url)
            await until_stopped_or_failed(())

    try:
        run(run_demo(settings, events, picture.say, picture.show, look), stop_deadline_s=stop_deadline_s(settings))
    finally:
        picture.close()
    sys.exit(0 if summaries[0].passed else 1)


class _Picture:
    """The live table on a terminal; a line every few seconds elsewhere."""

    def __init__(self, *, live: bool) -> None:
        self._live = Live(console=Console(stderr=True), refresh_per_second=8) if live else None
        self._running = False
        self._said_at = 0.0

    def say(self, text: str) -> None:
        if self._live is None or not self._running:
            say(text)

    def show(self, tally: DemoTally) -> None:
        if self._live is not None:
            if not self._running:
                self._running = True
                self._live.start()
            self._live.update(_table(tally))
        elif time.monotonic() - self._said_at >= _SAY_EVERY_S:
            self._said_at = time.monotonic()
            say(f"{tally.published} events published, {tally.ended} of {tally.expected} deliveries ended")

    def close(self) -> None:
        if self._live is not None and self._running:
            self._running = False
            self._live.stop()


def _say_where_to_look(console_url: str) -> None:
    say(f"the console stays at {console_url} until Ctrl-C")
    say(f"the endpoint '{MENDED}' accepts everything from now on: send one of its dead letters again")


def _table(tally: DemoTally) -> Table:
    table = Table(
        title=f"{tally.published} events published",
        caption="dead letters, by reason",
        title_justify="left",
        caption_justify="right",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )
    for column in ("endpoint", "what it does"):
        table.add_column(column, no_wrap=True)
    for column in ("attempts", "delivered", "waiting", "no attempt\nleft", "circuit\nopen"):
        table.add_column(column, justify="right")
    for endpoint, counts in zip(ENDPOINTS, tally.endpoints.values(), strict=True):
        table.add_row(
            endpoint.name,
            endpoint.description,
            str(counts.attempts),
            f"[green]{counts.ended_as(DELIVERED)}[/]",
            f"[yellow]{max(tally.published - counts.ended, 0)}[/]",
            f"[red]{counts.ended_as(ATTEMPTS_EXHAUSTED)}[/]",
            f"[red]{counts.ended_as(CIRCUIT_OPEN)}[/]",
        )
    return table


def _print_summary(summary: DemoSummary) -> None:
    rows = (
        ("published", f"{summary.published} events, {summary.deliveries} deliveries"),
        ("delivered", f"{summary.delivered} ({summary.retried} of all deliveries needed more than one attempt)"),
        ("dead letters", f"{summary.attempts_exhausted} after all their attempts (attempts_exhausted)"),
        ("", f"{summary.circuit_open} after a minute behind an open circuit (circuit_open)"),
        ("unexplained", str(summary.unexplained)),
        ("signatures", f"{summary.signatures_verified} verified, {summary.signatures_rejected} rejected"),
        ("time", f"{summary.seconds} s"),
    )
    for name, value in rows:
        click.echo(f"{name:15}{value}")
    click.echo("every delivery is accounted for" if summary.passed else "NOT every delivery is accounted for")
