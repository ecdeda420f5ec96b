"""Which Kafka and which keys a command gets, as the settings leave it open."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.domain.secret import HmacSecret
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local_broker import BrokerStatus
from gateway.services.deployment import Deployment
from gateway.settings import Settings
from gateway.wire.sealing import KeyRing, generate_key_line

SECRET = HmacSecret(bytes(range(32)))


def opens(ring: KeyRing, other: KeyRing) -> bool:
    """Tell whether `ring` opens what `other` sealed."""
    sealed = other.seal(SECRET, tenant="t", subscription_id="s", now_ms=0)
    return ring.open(sealed, tenant="t", subscription_id="s") == SECRET


def test_a_configured_cluster_wins(tmp_path: Path) -> None:
    """The setting decides, whatever runs locally."""
    deployment = Deployment(Settings(home=tmp_path, bootstrap_servers="kafka:9092"))

    assert deployment.kafka("me") == KafkaConfig("kafka:9092", "me")


def test_the_running_local_broker_is_next(broker: BrokerStatus) -> None:
    """Without the setting, the broker of the home is used."""
    home = broker.data_dir.parent.parent

    assert Deployment(Settings(home=home)).bootstrap_servers() == broker.bootstrap_servers


def test_without_any_kafka_the_hint_names_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Java is missing too, the hint says what to install."""
    deployment = Deployment(Settings(home=tmp_path))

    with pytest.raises(UnavailableError) as failed:
        deployment.bootstrap_servers()
    assert "gateway kafka start" in (failed.value.hint or "")

    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UnavailableError) as failed:
        deployment.bootstrap_servers()
    assert "java and mvn not found" in (failed.value.hint or "")
    assert "apt-get install" in (failed.value.hint or "")


def test_the_layout_comes_from_catalog_and_settings(tmp_path: Path) -> None:
    """The shipped catalog's domains and the configured partitions and tiers are in the topics."""
    layout = Deployment(Settings(home=tmp_path, partitions=3, retry_tiers="5s,1s")).layout()

    assert "events.order" in layout.event_topics()
    assert list(layout.retry_topics()) == ["deliveries.retry.1s", "deliveries.retry.5s"]
    assert layout.delivery_partitions == 3


def test_configured_keys_win_over_a_file(tmp_path: Path) -> None:
    """The variable comes before the file; either gives a ring that opens what it sealed."""
    line, other = generate_key_line(), generate_key_line()
    file = tmp_path / "keys"
    file.write_text(line + "\n")

    from_file = Deployment(Settings(secret_keys_file=file)).key_ring()
    from_variable = Deployment(Settings(secret_keys=SecretStr(line))).key_ring()
    both = Deployment(Settings(secret_keys=SecretStr(other), secret_keys_file=file)).key_ring()

    assert opens(from_file, from_variable)
    with pytest.raises(UnavailableError):
        opens(from_file, both)


def test_the_local_broker_gets_a_key_of_its_own(tmp_path: Path) -> None:
    """Made on first use, readable by its owner only, and the same from then on."""
    deployment = Deployment(Settings(home=tmp_path / "home"))

    first = deployment.key_ring()

    assert opens(deployment.key_ring(), first)
    assert (tmp_path / "home" / "secret-keys").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "home").iterdir()] == ["secret-keys"]


def test_a_configured_cluster_never_gets_a_made_up_key(tmp_path: Path) -> None:
    """Every process of a cluster has to have the same keys, so they are asked for."""
    deployment = Deployment(Settings(home=tmp_path, bootstrap_servers="kafka:9092"))

    with pytest.raises(UnavailableError) as failed:
        deployment.key_ring()

    assert "GATEWAY_SECRET_KEYS" in (failed.value.hint or "")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    """The message names the file and why it can't be read."""
    with pytest.raises(UnavailableError, match="absent can't be read: No such file"):
        Deployment(Settings(secret_keys_file=tmp_path / "absent")).key_ring()


@pytest.mark.parametrize(
    ("content", "why"), [(b"k1:\xff", "it is not text"), (b"k" * 65_537, "larger than 65536")], ids=["bytes", "large"]
)
def test_a_file_that_is_no_key_ring_is_refused_unread(tmp_path: Path, content: bytes, why: str) -> None:
    """A device or a disk image given by mistake costs no memory, and is not repeated."""
    file = tmp_path / "keys"
    file.write_bytes(content)
    with pytest.raises(UnavailableError, match=why):
        Deployment(Settings(home=tmp_path, secret_keys_file=file)).key_ring()


def test_a_bad_key_is_not_repeated(tmp_path: Path) -> None:
    """What stands in the key ring never comes back in a message."""
    with pytest.raises(InvalidInputError) as failed:
        Deployment(Settings(home=tmp_path, secret_keys=SecretStr("k1:not-a-key"))).key_ring()

    assert "not-a-key" not in str(failed.value)
