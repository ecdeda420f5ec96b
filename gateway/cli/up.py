"""`gateway up`."""

import click

from gateway.services.process import run
from gateway.services.stack import stop_deadline_s
from gateway.services.up import run_up
from gateway.settings import load_settings
from gateway.telemetry.logs import configure_logs


@click.command()
def command() -> None:
    """Run everything on this machine: Kafka, topics, stream, egress and the console.

    Starts the local broker unless GATEWAY_BOOTSTRAP_SERVERS names a cluster, creates the topics that are missing,
    runs stream, egress and the console as child processes, and starts one again that ends. Prints one `ready` line,
    which says where Kafka and the console are, when all of it works. Where GATEWAY_CONSOLE_PORT is taken, the console
    gets another port. Ctrl-C stops everything cleanly; a broker that was running before goes on running.

    Plain http and loopback endpoints are accepted here: this is for development.

    \b
    Examples:
      gateway up
      gateway up 2>gateway.log
    """
    settings = load_settings(allow_insecure_endpoints=True)
    configure_logs(settings.log_level, settings.log_format)
    run(run_up(settings), stop_deadline_s=stop_deadline_s(settings))
