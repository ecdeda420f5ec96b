"""`gateway up`: the stack, until Ctrl-C."""

import sys

from gateway.services.deployment import Deployment
from gateway.services.process import until_stopped_or_failed
from gateway.services.stack import Stack
from gateway.settings import Settings


async def run_up(settings: Settings) -> None:
    """Run everything until a signal comes.

    Raises:
        GatewayError: a part could not be started.
    """
    async with Stack(settings, say) as stack:
        servers = Deployment(settings).bootstrap_servers()
        sys.stdout.write(f"ready: Kafka at {servers}, console at {stack.console_url}; Ctrl-C stops everything\n")
        sys.stdout.flush()
        await until_stopped_or_failed(())


def say(text: str) -> None:
    """Tell a person what is being done, on standard error."""
    sys.stderr.write(f"gateway: {text}\n")
    sys.stderr.flush()
