"""`gateway tail`: deliveries as they happen."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from gateway.cli.attempt_views import OUTCOMES, attempt_json, attempt_line
from gateway.cli.durations import DURATION
from gateway.cli.following import ending_well, follow
from gateway.cli.output import emit_json, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.domain.delivery import Attempt
from gateway.domain.matching import check_pattern, matches_pattern
from gateway.kafka.attempt_tail import attempt_kind
from gateway.kafka.endpoint_directory import EndpointDirectory
from gateway.kafka.record_log import RecordLog, RecordTail
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms

# An attempt has some KB of what the endpoint answered.
_KEPT_ATTEMPTS = 20_000


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which attempts are wanted; None, or nothing, leaves a property open."""

    subscription_id: str | None
    tenant: str | None
    event_type: str | None
    outcomes: tuple[str, ...]

    def admits(self, attempt: Attempt) -> bool:
        return (
            self.subscription_id in {None, attempt.subscription_id}
            and self.tenant in {None, attempt.tenant}
            and (self.event_type is None or matches_pattern(self.event_type, attempt.event_type))
            and (not self.outcomes or attempt.outcome in self.outcomes)
        )


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
    if event_type is not None:
        check_pattern(event_type)
    config = Deployment(load_settings()).kafka("gateway-tail")
    wanted = _Wanted(subscription_id, tenant, event_type, outcomes)
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
