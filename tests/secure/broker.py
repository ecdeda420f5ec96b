"""A Kafka for tests that lets nobody in without credentials, encrypts, and controls access.

The product's local broker has none of that. Of this one, the inner listener is for the tests: who comes through it
may do everything.
"""

import base64
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from gateway.kafka.acls import Permission, Role
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import is_unreachable
from gateway.kafka.local.jars import find_java, install_jars
from gateway.kafka.local.ports import LOOPBACK, choose_port
from gateway.kafka.local.process import run_bounded, spawn_detached, terminate, wait_until
from gateway.kafka.security import KafkaSecurity, PasswordLogin, Tls
from tests.certificates import Authority
from tests.last_will import last_will

SCRAM = "SCRAM-SHA-512"
_FILES = Path(__file__).resolve().parent
_START_TIMEOUT_S = 120.0
_ANSWER_TIMEOUT_S = 10.0
_JVM_OPTIONS = ("-XX:TieredStopAtLevel=1", "-Xmx512m", "-XX:+UseSerialGC")
_ASKED = re.compile(
    r"Principal = User:(\S+) is (\w+) operation = (\w+) from host = \S+ on resource = (\w+):LITERAL:(\S+)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the authorizer, and whether the answer was yes."""

    user: str
    allowed: bool
    operation: str
    resource: str
    name: str


@dataclass(frozen=True, slots=True)
class SecureBroker:
    """One that runs.

    Attributes:
        folder: where its files lie.
        authority: who signed its certificate.
        inner: how the tests reach it, without any control.
        login_address: where clients log in, over TLS.
        mutual_address: where clients show a certificate.
    """

    folder: Path
    authority: Authority
    inner: KafkaConfig
    login_address: str
    mutual_address: str

    def as_user(self, user: str, *, mechanism: str = SCRAM, password: str | None = None) -> KafkaConfig:
        """Give the configuration of a user."""
        login = PasswordLogin(mechanism, user, password or f"{user}-password")  # type: ignore[arg-type]
        return KafkaConfig(self.login_address, "tests", KafkaSecurity(Tls(self.authority.file), login))

    def environment(self, user: str) -> dict[str, str]:
        """Give the settings of a user's process."""
        file = self.folder / f"{user}.password"
        file.write_text(f"{user}-password\n")
        return {
            "GATEWAY_BOOTSTRAP_SERVERS": self.login_address,
            "GATEWAY_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "GATEWAY_KAFKA_SASL_MECHANISM": SCRAM,
            "GATEWAY_KAFKA_SASL_USERNAME": user,
            "GATEWAY_KAFKA_SASL_PASSWORD_FILE": str(file),
            "GATEWAY_KAFKA_CA_FILE": str(self.authority.file),
        }

    def allow(self, permissions: Mapping[Role, Sequence[Permission]]) -> None:
        """Let each role's user, whose name is the role's, do what the table says."""
        self.add_rules([rule for role, each in permissions.items() for rule in rules(role.value, each)])

    def add_rules(self, bindings: Sequence[AclBinding]) -> None:
        """Add rules; they hold when this returns."""
        admin = AdminClient(self.inner.common())
        for done in admin.create_acls(list(bindings)).values():
            done.result(_ANSWER_TIMEOUT_S)

    def remove_rule(self, binding: AclBinding) -> None:
        """Take one rule away."""
        asked = AclBindingFilter(
            binding.restype,
            binding.name,
            binding.resource_pattern_type,
            binding.principal,
            binding.host,
            binding.operation,
            binding.permission_type,
        )
        admin = AdminClient(self.inner.common())
        for done in admin.delete_acls([asked]).values():
            assert len(done.result(_ANSWER_TIMEOUT_S)) == 1, binding

    def asked(self) -> set[Asked]:
        """Give what the authorizer was asked so far."""
        found = _ASKED.findall((self.folder / "authorizer.log").read_text())
        return {Asked(user, answer == "Allowed", operation, *rest) for user, answer, operation, *rest in found}


def rules(user: str, permissions: Sequence[Permission]) -> list[AclBinding]:
    """Give the rules of a user in the words of the client."""
    return [
        AclBinding(
            ResourceType[permission.resource.name],
            name,
            ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            AclOperation[operation.name],
            AclPermissionType.ALLOW,
        )
        for permission in permissions
        for name in permission.names
        for operation in permission.operations
    ]


@contextmanager
def secure_broker(folder: Path, libs: Path, users: Sequence[str]) -> Iterator[SecureBroker]:
    """Run one with SCRAM users, each with the password `<user>-password`."""
    authority = Authority(folder)
    authority.server()
    ports = {name: choose_port() for name in ("inner_port", "login_port", "mutual_port", "controller_port")}
    properties = folder / "server.properties"
    template = Template((_FILES / "server.properties").read_text())
    properties.write_text(template.substitute(ports, certificate=folder / "signed.pem", authority=authority.file))
    java = [find_java(), *_JVM_OPTIONS, f"-Dlog4j2.configurationFile={_FILES / 'log4j2.properties'}"]
    java += ["-cp", str(install_jars(libs, lambda _: None) / "*")]
    _format(java, properties, users)
    log = folder / "broker.log"
    pid = spawn_detached([*java, "kafka.Kafka", str(properties)], log_file=log, folder=folder)
    inner = KafkaConfig(f"{LOOPBACK}:{ports['inner_port']}", "tests-inner")
    with last_will(["sh", "-c", f"kill {pid}"]):
        try:
            assert wait_until(lambda: _answers(inner), _START_TIMEOUT_S), log.read_text()[-4000:]
            yield SecureBroker(
                folder,
                authority,
                inner,
                f"{LOOPBACK}:{ports['login_port']}",
                f"{LOOPBACK}:{ports['mutual_port']}",
            )
        finally:
            terminate(pid, str(properties), 10.0)


def _format(java: list[str], properties: Path, users: Sequence[str]) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
    command = [*java, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)]
    for user in users:
        for mechanism in ("SCRAM-SHA-256", SCRAM):
            command += ["--add-scram", f"{mechanism}=[name={user},password={user}-password]"]
    done = run_bounded(command, 120.0, properties.parent)
    assert done.returncode == 0, done.stdout


def _answers(config: KafkaConfig) -> bool:
    try:
        return bool(AdminClient({**config.common(), **QUIET}).list_topics(timeout=1.0).brokers)
    except KafkaException as error:
        if is_unreachable(error):
            return False
        raise
