"""The codec of `gateway.access`. A kind or a role that only a newer gateway knows lets nobody in here."""

from functools import cache
from typing import Any

from gateway.domain.access import Role
from gateway.domain.credentials import Credential, CredentialKind
from gateway.wire.record_codec import RecordCodec


def _to_avro(credential: Credential) -> dict[str, Any]:
    fields = {name: getattr(credential, name) for name in Credential.__slots__}
    return {**fields, "kind": credential.kind.value, "role": credential.role.value}


def _from_avro(value: dict[str, Any]) -> Credential:
    return Credential(kind=CredentialKind(value.pop("kind")), role=Role(value.pop("role")), **value)


@cache
def credential_codec() -> RecordCodec[Credential]:
    """The codec of `gateway.access`."""
    return RecordCodec("credential", _to_avro, _from_avro)
