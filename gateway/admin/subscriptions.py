"""Creates and changes subscriptions: what the rules accept, written exclusively, its secret handed out once."""

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.admin.definition import STANDARD_POLICY_NAME, Definition, DefinitionRules
from gateway.admin.lifecycle import Clock, put_one
from gateway.admin.signing_secrets import rotated, secret_of
from gateway.domain.changes import ChangeStore, require, revised
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.event import DEFAULT_TENANT, check_tenant
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import Subscription, check_subscription_id
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
        """Take the parts; `key_ring` is asked only when a secret is sealed."""
        self._store = store
        self._rules = rules
        self._key_ring = key_ring
        self._clock = clock

    def create(
        self,
        definition: Definition,
        *,
        subscription_id: str | None = None,
        tenant: str = DEFAULT_TENANT,
        secret_text: str | None = None,
    ) -> Issued:
        """Write a new, active subscription.

        Args:
            definition: url and event types at least.
            subscription_id: its id, or None to have one made.
            tenant: whose events it gets.
            secret_text: the signing secret (`whsec_…`), or None to have one made.

        Raises:
            InvalidInputError: something given breaks a rule.
            ConflictError: the id is taken.
        """
        subscription_id = new_id() if subscription_id is None else check_subscription_id(subscription_id)
        check_tenant(tenant)
        if definition.url is None or not definition.event_types:
            raise InvalidInputError("a subscription needs a url and at least one event type")
        attributes = self._rules.check(
            replace(definition, retry_policy=definition.retry_policy or STANDARD_POLICY_NAME)
        )
        secret = secret_of(secret_text)
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
            attributes = self._rules.check(definition, current=current)
            if replace(current, **attributes) == current:
                return current
            return revised(current, now_ms=self._clock(), **attributes)

        return put_one(self._store, decide_one)

    def rotate_secret(
        self,
        subscription_id: str,
        *,
        overlap_ms: int = DEFAULT_OVERLAP_MS,
        secret_text: str | None = None,
        expected_revision: int | None = None,
    ) -> Issued:
        """Give a subscription a new secret; the old ones sign on during the overlap.

        Args:
            subscription_id: which one.
            overlap_ms: how long the old secrets still sign, in milliseconds; 0 ends them at once.
            secret_text: the new secret (`whsec_…`), or None to have one made.
            expected_revision: the revision that it has to have, or None for any.

        Raises:
            InvalidInputError: the secret is none, or the overlap is out of bounds.
            NotFoundError: it does not exist.
            ConflictError: its revision is another one, or too many secrets would sign.
        """
        secret = secret_of(secret_text)
        key_ring = self._key_ring()

        def decide_one(index: SubscriptionIndex) -> Subscription:
            current = require(index, subscription_id, expected_revision=expected_revision)
            now_ms = self._clock()
            new = key_ring.seal(secret, tenant=current.tenant, subscription_id=subscription_id, now_ms=now_ms)
            return revised(
                current, now_ms=now_ms, secrets=rotated(current.secrets, new, now_ms=now_ms, overlap_ms=overlap_ms)
            )

        return Issued(put_one(self._store, decide_one), secret)


def new_id() -> str:
    """Make a random subscription id, `sub_` and 21 letters and digits: 104 bits."""
    return "sub_" + base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().rstrip("=").lower()
