"""`gateway subscriptions create` and `update`: what a subscription is."""

from typing import Any, BinaryIO

import click

from gateway.admin.definition import Definition
from gateway.cli.output import json_option
from gateway.cli.subscription_parts import (
    admin,
    definition_from,
    definition_options,
    emit_issued,
    emit_subscription,
    expected_revision_option,
    secret_options,
    secret_text_from,
    secret_type_from,
)
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import DEFAULT_TENANT


@click.command()
@click.option("--id", "subscription_id", help="Its id.  [default: one is made]")
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="Whose events it gets.")
@definition_options
@secret_options
@json_option
def create(
    subscription_id: str | None,
    tenant: str,
    secret_type: str | None,
    secret_file: BinaryIO | None,
    secret: str | None,
    as_json: bool,
    **definition: Any,  # noqa: ANN401 - the values of definition_options
) -> None:
    """Create a subscription. Its signing secret is shown now and never again, or its public key.

    Of each event type it gets the version that is the latest now, also when there are later ones; --pin names another
    one, and with --follow-latest it gets the latest of the day. An event type that comes later and that one of its
    patterns covers is sent in its first version.

    \b
    Examples:
      gateway subscriptions create --url https://example.com/hooks --event-type order.created
      gateway subscriptions create --id billing --tenant acme --url https://acme.example.com/in \\
          --event-type 'invoice.*' --retry-policy 5s,5m,2h --fail-fast
      gateway subscriptions create --url https://slow.example.com/ --event-type 'order.*' --rate-limit 5/m --order key
      gateway subscriptions create --url https://example.com/hooks --event-type '*' --secret-type ed25519
      gateway subscriptions create --url https://acme.example.com/in --event-type '*' --header-file headers.txt \\
          --ca-bundle acme-ca.pem --client-cert gateway.pem --client-key gateway-key.pem
      gateway subscriptions create --url https://example.com/hooks --event-type order.created@1 --event-type order.paid
      pass show acme/webhook | gateway subscriptions create --secret-file - --url … --event-type '*'
    """
    issued = admin().create(
        definition_from(definition),
        subscription_id=subscription_id,
        tenant=tenant,
        secret_text=secret_text_from(secret_file, secret),
        secret_type=secret_type_from(secret_type),
    )
    emit_issued(issued, as_json=as_json)


@click.command()
@click.argument("subscription_id")
@definition_options
@expected_revision_option
@json_option
def update(
    subscription_id: str,
    expected_revision: int | None,
    as_json: bool,
    **definition: Any,  # noqa: ANN401 - the values of definition_options
) -> None:
    """Change what is given and leave the rest. Event types and signature profiles are replaced as a whole.

    A pin is added, or takes the place of that of the same event type. --pin-latest moves all event types to the
    versions that are the latest now; --follow-latest drops all pins that are not given.

    Headers are added, or take the place of those of the same name; --no-header drops one. A rate limit that comes
    without a burst gets the burst that fits it.

    \b
    Examples:
      gateway subscriptions update billing --timeout-s 20
      gateway subscriptions update billing --pin invoice.issued=2
      gateway subscriptions update billing --rate-limit 100/s --rate-burst 20
      pass show acme/token | sed 's/^/Authorization: Bearer /' | \\
          gateway subscriptions update billing --header-file - --no-header X-Api-Key
      gateway subscriptions update billing --url https://acme.example.com/v2 --expect-revision 3
    """
    changes = definition_from(definition)
    if changes == Definition():
        raise InvalidInputError(
            "nothing is given that could be changed", hint="see: gateway subscriptions update --help"
        )
    updated = admin().update(subscription_id, changes, expected_revision=expected_revision)
    emit_subscription(updated, as_json=as_json)


COMMANDS = (create, update)
