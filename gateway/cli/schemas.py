"""`gateway schemas`: look at the event catalog, check it, and make up data for it."""

from random import Random

import click
import orjson

from gateway.cli import schema_check, schema_compat, schema_registry
from gateway.cli.output import emit_json, emit_table, json_option
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data

_version_option = click.option("--version", type=click.IntRange(min=1), help="Schema version; the newest by default.")


@click.group()
def command() -> None:
    """List, show and check the event catalog.

    \b
    Examples:
      gateway schemas list
      gateway schemas show order.created --version 2
      gateway schemas check
    """


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the event types and their versions.

    \b
    Examples:
      gateway schemas list
      gateway schemas list --json | jq -r .event_type
    """
    catalog = _catalog()
    newest = [catalog.entry(event_type) for event_type in catalog.event_types()]
    if as_json:
        for schema in newest:
            emit_json(
                {
                    "event_type": schema.event_type,
                    "versions": catalog.versions(schema.event_type),
                    "record": schema.record_name,
                    "doc": schema.source.get("doc"),
                }
            )
        return
    emit_table(("EVENT TYPE", "VERSIONS", "RECORD", "ABOUT"), [_row(catalog, schema) for schema in newest])


def _row(catalog: Catalog, schema: EventSchema) -> tuple[object, ...]:
    versions = " ".join(str(version) for version in catalog.versions(schema.event_type))
    return (schema.event_type, versions, schema.record_name, schema.source.get("doc"))


@command.command()
@click.argument("event_type", metavar="TYPE")
@_version_option
@json_option
def show(event_type: str, version: int | None, as_json: bool) -> None:
    """Print the Avro schema of an event type.

    \b
    Examples:
      gateway schemas show order.created
      gateway schemas show order.created --version 1 > order_created_1.avsc
    """
    schema = _catalog().entry(event_type, version)
    if as_json:
        emit_json(
            {
                "event_type": schema.event_type,
                "version": schema.version,
                "fingerprint": schema.fingerprint.hex(),
                "schema": schema.source,
            }
        )
    else:
        click.echo(orjson.dumps(schema.source, option=orjson.OPT_INDENT_2))


@command.command()
@click.argument("event_type", metavar="TYPE")
@_version_option
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")
@click.option("--seed", type=int, help="The same seed gives the same data.")
@json_option
def mock(event_type: str, version: int | None, count: int, seed: int | None, as_json: bool) -> None:
    """Print made-up data of an event type, as `gateway publish` accepts it.

    \b
    Examples:
      gateway schemas mock order.created
      gateway schemas mock order.paid --count 3 --seed 7 --json | gateway publish order.paid --file -
    """
    schema, random = _catalog().entry(event_type, version), Random(seed)  # noqa: S311 - made-up data, no secrets
    for _ in range(count):
        data = orjson.loads(render_data(mock_data(schema.nodes, random)))
        if as_json:
            emit_json(data)
        else:
            click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))


def _catalog() -> Catalog:
    return Deployment(load_settings()).catalog()


command.add_command(schema_check.command, "check")
command.add_command(schema_compat.command, "compat")
for _part in schema_registry.COMMANDS:
    command.add_command(_part)
