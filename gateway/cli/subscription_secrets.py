"""`gateway subscriptions rotate-secret` and `retire-secret`: what a subscription signs with."""

from typing import BinaryIO

import click

from gateway.cli.output import json_option
from gateway.cli.subscription_parts import (
    admin,
    emit_issued,
    emit_subscription,
    expected_revision_option,
    opened_secrets,
    secret_options,
    secret_text_from,
    secret_type_from,
    secret_type_option,
)
from gateway.domain.durations import parse_duration
from gateway.domain.secret import SecretType

_overlap_option = click.option(
    "--overlap", default="24h", show_default=True, help="How long the old secrets still sign; 0: not at all."
)


@click.command(name="rotate-secret")
@click.argument("subscription_id")
@_overlap_option
@secret_options
@expected_revision_option
@json_option
def rotate_secret(
    subscription_id: str,
    overlap: str,
    secret_type: str | None,
    secret_file: BinaryIO | None,
    secret: str | None,
    expected_revision: int | None,
    as_json: bool,
) -> None:
    """Give a subscription a new secret, shown now and never again, or a new key pair, of which the public key is shown.

    During the overlap requests are signed with both, so that the receiver can change over at any moment. A secret of a
    type that the subscription does not have yet is added, and the others sign on: see retire-secret.

    \b
    Examples:
      gateway subscriptions rotate-secret billing
      gateway subscriptions rotate-secret billing --overlap 0 --secret-file new-secret.txt
      gateway subscriptions rotate-secret billing --secret-type ed25519
    """
    issued = admin().rotate_secret(
        subscription_id,
        overlap_ms=_overlap_ms(overlap),
        secret_text=secret_text_from(secret_file, secret),
        secret_type=secret_type_from(secret_type),
        expected_revision=expected_revision,
    )
    emit_issued(issued, as_json=as_json)


@click.command(name="retire-secret")
@click.argument("subscription_id")
@secret_type_option(help_="Which secrets end.", required=True)
@_overlap_option
@expected_revision_option
@json_option
def retire_secret(
    subscription_id: str, secret_type: str, overlap: str, expected_revision: int | None, as_json: bool
) -> None:
    """End the secrets of one type, once the receiver verifies with those of the other.

    \b
    Examples:
      gateway subscriptions retire-secret billing --secret-type hmac
      gateway subscriptions retire-secret billing --secret-type hmac --overlap 0
    """
    retired = admin().retire_secret(
        subscription_id,
        SecretType(secret_type),
        overlap_ms=_overlap_ms(overlap),
        expected_revision=expected_revision,
    )
    emit_subscription(retired, as_json=as_json, held=opened_secrets(retired))


def _overlap_ms(text: str) -> int:
    return 0 if text == "0" else parse_duration(text)


COMMANDS = (rotate_secret, retire_secret)
