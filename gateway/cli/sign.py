"""`gateway sign`: the `webhook-signature` of a body, for tests of a receiver. Needs neither Kafka nor settings."""

from typing import BinaryIO

import click

from gateway.cli.captured_bodies import body_option, read_body
from gateway.cli.output import emit_json, json_option
from gateway.cli.secret_options import secrets_from, secrets_options
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id
from gateway.domain.secret import parse_secret
from gateway.domain.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_standard
from gateway.telemetry.clock import now_ms

MAX_TIMESTAMP_S = 10**11 - 1


@click.command()
@click.option("--id", "webhook_id", required=True, help="The webhook-id header.")
@click.option(
    "--timestamp", "timestamp_s", type=int, help="The webhook-timestamp header, unix seconds.  [default: now]"
)
@body_option
@secrets_options
@json_option
def command(
    webhook_id: str,
    timestamp_s: int | None,
    file: BinaryIO,
    secret_files: tuple[BinaryIO, ...],
    secrets: tuple[str, ...],
    as_json: bool,
) -> None:
    """Sign a body as Standard Webhooks, and print the webhook-signature header's value.

    A secret that begins with whsec_ signs with HMAC-SHA256 (v1), one that begins with whsk_ with ed25519 (v1a). With
    several secrets there are as many signatures. With --json, all three headers are printed.

    \b
    Examples:
      gateway sign --id evt_1 --timestamp 1700000000 --secret-file secret.txt --file body.json
      printf '{"id":"evt_1"}' | gateway sign --id evt_1 --secret-file secret.txt --json
    """
    body = read_body(file, secret_files)
    texts = secrets_from(secrets, secret_files)
    if not texts:
        raise InvalidInputError("there is no secret to sign with", hint="give one with --secret-file")
    signed_s = now_ms() // 1000 if timestamp_s is None else _check_timestamp(timestamp_s)
    signature = sign_standard([parse_secret(text) for text in texts], check_event_id(webhook_id), signed_s, body)
    if as_json:
        emit_json({ID_HEADER: webhook_id, TIMESTAMP_HEADER: str(signed_s), SIGNATURE_HEADER: signature})
        return
    click.echo(signature)
    if timestamp_s is None:
        click.echo(f"{TIMESTAMP_HEADER}: {signed_s}", err=True)


def _check_timestamp(timestamp_s: int) -> int:
    if not 0 <= timestamp_s <= MAX_TIMESTAMP_S:
        raise InvalidInputError(
            f"{timestamp_s} is no timestamp", hint="it is in seconds since 1970: milliseconds are divided by 1000"
        )
    return timestamp_s
