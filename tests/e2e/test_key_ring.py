"""Keys that are replaced, missing or wrong: egress says so, holds what it can't sign, and loses nothing."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import orjson
import pytest

from gateway.domain.changes import Delete
from gateway.kafka.publisher import EventPublisher
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.receiver.sandbox import Sandbox
from tests.e2e.events import publish_payments
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import PROGRAM, GatewayHome, Program, home_with_broker, until
from tests.e2e.topic_contents import attempts, dead_letters

FAILED, UNAVAILABLE = 1, 5

pytestmark = pytest.mark.timeout(240, func_only=True)


@pytest.fixture(scope="module")
def home(new_broker_home: Callable[[], Path]) -> Iterator[GatewayHome]:
    """A home of its own: these tests change the keys of every subscription in it."""
    with home_with_broker(new_broker_home()) as made:
        made.environment["GATEWAY_SECRET_KEYS_FILE"] = str(made.path / "ring")
        made.start("stream").await_ready()
        yield made


@pytest.fixture
def key(home: GatewayHome) -> Callable[[], str]:
    """Make a new key, as operators do."""
    return lambda: home.run("secrets", "new-key").strip()


@pytest.fixture
async def receiver(home: GatewayHome) -> AsyncIterator[Receiver]:
    """A receiver that verifies; afterwards there are no subscriptions and no egress."""
    sandbox = Sandbox(secrets=[SECRET])
    yield Receiver(sandbox, await sandbox.start(), home)
    await sandbox.stop()
    SubscriptionStore(home.kafka).change(lambda index: [Delete(each.subscription_id) for each in index])


@pytest.fixture
def publisher(home: GatewayHome) -> Iterator[EventPublisher]:
    """Publish to the home's broker."""
    with EventPublisher(home.kafka) as publishing:
        yield publishing


def use(home: GatewayHome, *keys: str) -> None:
    """Make these the key ring, newest first."""
    (home.path / "ring").write_text("\n".join(keys) + "\n")


async def egress(home: GatewayHome) -> Program:
    """Start egress, and wait until it is ready."""
    return await asyncio.to_thread(home.start("egress").await_ready)


def security_lines(program: Program) -> list[dict[str, object]]:
    """Give what egress logged of keys."""
    lines = [orjson.loads(line) for line in program.whole_log.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] in {"security.key_missing", "security.seal_broken"}]


def rekey(home: GatewayHome, *options: str) -> tuple[int, dict[str, object], str]:
    """Run a rekey; gives its exit code, its summary and what it said on standard error."""
    done = subprocess.run(
        [PROGRAM, "secrets", "rekey", "--json", *options],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, orjson.loads(done.stdout), done.stderr


async def test_a_key_is_replaced_while_deliveries_go_on(
    home: GatewayHome, key: Callable[[], str], receiver: Receiver, publisher: EventPublisher
) -> None:
    """New key in front, rekey, old key away: receivers notice nothing, and status says when it may go."""
    old, new = key(), key()
    old_id, new_id = old.partition(":")[0], new.partition(":")[0]
    use(home, old)
    inboxes = [await receiver.subscribe() for _ in range(3)]
    use(home, new, old)
    running = await egress(home)

    assert rekey(home, "--dry-run")[:2] == (0, {"key_id": new_id, "rekeyed": 3, "dry_run": True, "unopened": []})
    assert [(use["key_id"], use["subscriptions"]) for use in home.read("secrets", "status")] == [
        (new_id, 0),
        (old_id, 3),
    ]
    code, summary, progress = rekey(home)
    assert (code, summary["rekeyed"]) == (0, 3)
    assert "sealed 3 of 3 subscriptions" in progress
    assert rekey(home)[1]["rekeyed"] == 0
    assert [(use["key_id"], use["may_go"]) for use in home.read("secrets", "status")] == [
        (new_id, False),
        (old_id, True),
    ]

    await publish_payments(publisher, inboxes[0], 3)
    await receiver.until_accepted(3, inboxes[0])
    use(home, new)
    assert await asyncio.to_thread(running.stop) == 0
    running = await egress(home)
    await publish_payments(publisher, inboxes[1], 3)
    await receiver.until_accepted(3, inboxes[1])
    assert security_lines(running) == []
    assert [receiver.sandbox.stats(inbox).rejected for inbox in inboxes] == [0, 0, 0]
    assert await asyncio.to_thread(running.stop) == 0


async def test_deliveries_wait_for_a_key_that_is_missing(
    home: GatewayHome, key: Callable[[], str], receiver: Receiver, publisher: EventPublisher
) -> None:
    """Egress starts, tells the key and how many want it, sends for the others, and gives nothing up; then all come."""
    missing, other = key(), key()
    missing_id = missing.partition(":")[0]
    use(home, missing)
    held = await receiver.subscribe()
    use(home, other)
    witness = await receiver.subscribe(tenant=held)
    running = await egress(home)
    (line,) = security_lines(running)
    assert (line["key_id"], line["subscriptions"], line["level"]) == (missing_id, 1, "error")

    await publish_payments(publisher, held, 20)
    await receiver.until_accepted(20, witness)
    code, summary, said = rekey(home)
    assert code == FAILED
    assert summary["unopened"] == [
        {"subscription_id": held, "tenant": held, "part": "secret", "key_id": missing_id, "missing": True}
    ]
    assert "Traceback" not in said
    assert await asyncio.to_thread(running.stop) == 0
    assert (receiver.requests(held), attempts(home.kafka, held), dead_letters(home.kafka, held)) == ([], [], [])
    (shown,) = await asyncio.to_thread(home.read, "subscriptions", "get", held)
    assert shown["backlog"]["waiting"] == 20

    use(home, other, missing)
    running = await egress(home)
    await receiver.until_accepted(20, held)
    assert dead_letters(home.kafka, held) == []
    assert await asyncio.to_thread(running.stop) == 0


async def test_a_rotation_helps_against_a_key_that_is_lost(
    home: GatewayHome, key: Callable[[], str], receiver: Receiver, publisher: EventPublisher
) -> None:
    """A running egress holds what it comes to miss a key for, and sends it at once when there is a new secret."""
    lost, ring = key(), key()
    use(home, ring)
    witness = await receiver.subscribe()
    running = await egress(home)
    use(home, lost)
    held = await receiver.subscribe(tenant=witness)
    use(home, ring)
    await until(lambda: len(security_lines(running)) == 1, 60, lambda: running.log)
    await publish_payments(publisher, witness, 10)
    await receiver.until_accepted(10, witness)
    assert receiver.requests(held) == []

    await receiver.gateway("subscriptions", "rotate-secret", held, "--secret", SECRET)
    await receiver.until_accepted(10, held)
    assert (receiver.sandbox.stats(held).rejected, dead_letters(home.kafka, held)) == (0, [])
    assert await asyncio.to_thread(running.stop) == 0


@pytest.mark.parametrize("same_id", [False, True])
async def test_a_ring_that_opens_nothing_ends_egress_at_its_start(
    home: GatewayHome, key: Callable[[], str], receiver: Receiver, *, same_id: bool
) -> None:
    """Also where the key has the right id; the message names it and how many want it, and no key."""
    right, other = key(), key()
    right_id, material = right.partition(":")[0], other.partition(":")[2]
    use(home, right)
    await receiver.subscribe()
    await receiver.subscribe()
    use(home, f"{right_id}:{material}" if same_id else other)
    refused = home.start("egress")
    await until(lambda: not refused.running, 60, lambda: refused.log)

    assert refused.stop() == UNAVAILABLE
    assert "opens the secrets of none of 2 subscriptions" in refused.log
    assert f"key '{right_id}' {'does not fit' if same_id else 'is missing'} (2)" in refused.log
    assert "hint: " in refused.log
    assert material not in refused.log
    assert "Traceback" not in refused.log


async def test_no_ring_at_all_ends_egress_at_its_start(home: GatewayHome) -> None:
    """The hint says how to make one."""
    (home.path / "ring").unlink(missing_ok=True)
    refused = home.start("egress")
    await until(lambda: not refused.running, 60, lambda: refused.log)

    assert refused.stop() == UNAVAILABLE
    assert "gateway secrets new-key" in refused.log
