"""`gateway schemas check`: the gate for changes of the catalog."""

import sys

import click

from gateway.cli.output import emit_json, emit_line, json_option
from gateway.cli.published_catalog import published_catalog
from gateway.settings import load_settings
from gateway.wire.catalog_check import Problem, check_catalog, check_gateway_records, check_unchanged
from gateway.wire.schema_files import schemas_root

_PROBLEMS_FOUND_EXIT = 1


@click.command()
@click.option(
    "--against",
    metavar="DIR|COMMIT|registry",
    help="What is published: a catalog folder, a commit that git knows, or what the schema registry has.",
)
@json_option
def command(against: str | None, as_json: bool) -> None:
    """Check that every version can read and be read by every earlier one.

    Data has to mean the same in all of them, so this is stricter than Avro: logical types have to agree, too. With
    --against, what is published there has to be here, and unchanged but for its documentation. The gateway's own
    records are checked as well: their new fields come at the end and have defaults. Each problem is one line with
    file, field and rule. Exit code 1 when there is any.

    \b
    Examples:
      gateway schemas check
      gateway schemas check --against origin/main
      gateway schemas check --against registry
      GATEWAY_CATALOG_DIR=./schemas/events gateway schemas check --against ../released/events --json
    """
    settings = load_settings()
    catalog_dir = settings.catalog_dir or schemas_root() / "events"
    problems = [*check_catalog(catalog_dir), *check_gateway_records(schemas_root() / "gateway")]
    if against is not None:
        problems += check_unchanged(catalog_dir, published_catalog(against, settings))
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
        emit_line(": ".join(part for part in parts if part))
