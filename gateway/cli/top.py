"""`gateway top`: the overview, live."""

import sys

import click
from rich.console import Console
from rich.live import Live

from gateway.admin.overview import OverviewReader
from gateway.cli.following import ending_well
from gateway.cli.keyboard import keys_at_once, keys_pressed
from gateway.cli.output import emit_json, json_option
from gateway.cli.top_views import SortKey, overview_json, overview_screen
from gateway.domain.errors import InvalidInputError
from gateway.kafka.endpoint_directory import EndpointDirectory
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

_LEAST_LINES = 24
_FIRST_LOOK_S = 15.0
_ONE_KEY_S = 0.2
_END_KEYS = "q\x1b\x03"


@click.command()
@click.option("--once", is_flag=True, help="Print it once; reads what the last minute wrote first.")
@click.option(
    "--interval", "interval_s", type=click.FloatRange(0.5, 60), default=1.0, show_default=True, help="Seconds."
)
@json_option
def command(once: bool, interval_s: float, as_json: bool) -> None:
    """Show how the gateway is doing, live: rates, latency, what waits and where, and whose deliveries fail.

    All of it is read from Kafka, so no process has to be reachable. Rates and latencies are those of the last minute,
    NOW those of the last five seconds. Depths are what is not committed: what is being sent is among them.

    \b
    Keys:
      q  end      s  sort the endpoints: by failures, host, subscription

    \b
    Examples:
      gateway top
      gateway top --once
      gateway top --once --json | jq .success_rate
    """
    if not (once or as_json or sys.stdout.isatty()):
        raise InvalidInputError("there is no terminal to draw on", hint="use --once, or --json")
    deployment = Deployment(load_settings())
    config = deployment.kafka("gateway-top")
    reader = OverviewReader(config, deployment.layout(), now_ms)
    directory = EndpointDirectory(config)
    try:
        with ending_well():
            if once:
                reader.look(_FIRST_LOOK_S)
                _show_once(reader, directory, config.bootstrap_servers, as_json=as_json)
            elif as_json:
                _print_for_ever(reader, directory, interval_s)
            else:
                _draw(reader, directory, config.bootstrap_servers, interval_s)
    finally:
        reader.close()
        directory.close()


def _show_once(reader: OverviewReader, directory: EndpointDirectory, source: str, *, as_json: bool) -> None:
    overview = reader.overview()
    if as_json:
        emit_json(overview_json(overview, directory.host_of))
        return
    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False, markup=False)
    host_of, sort, notice = directory.host_of, SortKey.FAILED, _notice(reader)
    console.print(overview_screen(overview, host_of, source=source, sort=sort, lines=_LEAST_LINES, notice=notice))


def _print_for_ever(reader: OverviewReader, directory: EndpointDirectory, interval_s: float) -> None:
    reader.start()
    while True:
        reader.follow(interval_s)
        directory.refresh()
        emit_json(overview_json(reader.overview(), directory.host_of))


def _draw(reader: OverviewReader, directory: EndpointDirectory, source: str, interval_s: float) -> None:
    sort = SortKey.FAILED
    console = Console(highlight=False, markup=False)
    reader.start()
    with keys_at_once(), Live(console=console, screen=True, auto_refresh=False) as live:
        due_s = 0.0
        while True:
            pressed = keys_pressed()
            if any(key in _END_KEYS for key in pressed):
                return
            for _ in range(pressed.count("s")):
                sort = sort.next()
            if pressed or due_s <= 0:
                directory.refresh()
                screen = overview_screen(
                    reader.overview(),
                    directory.host_of,
                    source=source,
                    sort=sort,
                    lines=console.size.height,
                    notice=f"q end   s sort: {sort.value}   {_notice(reader)}",
                )
                live.update(screen, refresh=True)
                due_s = interval_s
            reader.follow(_ONE_KEY_S)
            due_s -= _ONE_KEY_S


def _notice(reader: OverviewReader) -> str:
    return "Kafka does not answer; waiting for it" if reader.is_cut_off else ""
