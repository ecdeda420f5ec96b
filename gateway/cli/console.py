"""`gateway console`."""

import click

from gateway.services.console import run_console
from gateway.services.process import run
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs


@click.command()
def command() -> None:
    """Run the console: an index of what became of events and deliveries, and an HTTP API to search and change.

    Prints `console ready` once its index has caught up with Kafka; it answers before, with what it has. The API is at
    http://127.0.0.1:8090/api, which shows its reference; GATEWAY_CONSOLE_PORT changes the port. Only this machine
    reaches it, and may do everything. With GATEWAY_CONSOLE_ADDRESS others do, with a token of `gateway tokens create`.
    The index may be deleted at any time: it is read from Kafka again.

    \b
    Examples:
      gateway console
      GATEWAY_CONSOLE_PORT=9000 GATEWAY_CONSOLE_DIR=/var/lib/gateway gateway console
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    run(run_console(settings), stop_deadline_s=settings.shutdown_deadline_s)
