"""Settings: what is wrong with one is told by the name of its variable, and secrets never show."""

import pytest

from gateway.domain.addresses import PUBLIC_ONLY
from gateway.domain.errors import InvalidInputError
from gateway.domain.tiers import DEFAULT_TIERS
from gateway.domain.topics import DELIVERIES_RETENTION_MS
from gateway.settings import ENV_PREFIX, Settings, load_settings


def test_every_setting_has_a_default() -> None:
    """Nothing has to be configured to begin."""
    settings = load_settings()
    assert settings.tiers() == DEFAULT_TIERS
    assert settings.bootstrap_servers is None
    assert settings.address_policy() == PUBLIC_ONLY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTITIONS", "0"),
        ("PARTITIONS", "many"),
        ("REPLICATION_FACTOR", "10"),
        ("RETRY_TIERS", "1s,later"),
        ("RETRY_TIERS", ""),
        ("ALLOW_INSECURE_ENDPOINTS", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("SHUTDOWN_DEADLINE_S", "0"),
        ("STALL_TIMEOUT_S", "-1"),
        ("STALL_TIMEOUT_S", "nan"),
        ("MAX_DELIVERY_AGE_S", "604800"),
        ("MAX_DELIVERY_AGE_S", "0"),
        ("DISABLE_AFTER_S", "-1"),
        ("ALLOW_NETWORKS", "10.0.0.0/8,home"),
        ("DENY_NETWORKS", "10.0.0.1/8"),
        ("ENDPOINT_PORTS", "443-80"),
        ("ENDPOINT_PORTS", ""),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The message begins with what has to be changed, and the hint says what it means."""
    monkeypatch.setenv(ENV_PREFIX + name, value)
    with pytest.raises(InvalidInputError, match=f"^{ENV_PREFIX}{name}: ") as refused:
        load_settings()
    assert refused.value.hint


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiers are sorted, and listed once."""
    monkeypatch.setenv("GATEWAY_RETRY_TIERS", "5m, 1s,1s")
    monkeypatch.setenv("GATEWAY_PARTITIONS", "12")
    monkeypatch.setenv("GATEWAY_ALLOW_NETWORKS", "10.0.0.0/8, fd00::/8")
    monkeypatch.setenv("GATEWAY_DENY_NETWORKS", "")
    monkeypatch.setenv("GATEWAY_ENDPOINT_PORTS", "8443")
    settings = load_settings()
    policy = settings.address_policy()
    assert [policy.allows(address, 8443) for address in ("10.1.1.1", "fd00::1", "127.0.0.1")] == [True, True, False]
    assert not policy.allows("10.1.1.1", 443)
    assert [tier.name for tier in settings.tiers()] == ["1s", "5m"]
    assert settings.partitions == 12


def test_deliveries_end_before_kafka_deletes_them() -> None:
    """The greatest age is a dead letter before retention takes the delivery: by default a day before."""
    assert load_settings().max_delivery_age_s * 1000 <= DELIVERIES_RETENTION_MS - 86_400_000


def test_keys_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings may be logged or printed."""
    monkeypatch.setenv("GATEWAY_SECRET_KEYS", "k1:c2VjcmV0")
    assert "c2VjcmV0" not in repr(load_settings())
    assert "c2VjcmV0" not in load_settings().model_dump_json()


def test_every_setting_is_described() -> None:
    """The descriptions are the documentation, and a number says its unit in its name or its description."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert not name.endswith("_s") or "seconds" in field.description, name
