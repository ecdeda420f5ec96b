"""What the `gateway subscriptions` commands share: their parts from the deployment, their options, their output."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

import click

from gateway.admin.definition import Definition, DefinitionRules
from gateway.admin.lifecycle import SubscriptionLifecycle
from gateway.admin.signing_secrets import HeldSecret, held_secrets
from gateway.admin.subscriptions import Issued, SubscriptionAdmin
from gateway.admin.views import public_view
from gateway.cli.acting import acting
from gateway.cli.output import emit_json, emit_line
from gateway.cli.subscription_files import file_options, parts_from
from gateway.cli.subscription_shaping import shaping_from, shaping_options
from gateway.domain.changes import ChangeStore
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import Ed25519Secret, SecretType
from gateway.domain.subscription import DeliveryOrder, SignatureProfile, Subscription
from gateway.kafka.subscription_table import read_subscriptions
from gateway.services.audit import audited_store
from gateway.services.deployment import Deployment
from gateway.settings import load_settings
from gateway.telemetry.clock import now_ms
from gateway.wire.moments import describe_moment

F = TypeVar("F", bound=Callable[..., Any])

CLIENT_ID = "gateway-subscriptions"
MAX_SECRET_FILE_BYTES = 1024


def table() -> SubscriptionIndex:
    """Read all subscriptions."""
    return read_subscriptions(Deployment(load_settings()).kafka(CLIENT_ID))


def store() -> ChangeStore:
    """Give what writes subscriptions, and tells the audit trail and the security log who changed what."""
    deployment = Deployment(load_settings())
    return audited_store(deployment.kafka(CLIENT_ID), acting(deployment))


def rules() -> DefinitionRules:
    """Give the rules of the deployment."""
    settings = load_settings()
    return DefinitionRules(Deployment(settings).catalog(), settings.tiers(), settings.address_policy())


def lifecycle() -> SubscriptionLifecycle:
    """Give what pauses, resumes and deletes."""
    return SubscriptionLifecycle(store(), now_ms)


def admin() -> SubscriptionAdmin:
    """Give what creates, updates and rotates."""
    return SubscriptionAdmin(store(), rules=rules(), key_ring=Deployment(load_settings()).key_ring, clock=now_ms)


def definition_options(function: F) -> F:
    """Add the options that define a subscription; the command gets what `definition_from` takes."""
    options = [
        click.option("--url", help="Where deliveries are POSTed, https://…"),
        click.option(
            "--event-type",
            "event_types",
            multiple=True,
            help="order.created, order.created@1, order.* or *; may be repeated.",
        ),
        click.option("--description", help="For people."),
        click.option(
            "--signature-profile",
            "signature_profiles",
            multiple=True,
            type=click.Choice([profile.value for profile in SignatureProfile]),
            help="Which signature headers are sent; may be repeated.  [default: standard]",
        ),
        click.option("--timeout-s", type=float, help="How long one attempt may take, seconds.  [default: 10]"),
        click.option("--max-in-flight", type=int, help="Attempts under way at once at most.  [default: 32]"),
        click.option("--rate-limit", help="Attempts a second, minute or hour: 100/s, 5/m, 90/h.  [default: none]"),
        click.option(
            "--rate-burst", type=int, help="Attempts that may come at once after a quiet time.  [default: a second's]"
        ),
        click.option(
            "--order",
            type=click.Choice([order.value for order in DeliveryOrder]),
            help="key: deliveries with the same event key arrive in order, also across retries.  [default: none]",
        ),
        click.option("--retry-policy", help="quick, standard, none, or tiers like 1s,5m,2h.  [default: standard]"),
        click.option("--fail-fast/--no-fail-fast", default=None, help="Give up at a 4xx other than 408, 425 and 429."),
    ]
    function = file_options(shaping_options(function))
    for option in reversed(options):
        function = option(function)
    return function


def definition_from(options: dict[str, Any]) -> Definition:
    """Build a definition from the values of `definition_options`.

    Raises:
        InvalidInputError: see `parts_from` and `shaping_from`.
    """
    parts = {**parts_from(options), **shaping_from(options)}
    return Definition(**parts, **{name: None if value == () else value for name, value in options.items()})


def secret_options(function: F) -> F:
    """Add `--secret-type`, `--secret-file` and `--secret`; see `secret_type_from` and `secret_text_from`."""
    options = [
        secret_type_option(help_="hmac: shared with the receiver; ed25519: it gets a public key."),
        click.option(
            "--secret-file",
            type=click.File("rb"),
            help="File with the signing secret (whsec_…, whsk_…), - for standard input.",
        ),
        click.option("--secret", help="The secret itself; development only, process lists show it."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def secret_type_option(*, help_: str, required: bool = False) -> Callable[[F], F]:
    """Give the option `--secret-type`; the command gets what `secret_type_from` takes."""
    return click.option(
        "--secret-type", type=click.Choice([one.value for one in SecretType]), required=required, help=help_
    )


def secret_type_from(text: str | None) -> SecretType | None:
    """Give the type that was chosen, or None."""
    return None if text is None else SecretType(text)


def secret_text_from(secret_file: BinaryIO | None, secret: str | None) -> str | None:
    """Give the secret's text, or None where one has to be made.

    Raises:
        InvalidInputError: both are given, or the file is too long or no text.
    """
    if secret_file is None:
        return secret
    if secret is not None:
        raise InvalidInputError("--secret and --secret-file exclude each other")
    content = secret_file.read(MAX_SECRET_FILE_BYTES + 1)
    if len(content) > MAX_SECRET_FILE_BYTES or not content.isascii():
        raise InvalidInputError("the secret file holds something else than one signing secret")
    return content.decode("ascii").strip()


expected_revision_option = click.option(
    "--expect-revision", "expected_revision", type=int, help="Refuse if somebody changed it since this revision."
)


def opened_secrets(subscription: Subscription) -> tuple[HeldSecret, ...]:
    """Open a subscription's secrets, for their types and public keys; without the keys they stay unknown."""
    try:
        key_ring = Deployment(load_settings()).key_ring()
    except GatewayError as error:
        click.echo(f"types and public keys of secrets are not shown: {error.message}", err=True)
        return tuple(HeldSecret(sealed, None) for sealed in subscription.secrets)
    return held_secrets(key_ring, subscription)


def emit_subscription(subscription: Subscription, *, as_json: bool, held: Sequence[HeldSecret] | None = None) -> None:
    """Print a subscription: one JSON object, or a line for each field; with the types of its secrets where given."""
    view = public_view(subscription, held)
    if as_json:
        emit_json(view)
        return
    view["secrets"] = ", ".join(_secret_line(secret) for secret in view["secrets"])
    for certificates in ("ca_bundle", "client_certificate"):
        view[certificates] = ", ".join(_certificate_line(one) for one in view[certificates])
    for moment in ("state_changed_at_ms", "failing_since_ms", "created_at_ms", "updated_at_ms"):
        view[moment.removesuffix("_ms").removesuffix("_at")] = describe_moment(view.pop(moment))
    view["pins"] = ", ".join(f"{event_type}={version}" for event_type, version in view["pins"].items())
    if view["transform"] is not None:
        view["transform"] = subscription.transform
    for field, value in view.items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text not in {None, ""}:
            emit_line(f"{field:<20}{text}")


def emit_issued(issued: Issued, *, as_json: bool) -> None:
    """Print a subscription with what its receiver needs: the new secret, never printed again, or the public key."""
    held = opened_secrets(issued.subscription)
    if isinstance(issued.secret, Ed25519Secret):
        name, text = "public_key", issued.secret.public_key.text
        note = "Give the public key to the receiver; the private key stays sealed in the gateway."
    else:
        name, text = "secret", issued.secret.text
        note = "This secret is not shown again: give it to the receiver now."
    if as_json:
        emit_json({**public_view(issued.subscription, held), name: text})
        return
    emit_subscription(issued.subscription, as_json=False, held=held)
    click.echo(f"{name:<20}{text}")
    click.echo(note, err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is deleted.

    Raises:
        InvalidInputError: there is nobody to ask, and `--yes` was not given.
        click.Abort: the answer was no.
    """
    if yes:
        return
    if not click.get_text_stream("stdin").isatty():
        raise InvalidInputError("this deletes, and there is no terminal to confirm it", hint="add --yes")
    click.confirm(question, abort=True, err=True)


def _secret_line(secret: dict[str, Any]) -> str:
    what = " ".join(filter(None, (secret.get("type"), secret.get("public_key"), "made")))
    made = f"{what} {describe_moment(secret['created_at_ms'])}"
    ends = secret["expires_at_ms"]
    return made if ends is None else f"{made} (signs until {describe_moment(ends)})"


def _certificate_line(certificate: dict[str, Any]) -> str:
    return f"{certificate['subject'] or 'no subject'} (until {describe_moment(certificate['expires_at_ms'])})"
