"""`gateway schemas`: look at the event catalog, check it, and make up data for it."""

import sys
from random import Random

import click
import orjson

from gateway.cli import schema_compat, schema_registry
from gateway.cli.output import emit_json, emit_table, json_option
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.catalog_check import Problem, check_catalog, check_gateway_records
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import render_data
from gateway.wire.schema_files import schemas_root

_PROBLEMS_FOUND_EXIT = 1
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
@json_option
def check(as_json: bool) -> None:
    """Check that every version can read and be read by every earlier one.

    The gateway's own records are checked as well: their new fields come at the end and have defaults. Each problem
    is one line with file, field and rule. Exit code 1 when there is any.

    \b
    Examples:
      gateway schemas check
      GATEWAY_CATALOG_DIR=./schemas/events gateway schemas check --json
    """
    catalog_dir = load_settings().catalog_dir or schemas_root() / "events"
    problems = [*check_catalog(catalog_dir), *check_gateway_records(schemas_root() / "gateway")]
    for problem in problems:
        _print_problem(problem, as_json=as_json)
    if problems:
        sys.exit(_PROBLEMS_FOUND_EXIT)
    if not as_json:
        click.echo("no problems found")


def _print_problem(problem: Problem, *, as_json: bool) -> None:
    if as_json:
        emit_json({"file": problem.file, "field": problem.field, "rule": problem.rule, "detail": problem.detail})
    else:
        parts = (problem.file, problem.field, problem.rule, problem.detail)
        click.echo(": ".join(part for part in parts if part))


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


command.add_command(schema_compat.command, "compat")
for _part in schema_registry.COMMANDS:
    command.add_command(_part)
