"""`gateway dlq`: deliveries that were given up, their replay and their purge."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

import click

from gateway.cli.acting import acting
from gateway.cli.delivery_views import history_json
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.domain.errors import InvalidInputError
from gateway.domain.history import DeliveryHistory, DeliveryState
from gateway.domain.outcome import Reason
from gateway.kafka.config import KafkaConfig
from gateway.replay.dead_letters import (
    DeadLetters,
    LetterFilter,
    choose,
    found_of,
    has_body,
    is_waiting,
    letter_targets,
)
from gateway.replay.letter_groups import GroupBy, group_letters
from gateway.replay.replayer import Replayer
from gateway.services.audit import audit_action
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
_ids_argument = click.argument("delivery_ids", metavar="[DELIVERY_ID]...", nargs=-1)
_every_option = click.option(
    "--all", "every", is_flag=True, help="Every one that waits; with --subscription, every one of it."
)
_yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
_subscription_option = click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription's.")


@click.group()
def command() -> None:
    """List, replay and purge dead letters: deliveries that were given up.

    \b
    Examples:
      gateway dlq list --group-by reason
      gateway dlq list --subscription sub_shop
      gateway dlq replay --subscription sub_shop
    """


@command.command(name="list")
@_subscription_option
@_reason_option
@click.option("--since", "since_ms", type=DURATION, help="How far back to look: 15m, 24h, 7d.  [default: all]")
@click.option("--limit", type=click.IntRange(1, _MAX_LIMIT), default=100, show_default=True, help="How many at most.")
@click.option(
    "--group-by",
    "group_by",
    multiple=True,
    type=click.Choice([one.value for one in GroupBy]),
    help="Count them by this instead; may be repeated.",
)
@json_option
def list_(
    subscription_id: str | None,
    reason: str | None,
    since_ms: int | None,
    limit: int,
    group_by: tuple[str, ...],
    as_json: bool,
) -> None:
    """List dead letters; one that has been replayed or purged is marked, and one that has no body to replay.

    \b
    Examples:
      gateway dlq list
      gateway dlq list --group-by reason --group-by subscription
      gateway dlq list --subscription sub_shop --reason attempts_exhausted --json
    """
    earliest_ms = 0 if since_ms is None else now_ms() - since_ms
    wanted = LetterFilter(subscription_id=subscription_id, reason=reason, since_ms=earliest_ms)
    found = DeadLetters(_kafka(), ScanProgress()).find(wanted)
    if group_by:
        _show_groups(found.letters, [GroupBy(name) for name in dict.fromkeys(group_by)], as_json=as_json)
        warn_if_partial(found.report)
        return
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
@_ids_argument
@_subscription_option
@_every_option
@_reason_option
@click.option("--again", is_flag=True, help="Also those that have been replayed or purged.")
@click.option("--dry-run", is_flag=True, help="Show what would be replayed; replay nothing.")
@_yes_option
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
    _check_named("replay", delivery_ids, reason, several=every or subscription_id is not None)
    kafka = _kafka()
    wanted = LetterFilter(delivery_ids or None, subscription_id, reason)
    found = DeadLetters(kafka, ScanProgress()).find(wanted)
    warn_if_partial(found.report)
    if delivery_ids:
        chosen = choose(found.letters, delivery_ids, again=again)
    else:
        chosen = [letter for letter in found.letters if is_waiting(letter) or (again and has_body(letter))]
        if not (yes or dry_run) and chosen:
            _confirm("replay", len(chosen))
    _replay(kafka, chosen, dry_run=dry_run, as_json=as_json)


@command.command()
@_ids_argument
@_subscription_option
@_every_option
@_reason_option
@click.option("--dry-run", is_flag=True, help="Show what would be purged; purge nothing.")
@_yes_option
@json_option
def purge(
    delivery_ids: tuple[str, ...],
    subscription_id: str | None,
    every: bool,
    reason: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Mark dead letters as not wanted: they wait no more, and no replay takes them along.

    Kafka keeps them for as long as it keeps all others; until then `gateway dlq replay --again` still replays one. Exit
    code 3: one is not in the dead-letter topic. Then nothing is purged.

    \b
    Examples:
      gateway dlq purge 7e5f0c1a-31c0-8d1f-9b6e-6a0f4a1f2b3c
      gateway dlq purge --subscription sub_old --dry-run
      gateway dlq purge --all --reason subscription_deleted --yes
    """
    _check_named("purge", delivery_ids, reason, several=every or subscription_id is not None)
    kafka = _kafka()
    found = DeadLetters(kafka, ScanProgress()).find(LetterFilter(delivery_ids or None, subscription_id, reason))
    warn_if_partial(found.report)
    named = found_of(found.letters, delivery_ids) if delivery_ids else found.letters
    chosen = [letter for letter in named if letter.state is DeliveryState.DEAD_LETTERED]
    if not (yes or dry_run) and chosen:
        _confirm("purge", len(chosen))
    tell = _teller("purged", "would purge" if dry_run else "purged", done=not dry_run, as_json=as_json)
    if dry_run:
        for letter in chosen:
            tell(letter)
    elif chosen:
        audit_action(kafka, acting(Deployment(load_settings())), "dead_letters_purged", letter_targets(chosen))
        Replayer(kafka, ScanProgress()).purge(chosen, now_ms=now_ms(), confirmed=tell)
    if not as_json:
        click.echo(f"{len(chosen):,} dead letters {'would be purged' if dry_run else 'purged'}")


def _check_named(verb: str, delivery_ids: Sequence[str], reason: str | None, *, several: bool) -> None:
    if bool(delivery_ids) == several:
        raise InvalidInputError(f"name what to {verb}: delivery ids, or --subscription ID, or --all")
    if delivery_ids and reason:
        raise InvalidInputError("--reason chooses among the letters of --subscription or --all, not among ids")


def _teller(name: str, verb: str, *, done: bool, as_json: bool) -> Callable[[DeliveryHistory], None]:
    """Give what tells of each letter that is done."""

    def tell(letter: DeliveryHistory) -> None:
        if as_json:
            emit_json({**history_json(letter), name: done})
        else:
            emit_line(f"{verb} {letter.delivery_id}  event {letter.event_id}  to {letter.subscription_id}")

    return tell


def _replay(kafka: KafkaConfig, letters: Sequence[DeliveryHistory], *, dry_run: bool, as_json: bool) -> None:
    tell = _teller("replayed", "would replay" if dry_run else "replayed", done=not dry_run, as_json=as_json)
    if dry_run:
        for letter in letters:
            tell(letter)
    elif letters:
        actor = acting(Deployment(load_settings()))
        audit_action(kafka, actor, "dead_letters_replayed", letter_targets(letters))
        Replayer(kafka, ScanProgress()).replay(letters, now_ms=now_ms(), confirmed=tell)
    if not as_json:
        click.echo(f"{len(letters):,} dead letters {'would be replayed' if dry_run else 'replayed'}")


def _confirm(verb: str, count: int) -> None:
    if not sys.stdin.isatty():
        raise InvalidInputError(
            f"this would {verb} {count:,} deliveries", hint="say --yes, or look first with --dry-run"
        )
    click.confirm(f"{verb.capitalize()} {count:,} deliveries?", abort=True, err=True)


def _show_groups(letters: Sequence[DeliveryHistory], by: Sequence[GroupBy], *, as_json: bool) -> None:
    names = [one.value for one in by]
    groups = group_letters(letters, by)
    if as_json:
        for group in groups:
            view = asdict(group)
            emit_json({**dict(zip(names, view.pop("values"), strict=True)), **view})
        return
    rows = [
        (
            *group.values,
            f"{group.waiting:,}",
            f"{group.letters:,}",
            describe_moment(group.oldest_at_ms),
            describe_moment(group.newest_at_ms),
        )
        for group in groups
    ]
    emit_table((*(name.upper() for name in names), "WAITING", "ALL", "OLDEST", "NEWEST"), rows)


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
    if letter.state is DeliveryState.DISCARDED:
        return f"purged {describe_moment(letter.changed_at_ms)}"
    return "waiting" if is_waiting(letter) else f"replayed {describe_moment(letter.replayed_at_ms)}"


def _kafka() -> KafkaConfig:
    return Deployment(load_settings()).kafka("gateway-dlq")
