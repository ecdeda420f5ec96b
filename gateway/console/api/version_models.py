"""What is asked and answered about versions of event types, as models."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gateway.console.api.models import Query
from gateway.domain.versions import VersionRule

MAX_LISTED = 100
# Of each the expressions are compiled anew.
MAX_COMPARED = 2_000
_Version = Annotated[int, Field(ge=1, le=999_999)]


class SchemaDifferenceView(BaseModel):
    """One thing that is not what it was."""

    path: str
    change: str = Field(description="added, removed, renamed, or type, values or default and changed")
    detail: str = Field(description="what it is now, or was, in plain words")


class VersionUseView(BaseModel):
    """A subscription that gets a version."""

    subscription_id: str
    tenant: str
    rule: VersionRule = Field(description="why it gets this version")


class VersionView(BaseModel):
    """One version, and who gets it."""

    version: int
    exists: bool = Field(description="false of a version that only pins name")
    previous: int | None
    differences: list[SchemaDifferenceView] = Field(description="to the version before")
    subscriptions: list[VersionUseView] = Field(description=f"at most {MAX_LISTED}")
    subscription_count: int
    pinned_count: int


class VersionsView(BaseModel):
    """The versions of an event type, newest first."""

    event_type: str
    items: list[VersionView]


class DifferencesQuery(Query):
    """Between which versions."""

    from_version: _Version
    to_version: _Version


class DifferencesView(BaseModel):
    """What is not the same in two versions."""

    event_type: str
    from_version: int
    to_version: int
    items: list[SchemaDifferenceView]


class ExampleQuery(Query):
    """Which made-up data."""

    seed: Annotated[int, Field(ge=0, le=2**31, description="another one makes up other data")] = 0


class ExampleRequestView(BaseModel):
    """A request that a receiver could get, in content mode `webhook` and without sensitive fields."""

    headers: dict[str, str]
    body: JsonValue


class ExampleView(BaseModel):
    """Made-up data of a version."""

    event_type: str
    version: int
    data: JsonValue
    request: ExampleRequestView = Field(description="always the same")


class ProposalBody(BaseModel):
    """A schema that is to be the next version."""

    model_config = ConfigDict(extra="forbid")

    avro: JsonValue = Field(description="the Avro schema")


class ProblemView(BaseModel):
    """What the gate has against a version."""

    path: str
    rule: str
    detail: str


class ImpactItemView(BaseModel):
    """One way in which a subscription would be affected."""

    subscription_id: str
    tenant: str
    path: str
    rule: str
    detail: str


class ImpactView(BaseModel):
    """What a proposed version would do."""

    event_type: str
    version: int = Field(description="the number that it would have")
    problems: list[ProblemView] = Field(description="as `gateway schemas check` tells them; with any it is refused")
    differences: list[SchemaDifferenceView] = Field(description="to the newest version")
    subscriptions: list[ImpactItemView] = Field(description="those that it would break")
    compared: int = Field(description="how many subscriptions were looked at")
    omitted: int = Field(description=f"how many more get the event type, beyond {MAX_COMPARED}")
