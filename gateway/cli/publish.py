"""`gateway publish`: publish events from a file, from standard input, or made up."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import islice
from random import Random
from typing import IO, Any

import click

from gateway.cli.event_files import read_rows
from gateway.cli.output import emit_json, json_option
from gateway.domain.delivery import Priority
from gateway.domain.subjects import SubjectNaming
from gateway.kafka.publisher import EventPublisher, PublishReceipt
from gateway.kafka.registered_ids import RegisteredIds
from gateway.kafka.registry_client import RegistryClient
from gateway.services.deployment import Deployment
from gateway.settings import Settings, load_settings
from gateway.wire.catalog import Catalog
from gateway.wire.event_encoder import DEFAULT_SOURCE, NewEvent
from gateway.wire.mocking import mock_data
from gateway.wire.option_headers import parse_deliver_after

# Of made-up events; what is read is one batch, so that nothing is sent before all of it is checked.
_BATCH_EVENTS = 1000


@click.command()
@click.argument("event_type", metavar="TYPE")
@click.option("--version", type=click.IntRange(min=1), help="Schema version; the newest by default.")
@click.option("--file", "file", type=click.File("rb"), help="One JSON object, or one a line; - is standard input.")
@click.option("--mock", "mock_count", type=click.IntRange(min=1), help="Make up this many events.")
@click.option("--seed", type=int, help="With --mock: the same seed gives the same data.")
@click.option("--key", help="Kafka key: events with the same key keep their order.")
@click.option("--id", "event_id", help="Event id, for a single event; a new UUID by default.")
@click.option("--tenant", help="Whose subscriptions see it; the tenant named default by default.")
@click.option("--subject", help="What it is about.")
@click.option("--source", default=DEFAULT_SOURCE, show_default=True, help="URI reference that names the producer.")
@click.option("--traceparent", help="W3C trace context; receivers get it, and the gateway's spans stand in its trace.")
@click.option("--deliver-after", metavar="DELAY|TIME", help="Not before: 90s, 10m, 2h, or 2026-01-31T13:30:00Z.")
@click.option(
    "--priority",
    type=click.Choice([Priority.HIGH.value, Priority.NORMAL.value]),
    default=Priority.NORMAL.value,
    show_default=True,
    help="High overtakes deliveries that wait for the same subscription.",
)
@click.option(
    "--wire-format",
    type=click.Choice(["single-object", "confluent"]),
    default="single-object",
    show_default=True,
    help="How values name their schema; the Confluent format needs a schema registry.",
)
@json_option
def command(
    event_type: str,
    version: int | None,
    file: IO[bytes] | None,
    mock_count: int | None,
    seed: int | None,
    key: str | None,
    event_id: str | None,
    tenant: str | None,
    subject: str | None,
    source: str,
    traceparent: str | None,
    deliver_after: str | None,
    priority: str,
    wire_format: str,
    as_json: bool,
) -> None:
    """Publish events of a type and wait until Kafka has them.

    Prints one line per event: its id and where it went. Exactly one of --file and --mock is needed. All options hold
    for each event; with --deliver-after it is delivered no earlier, at most 5 days later.

    \b
    Examples:
      gateway publish order.paid --mock 1
      gateway publish order.created --version 2 --file order.json --key order-17
      gateway schemas mock order.paid --count 5 --json | gateway publish order.paid --file -
      gateway publish order.paid --mock 1 --deliver-after 10m --priority high
      gateway publish order.paid --mock 1 --wire-format confluent
    """
    if (file is None) == (mock_count is None):
        raise click.UsageError("give exactly one of --file and --mock")
    settings = load_settings()
    catalog = Deployment(settings).catalog()
    if file is not None:
        rows = read_rows(file)
        count, data = len(rows), iter(rows)
    else:
        count = mock_count or 0
        data = _made_up(catalog, event_type, version, count, seed)
    if event_id is not None and count != 1:
        raise click.UsageError(f"--id is for a single event, not for {count}")
    event = partial(
        NewEvent,
        event_type,
        version=version,
        key=key,
        event_id=event_id,
        tenant=tenant,
        source=source,
        subject=subject,
        traceparent=traceparent,
        deliver_after=None if deliver_after is None else parse_deliver_after(deliver_after),
        priority=Priority(priority),
    )
    events = map(event, data)
    with ExitStack() as open_clients:
        publisher = _open_publisher(open_clients, settings, catalog, wire_format)
        _publish(publisher, events, count, count if file else _BATCH_EVENTS, as_json=as_json)


def _open_publisher(open_clients: ExitStack, settings: Settings, catalog: Catalog, wire_format: str) -> EventPublisher:
    deployment = Deployment(settings)
    ids: RegisteredIds | None = None
    if wire_format == "confluent":
        client = open_clients.enter_context(RegistryClient(deployment.schema_registry()))
        ids = RegisteredIds(client, SubjectNaming(settings.schema_registry_subjects))
    kafka = deployment.kafka("gateway-publish")
    return open_clients.enter_context(
        EventPublisher(kafka, catalog, max_body_bytes=settings.max_body_bytes, schema_ids=ids)
    )


def _publish(
    publisher: EventPublisher, events: Iterable[NewEvent], count: int, batch_events: int, *, as_json: bool
) -> None:
    remaining = iter(events)
    with click.progressbar(length=count, label="published", file=sys.stderr, hidden=count <= _BATCH_EVENTS) as bar:
        while batch := list(islice(remaining, batch_events)):
            for receipt in publisher.publish_batch(batch):
                _print_receipt(receipt, as_json=as_json)
            bar.update(len(batch))


def _print_receipt(receipt: PublishReceipt, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "event_id": receipt.event_id,
                "topic": receipt.topic,
                "partition": receipt.partition,
                "offset": receipt.offset,
            }
        )
    else:
        click.echo(f"{receipt.event_id} {receipt.topic}-{receipt.partition}@{receipt.offset}")


def _made_up(
    catalog: Catalog, event_type: str, version: int | None, count: int, seed: int | None
) -> Iterator[dict[str, Any]]:
    nodes, random = catalog.entry(event_type, version).nodes, Random(seed)  # noqa: S311 - made-up data, no secrets
    return (mock_data(nodes, random) for _ in range(count))
