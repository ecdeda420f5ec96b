"""Processes of the image: when an engine takes them for healthy, and how they end."""

from collections.abc import Callable

import pytest

from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.wire.sealing import generate_key_line
from tests.image.containers import Container


def on_host(kafka: KafkaConfig) -> tuple[str, ...]:
    """The network of the tests' broker, which listens on this machine only."""
    return (
        "--network=host",
        f"--env=GATEWAY_BOOTSTRAP_SERVERS={kafka.bootstrap_servers}",
        "--env=GATEWAY_PROBES_ADDRESS=127.0.0.1",
        f"--env=GATEWAY_PROBES_PORT={choose_port()}",
        f"--env=GATEWAY_SECRET_KEYS={generate_key_line()}",
    )


pytestmark = pytest.mark.timeout(300)


def test_stream_and_egress_get_healthy_and_stop_when_they_are_told_to(
    kafka: KafkaConfig, start: Callable[..., Container]
) -> None:
    """The first process in the container is the gateway itself: nothing stands between it and the signal."""
    apply = start("topics", "apply", options=on_host(kafka))
    assert apply.wait() == 0, apply.log()
    for process in [start(command, options=on_host(kafka)) for command in ("stream", "egress")]:
        process.until_healthy()
        assert "/opt/gateway/bin/gateway" in process.exec("cat", "/proc/1/cmdline")
        assert process.stop() == 0, process.log()


def test_a_test_receiver_gets_healthy_and_stops(start: Callable[..., Container]) -> None:
    """It has no probes but says at its own address how it is."""
    receiver = start("receiver", options=("--network=none",))
    receiver.until_healthy()
    assert receiver.stop() == 0, receiver.log()
