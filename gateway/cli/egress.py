"""`gateway egress`."""

import click

from gateway.services.egress import run_egress
from gateway.services.process import run
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs


@click.command()
def command() -> None:
    """Run egress: deliveries become signed HTTP requests, failures step through the retry tiers.

    Prints `egress ready` once it has partitions. Run more of these to use more cores; they share the partitions.
    Its probes and metrics are served at GATEWAY_PROBES_ADDRESS and GATEWAY_PROBES_PORT; the log tells the port.
    Stops cleanly on SIGTERM and Ctrl-C: what is being sent is finished, the rest stays in Kafka.

    \b
    Examples:
      gateway egress
      GATEWAY_BOOTSTRAP_SERVERS=kafka:9092 GATEWAY_SECRET_KEYS_FILE=/etc/gateway/keys gateway egress
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    run(run_egress(settings), stop_deadline_s=settings.shutdown_deadline_s)
