"""`gateway verify`: is a captured request genuine, and if not, why. Needs neither Kafka nor settings."""

import sys
from typing import BinaryIO

import click

from gateway.cli.captured_bodies import body_option, read_body
from gateway.cli.output import emit_json, json_option
from gateway.cli.secret_options import secrets_from, secrets_options
from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import ED25519_PREFIX, Ed25519Secret, parse_secret
from gateway.domain.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from gateway.domain.subscription import SignatureProfile
from gateway.receiver.diagnosis import CapturedRequest, find_mistakes
from gateway.receiver.errors import WebhookVerificationError
from gateway.receiver.verification import DEFAULT_TOLERANCE_S, verify

_NOT_VERIFIED = 1


@click.command()
@click.option("--id", "webhook_id", required=True, help="The webhook-id header.")
@click.option("--timestamp", required=True, help="The webhook-timestamp header.")
@click.option("--signature", required=True, help="The webhook-signature header.")
@body_option
@secrets_options
@click.option("--now", "now_s", type=click.FloatRange(min=0), help="When it came, unix seconds.  [default: now]")
@click.option(
    "--tolerance-s",
    type=click.IntRange(min=0),
    default=DEFAULT_TOLERANCE_S,
    show_default=True,
    help="How far the timestamp may be off, both ways.",
)
@json_option
def command(
    webhook_id: str,
    timestamp: str,
    signature: str,
    file: BinaryIO,
    secret_files: tuple[BinaryIO, ...],
    secrets: tuple[str, ...],
    now_s: float | None,
    tolerance_s: int,
    as_json: bool,
) -> None:
    """Verify a captured request of Standard Webhooks, and tell why it is not genuine.

    It is verified with secrets (whsec_) and public keys (whpk_). The exit code is 0 if it is genuine and 1 if not. Then
    the usual mistakes are tried, and those are named under which the signature would fit.

    \b
    Examples:
      gateway verify --id evt_1 --timestamp 1700000000 --signature 'v1,K5oZ…' --secret-file secret.txt --file body.json
      gateway verify --id evt_1 --timestamp 1700000000 --signature 'v1a,hnO3…' --secret whpk_… --now 1700000003 < body
    """
    request = CapturedRequest(webhook_id, timestamp, signature, read_body(file, secret_files))
    texts = [_verifying(text) for text in secrets_from(secrets, secret_files)]
    if not texts:
        raise InvalidInputError("there is no secret to verify with", hint="give one with --secret-file")
    headers = {ID_HEADER: webhook_id, TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signature}
    try:
        verify(headers, request.body, texts, tolerance_s, profiles=[SignatureProfile.STANDARD], now_s=now_s)
    except WebhookVerificationError as error:
        _report(error, find_mistakes(request, texts), as_json=as_json)
        sys.exit(_NOT_VERIFIED)
    _report(None, [], as_json=as_json)


def _verifying(text: str) -> str:
    """Give the text of the key that verifies what `text` signs."""
    if not text.startswith(ED25519_PREFIX):
        return text
    secret = parse_secret(text)
    return secret.public_key.text if isinstance(secret, Ed25519Secret) else text


def _report(error: WebhookVerificationError | None, mistakes: list[str], *, as_json: bool) -> None:
    if as_json:
        reason, message = (None, None) if error is None else (error.reason, str(error))
        emit_json({"verified": error is None, "reason": reason, "message": message, "mistakes": mistakes})
        return
    click.echo("verified" if error is None else f"not verified: {error}")
    for mistake in mistakes:
        click.echo(f"  {mistake}")
