"""`gateway kafka`: the local broker, from its first start to its stop."""

import sys
from dataclasses import asdict

import click

from gateway.cli.output import emit_json, json_option
from gateway.kafka.local_broker import BrokerStatus, LocalBroker
from gateway.settings import load_settings

NOT_RUNNING_EXIT = 3


@click.group()
def command() -> None:
    """Start, stop and look at the local Kafka broker.

    One broker for each home folder (GATEWAY_HOME, `.gateway` by default), for development and tests. Every other
    command uses it unless GATEWAY_BOOTSTRAP_SERVERS names a cluster. It needs Java 17 and Maven.

    \b
    Examples:
      gateway kafka start
      gateway kafka status --json
      gateway kafka stop
    """


@command.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where to listen. [default: as before, 9092, or a free one]"
)
@json_option
def start(port: int | None, as_json: bool) -> None:
    """Start the broker and return when it answers; it goes on running.

    \b
    Examples:
      gateway kafka start
      gateway kafka start --port 19092
    """
    _show(_broker().start(port, progress=_to_stderr), as_json=as_json)


@command.command()
@json_option
def stop(as_json: bool) -> None:
    """Stop the broker; its data stays.

    \b
    Examples:
      gateway kafka stop
    """
    _show(_broker().stop(), as_json=as_json)


@command.command()
@json_option
def status(as_json: bool) -> None:
    """Tell whether the broker runs, and where. Exit code 0 when it does, 3 when not.

    \b
    Examples:
      gateway kafka status
      gateway kafka status --json
    """
    found = _broker().status()
    _show(found, as_json=as_json)
    if not found.running:
        sys.exit(NOT_RUNNING_EXIT)


def _broker() -> LocalBroker:
    return LocalBroker(load_settings().home)


def _to_stderr(line: str) -> None:
    click.echo(line, err=True)


def _show(found: BrokerStatus, *, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(found))
        return
    if found.running:
        click.echo(f"running at {found.bootstrap_servers}, Kafka {found.version}, pid {found.pid}")
    else:
        click.echo("not running")
    click.echo(f"data: {found.data_dir}")
    click.echo(f"log:  {found.log_file}")
