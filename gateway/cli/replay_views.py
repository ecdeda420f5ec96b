"""How a replay looks: a row, a block, an object of JSON, and its progress."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from gateway.cli.output import emit_json
from gateway.domain.replay import PassedOver, Replay, Tally
from gateway.wire.moments import describe_moment

COLUMNS = ("REPLAY", "STATE", "READ", "DELIVERIES", "STARTED", "CHANGED", "TO")
_WHY = {
    PassedOver.NOT_KEPT: "Kafka keeps no longer",
    PassedOver.UNDECODABLE: "could not be decoded",
    PassedOver.TYPE: "are of other event types",
    PassedOver.TENANT: "are of other tenants",
    PassedOver.FILTER: "--filter leaves out",
    PassedOver.FILTER_FAILED: "--filter has no answer for",
    PassedOver.REFUSED: "the stream would reject",
    PassedOver.NOT_WANTED: "no chosen subscription wants",
    PassedOver.NO_BODY: "deliveries have no body to send",
    PassedOver.STATUS: "deliveries are of another --status",
    PassedOver.DUPLICATE: "deliveries repeat an event that was published again",
}
_MAX_NAMED = 3


def replay_json(replay: Replay) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    wanted = replay.wanted
    return {
        "replay_id": replay.replay_id,
        "state": replay.state.value,
        "events_read": replay.events_read,
        "events_total": replay.events_total,
        "deliveries": replay.deliveries,
        "passed_over": dict(replay.passed),
        "actor": replay.actor,
        "started_at_ms": replay.started_at_ms,
        "updated_at_ms": replay.updated_at_ms,
        "rate_per_s": replay.rate_per_s,
        "event_types": wanted.event_types,
        "tenants": wanted.tenants,
        "subscription_ids": wanted.subscription_ids,
        "statuses": [status.value for status in wanted.statuses],
        "filter": wanted.filter,
        "source": wanted.source.value,
        "reasons": wanted.reasons,
        "stretches": [
            {"topic": one.topic, "partition": one.partition, "start": one.start, "next": one.next, "end": one.end}
            for one in replay.stretches
        ],
    }


def replay_row(replay: Replay) -> tuple[object, ...]:
    """Give the cells of `COLUMNS`."""
    named = replay.wanted.subscription_ids
    more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    return (
        replay.replay_id,
        replay.state.value,
        f"{replay.events_read:,} of {replay.events_total:,}",
        f"{replay.deliveries:,}",
        describe_moment(replay.started_at_ms),
        describe_moment(replay.updated_at_ms),
        ", ".join(named[:_MAX_NAMED]) + more or "all",
    )


def replay_block(replay: Replay) -> Iterator[str]:
    """Give the lines that tell all of a replay."""
    wanted = replay.wanted
    yield f"replay {replay.replay_id}: {replay.state.value}"
    yield f"  started        {describe_moment(replay.started_at_ms)} by {replay.actor}"
    yield f"  changed        {describe_moment(replay.updated_at_ms)}"
    yield f"  source         {wanted.source.value}"
    yield f"  subscriptions  {', '.join(wanted.subscription_ids) or 'all'}"
    yield f"  event types    {', '.join(wanted.event_types)}"
    if wanted.tenants:
        yield f"  tenants        {', '.join(wanted.tenants)}"
    if wanted.statuses:
        yield f"  status         {', '.join(status.value for status in wanted.statuses)}"
    if wanted.reasons:
        yield f"  reasons        {', '.join(wanted.reasons)}"
    if wanted.filter:
        yield f"  filter         {wanted.filter}"
    yield f"  rate           {'no bound' if replay.rate_per_s is None else f'{replay.rate_per_s:g} deliveries/s'}"
    yield f"  events read    {replay.events_read:,} of {replay.events_total:,}"
    yield f"  deliveries     {replay.deliveries:,}"
    for name, count in replay.passed:
        yield f"  passed over    {count:,} {name}"
    for one in replay.stretches:
        yield f"  {one.topic}:{one.partition}  {one.start} to {one.end}, next {one.next}"


def tally_lines(tally: Tally) -> Iterator[str]:
    """Give the lines that tell what was passed over, and why."""
    for reason, why in _WHY.items():
        if tally.passed[reason]:
            yield f"  {tally.passed[reason]:,} {why}"


def tally_json(replay: Replay, tally: Tally) -> dict[str, object]:
    """Give the object that a dry run prints."""
    return {
        "dry_run": True,
        "events_total": replay.events_total,
        "deliveries": tally.deliveries,
        "by_subscription": dict(tally.by_subscription.most_common()),
        "passed_over": {reason.value: count for reason, count in tally.passed.items()},
        "rate_per_s": replay.rate_per_s,
        "takes_s": takes_s(replay, tally.deliveries),
    }


def takes_s(replay: Replay, deliveries: int) -> float | None:
    """Give how long so many deliveries take at a replay's rate, seconds; None where it has none."""
    return None if replay.rate_per_s is None else round(deliveries / replay.rate_per_s, 1)


def takes_text(replay: Replay, deliveries: int) -> str:
    """Say how long that is, for people."""
    seconds = takes_s(replay, deliveries)
    return "" if seconds is None else f", {timedelta(seconds=round(seconds))} at {replay.rate_per_s:g}/s"


@contextmanager
def shown_progress(*, as_json: bool) -> Iterator[Callable[[Replay], None]]:
    """Show each checkpoint: an object of JSON; or on standard error a bar on a terminal, else a line."""
    if as_json:
        yield lambda replay: emit_json(replay_json(replay))
    elif not sys.stderr.isatty():
        yield lambda replay: click.echo(
            f"read {replay.events_read:,} of {replay.events_total:,} events, {replay.deliveries:,} deliveries", err=True
        )
    else:
        columns = (*Progress.get_default_columns(), MofNCompleteColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            reading = bar.add_task("replaying", total=None)
            yield lambda replay: bar.update(reading, completed=replay.events_read, total=replay.events_total)
