"""Subscriptions as a YAML file: reading its shape strictly, and writing it.

A manifest is a mapping with one list, `subscriptions`. It may come from anywhere, so its size and depth are bounded
before anything is built from it, and anchors are refused: merged ones can grow without bound.
"""

import difflib
import re
from collections.abc import Hashable, Iterable
from typing import Any, BinaryIO, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from gateway.admin.definition import STANDARD_POLICY_NAME
from gateway.admin.views import manifest_view
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import DEFAULT_TENANT
from gateway.domain.rate_limit import NO_LIMIT
from gateway.domain.subscription import (
    DEFAULT_MAX_IN_FLIGHT,
    DEFAULT_TIMEOUT_S,
    ContentMode,
    DeliveryOrder,
    OnFilterError,
    SignatureProfile,
    Subscription,
    SubscriptionState,
)

MAX_MANIFEST_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 10
# YAML has numbers of base 60, whose reading takes time that grows with the square of their length.
MAX_NUMBER_CHARS = 100
_NUMBER = re.compile(r"[-+]?[0-9][0-9a-fA-FxXob_:.+-]*\Z")
MAX_SHOWN_PROBLEMS = 20


class ManifestEntry(BaseModel):
    """One subscription of a manifest. What is left out has its default; only state, secrets and versions are then kept.

    A manifest that is applied again must not move a receiver to a newer version: pins that are not named stay.
    A header without a value keeps the one that it has, and so does a client certificate without its key. Files are not
    referred to: a manifest from elsewhere could have whatever its reader may read sent to an endpoint.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str
    tenant: str = DEFAULT_TENANT
    description: str = ""
    url: str
    event_types: list[str]
    signature_profiles: list[str] = [SignatureProfile.STANDARD.value]
    timeout_s: float = DEFAULT_TIMEOUT_S
    max_in_flight: int = DEFAULT_MAX_IN_FLIGHT
    rate_limit: str = NO_LIMIT
    rate_burst: int | None = None
    order: str = DeliveryOrder.NONE.value
    retry_policy: str = STANDARD_POLICY_NAME
    fail_fast: bool = False
    state: Literal["active", "paused", "disabled"] | None = None
    secret: SecretStr | None = None
    headers: dict[str, SecretStr | None] = Field(default_factory=dict)
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: SecretStr | None = None
    pins: dict[str, int] | None = None
    follow_latest: bool | None = None
    content_mode: str = ContentMode.WEBHOOK.value
    filter: str | None = None
    on_filter_error: str = OnFilterError.SEND.value
    sensitive_grants: list[str] = Field(default_factory=list)
    transform: dict[str, JsonValue] | None = None


class _Loader(yaml.CSafeLoader):
    """A safe loader for which a key that comes twice is an error, not the last one's win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"'{key.value}' is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_manifest(stream: BinaryIO, name: str) -> tuple[ManifestEntry, ...]:
    """Read a manifest's entries; every problem of shape is named at once.

    Args:
        stream: the file.
        name: what messages call it.

    Raises:
        InvalidInputError: it is no YAML or not of this shape, or an id comes twice.
    """
    document = _load(_read_text(stream, name), name)
    if not isinstance(document, dict) or set(document) != {"subscriptions"}:
        raise InvalidInputError(f"{name} must have one key, `subscriptions`, with a list")
    items = document["subscriptions"] or []
    if not isinstance(items, list):
        raise InvalidInputError(f"{name}: `subscriptions` must be a list")
    entries: list[ManifestEntry] = []
    problems: list[str] = []
    for position, item in enumerate(items):
        try:
            entries.append(ManifestEntry.model_validate(item))
        except ValidationError as error:
            problems += (f"{_place(position, item)}: {_explain(detail)}" for detail in error.errors())
    problems += _repeated_ids(items)
    refuse_problems(name, problems)
    return tuple(entries)


def write_manifest(subscriptions: Iterable[Subscription]) -> str:
    """Write subscriptions as a manifest that says the same, without anything that they keep sealed."""
    items = []
    for subscription in subscriptions:
        item = manifest_view(subscription)
        if subscription.state is not SubscriptionState.ACTIVE:
            item["state"] = subscription.state.value
        items.append(item)
    return yaml.safe_dump({"subscriptions": items}, sort_keys=False, allow_unicode=True, width=120)


def refuse_problems(name: str, problems: list[str]) -> None:
    """Raise all problems of a manifest as one error, if there are any.

    Raises:
        InvalidInputError: there are.
    """
    if not problems:
        return
    shown = problems[:MAX_SHOWN_PROBLEMS]
    if len(problems) > len(shown):
        shown.append(f"… and {len(problems) - len(shown)} more")
    raise InvalidInputError("\n  ".join([f"{name} is not right; nothing was written", *shown]))


def _read_text(stream: BinaryIO, name: str) -> str:
    content = stream.read(MAX_MANIFEST_BYTES + 1)
    if len(content) > MAX_MANIFEST_BYTES:
        raise InvalidInputError(f"{name} is larger than {MAX_MANIFEST_BYTES} bytes", hint="split it by tenant")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidInputError(f"{name} is not UTF-8 text") from None


def _load(text: str, name: str) -> object:
    try:
        _check_structure(text, name)
        document: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of CSafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise InvalidInputError(f"{name}{line}: {error.problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidInputError(f"{name} is not YAML: {error}") from None
    return document


def _check_structure(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise InvalidInputError(f"{name} is nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_NUMBER_CHARS and _NUMBER.match(event.value):
            raise InvalidInputError(f"{name} has a number longer than {MAX_NUMBER_CHARS} characters")
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInputError(f"{name}: anchors and aliases are not allowed")


def _place(position: int, item: object) -> str:
    known = item.get("id") if isinstance(item, dict) else None
    return f"subscriptions[{position}]" + (f" ({known})" if isinstance(known, str) else "")


def _explain(detail: ErrorDetails) -> str:
    """Say what is wrong with a field, without its value: it may be a secret."""
    field = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "missing":
        return f"{field} is missing"
    if detail["type"] == "extra_forbidden":
        close = difflib.get_close_matches(field, ManifestEntry.model_fields, n=1)
        return f"there is no field '{field}'" + (f", did you mean {close[0]}?" if close else "")
    if detail["type"] == "model_type":
        return "a subscription is a mapping of fields"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{field}: {message}" if field else message


def _repeated_ids(items: list[Any]) -> list[str]:
    first: dict[str, int] = {}
    problems = []
    for position, item in enumerate(items):
        known = item.get("id") if isinstance(item, dict) else None
        if not isinstance(known, str):
            continue
        if known in first:
            problems.append(f"{_place(position, item)}: the id is that of subscriptions[{first[known]}] too")
        first.setdefault(known, position)
    return problems
