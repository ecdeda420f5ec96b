"""`gateway replay`: past events, read again from their topics and sent again, or for the first time."""

import signal
import sys
from types import FrameType
from typing import NoReturn

import click

from gateway.cli.acting import acting
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.replay_views import (
    COLUMNS,
    replay_block,
    replay_json,
    replay_row,
    shown_progress,
    takes_text,
    tally_json,
    tally_lines,
)
from gateway.cli.scanning import ScanProgress
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.matching import check_pattern
from gateway.domain.rate_limit import MAX_PER_S, parse_rate
from gateway.domain.replay import DEFAULT_RATE_PER_S, DeliveryStatus, Replay, ReplayState, Wanted, parse_offsets
from gateway.replay.stretches import MAX_OFFSET_RANGES, ChosenStretches, OffsetRanges, TimeSpan
from gateway.services.deployment import Deployment
from gateway.services.replays import Replays
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.moments import milliseconds_of, parse_moment

_MAX_NAMES = 10_000


@click.group()
def command() -> None:
    """Send past events again, or for the first time: to one subscription, to some, or to all.

    Events are read from their topics and become deliveries for the subscriptions as they are now. They go through a
    topic of their own with low priority: live deliveries go first. The `webhook-id` is that of the first time.

    \b
    Examples:
      gateway replay start --subscription sub_shop --since 7d --dry-run
      gateway replay start --subscription sub_shop --since 24h --status failed
      gateway replay list
    """


@command.command()
@click.option("--subscription", "subscription_ids", metavar="ID", multiple=True, help="To this one; may be repeated.")
@click.option("--all", "every", is_flag=True, help="To all subscriptions that want an event.")
@click.option("--since", "since_ms", type=DURATION, help="Events published in the last 15m, 24h, 7d, …")
@click.option("--from", "from_", metavar="TIME", help="Events from then on, e.g. 2026-01-31T00:00Z.")
@click.option("--to", "to", metavar="TIME", help="Events before then.  [default: now]")
@click.option("--offsets", multiple=True, metavar="TOPIC:PARTITION:FIRST-LAST", help="These; may be repeated.")
@click.option("--type", "event_types", multiple=True, metavar="PATTERN", help="Only order.created, order.*, …")
@click.option("--tenant", "tenants", multiple=True, metavar="TENANT", help="Only this tenant's; may be repeated.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in DeliveryStatus]),
    help="Only deliveries that came to this; may be repeated.",
)
@click.option("--filter", "filter_", metavar="CEL", help="Only events for which this is true.")
@click.option(
    "--rate", default=f"{DEFAULT_RATE_PER_S:.0f}/s", show_default=True, help="Deliveries at most: 500/s, 90/m, or none."
)
@click.option("--dry-run", is_flag=True, help="Count what would be replayed; replay nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def start(
    subscription_ids: tuple[str, ...],
    every: bool,
    since_ms: int | None,
    from_: str | None,
    to: str | None,
    offsets: tuple[str, ...],
    event_types: tuple[str, ...],
    tenants: tuple[str, ...],
    statuses: tuple[str, ...],
    filter_: str | None,
    rate: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Replay events of a span of time, or some offsets.

    The time is that of the event's record. --filter sees the newest version of an event without its sensitive fields;
    its text is kept with the replay. --status reads what became of deliveries in the same time; `none` are those that
    were never attempted. An event that was published twice is replayed once. Ctrl-C stops it, and so does a crash:
    `gateway replay resume` goes on from the last checkpoint, at most a second before.

    \b
    Examples:
      gateway replay start --subscription sub_new --since 7d
      gateway replay start --all --tenant acme --since 2h --status failed --dry-run
      gateway replay start --all --from 2026-01-31T00:00Z --to 2026-01-31T06:00Z --type 'order.*' --rate 100/s
      gateway replay start --all --offsets events.order:3:100-200 --type order.paid --filter 'data.amount > 100'
    """
    if bool(subscription_ids) == every:
        raise InvalidInputError("say to whom: --subscription ID, or --all")
    chosen = _span(since_ms, from_, to, offsets)
    wanted = Wanted(
        since_ms=chosen.since_ms if isinstance(chosen, TimeSpan) else 0,
        event_types=tuple(map(check_pattern, _bounded(event_types))) or ("*",),
        tenants=tuple(map(check_tenant, _bounded(tenants))),
        subscription_ids=tuple(dict.fromkeys(_bounded(subscription_ids))),
        statuses=tuple(DeliveryStatus(status) for status in dict.fromkeys(statuses)),
        filter=(filter_ or "").strip() or None,
    )
    rate_per_s = _rate(rate)
    settings = load_settings()
    replays = Replays(settings, ScanProgress())
    found = replays.choose(wanted, chosen)
    _tell_gone(found)
    replay = replays.new(wanted, found.stretches, rate_per_s)
    if dry_run:
        _count(replays, replay, as_json=as_json)
        return
    if not yes:
        _confirm(replay, replays.receivers(wanted))
    replays.audit(acting(Deployment(settings)), "replay_started", replay)
    _carry_out(replays, replay, as_json=as_json)


@command.command()
@click.argument("replay_id")
@click.option("--noted", is_flag=True, hidden=True, help="The audit trail has it already: the console begins it.")
@json_option
def resume(replay_id: str, noted: bool, as_json: bool) -> None:
    """Go on with a replay that was stopped, or whose process was killed, from its last checkpoint.

    If it is still running somewhere, it ends there within a second and goes on here.

    \b
    Examples:
      gateway replay resume rpl_0f3a9c51d27be840
    """
    settings = load_settings()
    replays = Replays(settings, ScanProgress())
    replay = replays.resumable(replay_id)
    if not noted:
        replays.audit(acting(Deployment(settings)), "replay_resumed", replay)
    _carry_out(replays, replay, as_json=as_json)


@command.command()
@click.argument("replay_id")
@json_option
def cancel(replay_id: str, as_json: bool) -> None:
    """End a replay for good, wherever it runs. What it has begun by then is delivered.

    \b
    Examples:
      gateway replay cancel rpl_0f3a9c51d27be840
    """
    settings = load_settings()
    cancelled = Replays(settings).cancel(replay_id, acting(Deployment(settings)))
    _show(cancelled, as_json=as_json)


@command.command()
@click.argument("replay_id")
@json_option
def status(replay_id: str, as_json: bool) -> None:
    """Show all of one replay, as of its last checkpoint.

    \b
    Examples:
      gateway replay status rpl_0f3a9c51d27be840
    """
    _show(Replays(load_settings()).log.read().require(replay_id), as_json=as_json)


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the replays of the last 30 days, the newest first.

    \b
    Examples:
      gateway replay list
    """
    known = Replays(load_settings()).log.read()
    found = sorted(known.by_id.values(), key=lambda replay: -replay.started_at_ms)
    if as_json:
        for replay in found:
            emit_json(replay_json(replay))
    else:
        emit_table(COLUMNS, [replay_row(replay) for replay in found])
    if known.undecodable:
        click.echo(f"note: {known.undecodable:,} records could not be decoded and are left out", err=True)


def _span(since_ms: int | None, from_: str | None, to: str | None, offsets: tuple[str, ...]) -> TimeSpan | OffsetRanges:
    """Read which part of the topics is meant."""
    if sum((since_ms is not None, from_ is not None, bool(offsets))) != 1:
        raise InvalidInputError("say which events: exactly one of --since, --from and --offsets")
    if offsets:
        if to is not None:
            raise InvalidInputError("--to goes with --since or --from")
        if len(offsets) > MAX_OFFSET_RANGES:
            raise InvalidInputError(f"at most {MAX_OFFSET_RANGES} --offsets")
        return [parse_offsets(text) for text in offsets]
    begin_ms = now_ms() - since_ms if since_ms is not None else milliseconds_of(parse_moment(from_ or ""))
    until_ms = None if to is None else milliseconds_of(parse_moment(to))
    if until_ms is not None and until_ms <= begin_ms:
        raise InvalidInputError("the span of time ends before it begins")
    return TimeSpan(max(begin_ms, 0), until_ms)


def _bounded(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > _MAX_NAMES:
        raise InvalidInputError(f"at most {_MAX_NAMES:,} of an option")
    return names


def _rate(text: str) -> float | None:
    rate_per_s = parse_rate(text)
    if rate_per_s is not None and not 0 < rate_per_s <= MAX_PER_S:
        raise InvalidInputError(f"--rate is above 0 and at most {MAX_PER_S:.0f}/s, or none")
    return rate_per_s


def _tell_gone(found: ChosenStretches) -> None:
    topics = sorted({topic for topic, _ in found.gone})
    for topic in topics:
        partitions = sum(name == topic for name, _ in found.gone)
        click.echo(f"note: {topic} keeps no longer all that was asked for, in {partitions} of its partitions", err=True)


def _count(replays: Replays, replay: Replay, *, as_json: bool) -> None:
    tally, _ = replays.count(replay, ScanProgress())
    if as_json:
        emit_json(tally_json(replay, tally))
        return
    if tally.by_subscription:
        rows = [(name, f"{count:,}") for name, count in tally.by_subscription.most_common()]
        emit_table(("SUBSCRIPTION", "DELIVERIES"), rows)
    duration = takes_text(replay, tally.deliveries)
    emit_line(f"{replay.events_total:,} events, {tally.deliveries:,} deliveries would be replayed{duration}")
    for line in tally_lines(tally):
        click.echo(line)


def _confirm(replay: Replay, receivers: int) -> None:
    what = f"{replay.events_total:,} events to {receivers:,} subscriptions"
    if not sys.stdin.isatty():
        raise InvalidInputError(f"this replays up to {what}", hint="say --yes, or look first with --dry-run")
    click.confirm(f"Replay up to {what}?", abort=True, err=True)


def _carry_out(replays: Replays, replay: Replay, *, as_json: bool) -> None:
    """Run a replay; however it ends, say so, and how to go on."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    if not as_json:
        click.echo(f"replay {replay.replay_id}: {replay.events_total - replay.events_read:,} events to read", err=True)
    try:
        with shown_progress(as_json=as_json) as advanced:
            ended, tally = replays.run(replay, advanced)
    except (KeyboardInterrupt, GatewayError, BrokenPipeError):
        click.echo(f"stopped; go on with: gateway replay resume {replay.replay_id}", err=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    if not as_json:
        emit_line(f"{ended.state.value}: {ended.deliveries:,} deliveries of {ended.events_read:,} events")
        for line in tally_lines(tally):
            click.echo(line)
    if ended.state is ReplayState.CANCELLED:
        raise GatewayError(f"replay {replay.replay_id} was cancelled by somebody else")


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _show(replay: Replay, *, as_json: bool) -> None:
    if as_json:
        emit_json(replay_json(replay))
        return
    for line in replay_block(replay):
        emit_line(line)
