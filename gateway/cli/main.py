"""The `gateway` command: finds the subcommand, and turns errors into a message and an exit code."""

import asyncio
import sys
from collections.abc import Sequence

import click

from gateway import __version__
from gateway.cli.lazy_group import LazyGroup
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.foreign_text import plain_text

_INTERRUPTED = 130

# Listed in the order in which a newcomer meets them.
_COMMANDS = {
    "up": ("gateway.cli.up:command", "Run everything on this machine: Kafka, topics, stream and egress."),
    "demo": ("gateway.cli.demo:command", "Show events travelling to a healthy, a flaky and a dead endpoint."),
    "kafka": ("gateway.cli.kafka:command", "Start, stop and look at the local Kafka broker."),
    "topics": ("gateway.cli.topics:command", "Create and check the gateway's topics."),
    "schemas": ("gateway.cli.schemas:command", "List, show and check the event catalog."),
    "publish": ("gateway.cli.publish:command", "Publish events."),
    "subscriptions": ("gateway.cli.subscriptions:command", "Create and change subscriptions."),
    "check-url": ("gateway.cli.check_url:command", "Tell which URLs would be accepted as endpoints."),
    "secrets": ("gateway.cli.secrets:command", "Replace the keys that secrets are encrypted with."),
    "stream": ("gateway.cli.stream:command", "Run the stream: events become deliveries."),
    "egress": ("gateway.cli.egress:command", "Run egress: deliveries become signed HTTP requests."),
    "console": ("gateway.cli.console:command", "Run the console: search and change everything over HTTP."),
    "tokens": ("gateway.cli.tokens:command", "Say who may use the console: API tokens."),
    "portal": ("gateway.cli.portal:command", "Make and revoke links to the portal of a tenant's own people."),
    "top": ("gateway.cli.top:command", "Show how the gateway is doing, live."),
    "tail": ("gateway.cli.tail:command", "Show deliveries as they happen."),
    "deliveries": ("gateway.cli.deliveries:command", "See what became of an event or a delivery."),
    "explain": ("gateway.cli.explain:command", "Explain who gets an event, in which form, and why not."),
    "dlq": ("gateway.cli.dlq:command", "List and replay dead letters."),
    "replay": ("gateway.cli.replay:command", "Send past events again, or for the first time: by time, type, filter."),
    "signals": ("gateway.cli.signals:command", "See what happened to endpoints: disabled, recovered, lagging."),
    "audit": ("gateway.cli.audit:command", "See who changed what: subscriptions, replays; before and after."),
    "receiver": ("gateway.cli.receiver:command", "Run a test receiver that verifies what it gets."),
    "sign": ("gateway.cli.sign:command", "Sign a body as a webhook is signed."),
    "verify": ("gateway.cli.verify:command", "Tell whether a captured webhook is genuine, and if not, why."),
    "capacity": ("gateway.cli.capacity:command", "Say what a load needs: cores, processes, partitions, disk."),
    "bench": ("gateway.cli.bench:command", "Measure throughput, latency, isolation and recovery on this machine."),
}


@click.group(
    cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="gateway")
def cli() -> None:
    """Deliver Avro events from Kafka as signed webhooks.

    \b
    Try it:
      gateway demo
      gateway up
    """
    # The command's module is loaded by now. What a command prints is its result, and may be for another program: lines
    # of the log never get between, whether it sets its log up or not.
    if structlog := sys.modules.get("structlog"):
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))


def main() -> None:
    """Run the command line. Exit codes: see `gateway.domain.errors`; 130 after Ctrl-C."""
    try:
        _refuse_what_is_no_text(sys.argv[1:])
        sys.exit(cli(prog_name="gateway", standalone_mode=False))
    except (click.exceptions.Abort, KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GatewayError as error:
        # They may quote what was read: a file, a topic, a server's answer.
        click.echo(f"error: {plain_text(error.message)}", err=True)
        if error.hint:
            click.echo(f"hint: {plain_text(error.hint)}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are not UTF-8: no record, header or answer can hold them.

    Raises:
        InvalidInputError: an argument has such bytes.
    """
    for number, argument in enumerate(arguments, start=1):
        if any("\ud800" <= char <= "\udfff" for char in argument):
            raise InvalidInputError(f"argument {number} is not UTF-8 text")


if __name__ == "__main__":
    main()
