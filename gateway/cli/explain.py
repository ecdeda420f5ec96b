"""`gateway explain`: who gets an event, in which form, and why not; and what became of one that was published."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import IO, Any

import click
from click.core import ParameterSource

from gateway.admin.event_story import EventStory
from gateway.admin.explanation import Explainer
from gateway.admin.past_event import PastEvents
from gateway.cli.durations import DURATION
from gateway.cli.event_files import read_rows
from gateway.cli.explain_json import story_objects
from gateway.cli.explain_views import COLUMNS, PAST_COLUMNS, detail_lines, event_lines, overview_rows
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, looked_back, warn_if_partial
from gateway.domain.errors import NotFoundError
from gateway.kafka.subscription_table import read_subscriptions
from gateway.services.deployment import Deployment
from gateway.services.registry_access import event_decoder
from gateway.settings import Settings, load_settings
from gateway.shaping.trial_events import TRIAL_ID, trial_event
from gateway.telemetry.clock import now_ms
from gateway.wire.event_encoder import DEFAULT_SOURCE, NewEvent

_CLIENT_ID = "gateway-explain"
# Of so few subscriptions everything is shown.
_FEW = 3
_OF_A_FILE = ("version", "given_id", "subject", "source")


@click.command()
@click.argument("event_id", required=False)
@click.option("--file", "file", type=click.File("rb"), help="An event's data as JSON instead; - is standard input.")
@click.option("--type", "event_type", metavar="TYPE", help="Its event type; of a past event only its topic is read.")
@click.option("--version", type=click.IntRange(min=1), help="With --file: schema version; the newest by default.")
@click.option("--tenant", help="Whose event it is; with --file, the tenant named default by default.")
@click.option("--id", "given_id", help=f"With --file: event id; {TRIAL_ID} by default.")
@click.option("--subject", help="With --file: what it is about.")
@click.option("--source", help=f"With --file: names the producer; {DEFAULT_SOURCE} by default.")
@click.option("--subscription", "subscription_id", metavar="ID", help="Only this subscription, of any tenant.")
@click.option("--details", is_flag=True, help=f"Bodies and headers also of more than {_FEW} subscriptions.")
@click.option(
    "--since", "since_ms", type=DURATION, default="24h", show_default=True, help="How far back to look: 15m, 24h, 7d."
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    event_id: str | None,
    file: IO[bytes] | None,
    event_type: str | None,
    tenant: str | None,
    subscription_id: str | None,
    details: bool,
    since_ms: int,
    as_json: bool,
    **of_a_file: str | int | None,
) -> None:
    """Explain who gets an event, in which form, and why the others do not.

    For each subscription of the event's tenant: whether it gets the event, which rule decided that, and the body and
    headers of the request, by the subscriptions as they are now. Of a past event also what was sent and what came back.
    Sensitive fields are shown only where the subscription was granted them; signatures and the values of custom headers
    are never shown.

    Exit code 0: it is explained, whoever gets it. 3: the event was not found in the time looked at.

    \b
    Examples:
      gateway explain 0b5a4c0e-order-42
      gateway explain 0b5a4c0e-order-42 --type order.created --since 7d --subscription sub_shop
      gateway explain 0b5a4c0e-order-42 --tenant acme
      gateway explain --file order.json --type order.created --details
      gateway schemas mock order.paid --count 1 --json | gateway explain --file - --type order.paid --json
    """
    if (event_id is None) == (file is None):
        raise click.UsageError("give exactly one of EVENT_ID and --file")
    if file is None:
        _refuse_unused(context, _OF_A_FILE, "goes with --file")
    elif event_type is None:
        raise click.UsageError("--file needs --type")
    else:
        _refuse_unused(context, ("since_ms",), "goes with EVENT_ID")
    if file is None:
        story = _of_past_event(str(event_id), event_type, tenant, subscription_id, since_ms)
    else:
        given = _given({**of_a_file, "tenant": tenant})
        story = _of_file(file, partial(NewEvent, str(event_type), **given), subscription_id)
    if as_json:
        for each in story_objects(story):
            emit_json(each)
    else:
        _show(story, details=details or subscription_id is not None)
    if story.past is not None:
        warn_if_partial(story.past.found.report)
        warn_if_partial(story.past.deliveries.report)


def _given(of_a_file: dict[str, Any]) -> dict[str, Any]:
    names = {"given_id": "event_id"}
    return {names.get(name, name): value for name, value in of_a_file.items() if value is not None}


def _of_file(file: IO[bytes], event: Callable[..., NewEvent], subscription_id: str | None) -> EventStory:
    """Explain an event that nobody has published."""
    settings = load_settings()
    deployment = Deployment(settings)
    rows = read_rows(file)
    if len(rows) != 1:
        raise click.UsageError(f"{file.name} holds {len(rows)} events, only one is explained")
    decoded = trial_event(
        deployment.catalog(), event(data=rows[0]), datetime.now(UTC), max_body_bytes=settings.max_body_bytes
    )
    explainer = _explainer(settings, deployment)
    explained = explainer.explain(decoded, now_ms=now_ms(), subscription_id=subscription_id)
    return EventStory(explained, None, subscription_id)


def _of_past_event(
    event_id: str, event_type: str | None, tenant: str | None, subscription_id: str | None, since_ms: int
) -> EventStory:
    """Explain an event that was published."""
    settings = load_settings()
    deployment = Deployment(settings)
    catalog, config = deployment.catalog(), deployment.kafka(_CLIENT_ID)
    if event_type is not None:
        catalog.versions(event_type)  # refuses what there is not
    with event_decoder(settings, catalog) as decoder:
        looking = PastEvents(config, deployment.layout(), decoder, ScanProgress())
        past = looking.find(event_id, since_ms=now_ms() - since_ms, event_type=event_type, tenant=tenant)
    if not past.is_known:
        whose = "" if tenant is None else f" of tenant '{tenant}'"
        raise NotFoundError(
            f"no event '{event_id}'{whose} {looked_back(past.found.report)}",
            hint="look further back with --since; is it the ce_id of the event, and was it published to this Kafka?",
        )
    if not past.found.records and past.other_event_id is not None:
        raise NotFoundError(
            f"'{event_id}' is a delivery of the event '{past.other_event_id}'",
            hint=f"use: gateway explain {past.other_event_id}",
        )
    if past.decoded is None or past.record is None:
        return EventStory(None, past, subscription_id)
    explainer = _explainer(settings, deployment)
    explained = explainer.explain(past.decoded, now_ms=past.record.timestamp_ms, subscription_id=subscription_id)
    return EventStory(explained, past, subscription_id)


def _explainer(settings: Settings, deployment: Deployment) -> Explainer:
    index = read_subscriptions(deployment.kafka(_CLIENT_ID))
    return Explainer(deployment.catalog(), index, max_body_bytes=settings.max_body_bytes)


def _show(story: EventStory, *, details: bool) -> None:
    for line in event_lines(story):
        emit_line(line)
    subscriptions = story.subscriptions()
    if subscriptions:
        emit_line("")
        emit_table(COLUMNS if story.past is None else PAST_COLUMNS, overview_rows(story, subscriptions))
    if details or len(subscriptions) <= _FEW:
        for each in subscriptions:
            for line in ("", *detail_lines(each)):
                emit_line(line)


def _refuse_unused(context: click.Context, names: Sequence[str], why: str) -> None:
    for parameter in context.command.params:
        name = str(parameter.name)
        if name in names and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"{parameter.opts[0]} {why}")
