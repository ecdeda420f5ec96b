"""`gateway stream`."""

import click

from gateway.services.process import run
from gateway.services.stream import run_stream
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs


@click.command()
def command() -> None:
    """Run the stream: events become deliveries, one for each subscription that matches.

    Prints `stream ready` once it has partitions. Run more of these to use more cores; they share the partitions.
    Its probes and metrics are served at GATEWAY_PROBES_ADDRESS and GATEWAY_PROBES_PORT; the log tells the port.
    Stops cleanly on SIGTERM and Ctrl-C. Settings: GATEWAY_* in the environment.

    \b
    Examples:
      gateway stream
      GATEWAY_BOOTSTRAP_SERVERS=kafka:9092 gateway stream
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    run(run_stream(settings), stop_deadline_s=settings.shutdown_deadline_s)
