"""`gateway subscriptions test`: sends one made-up event to one subscription, and shows what its endpoint made of it."""

import time
from datetime import UTC, datetime
from typing import IO, Any

import click

from gateway.admin.test_events import plan_test, send_test
from gateway.cli.acting import acting
from gateway.cli.attempt_views import attempt_json, attempt_line
from gateway.cli.durations import DURATION
from gateway.cli.event_files import read_rows
from gateway.cli.output import emit_json, json_option
from gateway.cli.subscription_parts import CLIENT_ID
from gateway.domain.audit import ActionTarget
from gateway.domain.changes import require
from gateway.domain.delivery import Attempt
from gateway.domain.endpoint import host_as_given
from gateway.domain.errors import InvalidInputError
from gateway.kafka.attempt_tail import attempt_tail
from gateway.kafka.record_log import RecordTail
from gateway.kafka.subscription_table import read_subscriptions
from gateway.services.audit import audit_action
from gateway.services.deployment import Deployment
from gateway.settings import load_settings

_NOT_DELIVERED = 1
_POLL_S = 0.5


@click.command(name="test")
@click.argument("subscription_id")
@click.option("--type", "event_type", metavar="TYPE", help="Of this event type.  [default: the first that it gets]")
@click.option("--version", type=click.IntRange(min=1), help="Schema version of the data.  [default: latest]")
@click.option("--file", "file", type=click.File("rb"), help="The event's data, a JSON object.  [default: made up]")
@click.option("--wait", "wait_ms", type=DURATION, default="30s", show_default=True, help="For the attempt, so long.")
@json_option
@click.pass_context
def test(
    context: click.Context,
    subscription_id: str,
    event_type: str | None,
    version: int | None,
    file: IO[bytes] | None,
    wait_ms: int,
    as_json: bool,
) -> None:
    """Send one event to one subscription only, to see what its endpoint makes of it.

    It goes the way of real ones: shaped and signed as the subscription wants it, whatever its filter says. Its id
    begins with `test-`. It is tried once, and becomes no dead letter. Exit code 1: it was not delivered, or not in
    time.

    \b
    Examples:
      gateway subscriptions test sub_4f7n2kq3
      gateway subscriptions test sub_4f7n2kq3 --type order.paid --file order.json --json
    """
    settings = load_settings()
    deployment = Deployment(settings)
    config = deployment.kafka(CLIENT_ID)
    subscription = require(read_subscriptions(config), subscription_id)
    delivery = plan_test(
        deployment.catalog(),
        subscription,
        datetime.now(UTC),
        max_body_bytes=settings.max_body_bytes,
        event_type=event_type,
        version=version,
        data=None if file is None else _data(file),
    )
    # Opened first, so that the attempt can't be missed.
    tail = attempt_tail(config, lambda attempt: attempt.delivery_id == delivery.delivery_id)
    try:
        details = {"event_type": delivery.event_type, "event_id": delivery.event_id}
        target = ActionTarget(subscription_id, subscription.tenant, details)
        audit_action(config, acting(deployment), "test_event_sent", [target])
        send_test(config, delivery)
        click.echo(f"sent {delivery.event_type} as {delivery.event_id}", err=True)
        attempt = _first(tail, wait_ms / 1000)
    finally:
        tail.close()
    if attempt is None:
        click.echo(f"no attempt in {wait_ms / 1000:g} s: does egress run, is its circuit open?", err=True)
        click.echo(f"hint: `gateway deliveries get {delivery.delivery_id}` shows what becomes of it", err=True)
    elif as_json:
        emit_json(attempt_json(attempt, host_as_given(subscription.url)))
    else:
        click.echo(attempt_line(attempt, host_as_given(subscription.url)))
    context.exit(0 if attempt is not None and attempt.outcome == "delivered" else _NOT_DELIVERED)


def _data(file: IO[bytes]) -> dict[str, Any]:
    rows = read_rows(file)
    if len(rows) != 1 or not isinstance(rows[0], dict):
        raise InvalidInputError(f"{file.name} has to hold the data of one event: a JSON object")
    data: dict[str, Any] = rows[0]
    return data


def _first(tail: RecordTail[Attempt], wait_s: float) -> Attempt | None:
    """Wait for the attempt; None where there is none in time."""
    until_s = time.monotonic() + wait_s
    while time.monotonic() < until_s:
        for attempt in tail.read(_POLL_S):
            if attempt.outcome != "put_off":  # it costs no attempt, and another one follows
                return attempt
    return None


COMMANDS = (test,)
