"""The only reader of the environment: typed, frozen settings.

Every setting is an environment variable with the prefix `GATEWAY_`.
"""

from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyAddress, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from gateway.domain.addresses import DEFAULT_PORTS, AddressPolicy, parse_networks, parse_ports
from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES, LARGEST_MAX_BODY_BYTES
from gateway.domain.errors import InvalidInputError
from gateway.domain.tiers import DEFAULT_TIERS, Tier, parse_tier
from gateway.domain.topics import DELIVERIES_RETENTION_MS
from gateway.log_in_settings import LogInSettings

ENV_PREFIX = "GATEWAY_"


class Settings(LogInSettings):
    """What can be configured, with its defaults and bounds."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="ignore")

    bootstrap_servers: str | None = Field(
        default=None,
        description="Kafka to use, host:port, comma separated; unset: the local broker of `gateway kafka start`",
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="how connections to Kafka are encrypted, and whether a user is named"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = Field(
        default=None, description="how the user is proved, with SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_username: str | None = Field(default=None, description="the Kafka user, with PLAIN or SCRAM")
    kafka_sasl_password: SecretStr | None = Field(default=None, description="its password")
    kafka_sasl_password_file: Path | None = Field(default=None, description="file with its password")
    kafka_ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities trusted for Kafka's brokers; unset: the system's"
    )
    kafka_client_cert_file: Path | None = Field(
        default=None, description="PEM file with the certificate, and its chain, that is shown to the brokers"
    )
    kafka_client_key_file: Path | None = Field(
        default=None, description="PEM file with its key; unset: the certificate's file has it"
    )
    kafka_client_key_password: SecretStr | None = Field(default=None, description="password of that key")
    kafka_client_key_password_file: Path | None = Field(default=None, description="file with the password of that key")
    kafka_oauth_token_url: str | None = Field(
        default=None, description="token endpoint of the OAuth 2.0 server, with OAUTHBEARER: client credentials"
    )
    kafka_oauth_client_id: str | None = Field(default=None, description="the client's id there")
    kafka_oauth_client_secret: SecretStr | None = Field(default=None, description="the client's secret there")
    kafka_oauth_client_secret_file: Path | None = Field(default=None, description="file with the client's secret there")
    kafka_oauth_scope: str | None = Field(default=None, description="scope that is asked for")
    kafka_oauth_ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities trusted for the token endpoint; unset: the system's"
    )
    home: Path = Field(
        default=Path(".gateway"), description="folder of the local broker's data and the development keys"
    )
    catalog_dir: Path | None = Field(
        default=None,
        description="folder of the event schemas, <type>/<version>.avsc; unset: the catalog that comes along",
    )
    schema_registry_url: str | None = Field(
        default=None,
        description="schema registry for events in the Confluent wire format; unset: such events are rejected",
    )
    schema_registry_username: str | None = Field(default=None, description="who logs in to the registry")
    schema_registry_password: SecretStr | None = Field(default=None, description="its password")
    schema_registry_password_file: Path | None = Field(default=None, description="file with its password")
    schema_registry_token: SecretStr | None = Field(
        default=None, description="bearer token for the registry, instead of a user and a password"
    )
    schema_registry_token_file: Path | None = Field(default=None, description="file with that token")
    schema_registry_ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities trusted for the registry; unset: the system's"
    )
    schema_registry_client_cert_file: Path | None = Field(
        default=None, description="PEM file with the certificate, and its chain, that is shown to the registry"
    )
    schema_registry_client_key_file: Path | None = Field(
        default=None, description="PEM file with its key; unset: the certificate's file has it"
    )
    schema_registry_client_key_password: SecretStr | None = Field(default=None, description="password of that key")
    schema_registry_client_key_password_file: Path | None = Field(
        default=None, description="file with the password of that key"
    )
    schema_registry_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=20,
        description="how long connecting to the registry, its answer's beginning and the rest may take each, seconds",
    )
    schema_registry_subjects: Literal["topic-record", "record", "topic"] = Field(
        default="topic-record", description="how the registry's subjects are named; `topic` is for one type a topic"
    )
    partitions: int = Field(
        default=6, ge=1, le=1000, description="partitions of the topics that `topics apply` creates"
    )
    replication_factor: int = Field(
        default=1, ge=1, le=9, description="replicas of the topics that `topics apply` creates"
    )
    retry_tiers: str = Field(
        default=",".join(tier.name for tier in DEFAULT_TIERS),
        description="the retry tiers, each with a topic of its own",
    )
    allow_insecure_endpoints: bool = Field(
        default=False, description="development only: accept plain http, any port and any address that is not denied"
    )
    allow_networks: str | None = Field(
        default=None,
        description="networks that deliveries may go to though they are not public, like 10.20.0.0/16, comma separated",
    )
    deny_networks: str | None = Field(
        default=None,
        description="networks that deliveries may never go to, comma separated; stronger than any other setting",
    )
    endpoint_ports: str = Field(
        default=",".join(map(str, DEFAULT_PORTS)), description="the ports that deliveries may go to"
    )
    egress_proxy: SecretStr | None = Field(
        default=None,
        description="proxy through which deliveries leave, http://user:password@host:port or https://…; "
        "unset: they leave directly",
    )
    egress_proxy_file: Path | None = Field(
        default=None, description="file with the proxy's URL, which keeps its password out of the environment"
    )
    secret_keys: SecretStr | None = Field(
        default=None,
        description="key ring that seals signing secrets: id:base64 of 32 bytes, comma separated, newest first",
    )
    secret_keys_file: Path | None = Field(default=None, description="file with the key ring, one id:base64 a line")
    actor: str | None = Field(
        default=None,
        max_length=128,
        description="who has changes made, for the audit trail and the security log; unset: `user@host`",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level that is logged"
    )
    log_format: Literal["json", "console"] = Field(default="json", description="how log lines are written")
    max_delivery_age_s: int = Field(
        default=518_400,
        ge=60,
        lt=DELIVERIES_RETENTION_MS // 1000,
        description="a delivery that has waited this long for its turn becomes a dead letter, seconds; "
        "less than the 7 days for which Kafka keeps it",
    )
    max_body_bytes: int = Field(
        default=DEFAULT_MAX_BODY_BYTES,
        ge=1024,
        le=LARGEST_MAX_BODY_BYTES,
        description="an event whose body to be sent is larger is rejected, and `publish` refuses it, bytes",
    )
    duplicate_window_s: int = Field(
        default=600,
        ge=0,
        le=86_400,
        description="an event id that is published again within this time is delivered once, seconds; 0 for never",
    )
    disable_after_s: int = Field(
        default=432_000,
        ge=0,
        le=31_536_000,
        description="a subscription with nothing but failures for this long is disabled, seconds; 0 for never",
    )
    probes_address: IPvAnyAddress = Field(
        default=IPv4Address("127.0.0.1"),
        description="where `stream`, `egress` and `console` serve `/livez`, `/readyz` and `/metrics`; in a container "
        "`0.0.0.0`",
    )
    probes_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="the port of that; 0 for any free one, which the log tells; `up` gives the next one to egress",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        description="collector that takes traces by OTLP over HTTP, like http://otel-collector:4318; "
        "unset: none are exported",
    )
    otlp_headers: SecretStr | None = Field(
        default=None, description="headers for the collector, name=value, comma separated"
    )
    otlp_headers_file: Path | None = Field(default=None, description="file with those headers")
    otlp_ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities trusted for the collector; unset: the system's"
    )
    trace_sample_ratio: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="share of the events without a `traceparent` that are traced; with one, its own flag says",
    )
    console_address: IPvAnyAddress = Field(
        default=IPv4Address("127.0.0.1"),
        description="where `console` listens; other machines reach it only if it is set to something else, like "
        "`0.0.0.0`, and then everybody has to log in",
    )
    console_port: int = Field(default=8090, ge=0, le=65_535, description="the port of that; 0 for any free one")
    console_url: str | None = Field(
        default=None,
        description="how browsers reach the console from elsewhere, like `https://console.example.com`",
    )
    console_login: Literal["auto", "always"] = Field(
        default="auto",
        description="whether `console` asks for a log-in: `auto` does not where only this machine reaches it",
    )
    console_dir: Path | None = Field(
        default=None, description="folder of the console's index, which Kafka gives again; unset: in `GATEWAY_HOME`"
    )
    console_database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL database for the index where several consoles share one, "
        "postgresql://user:password@host:5432/database?sslmode=verify-full; unset: a file",
    )
    console_database_url_file: Path | None = Field(
        default=None, description="file with that URL, which keeps its password out of the environment"
    )
    console_keep_days: int = Field(
        default=30, ge=1, le=3650, description="how far back the index goes, as far as Kafka still has it, days"
    )
    console_max_bytes: int = Field(
        default=10_737_418_240,
        ge=67_108_864,
        le=1_099_511_627_776,
        description="a larger index forgets what is oldest, bytes",
    )
    shutdown_deadline_s: float = Field(
        default=25.0,
        gt=0,
        le=600,
        description="how long a stopping process may take to finish what is under way, seconds",
    )
    stall_timeout_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        description="a loop that does not turn for this long ends its process, and one that turns in vain has it begin "
        "anew, seconds",
    )

    def tiers(self) -> tuple[Tier, ...]:
        """The retry tiers, shortest first."""
        return tuple(sorted({parse_tier(name.strip()) for name in self.retry_tiers.split(",")}))

    def address_policy(self) -> AddressPolicy:
        """Where deliveries may go."""
        return AddressPolicy(
            allow_networks=parse_networks(self.allow_networks or ""),
            deny_networks=parse_networks(self.deny_networks or ""),
            ports=parse_ports(self.endpoint_ports),
            insecure=self.allow_insecure_endpoints,
        )


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment.

    Raises:
        InvalidInputError: a setting is out of bounds or not of its type; the message names the variable.
    """
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        hint = Settings.model_fields[name].description
        raise InvalidInputError(f"{ENV_PREFIX}{name.upper()}: {first['msg']}", hint=hint) from None
    _check_lists(settings)
    return settings


def _check_lists(settings: Settings) -> None:
    checks: tuple[tuple[str, Callable[[], object]], ...] = (
        ("RETRY_TIERS", settings.tiers),
        ("ALLOW_NETWORKS", lambda: parse_networks(settings.allow_networks or "")),
        ("DENY_NETWORKS", lambda: parse_networks(settings.deny_networks or "")),
        ("ENDPOINT_PORTS", lambda: parse_ports(settings.endpoint_ports)),
    )
    for name, check in checks:
        try:
            check()
        except InvalidInputError as error:
            raise InvalidInputError(f"{ENV_PREFIX}{name}: {error.message}", hint=error.hint) from None
