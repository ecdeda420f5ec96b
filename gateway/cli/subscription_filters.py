"""`gateway subscriptions test-filter`: what a filter says of events, and why."""

from datetime import UTC, datetime
from typing import IO

import click

from gateway.admin.explanation_views import part_objects
from gateway.admin.filter_trial import FilterAnswer, FilterTrial, trial_of
from gateway.cli.event_files import read_rows
from gateway.cli.filter_views import part_lines
from gateway.cli.output import emit_json, emit_line, json_option
from gateway.cli.subscription_parts import table
from gateway.domain.changes import require
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import Subscription, granted_paths
from gateway.domain.versions import covered_types, version_for
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.shaping.trial_events import trial_event
from gateway.shaping.views import Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import DEFAULT_SOURCE, NewEvent

_FAILED = 1


@click.command(name="test-filter")
@click.argument("subscription_id", required=False)
@click.option("--filter", "text", metavar="CEL", help="Test this filter, not a subscription's.")
@click.option("--event-type", metavar="TYPE", help="Type of the events; needed where there are several.")
@click.option("--version", type=click.IntRange(min=1), help="With --filter: the version it sees.  [default: latest]")
@click.option(
    "--file", "file", type=click.File("rb"), required=True, help="Data of events: a JSON object, or one a line."
)
@click.option("--tenant", help="The events' tenant.  [default: the subscription's]")
@click.option("--subject", help="What the events are about.")
@click.option("--source", default=DEFAULT_SOURCE, show_default=True, help="URI reference that names the producer.")
@json_option
@click.pass_context
def test_filter(
    context: click.Context,
    subscription_id: str | None,
    text: str | None,
    event_type: str | None,
    version: int | None,
    file: IO[bytes],
    tenant: str | None,
    subject: str | None,
    source: str,
    as_json: bool,
) -> None:
    """Tell what a filter says of events, and show its conditions and the values that it looks at.

    The filter is a subscription's, in the version and with the sensitive fields that the subscription gets; or any one,
    in any version, without sensitive fields. Only with a subscription Kafka is needed. The data is of the version that
    the filter sees. Exit code 1 tells that the filter failed on an event.

    \b
    Examples:
      gateway subscriptions test-filter sub_4f7n2kq3 --file order.json
      gateway subscriptions test-filter --filter 'data.total > 100' --event-type order.created --file order.json
      gateway schemas mock order.paid --count 5 --json |
          gateway subscriptions test-filter --filter 'data.amount > 50' --event-type order.paid --file - --json
    """
    if (subscription_id is None) == (text is None):
        raise click.UsageError("give either a subscription or --filter")
    if text is None and version is not None:
        raise click.UsageError("--version goes with --filter: a subscription has its own")
    catalog = Deployment(load_settings()).catalog()
    if subscription_id is not None:
        subscription = require(table(), subscription_id)
        tested, tenant = _of_subscription(catalog, subscription, event_type), tenant or subscription.tenant
    else:
        tested = _of_text(catalog, text or "", event_type, version)
    failed = False
    for row in read_rows(file):
        new = NewEvent(tested.view.event_type, row, tested.view.version, tenant=tenant, subject=subject, source=source)
        event = trial_event(catalog, new, datetime.now(UTC))
        answer = tested.on(event)
        _show(answer, as_json=as_json)
        failed = failed or answer.failed
    context.exit(_FAILED if failed else 0)


def _of_subscription(catalog: Catalog, subscription: Subscription, event_type: str | None) -> FilterTrial:
    if subscription.filter is None:
        raise InvalidInputError(
            f"{subscription.subscription_id} has no filter: it gets every event of its types",
            hint="test one with --filter",
        )
    covered = covered_types(subscription.event_types, catalog.event_types())
    if event_type is None and len(covered) == 1:
        (event_type,) = covered
    if event_type not in covered:
        what = "gets events of several types" if event_type is None else f"does not get {event_type}"
        raise InvalidInputError(
            f"{subscription.subscription_id} {what}", hint=f"--event-type with one of {', '.join(covered)}"
        )
    versions = catalog.versions(event_type)
    version = version_for(subscription.pins, event_type, versions, follow_latest=subscription.follow_latest)
    granted = granted_paths(subscription.sensitive_grants, event_type)
    return FilterTrial(
        subscription.filter, Views(catalog).find(event_type, version, granted), subscription.on_filter_error
    )


def _of_text(catalog: Catalog, text: str, event_type: str | None, version: int | None) -> FilterTrial:
    if event_type is None:
        raise click.UsageError("--filter needs --event-type")
    return trial_of(catalog, text, event_type, version)


def _show(answer: FilterAnswer, *, as_json: bool) -> None:
    decision, failed = answer.decision, answer.failed
    if as_json:
        emit_json(
            {
                "result": None if failed else decision.is_wanted,
                "error": decision.detail,
                "sent": decision.is_wanted,
                "parts": part_objects(answer.parts),
            }
        )
        return
    sent = "sent" if decision.is_wanted else "not sent"
    emit_line(f"error: {decision.detail} ({sent})" if failed else str(decision.is_wanted).lower())
    for line in part_lines(answer.parts):
        emit_line(f"  {line}")


COMMANDS = (test_filter,)
