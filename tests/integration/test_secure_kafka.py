"""Every client logs in to a broker that asks for it, from one description; and says why where it can't."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from aiohttp import web
from aiokafka.client import AIOKafkaClient
from confluent_kafka.admin import AdminClient, NewTopic
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.access import AccessRefusedError
from gateway.kafka.acls import Operation, Permission, Resource
from gateway.kafka.config import READER_GROUP_ID, KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import ScanBounds, TopicScan
from gateway.kafka.security import KafkaSecurity, PasswordLogin, Tls, TokenLogin
from gateway.kafka.subscription_table import read_subscriptions
from gateway.kafka.topic_admin import describe_topics
from gateway.stream.broker_login import faust_credentials
from tests.certificates import Authority
from tests.secure.broker import SecureBroker, rules

LOGINS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "certificate")
BOUNDS = ScanBounds(max_records=10, deadline_s=20.0)
TOKEN_USER = "token-user"


@pytest.fixture
async def token_url() -> AsyncIterator[str]:
    """Run a server whose tokens the broker believes."""

    async def give(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(b'gateway:hush').decode()}":
            return web.json_response({"error": "invalid_client"}, status=401)
        now = int(time.time())
        parts = ({"alg": "none"}, {"sub": TOKEN_USER, "iat": now, "exp": now + 600})
        token = ".".join([base64.urlsafe_b64encode(orjson.dumps(part)).decode().rstrip("=") for part in parts] + [""])
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": 600})

    app = web.Application()
    app.router.add_post("/token", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    await runner.cleanup()


@pytest.fixture(scope="module")
def topic(secure: SecureBroker) -> str:
    """Create a topic that every kind of user may write and read."""
    name = f"test-{uuid4().hex[:12]}"
    admin = AdminClient(secure.inner.common())
    admin.create_topics([NewTopic(name, 1, 1)], operation_timeout=10)[name].result(10)
    allowed = (
        Permission((Operation.READ, Operation.WRITE), Resource.TOPIC, (name,)),
        Permission((Operation.DESCRIBE,), Resource.GROUP, (READER_GROUP_ID,)),
    )
    for user in ("plain", "stream", TOKEN_USER, "machine"):
        secure.add_rules(rules(user, allowed))
    return name


def config_of(secure: SecureBroker, login: str, token_url: str) -> KafkaConfig:
    """Give the configuration of a user who logs in this way."""
    tls = Tls(secure.authority.file)
    if login == "certificate":
        shown, file = secure.authority.client("machine"), secure.folder / "machine.pem"
        file.write_text(shown.key + shown.certificate)
        return KafkaConfig(secure.mutual_address, "tests", KafkaSecurity(replace(tls, certificate_file=file)))
    if login == "OAUTHBEARER":
        return KafkaConfig(secure.login_address, "tests", KafkaSecurity(tls, TokenLogin(token_url, "gateway", "hush")))
    return secure.as_user("plain" if login == "PLAIN" else "stream", mechanism=login)


@pytest.mark.parametrize("login", LOGINS)
async def test_producers_consumers_and_admin_clients_log_in(
    secure: SecureBroker, topic: str, token_url: str, login: str
) -> None:
    """A record is written, found and read again: three kinds of clients."""
    config = config_of(secure, login, token_url)
    found: list[bytes | None] = []

    await asyncio.to_thread(ConfirmedWriter(config).write, [OutRecord(topic, b"key", login.encode())])
    scan = TopicScan(config, BOUNDS)
    await asyncio.to_thread(scan.run, {topic: None}, 0, lambda record: found.append(record.value))

    assert login.encode() in found


@pytest.mark.parametrize("login", LOGINS)
async def test_fausts_client_logs_in(secure: SecureBroker, topic: str, token_url: str, login: str) -> None:
    """It sees the topic, which it is allowed to."""
    config = config_of(secure, login, token_url)
    client = AIOKafkaClient(
        bootstrap_servers=config.bootstrap_servers,
        **credentials_to_aiokafka_auth(faust_credentials(config.security)),
    )
    try:
        await client.bootstrap()
        assert topic in (await client.fetch_all_metadata()).topics()
    finally:
        await client.close()


def refusal(config: KafkaConfig) -> GatewayError:
    """Give what a command fails with; it has to come in time."""
    started = time.monotonic()
    with pytest.raises(GatewayError) as refused:
        describe_topics(config, ())
    assert time.monotonic() - started < 40
    return refused.value


@pytest.mark.parametrize(
    ("mechanism", "user"), [("PLAIN", "plain"), ("SCRAM-SHA-256", "stream"), ("SCRAM-SHA-512", "nobody")]
)
def test_a_wrong_password_is_said_to_be_one(secure: SecureBroker, mechanism: str, user: str) -> None:
    """Not "no broker answers", and without the password."""
    refused = refusal(secure.as_user(user, mechanism=mechanism, password="wrong-hush"))

    assert isinstance(refused, AccessRefusedError)
    assert "authentication failed" in refused.message.lower()
    assert "GATEWAY_KAFKA_SASL_" in (refused.hint or "")
    assert "hush" not in refused.message


async def test_a_token_that_is_not_given_is_said_to_be_missing(secure: SecureBroker, token_url: str) -> None:
    """The server refuses the client's secret; the secret does not show."""
    login = TokenLogin(token_url, "gateway", "wrong-hush")
    refused = await asyncio.to_thread(
        refusal, KafkaConfig(secure.login_address, "tests", KafkaSecurity(Tls(secure.authority.file), login))
    )

    assert isinstance(refused, AccessRefusedError)
    assert "token" in refused.message.lower()
    assert "hush" not in refused.message


def test_a_broker_that_nobody_vouches_for_is_not_spoken_to(secure: SecureBroker, tmp_path: Path) -> None:
    """Neither by default nor with another authority; the password is not sent."""
    for ca_file in (None, Authority(tmp_path).file):
        login = PasswordLogin("PLAIN", "plain", "plain-password")
        refused = refusal(KafkaConfig(secure.login_address, "tests", KafkaSecurity(Tls(ca_file), login)))
        assert isinstance(refused, AccessRefusedError)
        assert "certificate verify failed" in refused.message
        assert "GATEWAY_KAFKA_CA_FILE" in (refused.hint or "")


def test_the_brokers_name_has_to_be_in_its_certificate(secure: SecureBroker) -> None:
    """The certificate is for 127.0.0.1."""
    known = secure.as_user("stream")
    refused = refusal(replace(known, bootstrap_servers=known.bootstrap_servers.replace("127.0.0.1", "localhost")))

    assert isinstance(refused, AccessRefusedError)
    assert "certificate verify failed" in refused.message


def test_a_broker_that_is_away_is_not_called_a_refusal(secure: SecureBroker) -> None:
    """What is started again later may work then."""
    assert isinstance(refusal(replace(secure.as_user("stream"), bootstrap_servers="127.0.0.1:1")), UnavailableError)


def test_a_rule_that_is_missing_is_said_to_be(secure: SecureBroker) -> None:
    """Whether the topic exists or not, it can't be seen: the hint names where the rules are listed."""
    with pytest.raises(AccessRefusedError, match=r"[Aa]uthorization failed.*subscriptions") as refused:
        read_subscriptions(secure.as_user("plain", mechanism="PLAIN"))

    assert "gateway topics acls" in (refused.value.hint or "")
