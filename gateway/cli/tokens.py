"""`gateway tokens`: who may use the console's API, and what they may do."""

import click

from gateway.admin.api_tokens import ROLES, ApiTokens, WantedToken, list_tokens, token_view
from gateway.cli.acting import acting
from gateway.cli.durations import DURATION
from gateway.cli.output import emit_json, emit_line, emit_table, json_option
from gateway.domain.access import Role
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook, read_credentials
from gateway.services.audit import audit_action
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.moments import describe_moment

_CLIENT_ID = "gateway-tokens"
_COLUMNS = ("ID", "NAME", "ROLE", "TENANT", "CREATED", "BY", "EXPIRES")


@click.group()
def command() -> None:
    """Make, list and revoke the API tokens with which programs and people use the console.

    \b
    Examples:
      gateway tokens create --name ci --role operator
      gateway tokens list
      gateway tokens revoke 5f1c09ab37de2460
    """


@command.command()
@click.option("--name", required=True, metavar="NAME", help="What it is called in the audit trail.")
@click.option(
    "--role",
    required=True,
    type=click.Choice([role.value for role in ROLES]),
    help="viewer looks, operator changes and replays, admin also makes tokens.",
)
@click.option("--tenant", metavar="TENANT", help="Only this tenant's things; without it, those of all.")
@click.option(
    "--expires", "lasting_ms", type=DURATION, default="90d", show_default=True, help="For how long it is good."
)
@json_option
def create(name: str, role: str, tenant: str | None, lasting_ms: int, as_json: bool) -> None:
    """Make a token. It is shown now and never again: of its secret only a hash is kept.

    \b
    Examples:
      gateway tokens create --name grafana --role viewer
      gateway tokens create --name acme-ci --role operator --tenant acme --expires 30d --json
    """
    deployment = Deployment(load_settings())
    actor = acting(deployment)
    tokens = _tokens(deployment.kafka(_CLIENT_ID))
    shown, token = tokens.create(WantedToken(name, Role(role), tenant, lasting_ms), actor.name)
    if as_json:
        emit_json({**token_view(token, now_ms()), "token": shown.text})
        return
    emit_line(f"token    {shown.text}")
    emit_line(f"id       {token.credential_id}")
    emit_line(f"expires  {describe_moment(token.expires_at_ms)}")
    click.echo("It is shown this once. Send it as: Authorization: Bearer gwt_…", err=True)


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the tokens, without their secrets.

    \b
    Examples:
      gateway tokens list
      gateway tokens list --json
    """
    config = Deployment(load_settings()).kafka(_CLIENT_ID)
    tokens = list_tokens(CredentialBook(config, read_credentials(config)))
    if as_json:
        for token in tokens:
            emit_json(token_view(token, now_ms()))
        return
    rows = [
        (
            token.credential_id,
            token.name,
            token.role.value,
            token.tenant or "(all)",
            describe_moment(token.created_at_ms),
            token.created_by,
            "expired" if token.has_expired(now_ms()) else describe_moment(token.expires_at_ms),
        )
        for token in tokens
    ]
    emit_table(_COLUMNS, rows)


@command.command()
@click.argument("token_id")
@json_option
def revoke(token_id: str, as_json: bool) -> None:
    """End a token at once, and the sessions that were begun with it. `list` shows its id.

    \b
    Examples:
      gateway tokens revoke 5f1c09ab37de2460
    """
    token = _tokens(Deployment(load_settings()).kafka(_CLIENT_ID)).revoke(token_id)
    if as_json:
        emit_json(token_view(token, now_ms()))
    else:
        emit_line(f"token {token.credential_id} ({token.name}) is revoked")


def _tokens(config: KafkaConfig) -> ApiTokens:
    actor = acting(Deployment(load_settings()))
    return ApiTokens(
        CredentialBook(config, read_credentials(config)),
        lambda action, targets: audit_action(config, actor, action, targets),
        now_ms,
    )
