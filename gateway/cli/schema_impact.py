"""`gateway schemas impact`: which subscriptions a proposed schema would break."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.schema_impact import Impact, list_impacts, without_and_with
from gateway.cli.output import emit_json, emit_line, json_option
from gateway.cli.published_catalog import published_catalog
from gateway.cli.subscription_parts import table
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_type
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.wire.catalog import Catalog, catalog_of, load_catalog
from gateway.wire.schema_files import is_version_file, read_schema_file

_BROKEN_EXIT = 1


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A version that is not in the catalog yet."""

    event_type: str
    version: int | None
    source: object


@click.command()
@click.argument("file", required=False)
@click.option("--type", "event_type", metavar="TYPE", help="The event type of FILE; its folder's name by default.")
@click.option("--candidate", metavar="DIR", help="A catalog folder that is to take the present one's place.")
@click.option(
    "--against",
    metavar="DIR|COMMIT|registry",
    help="What is in use, if it is not the catalog: a folder, a commit, or what the schema registry has.",
)
@click.option("--tenant", help="Only this tenant's subscriptions.")
@json_option
def command(
    file: str | None,
    event_type: str | None,
    candidate: str | None,
    against: str | None,
    tenant: str | None,
    as_json: bool,
) -> None:
    """List the subscriptions that a proposed version would break.

    FILE is one version more for the catalog; --candidate is a whole catalog. With --against alone, the catalog itself
    is what is proposed, and what is compared with is what was published. With none of them, every version counts as
    new: what is listed is who is broken by the catalog as it stands.

    A subscription is broken if events of the new version can't be sent as the version that it is pinned to, if it
    follows the latest version and a field goes or becomes another type, or if its filter, transform or grants are
    refused from now on or speak of what changed. Each is one line with subscription, tenant, event type, field and
    rule. Exit code 1 when there is any.

    \b
    Examples:
      gateway schemas impact order.created/4.avsc
      gateway schemas impact proposed.avsc --type order.created --json
      gateway schemas impact --candidate ./schemas/events
      gateway schemas impact --against origin/main
    """
    if file is not None and candidate is not None:
        raise InvalidInputError("give a FILE or --candidate, not both")
    settings = load_settings()
    present = proposed = Deployment(settings).catalog()
    if candidate is not None:
        proposed = load_catalog(Path(candidate))
    elif file is not None:
        proposal = _read_proposal(Path(file), event_type)
        present, proposed = without_and_with(present, proposal.event_type, proposal.version, proposal.source)
    if against is not None:
        present = catalog_of(published_catalog(against, settings))
    elif file is None and candidate is None:
        present = Catalog([])
    impacts = list_impacts(select_subscriptions(table(), tenant=tenant), present, proposed)
    for impact in impacts:
        _print_impact(impact, as_json=as_json)
    if impacts:
        sys.exit(_BROKEN_EXIT)
    if not as_json:
        click.echo("no subscription would be broken")


def _read_proposal(file: Path, event_type: str | None) -> _Proposal:
    try:
        name = check_event_type(event_type or file.resolve().parent.name)
    except InvalidInputError as error:
        raise InvalidInputError(error.message, hint="say with --type of which event type the file is") from None
    is_in_its_place = is_version_file(file.name) and file.resolve().parent.name == name
    try:
        source = read_schema_file(file)
    except OSError as error:
        raise InvalidInputError(f"{file} can't be read: {error.strerror}") from None
    return _Proposal(name, int(file.stem) if is_in_its_place else None, source)


def _print_impact(impact: Impact, *, as_json: bool) -> None:
    subscription, finding = impact.subscription, impact.finding
    if as_json:
        emit_json(
            {
                "subscription_id": subscription.subscription_id,
                "tenant": subscription.tenant,
                "event_type": impact.event_type,
                "field": finding.path,
                "rule": finding.rule,
                "detail": finding.detail,
            }
        )
    else:
        emit_line(f"{subscription.subscription_id}: {subscription.tenant}: {impact.event_type}: {finding}")
