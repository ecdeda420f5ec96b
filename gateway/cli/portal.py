"""`gateway portal`: links with which a tenant's own people look after their subscriptions."""

import click

from gateway.admin.portal_links import KnownLink, PortalLinks, good_links, known_link_view, link_view
from gateway.cli.acting import acting
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.cli.scanning import ScanProgress, warn_if_partial
from gateway.console.access.site import origin_of
from gateway.domain.changes import require
from gateway.domain.errors import NotFoundError
from gateway.domain.event import check_tenant
from gateway.domain.portal import PortalToken
from gateway.kafka.audit_log import audit_kind
from gateway.kafka.credential_book import CredentialBook, read_credentials
from gateway.kafka.record_log import RecordLog
from gateway.kafka.subscription_table import read_subscriptions
from gateway.services.audit import audit_action
from gateway.services.deployment import Deployment
from gateway.services.entrance import console_url
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.derived_keys import DerivedKeys
from gateway.wire.moments import describe_moment

_CLIENT_ID = "gateway-portal"
_COLUMNS = ("ID", "TENANT", "OPENS WITH", "MADE", "BY", "EXPIRES")
_TENANT = click.option("--tenant", required=True, metavar="TENANT", help="Whose subscriptions the portal shows.")


@click.group()
def command() -> None:
    """Make, list and revoke links to the portal: there, a tenant's own people see and look after its subscriptions.

    \b
    Examples:
      gateway portal link --tenant acme
      gateway portal list --tenant acme
      gateway portal revoke --tenant acme
    """


@command.command()
@_TENANT
@click.option(
    "--subscription",
    "subscription_id",
    metavar="ID",
    help="The one with which the portal opens. It shows the tenant's others, too.",
)
@click.option(
    "--expires", "lasting_ms", type=DURATION, default="1h", show_default=True, help="For how long it is good: up to 7d."
)
@click.option(
    "--url", "given_url", metavar="URL", help="How browsers reach the console, in place of GATEWAY_CONSOLE_URL."
)
@json_option
def link(tenant: str, subscription_id: str | None, lasting_ms: int, given_url: str | None, as_json: bool) -> None:
    """Make a link. Whoever has it is let in until it expires, or is revoked.

    It leads to GATEWAY_CONSOLE_URL, or to GATEWAY_CONSOLE_PORT of this machine if that is not set. A console with the
    same key ring has to be there.

    \b
    Examples:
      gateway portal link --tenant acme
      gateway portal link --tenant acme --subscription sub_shop --expires 7d
      gateway portal link --tenant acme --url http://127.0.0.1:42117
      xdg-open "$(gateway portal link --tenant acme --json | jq -r .url)"
    """
    check_tenant(tenant)
    settings = load_settings()
    url = console_url(settings) if given_url is None else origin_of(given_url, "--url")
    deployment = Deployment(settings)
    if subscription_id is not None:
        found = require(read_subscriptions(deployment.kafka(_CLIENT_ID)), subscription_id)
        if found.tenant != tenant:
            raise NotFoundError(f"subscription {subscription_id} is not of tenant '{tenant}'")
    made = _links(deployment).make(url, tenant, subscription_id, lasting_ms)
    if as_json:
        emit_json(link_view(made))
        return
    emit_line(f"link     {made.url}")
    emit_line(f"id       {made.grant.link_id}")
    emit_line(f"expires  {describe_moment(made.grant.expires_at_ms)}")


@command.command(name="list")
@click.option("--tenant", metavar="TENANT", help="Whose; without it, those of all.")
@json_option
def list_(tenant: str | None, as_json: bool) -> None:
    """List the links that are good, newest first, without their addresses: those were shown when they were made.

    \b
    Examples:
      gateway portal list
      gateway portal list --tenant acme --json
    """
    if tenant is not None:
        check_tenant(tenant)
    config = Deployment(load_settings()).kafka(_CLIENT_ID)
    trail = RecordLog(config, audit_kind(), ScanProgress())
    found = good_links(trail, tenant, read_credentials(config).get, now_ms())
    warn_if_partial(found.report, omitted=found.omitted)
    if as_json:
        for link in found.links:
            emit_json(known_link_view(link))
        return
    emit_table(_COLUMNS, [_row(link) for link in found.links])


def _row(link: KnownLink) -> tuple[str, ...]:
    grant = link.grant
    made, expires = describe_moment(grant.created_at_ms), describe_moment(grant.expires_at_ms)
    return grant.link_id, grant.tenant, grant.subscription_id or "(list)", made, link.made_by, expires


@command.command()
@_TENANT
@click.option("--link", "link_id", metavar="ID", help="Only this one; without it, all that were made until now.")
@json_option
def revoke(tenant: str, link_id: str | None, as_json: bool) -> None:
    """Revoke links, and whatever is open with them. `list` shows their ids. Links that are made afterwards are good.

    \b
    Examples:
      gateway portal revoke --tenant acme
      gateway portal revoke --tenant acme --link 5f1c09ab37de2460
    """
    check_tenant(tenant)
    deployment = Deployment(load_settings())
    config = deployment.kafka(_CLIENT_ID)
    book = CredentialBook(config, read_credentials(config))
    _links(deployment).revoke(book, tenant, link_id, acting(deployment).name)
    if as_json:
        emit_json({"tenant": tenant, "link_id": link_id})
    else:
        emit_line(f"link {link_id} is revoked" if link_id else f"the links of tenant {tenant} are revoked")


def _links(deployment: Deployment) -> PortalLinks:
    actor, config = acting(deployment), deployment.kafka(_CLIENT_ID)
    return PortalLinks(
        DerivedKeys(deployment.key_ring, PortalToken.LINK.purpose),
        lambda action, targets: audit_action(config, actor, action, targets),
        now_ms,
    )
