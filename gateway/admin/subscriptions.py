"""Creates and changes subscriptions: what the rules accept, written exclusively, its secret handed out once."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.admin.definition import STANDARD_POLICY_NAME, Definition, DefinitionRules
from gateway.admin.lifecycle import Clock, put_one
from gateway.admin.sealed_parts import PartSealer
from gateway.admin.signing_secrets import (
    current_types,
    given_secret,
    held_secrets,
    new_secret,
    retired,
    rotated,
    type_to_rotate,
)
from gateway.domain.changes import ChangeStore, require, revised
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.event import DEFAULT_TENANT, check_tenant
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import SecretType, SigningSecret
from gateway.domain.signing import check_signable
from gateway.domain.subscription import SignatureProfile, Subscription, check_subscription_id
from gateway.wire.sealing import KeyRing

DEFAULT_OVERLAP_MS = 86_400_000
_ID_BYTES = 13


@dataclass(frozen=True, slots=True)
class Issued:
    """A subscription as it was written, and its new secret: this is the only time that the secret is seen."""

    subscription: Subscription
    secret: SigningSecret


class SubscriptionAdmin:
    """Creates, updates and rotates."""

    def __init__(
        self, store: ChangeStore, *, rules: DefinitionRules, key_ring: Callable[[], KeyRing], clock: Clock
    ) -> None:
        """Take the parts; `key_ring` is asked only when something is sealed or compared."""
        self._store = store
        self._rules = rules
        self._key_ring = key_ring
        self._sealer = PartSealer(key_ring, clock)
        self._clock = clock

    def create(
        self,
        definition: Definition,
        *,
        subscription_id: str | None = None,
        tenant: str = DEFAULT_TENANT,
        secret_text: str | None = None,
        secret_type: SecretType | None = None,
    ) -> Issued:
        """Write a new, active subscription.

        Args:
            definition: url and event types at least.
            subscription_id: its id, or None to have one made.
            tenant: whose events it gets.
            secret_text: the signing secret (`whsec_…`, `whsk_…`), or None to have one made.
            secret_type: of which type one is made, HMAC where nothing is said; one that is given has to have it.

        Raises:
            InvalidInputError: something given breaks a rule.
            ConflictError: the id is taken.
        """
        subscription_id = new_id() if subscription_id is None else check_subscription_id(subscription_id)
        check_tenant(tenant)
        if definition.url is None or not definition.event_types:
            raise InvalidInputError("a subscription needs a url and at least one event type")
        checked = self._rules.check(replace(definition, retry_policy=definition.retry_policy or STANDARD_POLICY_NAME))
        attributes = self._rules.settled(checked, None)
        attributes = self._sealer.sealed(attributes, tenant=tenant, subscription_id=subscription_id)
        secret = (
            new_secret(secret_type or SecretType.HMAC)
            if secret_text is None
            else given_secret(secret_text, secret_type)
        )
        now_ms = self._clock()
        sealed = self._key_ring().seal(secret, tenant=tenant, subscription_id=subscription_id, now_ms=now_ms)
        new = Subscription(
            subscription_id,
            tenant,
            secrets=(sealed,),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            state_changed_at_ms=now_ms,
            **attributes,
        )
        check_signable(new.signature_profiles, {secret.type})

        def decide_one(index: SubscriptionIndex) -> Subscription:
            if index.get(subscription_id) is not None:
                raise ConflictError(
                    f"there is a subscription '{subscription_id}' already",
                    hint="choose another id, or use: gateway subscriptions update",
                )
            return new

        return Issued(put_one(self._store, decide_one), secret)

    def update(
        self, subscription_id: str, definition: Definition, *, expected_revision: int | None = None
    ) -> Subscription:
        """Change what is defined and leave the rest; nothing is written if it is so already.

        Raises:
            InvalidInputError: something given breaks a rule.
            NotFoundError: it does not exist.
            ConflictError: its revision is another one.
        """

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            attributes = self._sealer.sealed(
                self._rules.settled(self._rules.check(definition, current=current), current),
                tenant=current.tenant,
                subscription_id=subscription_id,
                current=current,
            )
            new = replace(current, **attributes)
            if new == current:
                return current
            if SignatureProfile.X_WEBHOOK in set(new.signature_profiles) - set(current.signature_profiles):
                check_signable(new.signature_profiles, current_types(held_secrets(self._key_ring(), current)))
            return revised(current, now_ms=self._clock(), **attributes)

        return put_one(self._store, decide_one)

    def rotate_secret(
        self,
        subscription_id: str,
        *,
        overlap_ms: int = DEFAULT_OVERLAP_MS,
        secret_text: str | None = None,
        secret_type: SecretType | None = None,
        expected_revision: int | None = None,
    ) -> Issued:
        """Give a subscription a new secret; the old ones of its type sign on during the overlap.

        Secrets of the other type stay: the first of a type is added beside them.

        Args:
            subscription_id: which one.
            overlap_ms: how long the old secrets still sign, in milliseconds; 0 ends them at once.
            secret_text: the new secret (`whsec_…`, `whsk_…`), or None to have one made.
            secret_type: of which type one is made, or None for the type that there is.
            expected_revision: the revision that it has to have, or None for any.

        Raises:
            InvalidInputError: the secret is none, the overlap is out of bounds, or the type has to be said.
            NotFoundError: it does not exist.
            ConflictError: its revision is another one, or too many secrets would sign.
        """
        given = None if secret_text is None else given_secret(secret_text, secret_type)
        key_ring = self._key_ring()
        issued: list[SigningSecret] = []

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            now_ms, held = self._clock(), held_secrets(key_ring, current)
            secret = given or new_secret(secret_type or type_to_rotate(held))
            issued[:] = [secret]
            new = key_ring.seal(secret, tenant=current.tenant, subscription_id=subscription_id, now_ms=now_ms)
            after = rotated(held, new, secret.type, now_ms=now_ms, overlap_ms=overlap_ms)
            return revised(current, now_ms=now_ms, secrets=after)

        return Issued(put_one(self._store, decide_one), issued[0])

    def retire_secret(
        self,
        subscription_id: str,
        secret_type: SecretType,
        *,
        overlap_ms: int = DEFAULT_OVERLAP_MS,
        expected_revision: int | None = None,
    ) -> Subscription:
        """End a subscription's secrets of one type after the overlap; those of the other type sign on.

        Raises:
            InvalidInputError: the overlap is out of bounds, or a signature profile needs this type.
            NotFoundError: it does not exist.
            ConflictError: its revision is another one, or it has no secret of this type, or none of the other.
        """
        key_ring = self._key_ring()

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            now_ms, held = self._clock(), held_secrets(key_ring, current)
            after = retired(held, secret_type, now_ms=now_ms, overlap_ms=overlap_ms)
            check_signable(current.signature_profiles, current_types(held) - {secret_type})
            return revised(current, now_ms=now_ms, secrets=after)

        return put_one(self._store, decide_one)


def new_id() -> str:
    """Make a random subscription id, `sub_` and 21 letters and digits: 104 bits."""
    return "sub_" + base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().rstrip("=").lower()
