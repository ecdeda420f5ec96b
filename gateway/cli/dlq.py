"""`gateway dlq`: deliveries that were given up, and their replay."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import click

from gateway.cli.acting import acting
from gateway.cli.delivery_views import history_json
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.domain.errors import InvalidInputError
from gateway.domain.history import DeliveryHistory
from gateway.domain.outcome import Reason
from gateway.kafka.config import KafkaConfig
from gateway.replay.dead_letters import DeadLetters, LetterFilter, choose, has_body, is_waiting
from gateway.replay.replayer import Replayer
from gateway.services.audit import ActionTarget, audit_action
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.moments import describe_moment

_COLUMNS = ("DELIVERY", "EVENT", "TYPE", "SUBSCRIPTION", "REASON", "ATTEMPTS", "SINCE", "STATE")
_MAX_LIMIT = 100_000
_reason_option = click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason if reason is not Reason.NONE]),
    help="Only those given up for this reason.",
)
_subscription_option = click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription's.")


@click.group()
def command() -> None:
    """List and replay dead letters: deliveries that were given up.

    \b
    Examples:
      gateway dlq list --subscription sub_shop
      gateway dlq replay --subscription sub_shop
    """


@command.command(name="list")
@_subscription_option
@_reason_option
@click.option("--since", "since_ms", type=DURATION, help="How far back to look: 15m, 24h, 7d.  [default: all]")
@click.option("--limit", type=click.IntRange(1, _MAX_LIMIT), default=100, show_default=True, help="How many at most.")
@json_option
def list_(subscription_id: str | None, reason: str | None, since_ms: int | None, limit: int, as_json: bool) -> None:
    """List dead letters; one that has been replayed is marked, and one that has no body to replay.

    \b
    Examples:
      gateway dlq list
      gateway dlq list --subscription sub_shop --reason attempts_exhausted --json
    """
    earliest_ms = 0 if since_ms is None else now_ms() - since_ms
    wanted = LetterFilter(subscription_id=subscription_id, reason=reason, since_ms=earliest_ms)
    found = DeadLetters(_kafka(), ScanProgress()).find(wanted)
    shown = found.letters[:limit]
    if as_json:
        for letter in shown:
            emit_json({**history_json(letter), "waiting": is_waiting(letter)})
    else:
        emit_table(_COLUMNS, [_row(letter) for letter in shown])
    if len(found.letters) > limit:
        click.echo(f"note: {len(found.letters) - limit:,} more are left out by --limit {limit}", err=True)
    warn_if_partial(found.report)


@command.command()
@click.argument("delivery_ids", metavar="[DELIVERY_ID]...", nargs=-1)
@_subscription_option
@click.option("--all", "every", is_flag=True, help="Every one that waits; with --subscription, every one of it.")
@_reason_option
@click.option("--again", is_flag=True, help="Also those that have been replayed before.")
@click.option("--dry-run", is_flag=True, help="Show what would be replayed; replay nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def replay(
    delivery_ids: tuple[str, ...],
    subscription_id: str | None,
    every: bool,
    reason: str | None,
    again: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Begin deliveries again that were given up: the same body, the same webhook-id, attempts counted from 1.

    Names deliveries, or takes all that wait of a subscription. Exit code 3: one is not in the dead-letter topic; 4:
    one was replayed already, or never had a body (transform_failed, too_large). Then nothing is replayed.

    \b
    Examples:
      gateway dlq replay 7e5f0c1a-31c0-8d1f-9b6e-6a0f4a1f2b3c
      gateway dlq replay --subscription sub_shop --dry-run
      gateway dlq replay --subscription sub_shop --reason attempts_exhausted --yes
    """
    if bool(delivery_ids) == (every or subscription_id is not None):
        raise InvalidInputError("name what to replay: delivery ids, or --subscription ID, or --all")
    if delivery_ids and reason:
        raise InvalidInputError("--reason chooses among the letters of --subscription or --all, not among ids")
    kafka = _kafka()
    wanted = LetterFilter(delivery_ids or None, subscription_id, reason)
    found = DeadLetters(kafka, ScanProgress()).find(wanted)
    warn_if_partial(found.report)
    if delivery_ids:
        chosen = choose(found.letters, delivery_ids, again=again)
    else:
        chosen = [letter for letter in found.letters if is_waiting(letter) or (again and has_body(letter))]
        if not (yes or dry_run) and chosen:
            _confirm(len(chosen))
    _replay(kafka, chosen, dry_run=dry_run, as_json=as_json)


def _replay(kafka: KafkaConfig, letters: Sequence[DeliveryHistory], *, dry_run: bool, as_json: bool) -> None:
    def tell(letter: DeliveryHistory) -> None:
        if as_json:
            emit_json({**history_json(letter), "replayed": not dry_run})
        else:
            verb = "would replay" if dry_run else "replayed"
            emit_line(f"{verb} {letter.delivery_id}  event {letter.event_id}  to {letter.subscription_id}")

    if dry_run:
        for letter in letters:
            tell(letter)
    elif letters:
        actor = acting(Deployment(load_settings()))
        audit_action(kafka, actor, "dead_letters_replayed", [*_replay_targets(letters)])
        Replayer(kafka, ScanProgress()).replay(letters, now_ms=now_ms(), confirmed=tell)
    if not as_json:
        click.echo(f"{len(letters):,} dead letters {'would be replayed' if dry_run else 'replayed'}")


def _replay_targets(letters: Sequence[DeliveryHistory]) -> Iterator[ActionTarget]:
    counts = Counter((letter.subscription_id, letter.tenant) for letter in letters)
    for (subscription_id, tenant), deliveries in counts.items():
        yield ActionTarget(subscription_id, tenant, {"deliveries": deliveries})


def _confirm(count: int) -> None:
    if not sys.stdin.isatty():
        raise InvalidInputError(f"this replays {count:,} deliveries", hint="say --yes, or look first with --dry-run")
    click.confirm(f"Replay {count:,} deliveries?", abort=True, err=True)


def _row(letter: DeliveryHistory) -> tuple[object, ...]:
    given_up = letter.dead_letter
    return (
        letter.delivery_id,
        letter.event_id,
        letter.event_type,
        letter.subscription_id,
        given_up.reason if given_up else None,
        len(letter.attempts),
        describe_moment(given_up.at_ms if given_up else None),
        _state(letter),
    )


def _state(letter: DeliveryHistory) -> str:
    if not has_body(letter):
        return "no body"
    return "waiting" if is_waiting(letter) else f"replayed {describe_moment(letter.replayed_at_ms)}"


def _kafka() -> KafkaConfig:
    return Deployment(load_settings()).kafka("gateway-dlq")
