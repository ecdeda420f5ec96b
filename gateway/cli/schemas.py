"""`gateway schemas`: look at the event catalog, check it, and make up data for it."""

from random import Random
from typing import Any

import click
import orjson

from gateway.cli.lazy_group import LazyGroup
from gateway.cli.output import emit_json, emit_table, json_option
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import granted_paths
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.shaping.sensitive import check_grant, sensitive_fields
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.mocking import mock_json
from gateway.wire.single_object import fingerprint_of

_version_option = click.option("--version", type=click.IntRange(min=1), help="Schema version; the newest by default.")


_COMMANDS = {
    "check": (
        "gateway.cli.schema_check:command",
        "Check that every version can read and be read by every earlier one.",
    ),
    "compat": ("gateway.cli.schema_compat:command", "Tell whether one schema can read what another wrote."),
    "impact": ("gateway.cli.schema_impact:command", "List the subscriptions that a proposed version would break."),
    "docs": ("gateway.cli.schema_docs:command", "Document the catalog: fields, versions, examples and JSON Schemas."),
    "push": ("gateway.cli.schema_registry:push", "Register the catalog's versions with the schema registry."),
    "pull": ("gateway.cli.schema_registry:pull", "Write the schema registry's versions that the catalog lacks."),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS)
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
@click.option("--as-sent", is_flag=True, help="Without the sensitive fields, as content mode avro sends it.")
@click.option(
    "--allow-sensitive",
    "grants",
    multiple=True,
    metavar="TYPE:PATH",
    help="With --as-sent: but with this field, as for a subscription that may see it; may be repeated.",
)
@json_option
def show(event_type: str, version: int | None, as_sent: bool, grants: tuple[str, ...], as_json: bool) -> None:
    """Print the Avro schema of an event type.

    With --json also its fingerprint, as it stands behind the two marker bytes of single-object encoding.

    \b
    Examples:
      gateway schemas show order.created
      gateway schemas show order.created --version 1 > order_created_1.avsc
      gateway schemas show customer.updated --as-sent --json
    """
    if grants and not as_sent:
        raise InvalidInputError("--allow-sensitive goes with --as-sent: the schema itself has all fields")
    catalog = _catalog()
    entry = catalog.entry(event_type, version)
    schema = _schema_as_sent(catalog, entry, grants) if as_sent else entry.source
    if as_json:
        emit_json(
            {
                "event_type": entry.event_type,
                "version": entry.version,
                "fingerprint": fingerprint_of(schema).hex(),
                "schema": schema,
            }
        )
    else:
        click.echo(orjson.dumps(schema, option=orjson.OPT_INDENT_2))


def _schema_as_sent(catalog: Catalog, entry: EventSchema, grants: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    for grant in grants:
        check_grant(catalog, grant)
    fields = sensitive_fields(catalog, entry.event_type)
    hidden = fields.hidden_without(granted_paths(grants, entry.event_type))
    return fields.schema_without(entry.nodes, hidden) if hidden else entry.source


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
        data = mock_json(schema.nodes, random)
        if as_json:
            emit_json(data)
        else:
            click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2))


def _catalog() -> Catalog:
    return Deployment(load_settings()).catalog()
