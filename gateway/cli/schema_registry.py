"""`gateway schemas push` and `pull`: between the catalog and a schema registry."""

import sys
from pathlib import Path

import click

from gateway.admin.registered_versions import event_types_of, subjects_of
from gateway.admin.schema_pull import PROBLEMS, PulledVersion, SchemaPull
from gateway.admin.schema_push import PushedVersion, PushResult, SchemaPush
from gateway.cli.output import emit_json, emit_line, json_option
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_type
from gateway.domain.subjects import SubjectNaming
from gateway.kafka.registry_client import RegistryClient
from gateway.services.deployment import Deployment
from gateway.settings import Settings, load_settings
from gateway.wire.catalog import Catalog

_PROBLEMS_FOUND_EXIT = 1
_LEVELS = (
    "NONE",
    "BACKWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
)
_TYPE_HINT = "such as order.created=shop.order.OrderCreated"
_naming_option = click.option(
    "--subject-strategy",
    "naming",
    type=click.Choice([naming.value for naming in SubjectNaming]),
    help="How subjects are named; GATEWAY_SCHEMA_REGISTRY_SUBJECTS by default.",
)


@click.command()
@click.option("--type", "event_types", metavar="TYPE", multiple=True, help="Only this event type; may be repeated.")
@_naming_option
@click.option("--compatibility", type=click.Choice(_LEVELS), help="Give each subject this compatibility level first.")
@click.option("--dry-run", is_flag=True, help="Ask what the registry would say, and register nothing.")
@json_option
def push(
    event_types: tuple[str, ...], naming: str | None, compatibility: str | None, dry_run: bool, as_json: bool
) -> None:
    """Register the catalog's versions with the schema registry, oldest first.

    What is registered already stays as it is. One line tells of each version; a version that the registry refuses ends
    its event type, and the exit code is 1. With --dry-run each version is compared with what is registered now, not
    with versions before it that would be registered too.

    \b
    Subjects (--subject-strategy):
      topic-record   events.order-shop.order.OrderCreated: each record of a topic has a history of its own
      record         shop.order.OrderCreated: the same, and one history for all topics
      topic          events.order-value: one history for a topic, which has to have one event type

    \b
    Examples:
      gateway schemas push --dry-run
      gateway schemas push --compatibility FULL_TRANSITIVE
      gateway schemas push --type order.created --subject-strategy record --json
    """
    settings = load_settings()
    deployment = Deployment(settings)
    catalog = deployment.catalog()
    wanted = dict.fromkeys(event_types) or catalog.event_types()
    schemas = [catalog.entry(name, version) for name in wanted for version in catalog.versions(name)]
    problems = False
    with RegistryClient(deployment.schema_registry()) as client:
        pushing = SchemaPush(client, _naming(naming, settings), level=compatibility, dry_run=dry_run)
        for pushed in pushing.run(schemas):
            problems |= pushed.result is PushResult.REFUSED
            _print_pushed(pushed, as_json=as_json)
    if problems:
        sys.exit(_PROBLEMS_FOUND_EXIT)


@click.command()
@click.option(
    "--into", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Catalog folder."
)
@click.option("--subject", "subjects", metavar="SUBJECT", multiple=True, help="Only this subject; may be repeated.")
@click.option("--all", "every", is_flag=True, help="All subjects; what is of no known event type is passed over.")
@click.option("--type", "records", metavar="TYPE=RECORD", multiple=True, help="Which event type a record is.")
@_naming_option
@click.option("--dry-run", is_flag=True, help="Tell what would be written, and write nothing.")
@json_option
def pull(
    folder: Path,
    subjects: tuple[str, ...],
    every: bool,
    records: tuple[str, ...],
    naming: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write the schema registry's versions that a catalog folder lacks as <event type>/<version>.avsc.

    Nothing is overwritten. A version keeps the number that it has under its subject; where the folder has another
    schema under that number, that is a conflict, and the exit code is 1. Without --subject and --all, the subjects are
    those of the catalog's event types and of --type. The event type of a record is found in the catalog, or named with
    --type. Schemas that refer to others are written with what they refer to.

    \b
    Examples:
      gateway schemas pull --into schemas/events --dry-run
      gateway schemas pull --into schemas/events --type order.created=shop.order.OrderCreated
      gateway schemas pull --into /tmp/catalog --all --json
    """
    if subjects and every:
        raise click.UsageError("give --subject or --all, not both")
    settings = load_settings()
    deployment = Deployment(settings)
    event_types = _event_types(deployment.catalog(), records)
    problems = False
    with RegistryClient(deployment.schema_registry()) as client:
        wanted = client.subjects() if every else subjects or subjects_of(event_types, _naming(naming, settings))
        pulling = SchemaPull(client, folder, event_types, dry_run=dry_run)
        for pulled in pulling.run(wanted, only_known=not subjects):
            problems |= pulled.result in PROBLEMS
            _print_pulled(pulled, as_json=as_json)
    if problems:
        sys.exit(_PROBLEMS_FOUND_EXIT)


def _naming(chosen: str | None, settings: Settings) -> SubjectNaming:
    return SubjectNaming(chosen or settings.schema_registry_subjects)


def _event_types(catalog: Catalog, records: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Give for each record's full name the event types that it may be: as `--type` says, else as the catalog has it."""
    found = event_types_of(
        catalog.entry(event_type, version)
        for event_type in catalog.event_types()
        for version in catalog.versions(event_type)
    )
    for text in records:
        event_type, equals, name = text.partition("=")
        if not (equals and name):
            raise InvalidInputError(f"--type {text}: is no TYPE=RECORD", hint=_TYPE_HINT)
        found[name] = (check_event_type(event_type),)
    return found


def _print_pushed(pushed: PushedVersion, *, as_json: bool) -> None:
    schema, at = pushed.schema, pushed.registration
    if as_json:
        emit_json(
            {
                "event_type": schema.event_type,
                "version": schema.version,
                "subject": pushed.subject,
                "result": pushed.result.value,
                "schema_id": at and at.schema_id,
                "registry_version": at and at.version,
                "detail": pushed.detail,
            }
        )
        return
    where = "" if at is None else f" (id {at.schema_id}, version {at.version})"
    why = "" if pushed.detail is None else f": {pushed.detail}"
    result = pushed.result.value.replace("_", " ")
    emit_line(f"{schema.event_type} {schema.version}: {result}, {pushed.subject}{where}{why}")


def _print_pulled(pulled: PulledVersion, *, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "subject": pulled.subject,
                "registry_version": pulled.registry_version,
                "result": pulled.result.value,
                "event_type": pulled.event_type,
                "version": pulled.version,
                "detail": pulled.detail,
            }
        )
        return
    what = "" if pulled.event_type is None else f", {pulled.event_type} {pulled.version}"
    why = "" if pulled.detail is None else f": {pulled.detail}"
    result = pulled.result.value.replace("_", " ")
    emit_line(f"{pulled.subject} {pulled.registry_version}: {result}{what}{why}")
