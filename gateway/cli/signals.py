"""`gateway signals`: what happened to subscriptions' endpoints, listed and followed."""

from collections.abc import Sequence
from functools import partial

import click

from gateway.cli.durations import DURATION
from gateway.cli.following import ending_well, follow
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.cli.signal_views import COLUMNS, signal_json, signal_line, signal_row
from gateway.domain.signals import Signal, SignalKind
from gateway.kafka.signal_log import SignalFilter, SignalLog, signal_tail
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms


@click.command()
@click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription's.")
@click.option("--kind", type=click.Choice([kind.value for kind in SignalKind]), help="Only of this kind.")
@click.option(
    "--since", "since_ms", type=DURATION, default="24h", show_default=True, help="How far back to look: 15m, 24h, 7d."
)
@click.option("--follow", "follows", is_flag=True, help="Go on with what happens from now on, until Ctrl-C.")
@json_option
def command(subscription_id: str | None, kind: str | None, since_ms: int, follows: bool, as_json: bool) -> None:
    """Show what happened to endpoints: circuits, dead letters, subscriptions disabled or lagging; oldest first.

    \b
    Kinds:
      circuit_opened, circuit_closed   requests are held back after failures, and let through again
      disabled, recovered              given up after 410 or long failing; delivered again after long failing
      dead_lettered                    deliveries were given up: how many since the last such signal
      lagging, caught_up               deliveries wait in the log, and no more
      filter_failed                    a filter had no answer for events: how many since the last such signal

    \b
    Examples:
      gateway signals
      gateway signals --subscription sub_shop --since 7d
      gateway signals --kind disabled --follow --json
    """
    config = Deployment(load_settings()).kafka("gateway-signals")
    wanted = SignalFilter(subscription_id, None if kind is None else SignalKind(kind))
    earliest_ms = now_ms() - since_ms
    if not follows:
        found = SignalLog(config, ScanProgress()).find(wanted, since_ms=earliest_ms)
        _show_all(found.records, as_json=as_json)
        warn_if_partial(found.report, omitted=found.omitted)
        return
    # Opened first, so that nothing falls between what is listed and what is followed.
    tail = signal_tail(config, wanted)
    try:
        with ending_well():
            found = SignalLog(config, ScanProgress()).find(wanted, since_ms=earliest_ms, before=tail.starts)
            warn_if_partial(found.report, omitted=found.omitted)
            _show_each(found.records, as_json=as_json)
            follow(tail, partial(_show_each, as_json=as_json))
    finally:
        tail.close()


def _show_all(signals: Sequence[Signal], *, as_json: bool) -> None:
    if as_json:
        _show_each(signals, as_json=True)
    else:
        emit_table(COLUMNS, [signal_row(signal) for signal in signals])


def _show_each(signals: Sequence[Signal], *, as_json: bool) -> None:
    """Print line by line: what comes later can't be fitted into the columns of a table."""
    for signal in signals:
        if as_json:
            emit_json(signal_json(signal))
        else:
            emit_line(signal_line(signal))
