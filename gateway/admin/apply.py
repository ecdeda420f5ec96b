"""Makes the table as a manifest wants it: first a plan to look at, then exactly that plan, all of it or nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gateway.admin.definition import DefinitionRules
from gateway.admin.field_errors import FieldError
from gateway.admin.lifecycle import Clock
from gateway.admin.plan import Action, Plan, PlanItem, make_plan, wanted_fields
from gateway.admin.sealed_parts import PartSealer
from gateway.admin.signing_secrets import current_types, held_secrets, is_current_secret, new_secret, rotated
from gateway.admin.subscriptions import DEFAULT_OVERLAP_MS
from gateway.admin.wanted import Wanted
from gateway.domain.changes import Change, ChangeStore, Delete, Put, require, revised
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.secret import SecretType, SigningSecret
from gateway.domain.signing import check_signable
from gateway.domain.subscription import SignatureProfile, Subscription
from gateway.wire.sealing import KeyRing


class ManifestApplier:
    """One manifest and the table."""

    def __init__(
        self,
        store: ChangeStore,
        wanted: Sequence[Wanted],
        *,
        prune: bool,
        rules: DefinitionRules,
        key_ring: Callable[[], KeyRing],
        clock: Clock,
    ) -> None:
        """Take the parts; `key_ring` is asked only when something is compared or sealed."""
        self._store = store
        self._wanted = {one.subscription_id: one for one in wanted}
        self._prune = prune
        self._rules = rules
        self._key_ring = key_ring
        self._sealer = PartSealer(key_ring, clock)
        self._clock = clock

    def plan(self, index: SubscriptionIndex) -> Plan:
        """Compare the manifest with the table; writes nothing.

        Raises:
            ConflictError: an id belongs to another tenant.
            InvalidInputError: what shall stay is not there, what is wanted does not go together, a certificate can't be
                used, or a subscription's secrets could not sign by its signature profiles.
        """

        def is_current(subscription: Subscription, secret: SigningSecret) -> bool:
            return is_current_secret(self._key_ring(), subscription, secret)

        plan = make_plan(tuple(self._wanted.values()), index, is_current, self._completed, prune=self._prune)
        for item in plan:
            if item.action in {Action.CREATE, Action.UPDATE}:
                self._check_signable(self._wanted[item.subscription_id], index.get(item.subscription_id))
        return plan

    def _completed(self, wanted: Wanted, current: Subscription | None) -> dict[str, Any]:
        """Give the fields that an entry wants, as they are stored, its signing secret and its state apart."""
        try:
            settled = self._rules.settled(wanted.attributes, current)
            return self._sealer.sealed(
                settled, tenant=wanted.tenant, subscription_id=wanted.subscription_id, current=current
            )
        except InvalidInputError as error:
            field = f"{error.field}: " if isinstance(error, FieldError) else ""
            raise InvalidInputError(
                f"subscription {wanted.subscription_id}: {field}{error.message}", hint=error.hint
            ) from error

    def _check_signable(self, wanted: Wanted, current: Subscription | None) -> None:
        profiles = wanted.attributes.get("signature_profiles", ())
        known = () if current is None else current.signature_profiles
        if SignatureProfile.X_WEBHOOK not in set(profiles) - set(known):
            return
        types = set() if current is None else current_types(held_secrets(self._key_ring(), current))
        if wanted.secret is not None:
            types.add(wanted.secret.type)
        elif current is None:
            types.add(SecretType.HMAC)
        check_signable(profiles, types)

    def carry_out(self, plan: Plan) -> dict[str, SigningSecret]:
        """Write a plan that was made before; give the secrets that were made for new subscriptions, by id.

        Raises:
            ConflictError: the table has changed, so that the plan would be another one; nothing was written.
        """
        created = [item.subscription_id for item in plan if item.action is Action.CREATE]
        made = {key: new_secret(SecretType.HMAC) for key in created if self._wanted[key].secret is None}

        def decide(index: SubscriptionIndex) -> list[Change]:
            if self.plan(index) != plan:
                raise ConflictError(
                    "the subscriptions have changed since the plan was made; nothing was written",
                    hint="run it again",
                )
            now_ms = self._clock()
            return [self._change(item, index, made, now_ms) for item in plan if item.action is not Action.KEEP]

        self._store.change(decide)
        return made

    def _change(self, item: PlanItem, index: SubscriptionIndex, made: dict[str, SigningSecret], now_ms: int) -> Change:
        if item.action is Action.DELETE:
            return Delete(item.subscription_id)
        wanted = self._wanted[item.subscription_id]
        if item.action is Action.CREATE:
            return Put(self._new(wanted, wanted.secret or made[item.subscription_id], now_ms))
        return Put(self._updated(wanted, require(index, item.subscription_id), item, now_ms))

    def _new(self, wanted: Wanted, secret: SigningSecret, now_ms: int) -> Subscription:
        sealed = self._key_ring().seal(
            secret, tenant=wanted.tenant, subscription_id=wanted.subscription_id, now_ms=now_ms
        )
        new = Subscription(
            wanted.subscription_id,
            wanted.tenant,
            secrets=(sealed,),
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            state_changed_at_ms=now_ms,
            **self._completed(wanted, None),
        )
        return replace(new, **wanted_fields(new, wanted, {}))

    def _updated(self, wanted: Wanted, current: Subscription, item: PlanItem, now_ms: int) -> Subscription:
        secrets = current.secrets
        if wanted.secret is not None and item.new_secret:
            sealed = self._key_ring().seal(
                wanted.secret, tenant=current.tenant, subscription_id=current.subscription_id, now_ms=now_ms
            )
            held = held_secrets(self._key_ring(), current)
            secrets = rotated(held, sealed, wanted.secret.type, now_ms=now_ms, overlap_ms=DEFAULT_OVERLAP_MS)
        attributes = self._completed(wanted, current)
        return revised(current, now_ms=now_ms, secrets=secrets, **wanted_fields(current, wanted, attributes))
