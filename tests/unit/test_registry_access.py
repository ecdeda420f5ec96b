"""Settings of the schema registry: what contradicts itself or can't be used is refused, and no secret shows."""

from pathlib import Path

import pytest

from gateway.domain.errors import InvalidInputError
from gateway.kafka.registry_access import RegistryAccess, basic, bearer
from gateway.kafka.security import Tls
from gateway.services.registry_access import registry_access
from gateway.settings import ENV_PREFIX, load_settings
from tests.certificates import Authority

HTTPS = {"URL": "https://registry.example:8081/"}
LOGIN = {**HTTPS, "USERNAME": "alice", "PASSWORD": "hush: hush"}


def access(environment: pytest.MonkeyPatch, values: dict[str, str]) -> RegistryAccess | None:
    """Give what the settings of an environment say."""
    for name, value in values.items():
        environment.setenv(f"{ENV_PREFIX}SCHEMA_REGISTRY_{name}", value)
    return registry_access(load_settings())


def test_nothing_set_is_no_registry() -> None:
    """Nothing needs one."""
    assert registry_access(load_settings()) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"URL": "http://registry:8081"}, RegistryAccess("http://registry:8081")),
        (HTTPS, RegistryAccess("https://registry.example:8081")),
        (LOGIN, RegistryAccess("https://registry.example:8081", basic("alice", "hush: hush"))),
        (
            {"URL": "http://alice:hu%40sh@127.0.0.1:8081/ccompat"},
            RegistryAccess("http://127.0.0.1:8081/ccompat", basic("alice", "hu@sh")),
        ),
        ({**HTTPS, "TOKEN": "tok.en"}, RegistryAccess("https://registry.example:8081", bearer("tok.en"))),
        ({"URL": "https://a:1/,https://b:2"}, RegistryAccess("https://a:1,https://b:2")),
        ({**HTTPS, "TIMEOUT_S": "2.5"}, RegistryAccess("https://registry.example:8081", timeout_s=2.5)),
    ],
)
def test_what_is_set_is_used(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], expected: RegistryAccess) -> None:
    """A user and a password, or a token; several addresses of one registry."""
    assert access(monkeypatch, values) == expected


def test_secrets_come_from_files_and_do_not_show(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An editor's line break is no part of a password."""
    file = tmp_path / "password"
    file.write_text("hush\n")
    found = access(monkeypatch, {**HTTPS, "USERNAME": "alice", "PASSWORD_FILE": str(file)})
    assert found is not None
    assert found.authorization == basic("alice", "hush")
    assert "alice" not in repr(found)
    assert basic("alice", "hush") not in repr(found)


def test_the_files_of_tls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They are read when the process starts, not when the first event comes."""
    authority = Authority(tmp_path)
    found = access(monkeypatch, {**HTTPS, "CA_FILE": str(authority.file)})
    assert found is not None
    assert found.tls == Tls(authority.file)
    with pytest.raises(InvalidInputError, match="can't be used"):
        access(monkeypatch, {"CLIENT_CERT_FILE": str(authority.file)})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"USERNAME": "alice"}, "USERNAME is set, but GATEWAY_SCHEMA_REGISTRY_URL is not set"),
        ({"CA_FILE": "/ca.pem"}, "CA_FILE is set, but GATEWAY_SCHEMA_REGISTRY_URL is not set"),
        ({"URL": "registry:8081"}, "is no http or https URL"),
        ({"URL": "ftp://registry"}, "is no http or https URL"),
        ({"URL": "https://"}, "is no http or https URL"),
        ({"URL": "https://registry:x"}, "is no http or https URL"),
        ({"URL": "https://registry/?a=b"}, "is no http or https URL"),
        ({**LOGIN, "URL": "http://registry:8081"}, "has to be an https URL"),
        ({"URL": "http://alice:hush@registry:8081"}, "has to be an https URL"),
        ({"URL": "http://registry", "CA_FILE": "/ca.pem"}, "nothing is encrypted"),
        (
            {**LOGIN, "URL": "https://bob:hush@registry"},
            "USERNAME is set, but GATEWAY_SCHEMA_REGISTRY_URL names a user",
        ),
        ({**LOGIN, "TOKEN": "tok"}, "USERNAME is set, but GATEWAY_SCHEMA_REGISTRY_TOKEN is set too"),
        ({**HTTPS, "TOKEN": "to ken"}, "is no bearer token"),
        ({**HTTPS, "PASSWORD": "hush"}, "PASSWORD is set, but GATEWAY_SCHEMA_REGISTRY_USERNAME is not set"),
        ({**HTTPS, "USERNAME": "alice"}, "PASSWORD_FILE is not set, but GATEWAY_SCHEMA_REGISTRY_USERNAME is set"),
        ({**LOGIN, "PASSWORD_FILE": "/x"}, "are both set"),
        ({**LOGIN, "USERNAME": "al:ice"}, "without a colon"),
        ({**HTTPS, "CA_FILE": "/none.pem"}, "can't be used"),
        ({**HTTPS, "CLIENT_KEY_FILE": "/k.pem"}, "CLIENT_KEY_FILE is set, but"),
        ({**HTTPS, "TIMEOUT_S": "0"}, "GATEWAY_SCHEMA_REGISTRY_TIMEOUT_S"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], message: str
) -> None:
    """Nothing is sent in the clear by mistake, and no setting is silently without effect."""
    with pytest.raises(InvalidInputError) as caught:
        access(monkeypatch, values)
    assert message in caught.value.message
    assert "hush" not in f"{caught.value.message} {caught.value.hint}"
