"""`gateway subscriptions`: look at subscriptions, and pause, resume and delete them."""

import click

from gateway.admin.backlog import BacklogCounter
from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.views import public_view
from gateway.cli import (
    subscription_backups,
    subscription_definitions,
    subscription_filters,
    subscription_manifests,
    subscription_secrets,
    subscription_tests,
)
from gateway.cli.backlog_views import backlog_fields, backlog_json
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress
from gateway.cli.signal_views import signal_json, signal_line
from gateway.cli.subscription_parts import (
    CLIENT_ID,
    confirm,
    emit_subscription,
    expected_revision_option,
    lifecycle,
    opened_secrets,
    table,
)
from gateway.domain.changes import require
from gateway.domain.rate_limit import describe_rate
from gateway.domain.signals import why_waiting
from gateway.domain.subscription import SubscriptionState
from gateway.kafka.signal_log import SignalFilter, SignalLog
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.telemetry.logs import configure_logs

_MAX_SIGNALS = 5
_SIGNALS_MS = 7 * 86_400_000


@click.group()
def command() -> None:
    """Create and change subscriptions.

    \b
    Examples:
      gateway subscriptions create --url https://example.com/hooks --event-type 'order.*'
      gateway subscriptions list
      gateway subscriptions pause sub_4f7n2kq3
    """
    configure_logs(load_settings().log_level, "console")


@command.command()
@click.argument("subscription_id")
@json_option
def get(subscription_id: str, as_json: bool) -> None:
    """Show one subscription, what waits for it, and its last signals.

    What waits is counted in the topics: the deliveries that are not settled by now. Those that are due later, because
    they are retried, are counted apart. Secrets are never shown, only when they were made, and public keys.

    \b
    Examples:
      gateway subscriptions get sub_4f7n2kq3
      gateway subscriptions get sub_4f7n2kq3 --json | jq .backlog.waiting
    """
    subscription = require(table(), subscription_id)
    moment_ms, deployment = now_ms(), Deployment(load_settings())
    config = deployment.kafka(CLIENT_ID)
    backlog = BacklogCounter(config, deployment.layout(), ScanProgress()).count(subscription_id, moment_ms)
    signals = SignalLog(config).find(SignalFilter(subscription_id), since_ms=moment_ms - _SIGNALS_MS).records
    reason = why_waiting(subscription, signals)
    last = signals[-_MAX_SIGNALS:]
    held = opened_secrets(subscription)
    if as_json:
        more = {"backlog": backlog_json(backlog, reason), "signals": [signal_json(signal) for signal in last]}
        emit_json({**public_view(subscription, held), **more})
        return
    emit_subscription(subscription, as_json=False, held=held)
    for field, text in backlog_fields(backlog, reason, moment_ms):
        emit_line(f"{field:<20}{text}")
    for signal in last:
        emit_line(f"{'signal':<20}{signal_line(signal)}")


@command.command(name="list")
@click.option("--tenant", help="Only this tenant's.")
@click.option("--state", type=click.Choice([state.value for state in SubscriptionState]), help="Only in this state.")
@json_option
def list_(tenant: str | None, state: str | None, as_json: bool) -> None:
    """List subscriptions, by tenant and id.

    \b
    Examples:
      gateway subscriptions list
      gateway subscriptions list --tenant acme --state disabled --json
    """
    wanted_state = SubscriptionState(state) if state else None
    subscriptions = select_subscriptions(table(), tenant=tenant, state=wanted_state)
    if as_json:
        for subscription in subscriptions:
            emit_json(public_view(subscription))
        return
    emit_table(
        ("ID", "TENANT", "STATE", "EVENT TYPES", "URL", "RATE LIMIT", "ORDER", "REVISION", "REASON"),
        [
            (
                subscription.subscription_id,
                subscription.tenant,
                subscription.state.value,
                ", ".join(subscription.event_types),
                subscription.url,
                describe_rate(subscription.rate_limit),
                subscription.order.value,
                subscription.revision,
                subscription.state_reason,
            )
            for subscription in subscriptions
        ],
    )


@command.command()
@click.argument("subscription_id")
@expected_revision_option
@json_option
def pause(subscription_id: str, expected_revision: int | None, as_json: bool) -> None:
    """Hold a subscription's deliveries back until it is resumed; none is lost.

    \b
    Examples:
      gateway subscriptions pause sub_4f7n2kq3
    """
    paused = lifecycle().pause(subscription_id, expected_revision=expected_revision)
    emit_subscription(paused, as_json=as_json)


@command.command()
@click.argument("subscription_id")
@expected_revision_option
@json_option
def resume(subscription_id: str, expected_revision: int | None, as_json: bool) -> None:
    """Make a paused or disabled subscription active again.

    \b
    Examples:
      gateway subscriptions resume sub_4f7n2kq3
    """
    resumed = lifecycle().resume(subscription_id, expected_revision=expected_revision)
    emit_subscription(resumed, as_json=as_json)


@command.command()
@click.argument("subscription_id")
@expected_revision_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def delete(subscription_id: str, expected_revision: int | None, yes: bool, as_json: bool) -> None:
    """Delete a subscription. Deliveries that are under way to it are discarded.

    \b
    Examples:
      gateway subscriptions delete sub_4f7n2kq3
      gateway subscriptions delete sub_4f7n2kq3 --expect-revision 3 --yes
    """
    confirm(f"Delete subscription {subscription_id}?", yes=yes)
    lifecycle().delete(subscription_id, expected_revision=expected_revision)
    if as_json:
        emit_json({"id": subscription_id, "deleted": True})
    else:
        click.echo(f"deleted {subscription_id}")


for _part in (
    *subscription_definitions.COMMANDS,
    *subscription_secrets.COMMANDS,
    *subscription_manifests.COMMANDS,
    *subscription_backups.COMMANDS,
    *subscription_filters.COMMANDS,
    *subscription_tests.COMMANDS,
):
    command.add_command(_part)
