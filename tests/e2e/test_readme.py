"""What the README and the pages for publishers and receivers tell people to type works as it stands."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import sample
from typing import Any
from urllib.request import urlopen

import pytest

from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.wire.sealing import generate_key_line
from tests.e2e.pages import Reader, blocks_of
from tests.e2e.receiving import ARRIVAL_S
from tests.generated_docs import ROOT
from tests.registry_server import RegistryState, registry_server

_KAFKA_IN_PAGES = "localhost:9092"
# The README publishes evt-1, evt-2 and evt-3, and an event from each of its two scripts.
_PUBLISHED = 5
# Chosen long before they are listened on: from a range that no broker takes a port from.
_PORTS = range(15_000, 20_000)

pytestmark = pytest.mark.timeout(300, func_only=True)  # each block starts a program, or several


@pytest.mark.timeout(480, func_only=True)
def test_the_readme_can_be_followed(tmp_path: Path, new_broker_home: Callable[[], Path]) -> None:
    """From the first subscription to a receiver of one's own: every event arrives, and every signature verifies."""
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    inbox, service = choose_port(*sample(_PORTS, 50)), choose_port(*sample(_PORTS, 50))
    ports = {"8088": str(inbox), "8089": str(service)}
    blocks = blocks_of(ROOT / "README.md")
    home = {"GATEWAY_HOME": str(new_broker_home()), "GATEWAY_CONSOLE_PORT": "0"}
    with Reader(tmp_path, ports, home) as reader:
        for block in blocks:
            printed = reader.follow(block)
            if found := re.search(r"ready: Kafka at (\S+),", printed):
                reader.replacements[_KAFKA_IN_PAGES] = found[1]
        assert _KAFKA_IN_PAGES in reader.replacements, "its own broker, not one that somebody runs"
        stats = _await(lambda: _stats(inbox), lambda stats: stats["accepted_ids"] == _PUBLISHED)
        assert (stats["verified"], stats["rejected"]) == (stats["received"], 0)
        [server] = [block for block in blocks if "run_app(" in block.text]
        _await(lambda: reader.output_of(server), lambda printed: "evt-3 order.paid" in printed)


def test_the_page_for_receivers_can_be_followed(tmp_path: Path) -> None:
    """Its scripts need no gateway: they sign, verify, and refuse what was changed."""
    with Reader(tmp_path, {}, {}) as reader:
        for block in blocks_of(ROOT / "docs" / "receivers.md"):
            reader.follow(block)


def test_the_page_for_publishers_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its commands read the catalog, and its script publishes."""
    assert "events.order" in topics.event_topics()
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    with Reader(tmp_path, {_KAFKA_IN_PAGES: kafka.bootstrap_servers}, environment) as reader:
        printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "events.md")]
    assert printed[-1].startswith("events.order ")


def test_the_page_on_content_modes_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its subscription has the mode, and its schemas differ by what may be seen."""
    assert "events.customer" in topics.event_topics()
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    with Reader(tmp_path, {}, environment) as reader:
        for block in blocks_of(ROOT / "docs" / "content-modes.md"):
            reader.follow(block)
    assert '"date_of_birth"' in (tmp_path / "granted.avsc").read_text()


def test_the_page_on_registries_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """The catalog goes to the registry and comes back, and its scripts publish with what is registered."""
    assert "events.order" in topics.event_topics()
    with registry_server(RegistryState()) as url:
        there = {"http://localhost:8081": url, _KAFKA_IN_PAGES: kafka.bootstrap_servers}
        with Reader(tmp_path, there, {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}) as reader:
            printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "registry.md")]
    assert printed[-1] == "0 are left\n"


def test_the_page_on_versions_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its subscriptions get the versions that it says."""
    assert topics.domains
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    with Reader(tmp_path, {}, environment) as reader:
        printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "versions.md")]
    assert "order.created=1, order.paid=2" in printed[0]
    assert "order.created=2" in printed[0]
    assert "order.created=3" in printed[1]


def test_the_page_on_filters_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its filters and its transform are accepted, and what is tried says so."""
    assert topics.domains
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    with Reader(tmp_path, {}, environment) as reader:
        printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "filters.md")]
    assert any('"parts"' in text and "data.amount > 50" in text for text in printed)
    assert "data.total > 250.50" in printed[0]


def test_the_page_on_explanations_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its event is explained as it says: one subscription gets it, the other does not."""
    assert topics.domains
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    [commands, answer] = [block for block in blocks_of(ROOT / "docs" / "explain.md")[1:] if block.language != "json"]
    with Reader(tmp_path, {}, environment) as reader:
        printed = reader.follow(commands).splitlines()
    # Times differ, the table is as wide as its widest row, and a long body is cut on the page.
    wanted = [
        line for line in answer.text.splitlines() if not any(word in line for word in ("webhook-event-time", "…"))
    ]
    assert [line for line in wanted if line.split() not in [each.split() for each in printed]] == []


def test_the_page_on_operations_can_be_followed(tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Its commands for sizing, backup and looking; what is backed up is all there is."""
    assert topics.domains
    environment = {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "GATEWAY_SECRET_KEYS": generate_key_line()}
    with Reader(tmp_path, {}, environment) as reader:
        printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "operations.md")]
    assert "core-seconds of a million deliveries" in printed[0]
    saved = (tmp_path / "subscriptions.jsonl").read_text().splitlines()
    assert any(f"restored 0, kept {len(saved)} (dry run" in text for text in printed)


def test_the_page_on_changing_the_catalog_can_be_followed(
    tmp_path: Path, kafka: KafkaConfig, topics: TopicLayout
) -> None:
    """In a checkout whose catalog is committed: nothing is wrong, nobody would be affected, and pairs are answered."""
    assert topics.domains
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    commit = "git init -q && git add . && git -c user.name=Tests -c user.email=t@example.com commit -q -m first"
    subprocess.run(["bash", "-ec", commit], cwd=tmp_path, check=True)  # noqa: S607 - as the blocks are run
    with Reader(tmp_path, {}, {"GATEWAY_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}) as reader:
        printed = [reader.follow(block) for block in blocks_of(ROOT / "docs" / "schema-gate.md")]
    answers = [json.loads(line) for line in next(text for text in printed if '"id":2' in text).splitlines()]
    assert [answer["compatible"] for answer in answers] == [True, False]
    assert any("the exit code is 1" in text for text in printed)


def _stats(port: int) -> dict[str, int]:
    with urlopen(f"http://127.0.0.1:{port}/stats", timeout=30) as answer:
        stats: dict[str, int] = json.load(answer)["default"]
    return stats


def _await(look: Callable[[], Any], is_wanted: Callable[[Any], bool], timeout_s: float = ARRIVAL_S) -> Any:
    give_up_at = time.monotonic() + timeout_s
    while not is_wanted(seen := look()):
        assert time.monotonic() < give_up_at, f"still {seen}"
        time.sleep(0.1)
    return seen
