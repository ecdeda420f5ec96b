"""The `gateway` command: finds the subcommand, and turns errors into a message and an exit code.

Subcommands are imported when they are used, so that `gateway --help` and the small tools start fast.
"""

import asyncio
import importlib
import sys
from collections.abc import Sequence

import click

from gateway import __version__
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.foreign_text import plain_text

_INTERRUPTED = 130

# name -> (module, short help); listed in the order in which a newcomer meets them.
_COMMANDS = {
    "up": ("gateway.cli.up", "Run everything on this machine: Kafka, topics, stream and egress."),
    "demo": ("gateway.cli.demo", "Show events travelling to a healthy, a flaky and a dead endpoint."),
    "kafka": ("gateway.cli.kafka", "Start, stop and look at the local Kafka broker."),
    "topics": ("gateway.cli.topics", "Create and check the gateway's topics."),
    "schemas": ("gateway.cli.schemas", "List, show and check the event catalog."),
    "publish": ("gateway.cli.publish", "Publish events."),
    "subscriptions": ("gateway.cli.subscriptions", "Create and change subscriptions."),
    "check-url": ("gateway.cli.check_url", "Tell which URLs would be accepted as endpoints."),
    "secrets": ("gateway.cli.secrets", "Replace the keys that secrets are encrypted with."),
    "stream": ("gateway.cli.stream", "Run the stream: events become deliveries."),
    "egress": ("gateway.cli.egress", "Run egress: deliveries become signed HTTP requests."),
    "deliveries": ("gateway.cli.deliveries", "See what became of an event or a delivery."),
    "explain": ("gateway.cli.explain", "Explain who gets an event, in which form, and why not."),
    "dlq": ("gateway.cli.dlq", "List and replay dead letters."),
    "signals": ("gateway.cli.signals", "See what happened to endpoints: disabled, recovered, lagging."),
    "receiver": ("gateway.cli.receiver", "Run a test receiver that verifies what it gets."),
    "sign": ("gateway.cli.sign", "Sign a body as a webhook is signed."),
    "verify": ("gateway.cli.verify", "Tell whether a captured webhook is genuine, and if not, why."),
    "capacity": ("gateway.cli.capacity", "Say what a load needs: cores, processes, partitions, disk."),
    "bench": ("gateway.cli.bench", "Measure throughput, latency, isolation and recovery on this machine."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gateway")
def cli() -> None:
    """Deliver Avro events from Kafka as signed webhooks.

    \b
    Try it:
      gateway demo
      gateway up
    """


def main() -> None:
    """Run the command line. Exit codes: see `gateway.domain.errors`; 130 after Ctrl-C."""
    try:
        _refuse_what_is_no_text(sys.argv[1:])
        sys.exit(cli(standalone_mode=False))
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
