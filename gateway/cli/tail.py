"""`gateway tail`: deliveries as they happen."""

from collections.abc import Sequence

import click

from gateway.cli.attempt_views import attempt_json, attempt_line
from gateway.cli.durations import DURATION
from gateway.cli.following import ending_well, follow
from gateway.cli.output import emit_json, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.domain.attempt_choice import OUTCOMES, AttemptChoice
from gateway.domain.delivery import Attempt
from gateway.kafka.attempt_tail import attempt_kind
from gateway.kafka.endpoint_directory import EndpointDirectory
from gateway.kafka.record_log import RecordLog, RecordTail
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

# An attempt has some KB of what the endpoint answered.
_KEPT_ATTEMPTS = 20_000


@click.command()
@click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription's.")
@click.option("--type", "event_type", metavar="TYPE", help="Only of this event type: order.created, order.* or *.")
@click.option("--tenant", metavar="NAME", help="Only this tenant's.")
@click.option(
    "--status", "outcomes", multiple=True, type=click.Choice(OUTCOMES), help="Only what ended so; may be repeated."
)
@click.option("--since", "since_ms", type=DURATION, help="Begin so far back: 30s, 10m, 24h.  [default: now]")
@json_option
def command(
    subscription_id: str | None,
    event_type: str | None,
    tenant: str | None,
    outcomes: tuple[str, ...],
    since_ms: int | None,
    as_json: bool,
) -> None:
    """Show deliveries as they happen, an attempt a line, until Ctrl-C.

    A line has when the attempt ended and what came of it, the status or error, how long it took, which of how many it
    was, subscription, host, event type and event id; then why a delivery was given up, or when it is tried next.

    \b
    Examples:
      gateway tail
      gateway tail --subscription sub_shop --since 10m
      gateway tail --type 'order.*' --status dead_lettered --status retry_scheduled --json
    """
    wanted = AttemptChoice(() if subscription_id is None else (subscription_id,), tenant, event_type, outcomes)
    config = Deployment(load_settings()).kafka("gateway-tail")
    # Opened first, so that nothing falls between what is listed and what is followed.
    tail = RecordTail(config, attempt_kind(), wanted.admits)
    directory = EndpointDirectory(config)

    def show(attempts: Sequence[Attempt]) -> None:
        directory.refresh()
        for attempt in attempts:
            host = directory.host_of(attempt.subscription_id)
            if as_json:
                emit_json(attempt_json(attempt, host))
            else:
                click.echo(attempt_line(attempt, host))

    try:
        with ending_well():
            if since_ms is not None:
                log, earliest_ms = RecordLog(config, attempt_kind(), ScanProgress()), now_ms() - since_ms
                found = log.find(wanted.admits, since_ms=earliest_ms, limit=_KEPT_ATTEMPTS, before=tail.starts)
                warn_if_partial(found.report, omitted=found.omitted)
                show(found.records)
            follow(tail, show)
    finally:
        tail.close()
        directory.close()
