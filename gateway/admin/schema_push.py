"""The catalog's versions → a schema registry, oldest first, each under its record's subject.

The catalog rules: what the registry has already is left as it is, and nothing is deleted. A version that the registry
refuses ends its event type, because a later one would stand without it in the history.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

import orjson

from gateway.domain.errors import GatewayError
from gateway.domain.subjects import SubjectNaming, subject_of
from gateway.kafka.registry_client import Registration, RegistryClient, SchemaRefusedError
from gateway.wire.catalog import EventSchema


class PushResult(Enum):
    """What became of a version."""

    REGISTERED = "registered"
    UNCHANGED = "unchanged"
    WOULD_REGISTER = "would_register"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class PushedVersion:
    """One version of the catalog, and where the registry has it.

    Attributes:
        schema: the version.
        subject: under which subject.
        result: what became of it.
        registration: its id and version in the registry; None where it has none.
        detail: why it was refused or skipped.
    """

    schema: EventSchema
    subject: str
    result: PushResult
    registration: Registration | None = None
    detail: str | None = None


class SchemaPush:
    """Registers schemas.

    Args:
        client: asks the registry.
        naming: how subjects are named.
        level: the compatibility level that each subject gets; None leaves them as they are.
        dry_run: ask, and change nothing.
    """

    def __init__(
        self, client: RegistryClient, naming: SubjectNaming, *, level: str | None = None, dry_run: bool = False
    ) -> None:
        self._client = client
        self._naming = naming
        self._level = level
        self._dry_run = dry_run
        self._levelled: set[str] = set()

    def run(self, schemas: Iterable[EventSchema]) -> Iterator[PushedVersion]:
        """Register schemas, and tell of each as it is done; the versions of a type come together, oldest first.

        Raises:
            RegistryUnavailableError: the registry can't be asked; what was told is done.
        """
        refused: str | None = None
        for schema in schemas:
            subject = subject_of(self._naming, schema.event_type, schema.record_name)
            if schema.event_type == refused:
                yield PushedVersion(schema, subject, PushResult.SKIPPED, detail="a version before it was refused")
                continue
            pushed = self._push(schema, subject)
            if pushed.result is PushResult.REFUSED:
                refused = schema.event_type
            yield pushed

    def _push(self, schema: EventSchema, subject: str) -> PushedVersion:
        text = orjson.dumps(schema.source).decode()
        try:
            levelled = self._set_level(subject)
            found = self._client.find(subject, text)
            if found is not None:
                return PushedVersion(schema, subject, PushResult.UNCHANGED, found)
            if self._dry_run:
                why = self._client.why_incompatible(subject, text)
                result = PushResult.WOULD_REGISTER if why is None else PushResult.REFUSED
                return PushedVersion(schema, subject, result, detail=why)
            done = self._client.register(subject, text)
            if not levelled and not self._set_level(subject):
                raise GatewayError(f"the registry does not take a compatibility level for {subject}")
        except SchemaRefusedError as error:
            return PushedVersion(schema, subject, PushResult.REFUSED, detail=error.message)
        return PushedVersion(schema, subject, PushResult.REGISTERED, done)

    def _set_level(self, subject: str) -> bool:
        """Give a subject its level, once; False where the registry wants the subject to be there before."""
        if self._level is None or self._dry_run or subject in self._levelled:
            return True
        if self._client.compatibility(subject) != self._level and not self._client.set_compatibility(
            subject, self._level
        ):
            return False
        self._levelled.add(subject)
        return True
