"""Settings of Kafka's security: what contradicts itself or can't be used is refused, and no secret shows."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from gateway.domain.errors import InvalidInputError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.security import IN_THE_CLEAR, KafkaSecurity, PasswordLogin, Tls, TokenLogin
from gateway.services.deployment import Deployment
from gateway.services.kafka_security import kafka_security
from gateway.settings import ENV_PREFIX, Settings, load_settings
from tests.certificates import Authority

SCRAM = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_SASL_USERNAME": "alice",
    "KAFKA_SASL_PASSWORD": "hush-hush",
}
TOKENS = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
    "KAFKA_OAUTH_TOKEN_URL": "https://login.example/token",
    "KAFKA_OAUTH_CLIENT_ID": "gateway",
    "KAFKA_OAUTH_CLIENT_SECRET": "hush-hush",
}
SSL = {"KAFKA_SECURITY_PROTOCOL": "SSL"}


def give(environment: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    """Give the settings of an environment."""
    for name, value in values.items():
        environment.setenv(ENV_PREFIX + name, value)
    return load_settings()


def without(values: dict[str, str], name: str) -> dict[str, str]:
    """Give the values without one."""
    return {key: value for key, value in values.items() if key != name}


def test_nothing_set_is_a_connection_in_the_clear() -> None:
    """The local broker knows no other."""
    assert kafka_security(load_settings()) == IN_THE_CLEAR
    assert IN_THE_CLEAR.properties() == {"security.protocol": "PLAINTEXT"}


def test_a_password_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are compared with certificates, whatever else is set."""
    security = kafka_security(give(monkeypatch, SCRAM))

    assert security.protocol == "SASL_SSL"
    assert security.properties() == {
        "security.protocol": "SASL_SSL",
        "ssl.endpoint.identification.algorithm": "https",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "alice",
        "sasl.password": "hush-hush",
    }


def test_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client gets them itself."""
    properties = kafka_security(give(monkeypatch, {**TOKENS, "KAFKA_OAUTH_SCOPE": "kafka"})).properties()

    assert properties["sasl.mechanism"] == "OAUTHBEARER"
    assert properties["sasl.oauthbearer.method"] == "oidc"
    assert properties["sasl.oauthbearer.scope"] == "kafka"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str) -> None:
    """An editor's line break at its end is no part of it; a space is."""
    file = tmp_path / "password"
    file.write_bytes(f" hush {ending}".encode())
    values = {**without(SCRAM, "KAFKA_SASL_PASSWORD"), "KAFKA_SASL_PASSWORD_FILE": str(file)}

    login = kafka_security(give(monkeypatch, values)).login

    assert isinstance(login, PasswordLogin)
    assert login.password == " hush "


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"KAFKA_SASL_USERNAME": "alice"}, "KAFKA_SASL_USERNAME"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "KAFKA_SASL_MECHANISM"),
        ({"KAFKA_CA_FILE": "ca.pem"}, "KAFKA_CA_FILE"),
        ({**SSL, "KAFKA_SASL_PASSWORD": "x"}, "KAFKA_SASL_PASSWORD"),
        ({**SSL, "KAFKA_OAUTH_SCOPE": "x"}, "KAFKA_OAUTH_SCOPE"),
        ({**SSL, "KAFKA_CLIENT_KEY_FILE": "key.pem"}, "KAFKA_CLIENT_KEY_FILE"),
        ({**SSL, "KAFKA_CLIENT_KEY_PASSWORD": "x"}, "KAFKA_CLIENT_KEY_PASSWORD"),
        ({**SCRAM, "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_CA_FILE": "ca.pem"}, "KAFKA_CA_FILE"),
        ({**SCRAM, "KAFKA_OAUTH_CLIENT_ID": "x"}, "KAFKA_OAUTH_CLIENT_ID"),
        ({**SCRAM, "KAFKA_SASL_PASSWORD_FILE": "file"}, "KAFKA_SASL_PASSWORD"),
        ({**TOKENS, "KAFKA_SASL_USERNAME": "x"}, "KAFKA_SASL_USERNAME"),
        *((without(SCRAM, name), name) for name in ("KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME")),
        (without(SCRAM, "KAFKA_SASL_PASSWORD"), "KAFKA_SASL_PASSWORD_FILE"),
        *((without(TOKENS, name), name) for name in ("KAFKA_OAUTH_TOKEN_URL", "KAFKA_OAUTH_CLIENT_ID")),
        (without(TOKENS, "KAFKA_OAUTH_CLIENT_SECRET"), "KAFKA_OAUTH_CLIENT_SECRET_FILE"),
        ({**SCRAM, "KAFKA_SASL_PASSWORD": ""}, "KAFKA_SASL_PASSWORD"),
        ({**SCRAM, "KAFKA_SECURITY_PROTOCOL": "sasl_ssl"}, "KAFKA_SECURITY_PROTOCOL"),
        ({**SCRAM, "KAFKA_SASL_MECHANISM": "GSSAPI"}, "KAFKA_SASL_MECHANISM"),
        ({**TOKENS, "KAFKA_OAUTH_TOKEN_URL": "http://login.example/token"}, "KAFKA_OAUTH_TOKEN_URL"),
        ({**TOKENS, "KAFKA_OAUTH_TOKEN_URL": "http://127.0.0.1.example/"}, "KAFKA_OAUTH_TOKEN_URL"),
        ({**TOKENS, "KAFKA_OAUTH_TOKEN_URL": "https://"}, "KAFKA_OAUTH_TOKEN_URL"),
        ({**TOKENS, "KAFKA_OAUTH_TOKEN_URL": "https://[::1"}, "KAFKA_OAUTH_TOKEN_URL"),
    ],
)
def test_what_contradicts_itself_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], named: str
) -> None:
    """A setting without effect is one that somebody relies on."""
    with pytest.raises(InvalidInputError) as refused:
        kafka_security(give(monkeypatch, values))

    assert refused.value.message.startswith(ENV_PREFIX + named)
    assert "hush" not in refused.value.message + (refused.value.hint or "")


@pytest.mark.parametrize("name", ["KAFKA_SASL_PASSWORD_FILE", "KAFKA_CA_FILE", "KAFKA_CLIENT_CERT_FILE"])
def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """At the start, not when the first connection fails."""
    values = without(SCRAM, "KAFKA_SASL_PASSWORD") if name.endswith("PASSWORD_FILE") else SCRAM

    with pytest.raises(InvalidInputError, match=r"missing.*No such file"):
        kafka_security(give(monkeypatch, {**values, name: str(tmp_path / "missing")}))


def test_a_file_that_is_no_certificate_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It has to be PEM."""
    file = tmp_path / "ca.pem"
    file.write_text("not one")

    with pytest.raises(InvalidInputError, match=r"ca\.pem"):
        kafka_security(give(monkeypatch, {**SCRAM, "KAFKA_CA_FILE": str(file)}))


def test_a_client_certificate_needs_its_own_key_and_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong password, or somebody else's key, ends the command; nothing is asked on the terminal."""
    Authority(tmp_path).server()
    certificate = tmp_path / "signed.pem"
    values = {**SSL, "KAFKA_CLIENT_CERT_FILE": str(certificate)}
    tls = kafka_security(give(monkeypatch, values)).tls
    assert tls is not None
    assert tls.properties()["ssl.key.location"] == str(certificate)

    key = tmp_path / "key.pem"
    other = ec.generate_private_key(ec.SECP256R1())
    sealed = BestAvailableEncryption(b"hush-hush")
    key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
    for password in (None, "wrong", "hush-hush"):
        more = {} if password is None else {"KAFKA_CLIENT_KEY_PASSWORD": password}
        with pytest.raises(InvalidInputError, match=r"key\.pem"):
            kafka_security(give(monkeypatch, {**values, "KAFKA_CLIENT_KEY_FILE": str(key), **more}))


def test_the_local_broker_speaks_in_the_clear_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that would protect nothing are refused."""
    with pytest.raises(InvalidInputError, match="GATEWAY_BOOTSTRAP_SERVERS is not set"):
        Deployment(give(monkeypatch, SCRAM)).kafka()


def test_no_secret_shows() -> None:
    """Configurations may be logged or printed."""
    logins = (PasswordLogin("PLAIN", "alice", "hush-hush"), TokenLogin("https://x", "gateway", "hush-hush"))
    for login in logins:
        security = KafkaSecurity(Tls(key_password="hush-hush"), login)
        assert "hush" not in repr(KafkaConfig("kafka:9093", "me", security))


def test_settings_show_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the key ring does not."""
    settings = give(monkeypatch, {**SCRAM, **TOKENS, "KAFKA_CLIENT_KEY_PASSWORD": "hush-hush"})
    assert "hush" not in repr(settings) + settings.model_dump_json()
