"""The children of one stack never want the same port."""

import pytest

from gateway.services.stack import probes_port
from gateway.settings import load_settings


@pytest.mark.parametrize(("port", "ports"), [(0, [0, 0, 0]), (9464, [9464, 9465, 9466])])
def test_each_child_has_a_port_for_its_probes(port: int, ports: list[int]) -> None:
    """Any free one, or the one that is set and the next ones."""
    settings = load_settings(probes_port=port)
    assert [probes_port(command, settings) for command in ("stream", "egress", "console")] == ports
