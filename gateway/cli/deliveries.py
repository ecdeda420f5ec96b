"""`gateway deliveries`: what became of an event or a delivery."""

import click

from gateway.admin.lookup import DeliveryLookup, HistoryFilter
from gateway.cli.delivery_views import COLUMNS, history_block, history_json, history_row
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, looked_back, warn_if_partial
from gateway.domain.errors import NotFoundError
from gateway.domain.history import DeliveryState
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

_MAX_LIMIT = 100_000
_since_option = click.option(
    "--since", "since_ms", type=DURATION, default="24h", show_default=True, help="How far back to look: 15m, 24h, 7d."
)


@click.group()
def command() -> None:
    """See what became of an event or a delivery.

    It is read from the topics, and so reaches back as far as they keep their records.

    \b
    Examples:
      gateway deliveries get 0b5a4c0e-order-42
      gateway deliveries list --subscription sub_shop --status dead_lettered
    """


@command.command()
@click.argument("sought_id", metavar="EVENT_ID|DELIVERY_ID")
@_since_option
@json_option
def get(sought_id: str, since_ms: int, as_json: bool) -> None:
    """Show one delivery, or every delivery of an event, with each attempt made.

    Exit code 3: nothing was found in the time looked at.

    \b
    Examples:
      gateway deliveries get 0b5a4c0e-order-42
      gateway deliveries get 7e5f0c1a-31c0-8d1f-9b6e-6a0f4a1f2b3c --since 7d --json
    """
    result = _lookup().find(sought_id, since_ms=now_ms() - since_ms)
    if not result.histories:
        raise NotFoundError(
            f"no delivery of '{sought_id}' {looked_back(result.report)}",
            hint="look further back with --since; why an event has no delivery, `gateway explain` tells",
        )
    for history in result.histories:
        if as_json:
            emit_json(history_json(history))
        else:
            for line in (*history_block(history), ""):
                emit_line(line)
    warn_if_partial(result.report)


@command.command(name="list")
@click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription's.")
@click.option(
    "--status", type=click.Choice([state.value for state in DeliveryState]), help="Only those that stand like this."
)
@click.option("--tenant", metavar="NAME", help="Only this tenant's.")
@_since_option
@click.option("--limit", type=click.IntRange(1, _MAX_LIMIT), default=100, show_default=True, help="How many at most.")
@json_option
def list_(
    subscription_id: str | None, status: str | None, tenant: str | None, since_ms: int, limit: int, as_json: bool
) -> None:
    """List deliveries; the one that changed last comes first.

    \b
    Examples:
      gateway deliveries list --since 15m
      gateway deliveries list --subscription sub_shop --status retry_scheduled --json
    """
    wanted = HistoryFilter(subscription_id, tenant, None if status is None else DeliveryState(status))
    result = _lookup().list(wanted, since_ms=now_ms() - since_ms, limit=limit)
    if as_json:
        for history in result.histories:
            emit_json(history_json(history))
    else:
        emit_table(COLUMNS, [history_row(history) for history in result.histories])
    if result.omitted:
        click.echo(f"note: {result.omitted:,} more are left out by --limit {limit}", err=True)
    warn_if_partial(result.report)


def _lookup() -> DeliveryLookup:
    deployment = Deployment(load_settings())
    return DeliveryLookup(deployment.kafka("gateway-deliveries"), deployment.layout(), ScanProgress())
