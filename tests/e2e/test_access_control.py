"""The whole path on a Kafka with passwords, TLS and access control: each process is a user with the rules of the table.

What the table lists is enough: everything works, and nothing was refused on the way. It is no more than is needed:
the broker was asked for each of it.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from http import HTTPStatus

import orjson
import pytest

from gateway.domain.signals import SignalKind
from gateway.domain.tiers import parse_tier
from gateway.domain.topics import DELIVERIES, PRIORITY_DELIVERIES, SIGNALS, TopicLayout
from gateway.kafka.acls import Role, permissions
from gateway.receiver.sandbox import Sandbox
from gateway.wire.sealing import generate_key_line
from gateway.wire.signal_record import signal_codec
from tests.e2e.console import Console
from tests.e2e.endpoints import Answer, Script
from tests.e2e.receiving import SECRET, Receiver
from tests.e2e.running import GatewayHome, Program, until
from tests.e2e.topic_contents import attempts, dead_letters, produce_raw, read_topic
from tests.secure.broker import SecureBroker, rules

DOMAINS = ("customer", "invoice", "order")
EVENTS = {"customer": "customer.updated", "invoice": "invoice.issued", "order": "order.paid"}
LAYOUT = TopicLayout(DOMAINS, 2, 2, (parse_tier("1s"),))
NEEDED = permissions(LAYOUT)
RETRIED = ("--retry-policy", "1s")
ARRIVAL_S = 60.0
ENDS_WITHIN_S = 90.0

pytestmark = pytest.mark.timeout(420, func_only=True)


@pytest.fixture(scope="module")
def homes(secure: SecureBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Role, GatewayHome]]:
    """A home for each role, where it is a user of its own; the topics are there."""
    secure.allow(NEEDED)
    key = generate_key_line()
    found: dict[Role, GatewayHome] = {}
    for role in Role:
        found[role] = GatewayHome(tmp_path_factory.mktemp(role.value))
        found[role].environment |= {
            **secure.environment(role.value),
            "GATEWAY_PARTITIONS": "2",
            "GATEWAY_RETRY_TIERS": "1s",
            "GATEWAY_SECRET_KEYS": key,
        }
    found[Role.TOPICS].run("topics", "apply")
    yield found
    for home in found.values():
        home.end_all()


@pytest.fixture
async def receiver(homes: dict[Role, GatewayHome]) -> AsyncIterator[Receiver]:
    """A test receiver; who subscribes is the user for that."""
    sandbox = Sandbox(secrets=[SECRET])
    url = await sandbox.start()
    yield Receiver(sandbox, url, homes[Role.SUBSCRIPTIONS])
    await sandbox.stop()


def start(homes: dict[Role, GatewayHome]) -> list[Program]:
    """Start stream and egress."""
    return [homes[role].start(role.value) for role in (Role.STREAM, Role.EGRESS)]


async def run(home: GatewayHome, *arguments: str) -> str:
    """Run a command while the receiver goes on answering."""
    return await asyncio.to_thread(home.run, *arguments)


async def publish(homes: dict[Role, GatewayHome], tenant: str, domain: str, *options: str) -> None:
    """Publish an event of a domain."""
    await run(homes[Role.PUBLISHER], "publish", EVENTS[domain], "--mock", "1", "--tenant", tenant, *options)


async def test_every_process_does_its_work_with_the_rules_of_the_table_and_needs_each(
    homes: dict[Role, GatewayHome], secure: SecureBroker, receiver: Receiver, script: Script
) -> None:
    """Deliver, retry, give up, replay, keep an order, disable, look: then every rule was used, and none was missed."""
    running = start(homes)
    for program in running:
        await asyncio.to_thread(program.await_ready)

    well = await receiver.subscribe(*RETRIED)
    await receiver.subscribe(*RETRIED, "--filter", "1 / 0 == 1", tenant=well)
    for domain in DOMAINS:
        await publish(homes, well, domain, "--priority", "high" if domain == "order" else "normal")
    dead = await receiver.subscribe(*RETRIED, url=f"{receiver.url}/hooks/dead")
    receiver.sandbox.set_mode("dead", "500")
    await publish(homes, dead, "order")
    _, ordered_url = await script(Answer(500), Answer(200))
    ordered = await receiver.subscribe(*RETRIED, "--order", "key", url=ordered_url)
    await publish(homes, ordered, "order", "--key", "k")
    gone = await receiver.subscribe(*RETRIED, url=f"{receiver.url}/hooks/gone")
    receiver.sandbox.set_mode("gone", "410")
    await publish(homes, gone, "order")
    produce_raw(secure.inner, "events.order", b"no event")

    await receiver.until_accepted(3, well, timeout_s=ARRIVAL_S)
    await until(lambda: len(dead_letters(secure.inner, dead)) == 1, ARRIVAL_S, lambda: attempts(secure.inner, dead))
    await until(lambda: len(attempts(secure.inner, ordered)) == 2, ARRIVAL_S, lambda: attempts(secure.inner, ordered))
    await until(lambda: is_disabled(secure, gone), ARRIVAL_S, lambda: running[1].log)
    await until(lambda: any(read_topic(secure.inner, "events.rejected")), ARRIVAL_S, lambda: running[0].log)
    receiver.sandbox.set_mode("dead", "none")
    failed = ("--subscription", dead, "--since", "1h", "--status", "failed", "--yes")
    await run(homes[Role.REPLAY], "replay", "start", *failed)
    await receiver.until_accepted(1, "dead", timeout_s=ARRIVAL_S)
    await let_in_and_out(homes, dead)
    tested = await run(homes[Role.TEST], "subscriptions", "test", well, "--json")
    assert '"trigger":"test"' in tested
    await run(homes[Role.DLQ], "dlq", "replay", "--all", "--subscription", dead, "--again", "--yes")
    assert await run(homes[Role.DELIVERIES], "deliveries", "list", "--json")
    (event_id,) = {one.event_id for one in attempts(secure.inner, dead)}
    watching = homes[Role.DELIVERIES].start("tail", "--subscription", dead, "--since", "1h", "--json")
    await until(lambda: dead in watching.output, ARRIVAL_S, lambda: watching.log)
    assert watching.stop(signal.SIGINT) == 0
    assert dead in await run(homes[Role.EXPLAIN], "explain", event_id, "--json")
    assert gone in await run(homes[Role.SIGNALS], "signals", "--json")
    assert gone in await run(homes[Role.AUDIT], "audit", "--actor", "egress", "--json")
    await leave_waiting(homes, secure, well)
    await look_and_change(homes[Role.CONSOLE], dead)
    assert await run(homes[Role.TOP], "top", "--once", "--json")
    for subscription in (well, gone):
        assert await run(homes[Role.SUBSCRIPTIONS], "subscriptions", "get", subscription, "--json")
    assert await run(homes[Role.TOPICS], "topics", "list", "--json")
    assert [program.stop() for program in running] == [0, 0]

    asked = secure.asked()
    assert {each for each in asked if not each.allowed and each.user in {role.value for role in Role}} == set()
    used = {(each.user, each.operation, each.resource, each.name) for each in asked}
    unused = {rule for role in Role for rule in rule_names(role) if rule not in used}
    assert unused == set()


async def look_and_change(home: GatewayHome, subscription: str) -> None:
    """Have a console read all that it follows, change a subscription, and begin a dead letter again."""
    program = home.start("console", GATEWAY_CONSOLE_PORT="0")
    await asyncio.to_thread(program.await_ready)
    console = await Console(program).listening()
    (letter,) = (await console.get(f"/deliveries?subscription_id={subscription}"))["items"]
    body = {"delivery_ids": [letter["delivery_id"]], "again": True}
    status, problem, _ = await console.ask("POST", "/dead-letters/replay", body)
    assert status == HTTPStatus.OK, problem
    asked = {"source": "dead_letters", "subscription_ids": [subscription]}
    status, problem, _ = await console.ask("POST", "/replays", asked)
    assert status == HTTPStatus.ACCEPTED, problem
    status, problem, _ = await console.ask("POST", f"/subscriptions/{subscription}/test-event", {})
    assert status == HTTPStatus.ACCEPTED, problem
    status, problem, _ = await console.ask("POST", "/tokens", {"name": subscription, "role": "viewer"})
    assert status == HTTPStatus.CREATED, problem
    status, problem, _ = await console.ask("PATCH", f"/subscriptions/{subscription}", {"description": "looked at"})
    assert status == HTTPStatus.OK, problem
    # Its first look at Kafka may take longer than an answer.
    await console.until("/stats", lambda told: told["standing"] is not None)
    assert (await console.get("/audit"))["items"]
    assert (await console.ask("GET", "/events/explanation?event_id=nobodys"))[0] == HTTPStatus.NOT_FOUND
    await console.until(f"/events/explanation?event_id={letter['event_id']}", lambda told: told["is_processed"])
    assert program.stop() == 0


async def let_in_and_out(homes: dict[Role, GatewayHome], subscription: str) -> None:
    """Give out a token and a link to the portal, and revoke both."""
    token = orjson.loads(await run(homes[Role.TOKENS], "tokens", "create", "--name", "a", "--role", "viewer", "--json"))
    assert token["token_id"] in await run(homes[Role.TOKENS], "tokens", "revoke", token["token_id"])
    whose = ("--tenant", subscription)  # which has that name, too
    made = orjson.loads(
        await run(homes[Role.PORTAL], "portal", "link", *whose, "--subscription", subscription, "--json")
    )
    assert made["link_id"] in await run(homes[Role.PORTAL], "portal", "revoke", *whose, "--link", made["link_id"])


async def leave_waiting(homes: dict[Role, GatewayHome], secure: SecureBroker, subscription: str) -> None:
    """Have deliveries of a subscription wait wherever one can."""
    await publish(homes, subscription, "order", "--deliver-after", "1h")
    await until(lambda: has_record(secure, "deliveries.retry.1s", subscription), ARRIVAL_S, secure.asked)
    await run(homes[Role.SUBSCRIPTIONS], "subscriptions", "pause", subscription)
    for topic, priority in ((DELIVERIES, "normal"), (PRIORITY_DELIVERIES, "high")):
        before = len(read_topic(secure.inner, topic))
        await publish(homes, subscription, "order", "--priority", priority)
        await until(partial(has_more, secure, topic, before), ARRIVAL_S, str)
    await run(homes[Role.REPLAY], "replay", "start", "--subscription", subscription, "--since", "1h", "--yes")


def has_more(secure: SecureBroker, topic: str, count: int) -> bool:
    """Tell whether a topic has more records than so many."""
    return len(read_topic(secure.inner, topic)) > count


def is_disabled(secure: SecureBroker, subscription: str) -> bool:
    """Tell whether a signal says that a subscription is disabled; it comes after the change, and its audit entry."""
    told = (signal_codec().decode(message.value()) for message in read_topic(secure.inner, SIGNALS))
    return any((signal.subscription_id, signal.kind) == (subscription, SignalKind.DISABLED) for signal in told)


def has_record(secure: SecureBroker, topic: str, subscription: str) -> bool:
    """Tell whether a topic has a record of a subscription."""
    return any(message.key() == subscription.encode() for message in read_topic(secure.inner, topic))


def rule_names(role: Role) -> Iterator[tuple[str, str, str, str]]:
    """Give the rules of a role in the authorizer's words."""
    for permission in NEEDED[role]:
        resource = permission.resource.name.title().replace("_", "")
        for name in permission.names:
            for operation in permission.operations:
                yield role.value, operation.name, resource, name


@pytest.mark.parametrize("command", ["stream", "egress"])
def test_a_process_with_a_wrong_password_ends_and_says_so(homes: dict[Role, GatewayHome], command: str) -> None:
    """It does not try for ever, and nobody has to read the broker's log."""
    home = homes[Role(command)]
    secret = "wrong-hush"
    file = home.path / "wrong"
    file.write_text(secret)

    log = ended(home.start(command, GATEWAY_KAFKA_SASL_PASSWORD_FILE=str(file)))

    assert "uthentication failed" in log
    assert "hint: check GATEWAY_KAFKA_SASL_" in log
    assert "Traceback" not in log
    assert secret not in log


@pytest.mark.parametrize(
    ("role", "name"),
    [
        (Role.STREAM, "events.order"),
        (Role.STREAM, "webhook-gateway-stream"),
        (Role.EGRESS, "deliveries.dlq"),
        (Role.EGRESS, "webhook-gateway-egress"),
    ],
)
def test_a_process_without_one_of_its_rules_ends_and_says_so(
    homes: dict[Role, GatewayHome], secure: SecureBroker, role: Role, name: str
) -> None:
    """A rule that is missing is named, with where to find the others."""
    taken = [rule for rule in rules(role.value, NEEDED[role]) if rule.name == name]
    for rule in taken:
        secure.remove_rule(rule)
    try:
        log = ended(homes[role].start(role.value))
    finally:
        secure.add_rules(taken)

    assert "uthorization failed" in log or "not authorized" in log
    assert "hint: `gateway topics acls` lists" in log
    assert "Traceback" not in log


def ended(program: Program) -> str:
    """Wait for a process to end by itself, badly, and give its log."""
    give_up_at = time.monotonic() + ENDS_WITHIN_S
    while program.running:
        assert time.monotonic() < give_up_at, f"{program.name} goes on:\n{program.log}"
        time.sleep(0.05)
    assert program.stop() == 1, program.log
    return program.whole_log
