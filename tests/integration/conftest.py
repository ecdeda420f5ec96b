"""What the integration tests share beside the broker."""

import pytest
from click.testing import CliRunner

from gateway.kafka.config import KafkaConfig


@pytest.fixture
def program(kafka: KafkaConfig) -> CliRunner:
    """Run commands in this process against the session's broker."""
    return CliRunner(env={"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers})
