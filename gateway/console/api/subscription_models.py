"""A subscription as it is asked for and shown over HTTP, by the names of a manifest."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from gateway.admin.definition import Definition
from gateway.admin.field_errors import FieldError
from gateway.console.api.models import Limit, Query, Text
from gateway.domain.custom_headers import GivenHeader
from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import SecretType
from gateway.domain.subscription import (
    ContentMode,
    DeliveryOrder,
    OnFilterError,
    SignatureProfile,
    Subscription,
    SubscriptionState,
)

_MAX_LIST = 200
_MAX_CHARS = 262_144
LongText = Annotated[str, Field(max_length=_MAX_CHARS)]
_Secret = Annotated[SecretStr, Field(max_length=_MAX_CHARS)]


class SubscriptionChange(BaseModel):
    """What is changed of a subscription, as a JSON merge patch (RFC 7396): what is left out stays, null takes away."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[LongText, Field(description="for people")] | None = None
    url: Annotated[LongText, Field(description="where deliveries are POSTed, https://…")] | None = None
    event_types: (
        Annotated[list[Text], Field(max_length=_MAX_LIST, description="order.created, order.created@1, order.* or *")]
        | None
    ) = None
    signature_profiles: Annotated[list[SignatureProfile], Field(max_length=_MAX_LIST)] | None = None
    timeout_s: Annotated[float, Field(description="how long one attempt may take")] | None = None
    max_in_flight: Annotated[int, Field(description="attempts under way at once at most")] | None = None
    rate_limit: Annotated[Text, Field(description="100/s, 5/m, 90/h or none")] | None = None
    rate_burst: int | None = None
    order: DeliveryOrder | None = None
    retry_policy: Annotated[Text, Field(description="quick, standard, none, or tiers like 1s,5m,2h")] | None = None
    fail_fast: bool | None = None
    headers: (
        Annotated[dict[str, _Secret | None], Field(max_length=_MAX_LIST, description="custom headers; null drops one")]
        | None
    ) = None
    ca_bundle: Annotated[LongText, Field(description="PEM")] | None = None
    client_certificate: Annotated[LongText, Field(description="PEM")] | None = None
    client_key: Annotated[_Secret, Field(description="PEM")] | None = None
    pins: Annotated[dict[str, int], Field(max_length=_MAX_LIST, description="event type to version")] | None = None
    follow_latest: bool | None = None
    content_mode: ContentMode | None = None
    filter: Annotated[LongText, Field(description="a CEL expression")] | None = None
    on_filter_error: OnFilterError | None = None
    sensitive_grants: (
        Annotated[list[Text], Field(max_length=_MAX_LIST, description="sensitive fields that it may see")] | None
    ) = None
    transform: Annotated[dict[str, JsonValue], Field(description="a template of expressions")] | None = None

    def check_taken_away(self) -> None:
        """Refuse to take away what every subscription has: it would stay as it is.

        Raises:
            FieldError: one of these is null.
        """
        for name in sorted(self.model_fields_set - _EMPTIED - {"sensitive_grants"}):
            if getattr(self, name) is None:
                hint = "leave it out to keep it" if name != "headers" else "name each that is to be dropped, with null"
                raise FieldError(name, InvalidInputError(f"{name} can't be taken away", hint=hint))

    def definition(self, current: Subscription | None) -> Definition:
        """Give what is said as a definition.

        Args:
            current: the subscription that is changed, or None for a new one.
        """
        said = {name: getattr(self, name) for name in self.model_fields_set & set(SubscriptionChange.model_fields)}
        values: dict[str, Any] = {name: _plain(value) for name, value in said.items() if value is not None}
        for name in _EMPTIED & set(said):
            values.setdefault(name, "")
        if self.headers is not None:
            values |= _headers(self.headers)
        if self.transform is not None:
            values["transform"] = json.dumps(self.transform, ensure_ascii=False)
        if self.pins is not None:
            values["pins"] = tuple(self.pins.items())
        if "sensitive_grants" in said:
            wanted = tuple(self.sensitive_grants or ())
            values["sensitive_grants"] = wanted
            if current is not None:
                values["removed_grants"] = tuple(set(current.sensitive_grants) - set(wanted))
        return Definition(**values)


class NewSubscription(SubscriptionChange):
    """A subscription to be made; what is left out has its default."""

    id: Annotated[Text, Field(description="its id; left out: one is made")] | None = None
    tenant: Annotated[Text, Field(description="the caller's, else `default`, if left out")] | None = None
    url: Annotated[LongText, Field(description="where deliveries are POSTed, https://…")]
    event_types: Annotated[
        list[Text],
        Field(min_length=1, max_length=_MAX_LIST, description="order.created, order.created@1, order.* or *"),
    ]
    secret: Annotated[_Secret, Field(description="its signing secret; left out: one is made")] | None = None
    secret_type: SecretType | None = None


class RotationBody(BaseModel):
    """How a secret is replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_ms: Annotated[int, Field(ge=0, description="how long the old ones sign on; a day if left out")] | None = (
        None
    )
    secret: Annotated[_Secret, Field(description="the new one; left out: one is made")] | None = None
    secret_type: SecretType | None = None


class SubscriptionQuery(Query):
    """Which subscriptions; what is left out is left open."""

    q: Annotated[Text, Field(description="a part of the id, the description, the URL or an event type")] | None = None
    tenant: Text | None = None
    state: SubscriptionState | None = None
    limit: Limit = 50
    cursor: Annotated[Text, Field(description="`next` of the page before")] | None = None


class SecretView(BaseModel):
    """A signing secret: never itself."""

    key_id: str
    created_at_ms: int
    expires_at_ms: int | None
    type: SecretType | None = None
    public_key: str | None = None


class CertificateView(BaseModel):
    """A certificate."""

    subject: str | None
    expires_at_ms: int | None
    sha256: str | None


class SubscriptionView(BaseModel):
    """A subscription, without anything that it keeps sealed."""

    id: str
    tenant: str
    description: str
    url: str
    event_types: list[str]
    signature_profiles: list[SignatureProfile]
    timeout_s: float
    max_in_flight: int
    rate_limit: str
    rate_burst: int | None
    order: DeliveryOrder
    retry_policy: str
    fail_fast: bool
    pins: dict[str, int]
    follow_latest: bool
    content_mode: ContentMode
    filter: str | None
    on_filter_error: OnFilterError
    sensitive_grants: list[str]
    transform: Any
    headers: list[str] = Field(description="their names")
    ca_bundle: list[CertificateView]
    client_certificate: list[CertificateView]
    max_attempts: int
    state: SubscriptionState
    state_reason: str | None
    state_changed_at_ms: int | None
    failing_since_ms: int | None
    revision: int
    created_at_ms: int
    updated_at_ms: int
    secrets: list[SecretView]


class SubscriptionPageView(BaseModel):
    """Subscriptions, by their ids."""

    items: list[SubscriptionView]
    next: str | None = Field(description="cursor of the next page; null on the last one")


class IssuedView(BaseModel):
    """A subscription with what its receiver needs: this is the only time that a secret is shown."""

    subscription: SubscriptionView
    kind: Literal["secret", "public_key"]
    value: str = Field(description="the signing secret, or of a key pair the public key")


# Texts that are taken away by being empty.
_EMPTIED = frozenset({"description", "ca_bundle", "client_certificate", "filter", "transform"})


def _plain(value: object) -> object:
    """Give a value as a Definition has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, list):
        return tuple(getattr(one, "value", one) for one in value)
    return getattr(value, "value", value)


def _headers(headers: dict[str, SecretStr | None]) -> dict[str, Any]:
    return {
        "headers": tuple(
            GivenHeader(name, value.get_secret_value()) for name, value in headers.items() if value is not None
        ),
        "removed_headers": tuple(name for name, value in headers.items() if value is None),
    }
