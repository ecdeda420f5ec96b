"""Settings of logging in: what contradicts itself or can't be used is refused, and no secret shows."""

from pathlib import Path

import pytest

from gateway.console.access.oidc_provider import OidcClient
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.services.oidc import oidc_provider
from gateway.settings import ENV_PREFIX, load_settings

ISSUER = "https://id.example.com/realms/main"
LEAST = {"ISSUER": ISSUER, "CLIENT_ID": "gateway", "ROLES": "ops=operator"}


def client(environment: pytest.MonkeyPatch, values: dict[str, str]) -> OidcClient | None:
    """Give what the settings of an environment say."""
    for name, value in values.items():
        environment.setenv(f"{ENV_PREFIX}OIDC_{name}", value)
    found = oidc_provider(load_settings())
    return None if found is None else found.client


def test_nothing_set_is_no_provider() -> None:
    """People log in with tokens."""
    assert oidc_provider(load_settings()) is None


def test_what_is_set_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Groups may have an equals sign themselves, and the secret shows nowhere."""
    file = tmp_path / "secret"
    file.write_text("hush\n")
    given = {
        **LEAST,
        "CLIENT_SECRET_FILE": str(file),
        "SCOPES": "openid, groups",
        "ROLE_CLAIM": "realm_access.roles",
        "ROLES": " CN=ops = operator ,admins=admin,,",
        "TENANT_CLAIM": "org",
    }
    found = client(monkeypatch, given)
    assert found == OidcClient(
        ISSUER,
        "gateway",
        "hush",
        ("openid", "groups"),
        "realm_access.roles",
        {"CN=ops": Role.OPERATOR, "admins": Role.ADMIN},
        "org",
    )
    assert "hush" not in repr(found)


def test_without_a_secret_it_is_a_public_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """PKCE proves that whoever brings the code has begun the log-in."""
    found = client(monkeypatch, LEAST)
    assert found is not None
    assert (found.client_secret, found.tenant_claim, found.role_claim) == (None, None, "groups")
    assert found.scopes == ("openid", "email", "profile")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"CLIENT_ID": "gateway"}, "OIDC_CLIENT_ID is set, but"),
        ({"ROLES": "ops=operator"}, "OIDC_ROLES is set, but"),
        ({"CLIENT_SECRET": "hunter2"}, "OIDC_CLIENT_SECRET is set, but"),
        ({**LEAST, "ISSUER": "http://id.example.com"}, "OIDC_ISSUER: has to be an https URL"),
        ({**LEAST, "ISSUER": "id.example.com"}, "OIDC_ISSUER: has to be an https URL"),
        ({**LEAST, "ISSUER": f"{ISSUER}?x=1"}, "OIDC_ISSUER: has to be an https URL"),
        ({"ISSUER": ISSUER, "ROLES": "ops=operator"}, "OIDC_CLIENT_ID is not set"),
        ({"ISSUER": ISSUER, "CLIENT_ID": "gateway"}, "OIDC_ROLES is not set"),
        ({**LEAST, "ROLES": ","}, "OIDC_ROLES is not set"),
        ({**LEAST, "ROLES": "ops"}, "OIDC_ROLES: entry 1 is not group=role"),
        ({**LEAST, "ROLES": "=admin"}, "OIDC_ROLES: entry 1"),
        ({**LEAST, "ROLES": "ops=operator,x=root"}, "OIDC_ROLES: entry 2"),
        ({**LEAST, "ROLES": "x=subscriber"}, "OIDC_ROLES: entry 1"),
        ({**LEAST, "ROLES": "x=anonymous"}, "OIDC_ROLES: entry 1"),
        ({**LEAST, "SCOPES": "email"}, "OIDC_SCOPES: has to have"),
        ({**LEAST, "ROLE_CLAIM": "preferred_username"}, "OIDC_ROLE_CLAIM: people may choose"),
        ({**LEAST, "TENANT_CLAIM": "nickname"}, "OIDC_TENANT_CLAIM: people may choose"),
        ({**LEAST, "CA_FILE": "/nonexistent"}, "/nonexistent can't be used"),
        ({**LEAST, "CLIENT_SECRET": "hunter2", "CLIENT_SECRET_FILE": "/x"}, "are both set"),
    ],
)
def test_what_can_not_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch, values: dict[str, str], named: str) -> None:
    """By the name of the setting, and without its secret."""
    with pytest.raises(InvalidInputError) as refused:
        client(monkeypatch, values)
    assert named in refused.value.message
    assert "hunter2" not in f"{refused.value.message} {refused.value.hint}"
