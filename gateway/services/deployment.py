"""What a command needs of its deployment, made from the settings on demand: cluster, catalog, topics, keys.

Where a choice is left open, this is where it falls: the Kafka that is configured, else the local broker; the keys
that are configured, else, on the local broker only, a development key of its own.
"""

import os
import pwd
import socket
import tempfile
from pathlib import Path

from gateway.domain.egress_proxy import EgressProxy, parse_egress_proxy
from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.domain.topics import TopicLayout, layout_for
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.jars import INSTALL_HINT, missing_tools
from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.registry_access import RegistryAccess
from gateway.kafka.security import IN_THE_CLEAR
from gateway.services.kafka_security import kafka_security
from gateway.services.registry_access import registry_access
from gateway.settings import Settings
from gateway.wire.catalog import Catalog, load_catalog
from gateway.wire.schema_files import schemas_root
from gateway.wire.sealing import KeyRing, generate_key_line, parse_key_ring

_MAX_FILE_BYTES = 65_536
_DEVELOPMENT_KEYS = "secret-keys"
_MAKE_A_KEY = (
    "make one with: gateway secrets new-key; "
    "give it as GATEWAY_SECRET_KEYS, or in a file named by GATEWAY_SECRET_KEYS_FILE"
)


class Deployment:
    """Answers what the settings mean for a command; opens no connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalog: Catalog | None = None

    def bootstrap_servers(self) -> str:
        """Give the address of the Kafka to use.

        Raises:
            UnavailableError: none is configured and the local broker does not run.
        """
        found = self._settings.bootstrap_servers or LocalBroker(self._settings.home).status().bootstrap_servers
        if found is None:
            missing = missing_tools()
            raise UnavailableError(
                "there is no Kafka: GATEWAY_BOOTSTRAP_SERVERS is not set and the local broker does not run",
                hint=f"{' and '.join(missing)} not found; {INSTALL_HINT}"
                if missing
                else "start the local broker with `gateway kafka start`, or set GATEWAY_BOOTSTRAP_SERVERS",
            )
        return found

    def kafka(self, client_id: str = "webhook-gateway") -> KafkaConfig:
        """Tell how to reach the cluster.

        Args:
            client_id: what the broker's logs and quotas know the client by.

        Raises:
            UnavailableError: see `bootstrap_servers`.
            InvalidInputError: see `kafka_security`.
        """
        security = kafka_security(self._settings)
        if security != IN_THE_CLEAR and not self._settings.bootstrap_servers:
            raise InvalidInputError(
                f"GATEWAY_KAFKA_SECURITY_PROTOCOL is {security.protocol}, but GATEWAY_BOOTSTRAP_SERVERS is not set",
                hint="the local broker speaks PLAINTEXT only",
            )
        return KafkaConfig(self.bootstrap_servers(), client_id, security)

    def catalog(self) -> Catalog:
        """Read the event catalog, once.

        Raises:
            GatewayError: a schema can't be read; the message names the file.
        """
        if self._catalog is None:
            self._catalog = load_catalog(self._settings.catalog_dir or schemas_root() / "events")
        return self._catalog

    def schema_registry(self) -> RegistryAccess:
        """Tell how the schema registry is reached.

        Raises:
            UnavailableError: none is configured.
            InvalidInputError: see `registry_access`.
        """
        found = registry_access(self._settings)
        if found is None:
            raise UnavailableError(
                "there is no schema registry: GATEWAY_SCHEMA_REGISTRY_URL is not set",
                hint="events in single-object encoding need none",
            )
        return found

    def layout(self) -> TopicLayout:
        """Derive the topics from the catalog and the settings."""
        return layout_for(
            self.catalog().event_types(), partitions=self._settings.partitions, tiers=self._settings.tiers()
        )

    def actor(self) -> str:
        """Tell who runs the command: what is configured, else the user of the operating system, as `user@host`."""
        if self._settings.actor:
            return self._settings.actor
        user_id = os.getuid()
        try:
            user = pwd.getpwuid(user_id).pw_name
        except KeyError:
            user = f"uid:{user_id}"  # a container need not name its users
        return f"{user}@{socket.gethostname()}"

    def key_ring(self) -> KeyRing:
        """Give the keys that seal signing secrets.

        Raises:
            UnavailableError: no keys are configured, or their file can't be read.
            InvalidInputError: they are not a key ring.
        """
        settings = self._settings
        if settings.secret_keys is not None:
            return parse_key_ring(settings.secret_keys.get_secret_value())
        if settings.secret_keys_file is not None:
            return parse_key_ring(_read_keys(settings.secret_keys_file))
        if settings.bootstrap_servers:
            raise UnavailableError("there is no key to seal signing secrets with", hint=_MAKE_A_KEY)
        file = settings.home / _DEVELOPMENT_KEYS
        if not file.exists():
            _create_keys(file)
        return parse_key_ring(_read_keys(file))

    def egress_proxy(self) -> EgressProxy | None:
        """Give the proxy that deliveries leave through, or None where there is none.

        Raises:
            UnavailableError: its file can't be read.
            InvalidInputError: two are given, or it is no proxy's URL.
        """
        given, file = self._settings.egress_proxy, self._settings.egress_proxy_file
        if given is not None and file is not None:
            raise InvalidInputError(
                "GATEWAY_EGRESS_PROXY and GATEWAY_EGRESS_PROXY_FILE are both set", hint="give the proxy once"
            )
        if given is not None:
            return _parse_proxy("GATEWAY_EGRESS_PROXY", given.get_secret_value())
        return None if file is None else _parse_proxy("GATEWAY_EGRESS_PROXY_FILE", _read_proxy(file))


def _parse_proxy(variable: str, text: str) -> EgressProxy:
    try:
        return parse_egress_proxy(text)
    except InvalidInputError as error:
        raise InvalidInputError(f"{variable}: {error.message}", hint=error.hint) from None


def _read_proxy(file: Path) -> str:
    try:
        return _read_text(file).strip()
    except (OSError, ValueError) as error:
        raise UnavailableError(
            f"the proxy's file {file} can't be read: {_why(error)}",
            hint="GATEWAY_EGRESS_PROXY_FILE names a file with one line, like http://user:password@proxy.internal:3128",
        ) from None


def _read_keys(file: Path) -> str:
    try:
        return _read_text(file)
    except (OSError, ValueError) as error:
        raise UnavailableError(f"the key ring {file} can't be read: {_why(error)}", hint=_MAKE_A_KEY) from None


def _read_text(file: Path) -> str:
    """Read a small file.

    Raises:
        OSError: it can't be read.
        ValueError: it is not text, or is none of these files: it is too large.
    """
    with file.open("rb") as stream:
        content = stream.read(_MAX_FILE_BYTES + 1)
    if len(content) > _MAX_FILE_BYTES:
        raise ValueError(f"it is larger than {_MAX_FILE_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not text") from None


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _create_keys(file: Path) -> None:
    """Make a key file that appears complete, once: of two commands that try at the same time, one key wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # A temporary file is readable by its owner only, and keeps that under its final name.
    with tempfile.NamedTemporaryFile("w", dir=file.parent) as incoming:
        incoming.write(generate_key_line() + "\n")
        incoming.flush()
        try:
            os.link(incoming.name, file)
        except FileExistsError:
            return
