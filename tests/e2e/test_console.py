"""The console beside the running gateway: did you send it, why not, and send it again, asked over HTTP."""

import asyncio
import shutil
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from gateway.domain.topics import BEGINNINGS, REPLAY_DELIVERIES
from gateway.kafka.publisher import EventPublisher
from gateway.telemetry.metrics import METRICS, Process
from tests.e2e.console import Console
from tests.e2e.events import event_id, publish_payments
from tests.e2e.probing import Probed
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome

AWHILE_S = 60.0
EXAMPLES = 6

pytestmark = pytest.mark.timeout(180, func_only=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the index is."""
    return tmp_path_factory.mktemp("console")


def start(home: GatewayHome, folder: Path, **settings: str) -> Console:
    """Start a console on any free port."""
    return Console(home.start("console", GATEWAY_CONSOLE_PORT="0", GATEWAY_CONSOLE_DIR=str(folder), **settings))


@pytest.fixture(scope="module")
def started(running: GatewayHome, folder: Path) -> Iterator[Console]:
    """Run a console for the module's tests; it has to end well."""
    console = start(running, folder)
    console.program.await_ready()
    yield console
    assert console.program.stop() == 0


@pytest.fixture
async def console(started: Console) -> Console:
    """Give the console of the module."""
    return await started.listening()


async def until_found(console: Console, query: str, state: str, attempts: int) -> dict[str, Any]:
    """Wait until a search finds one delivery in a state; give it."""

    def is_found(page: dict[str, Any]) -> bool:
        found = [(one["state"], one["attempts"]) for one in page["items"]]
        # The last attempt, which tells of the end as well, may be indexed, and on Kafka, before the dead letter is.
        is_whole = all(one["dead_lettered_at_ms"] or one["state"] != "dead_lettered" for one in page["items"])
        return found == [(state, attempts)] and is_whole

    one: dict[str, Any] = (await console.until(f"/deliveries?{query}", is_found))["items"][0]
    return one


async def test_did_you_send_it_why_not_and_send_it_again(
    console: Console, receiver: Receiver, publisher: EventPublisher, running: GatewayHome, tmp_path: Path
) -> None:
    """A subscription is made, its endpoint fails, and its dead letter is begun again: all of it over the API."""
    name = f"c{uuid4().hex[:12]}"
    receiver.sandbox.set_mode(name, "404")
    url = f"{receiver.url}/hooks/{name}"
    definition = {"id": name, "tenant": name, "url": url, "event_types": ["order.paid"], "retry_policy": "none"}
    status, made, headers = await console.ask("POST", "/subscriptions", definition)
    assert (status, made["subscription"]["state"], headers["ETag"]) == (HTTPStatus.CREATED, "active", '"1"')
    receiver.sandbox.set_secrets(name, [made["value"]])
    await publish_payments(publisher, name, 1)

    failed = await until_found(console, f"tenant={name}", "dead_lettered", 1)
    assert (failed["last_status"], failed["reason"], failed["due_at_ms"]) == (404, "attempts_exhausted", None)
    told = await console.get(f"/deliveries/{failed['delivery_id']}")
    check_detail(told, url)
    groups = (await console.get("/dead-letters/groups"))["items"]
    assert [(one["reason"], one["count"]) for one in groups if one["subscription_id"] == name] == [
        ("attempts_exhausted", 1)
    ]

    receiver.sandbox.set_mode(name, "none")
    body = {"delivery_ids": [failed["delivery_id"]]}
    key = {"Idempotency-Key": name}
    status, _, _ = await console.ask("POST", "/dead-letters/replay", body, headers=key)
    assert status == HTTPStatus.OK
    status, again, headers = await console.ask("POST", "/dead-letters/replay", body, headers=key)
    assert (status, again, headers["Idempotent-Replayed"]) == (HTTPStatus.OK, body, "true")
    await receiver.until_accepted(1, name, timeout_s=AWHILE_S)
    done = await until_found(console, f"event_id={failed['event_id']}", "delivered", 2)
    at_host = f"tenant={name}&host=127.0.0.1"  # where there are more of others than fit a page
    for query in (f"delivery_id={done['delivery_id']}", f"subscription_id={name}&state=delivered", at_host):
        assert done["delivery_id"] in [
            one["delivery_id"] for one in (await console.get(f"/deliveries?{query}"))["items"]
        ]
    stats = await console.until(f"/stats?tenant={name}", lambda told: told["standing"] is not None)
    assert [(one["subscription_id"], one["failed"]) for one in stats["worst"]] == [(name, 1)]
    assert stats["standing"]["dead_letters"] > 0
    assert [one["topic"] for one in stats["standing"]["egress"]] == [*BEGINNINGS, REPLAY_DELIVERIES]
    found = (await console.get(f"/attempts?subscription_id={name}"))["items"]
    assert [(one["outcome"], one["trigger"]) for one in found] == [("delivered", "replay"), ("dead_lettered", "event")]
    found = (await console.get(f"/attempts?tenant={name}&status_class=4xx"))["items"]
    assert [one["delivery_id"] for one in found] == [done["delivery_id"]]
    fare = await console.get(f"/subscriptions/{name}/health?hours=1")
    assert (fare["attempts"], fare["success_rate"], fare["circuit"]["open"]) == (2, 0.5, False)
    assert (fare["last_failed"]["status"], fare["last_delivered"]["trigger"]) == (404, "replay")
    # Offsets are committed a moment after what they stand for.
    backlog = await console.until(f"/subscriptions/{name}/backlog", lambda told: told["waiting"] == 0)
    assert (backlog["retrying"], backlog["complete"]) == (0, True)
    await past_is_told(console, name, done)

    # Another console, without an index: it reads everything again, also after it was killed.
    other = start(running, tmp_path)
    await other.listening()
    other.program.kill()
    other = await start(running, tmp_path).listening()
    await asyncio.to_thread(other.program.await_ready)
    assert await until_found(other, f"tenant={name}", "delivered", 2) == done
    assert other.program.stop() == 0
    shutil.rmtree(tmp_path)


def check_detail(told: dict[str, Any], url: str) -> None:
    """Look at what is told of a delivery that failed."""
    assert [attempt["outcome"] for attempt in told["attempts"]] == ["dead_lettered"]
    assert told["attempts"][0]["response_headers"]
    assert told["delivery"]["event_id"] in told["body"]["text"]
    assert (told["request"]["url"], told["request"]["headers"]["webhook-signature"]) == (url, None)
    assert (told["subscription"]["state"], told["source"]["topic"]) == ("active", "events.order")


async def past_is_told(console: Console, name: str, done: dict[str, Any]) -> None:
    """Have what is known by its id found, and the event of a delivery explained that arrived in the end."""
    for wanted, kind in ((done["delivery_id"], "delivery"), (done["event_id"], "event"), (name[:8], "subscription")):
        items = (await console.get(f"/search?q={wanted}"))["items"]
        assert [one["kind"] for one in items] == [kind]
    story = await console.until(f"/events/explanation?event_id={done['event_id']}", lambda told: told["is_processed"])
    assert (story["event"]["tenant"], len(story["records"])) == (name, 1)
    ((told, explained),) = [(one["delivery"], one["explanation"]) for one in story["items"]]
    assert (told["state"], explained["verdict"], explained["rule"]) == ("delivered", "sent", "no_filter")
    assert done["event_id"] in explained["request"]["body"]


async def test_a_change_is_refused_that_has_not_seen_the_one_before(console: Console, running: GatewayHome) -> None:
    """The ETag is the revision; a page of another site, or under another name, changes nothing."""
    name = f"c{uuid4().hex[:12]}"
    definition = {"id": name, "url": "http://127.0.0.1:1/h", "event_types": ["order.*"], "headers": {"X-A": "hush"}}
    _, made, _ = await console.ask("POST", "/subscriptions", definition)
    path = f"/subscriptions/{name}"
    (data,) = await asyncio.to_thread(running.read, "schemas", "mock", "order.paid")
    trial = {"event_type": "order.paid", "data": data, "subscription_id": name}
    (explained,) = (await console.ask("POST", "/explain", trial))[1]["items"]
    assert (explained["verdict"], explained["request"]["url"]) == ("sent", definition["url"])
    assert "hush" not in str(explained)
    await preview(console, name)
    change = {"timeout_s": 3, "headers": {"X-A": None}}
    status, changed, headers = await console.ask("PATCH", path, change, headers={"If-Match": '"1"'})
    assert (status, changed["timeout_s"], changed["headers"], headers["ETag"]) == (HTTPStatus.OK, 3.0, [], '"2"')
    status, problem, headers = await console.ask("PATCH", path, change, headers={"If-Match": '"1"'})
    assert (status, problem["code"]) == (HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile")
    assert headers["Content-Type"] == "application/problem+json"
    status, problem, _ = await console.ask("PATCH", path, {"filter": "data.nope == 1"})
    assert (status, problem["field"]) == (HTTPStatus.BAD_REQUEST, "filter")
    status, problem, _ = await console.ask("POST", f"{path}/pause", headers={"Origin": "http://elsewhere.test"})
    assert (status, problem["code"]) == (HTTPStatus.FORBIDDEN, "wrong_origin")
    status, problem, _ = await console.ask("GET", path, headers={"Host": "rebound.test"})
    assert (status, problem["code"]) == (HTTPStatus.MISDIRECTED_REQUEST, "wrong_host")
    for action, state in (("pause", "paused"), ("resume", "active")):
        assert (await console.ask("POST", f"{path}/{action}"))[1]["state"] == state
    _, rotated, _ = await console.ask("POST", f"{path}/rotate-secret", {})
    assert rotated["value"] != made["value"]
    assert len(rotated["subscription"]["secrets"]) == 2
    assert (await console.ask("DELETE", path))[0] == HTTPStatus.NO_CONTENT
    assert (await console.ask("GET", path))[0] == HTTPStatus.NOT_FOUND
    assert made["value"] not in console.program.whole_log
    told = (await console.get(f"/audit?subscription_id={name}"))["items"]
    assert [entry["action"] for entry in told] == [
        "deleted",
        "secret_rotated",
        "resumed",
        "paused",
        "updated",
        "created",
    ]
    assert {"field": "timeout_s", "before": 10.0, "after": 3.0} in told[-2]["differences"]
    assert "hush" not in str(told)


async def test_an_event_is_tried_and_one_that_was_delivered_is_sent_again(console: Console, receiver: Receiver) -> None:
    """The test is one attempt, also where it fails; what is sent again has the id that the receiver knows."""
    name = await receiver.subscribe("--filter", "data.amount > 1000000", event_type="order.paid")
    status, sent, _ = await console.ask("POST", f"/subscriptions/{name}/test-event", {"event_type": "order.paid"})
    assert (status, sent["subscription_id"]) == (HTTPStatus.ACCEPTED, name)
    tried = await until_found(console, f"delivery_id={sent['delivery_id']}", "delivered", 1)
    assert tried["event_id"].startswith("test-")
    told = await console.get(f"/deliveries/{sent['delivery_id']}")
    assert [attempt["trigger"] for attempt in told["attempts"]] == ["test"]
    receiver.sandbox.set_mode(name, "500")
    _, failing, _ = await console.ask("POST", f"/subscriptions/{name}/test-event", {})
    await until_found(console, f"delivery_id={failing['delivery_id']}", "discarded", 1)
    listed = (await console.get(f"/attempts?subscription_id={name}"))["items"]
    assert [(attempt["trigger"], attempt["status"]) for attempt in listed] == [("test", 500), ("test", 200)]
    receiver.sandbox.set_mode(name, "none")

    key = {"Idempotency-Key": name}
    for _ in range(2):
        status, again, _ = await console.ask("POST", f"/deliveries/{tried['delivery_id']}/resend", headers=key)
        assert (status, again) == (HTTPStatus.ACCEPTED, sent)
    await until_found(console, f"delivery_id={sent['delivery_id']}", "delivered", 2)
    assert receiver.ids(name).count(tried["event_id"]) == 2
    assert (await console.ask("POST", "/deliveries/none/resend"))[0] == HTTPStatus.NOT_FOUND
    await console.ask("POST", f"/subscriptions/{name}/pause")
    status, problem, _ = await console.ask("POST", f"/subscriptions/{name}/test-event", {})
    assert (status, problem["code"]) == (HTTPStatus.CONFLICT, "conflict")


async def test_attempts_are_told_as_they_happen(console: Console, receiver: Receiver) -> None:
    """Those that are asked for, from the moment at which it says that it is live."""
    name, other = await receiver.subscribe(), await receiver.subscribe()
    async with asyncio.timeout(AWHILE_S), console.stream(f"/tail?subscription_id={name}&outcome=delivered") as events:
        assert await anext(events) == ("state", {"live": True})
        for each in (other, name):
            await console.ask("POST", f"/subscriptions/{each}/test-event", {})
        kind, attempt = await anext(events)
    assert (kind, attempt["subscription_id"], attempt["host"]) == ("attempt", name, "127.0.0.1")
    assert (attempt["trigger"], attempt["status"]) == ("test", 200)
    status, problem, _ = await console.ask("GET", "/tail?event_type=Nope%20")
    assert (status, problem["code"]) == (HTTPStatus.BAD_REQUEST, "invalid_input")


async def preview(console: Console, name: str) -> None:
    """Have the form's questions answered, for a subscription that there is and for a new one."""
    change = {"filter": "data.amount > 1", "timeout_s": -1}
    _, told, _ = await console.ask("POST", "/subscriptions/preview", {"subscription_id": name, "definition": change})
    assert [one["field"] for one in told["errors"]] == ["timeout_s", "filter"]
    assert told["explanation"]["request"]["headers"]["X-A"] is None
    _, told, _ = await console.ask("POST", "/subscriptions/preview", {"id": name, "definition": {"url": "x"}})
    assert {one["field"] for one in told["errors"]} == {"id", "url", "event_types"}
    sample = {"event_type": "order.paid", "data": {"amount": "12.50"}}
    _, told, _ = await console.ask("POST", "/filters/check", {**sample, "filter": "data.nope > 1"})
    assert [(one["field"], one["position"]) for one in told["errors"]] == [("filter", 5), ("data", None)]
    _, told, _ = await console.ask(
        "POST", "/filters/check", {"event_type": "order.paid", "filter": "data.order_id != ''"}
    )
    assert (told["errors"], told["result"], told["parts"][0]["expression"]) == ([], True, "data.order_id")


async def test_why_an_event_has_no_delivery_is_told(console: Console, publisher: EventPublisher) -> None:
    """Also of one that no subscription has ever wanted, and of one that was never published."""
    name = f"c{uuid4().hex[:12]}"
    definition = {"id": name, "tenant": name, "url": "http://127.0.0.1:1/h", "event_types": ["order.created"]}
    assert (await console.ask("POST", "/subscriptions", definition))[0] == HTTPStatus.CREATED
    (event_id,) = await publish_payments(publisher, name, 1)
    story = await console.get(f"/events/explanation?event_id={event_id}&event_type=order.paid&hours=1")
    ((delivery, explained),) = [(one["delivery"], one["explanation"]) for one in story["items"]]
    assert (delivery, explained["verdict"], explained["rule"]) == (None, "nothing", "event_type")
    status, problem, _ = await console.ask("GET", "/events/explanation?event_id=nobodys&hours=1")
    assert (status, problem["code"]) == (HTTPStatus.NOT_FOUND, "not_found")


async def test_versions_tell_who_gets_them_and_what_a_next_one_would_break(console: Console) -> None:
    """Nobody has to ask the repository of the catalog."""
    name = f"c{uuid4().hex[:12]}"
    definition = {"id": name, "url": "http://127.0.0.1:1/h", "event_types": ["order.created@2"]}
    assert (await console.ask("POST", "/subscriptions", definition))[0] == HTTPStatus.CREATED
    path = "/event-types/order.created"
    versions = (await console.get(f"{path}/versions"))["items"]
    pinned = next(one for one in versions if one["version"] == 2)
    assert {"subscription_id": name, "tenant": "default", "rule": "pinned"} in pinned["subscriptions"]
    between = await console.get(f"{path}/differences?from_version=1&to_version=2")
    assert between["items"] == pinned["differences"]
    example = await console.get(f"{path}/versions/2/example?seed=3")
    assert set(example["data"]) >= {"order_id", "total"}
    assert example["request"]["body"]["type"] == "order.created"

    schema = (await console.get(f"{path}/versions/{versions[0]['version']}"))["avro"]
    without = {**schema, "fields": [field for field in schema["fields"] if field["name"] != "total"]}
    _, told, _ = await console.ask("POST", f"{path}/impact", {"avro": without})
    assert told["version"] == versions[0]["version"] + 1
    assert ("total", "removed") in [(one["path"], one["change"]) for one in told["differences"]]
    assert told["problems"]
    assert name in [one["subscription_id"] for one in told["subscriptions"]]
    _, told, _ = await console.ask("POST", f"{path}/impact", {"avro": ["no", "record"]})
    assert (told["problems"] != [], told["subscriptions"]) == (True, [])


async def until_state(console: Console, replay_id: str, *states: str) -> dict[str, Any]:
    """Wait until a replay is in one of some states; give it."""
    found: dict[str, Any] = await console.until(f"/replays/{replay_id}", lambda told: told["state"] in states)
    return found


async def test_past_events_and_dead_letters_are_replayed_together(
    console: Console, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Counted first, then begun by a process beside the console; how far it is, is told."""
    older = await receiver.subscribe("--retry-policy", "none", event_type="order.paid")
    receiver.sandbox.set_mode(older, "404")
    await publish_payments(publisher, older, 3)
    newer = await receiver.subscribe(tenant=older, event_type="order.paid")
    since = (await console.get(f"/subscriptions/{older}"))["created_at_ms"]
    asked = {"subscription_ids": [newer], "since_ms": since, "rate_per_s": None}
    _, counted, _ = await console.ask("POST", "/replays/count", asked)
    assert (counted["deliveries"], counted["complete"], counted["kept"]) == (3, True, True)
    status, begun, headers = await console.ask("POST", "/replays", asked)
    assert (status, headers["Location"]) == (HTTPStatus.ACCEPTED, f"/api/v1/replays/{begun['replay_id']}")
    done = await until_state(console, begun["replay_id"], "finished")
    assert (done["deliveries"], done["progress"], done["problem"]) == (3, 1.0, None)
    await receiver.until_accepted(3, newer, timeout_s=AWHILE_S)

    for number in range(3):
        await until_found(console, f"event_id={event_id(older, number)}&subscription_id={older}", "dead_lettered", 1)
    receiver.sandbox.set_mode(older, "none")
    letters = {"source": "dead_letters", "subscription_ids": [older], "reasons": ["attempts_exhausted"]}
    _, counted, _ = await console.ask("POST", "/replays/count", letters)
    assert counted["by_subscription"] == [{"subscription_id": older, "deliveries": 3}]
    _, begun, _ = await console.ask("POST", "/replays", letters)
    await receiver.until_accepted(3, older, timeout_s=AWHILE_S)
    assert (await until_state(console, begun["replay_id"], "finished"))["deliveries"] == 3
    _, counted, _ = await console.ask("POST", "/replays/count", letters)
    assert counted["deliveries"] == 0
    receiver.sandbox.set_mode(older, "404")
    await publish_payments(publisher, older, 2, first=3)
    for number in (3, 4):
        await until_found(console, f"event_id={event_id(older, number)}&subscription_id={older}", "dead_lettered", 1)
    unwanted = {"subscription_ids": [older], "reasons": ["attempts_exhausted"]}
    _, seen, _ = await console.ask("POST", "/dead-letters/purge", {**unwanted, "dry_run": True})
    assert seen == {"count": 2, "purged": False}
    status, _, _ = await console.ask("POST", "/dead-letters/purge", {**unwanted, "expected_count": 1})
    assert status == HTTPStatus.CONFLICT
    _, purged, _ = await console.ask("POST", "/dead-letters/purge", {**unwanted, "expected_count": 2})
    assert purged == {"count": 2, "purged": True}
    _, seen, _ = await console.ask("POST", "/dead-letters/purge", {**unwanted, "dry_run": True})
    assert seen["count"] == 0
    status, problem, _ = await console.ask("POST", f"/replays/{begun['replay_id']}/resume")
    assert (status, problem["code"]) == (HTTPStatus.CONFLICT, "conflict")
    assert (await console.ask("POST", "/replays", {**asked, "filter": "data.nope == 1"}))[0] == HTTPStatus.BAD_REQUEST
    assert (await console.ask("POST", "/replays/rpl_none/cancel"))[0] == HTTPStatus.NOT_FOUND


async def test_a_replay_outlives_its_console(
    running: GatewayHome, receiver: Receiver, publisher: EventPublisher, console: Console, tmp_path: Path
) -> None:
    """A console that ends stops it; another one shows that, goes on with it, and cancels it."""
    name = await receiver.subscribe(event_type="order.paid")
    await publish_payments(publisher, name, 100)
    since = (await console.get(f"/subscriptions/{name}"))["created_at_ms"]
    other = await start(running, tmp_path).listening()
    asked = {"subscription_ids": [name], "since_ms": since, "rate_per_s": 5}
    _, begun, _ = await other.ask("POST", "/replays", asked)
    await until_state(other, begun["replay_id"], "running")
    assert await asyncio.to_thread(other.program.stop) == 0

    path = f"/replays/{begun['replay_id']}"
    stopped = await until_state(console, begun["replay_id"], "stopped")
    assert stopped["deliveries"] < 100
    assert stopped["replay_id"] in [one["replay_id"] for one in (await console.get("/replays"))["items"]]
    status, _, _ = await console.ask("POST", f"{path}/resume")
    assert status == HTTPStatus.ACCEPTED
    await until_state(console, begun["replay_id"], "running")
    status, cancelled, _ = await console.ask("POST", f"{path}/cancel")
    assert (status, cancelled["state"]) == (HTTPStatus.OK, "cancelled")
    assert (await until_state(console, begun["replay_id"], "cancelled"))["deliveries"] < 100


async def test_a_replay_goes_on_without_a_console_that_was_killed(
    running: GatewayHome, receiver: Receiver, publisher: EventPublisher, console: Console, tmp_path: Path
) -> None:
    """Its process is another one; any console says how far it is."""
    name = await receiver.subscribe(event_type="order.paid")
    await publish_payments(publisher, name, 60)
    since = (await console.get(f"/subscriptions/{name}"))["created_at_ms"]
    other = await start(running, tmp_path).listening()
    _, begun, _ = await other.ask("POST", "/replays", {"subscription_ids": [name], "since_ms": since, "rate_per_s": 20})
    await until_state(other, begun["replay_id"], "running")
    other.program.kill()
    assert (await until_state(console, begun["replay_id"], "finished"))["deliveries"] == 60


async def test_the_console_shows_each_of_its_metrics_and_is_ready(console: Console) -> None:
    """Its index has caught up, and its loops move."""
    probed = await Probed(console.program).listening()
    _, text = await probed.get("/metrics")
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE webhook_gateway_")}
    assert shown == {metric.name for metric in METRICS if Process.CONSOLE in metric.shown_by}
    assert await probed.get("/readyz") == (HTTPStatus.OK, "ready\n")
    assert "indexer: moved " in (await probed.get("/livez"))[1]
    assert (await console.get("/health"))["caught_up"]


async def test_other_machines_need_a_token_and_what_it_does_bears_its_name(
    running: GatewayHome, tmp_path: Path
) -> None:
    """It is made by the command and known to a console that runs; revoked, it opens nothing from then on."""
    name = f"c{uuid4().hex[:12]}"
    console = await start(running, tmp_path, GATEWAY_CONSOLE_ADDRESS="0.0.0.0").listening()  # noqa: S104 - needs a token
    new = ("tokens", "create", "--name", name, "--role", "operator", "--tenant", name, "--json")
    (token,) = await asyncio.to_thread(running.read, *new)
    bearer = {"Authorization": f"Bearer {token['token']}"}
    definition = {"id": name, "url": "http://127.0.0.1:1/h", "event_types": ["order.*"]}
    status, problem, _ = await console.ask("POST", "/subscriptions", definition)
    assert (status, problem["code"]) == (HTTPStatus.MISDIRECTED_REQUEST, "wrong_host")
    status, made, _ = await console.ask("POST", "/subscriptions", definition, headers=bearer)
    assert (status, made["subscription"]["tenant"]) == (HTTPStatus.CREATED, name)
    status, _, _ = await console.ask("GET", "/tokens", headers=bearer)
    assert status == HTTPStatus.FORBIDDEN
    assert (await console.ask("DELETE", f"/subscriptions/{name}", headers=bearer))[0] == HTTPStatus.NO_CONTENT
    entries = await asyncio.to_thread(running.read, "audit", "--subscription", name)
    assert {(entry["actor"], entry["command"]) for entry in entries} == {(f"token:{name}", "gateway console")}

    await asyncio.to_thread(running.run, "tokens", "revoke", token["token_id"])
    async with asyncio.timeout(AWHILE_S):
        # Nobody tells the test when the console has heard of it.
        while (await console.ask("GET", "/subscriptions", headers=bearer))[0] == HTTPStatus.OK:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    status, _, headers = await console.ask("GET", "/subscriptions", headers=bearer)
    assert (status, headers["WWW-Authenticate"]) == (HTTPStatus.UNAUTHORIZED, "Bearer")
    assert token["token"] not in console.program.whole_log
    assert console.program.stop() == 0


# What is right by the schema may still break a rule of the gateway, such as a filter that does not compile.
NOT_PROMISED: list[Any] = [checks.positive_data_acceptance]
# It would be read to its end.
ENDLESS = ("/api/v1/tail",)


async def test_the_api_is_as_it_describes_itself(console: Console) -> None:
    """Whatever is sent gets an answer of the form that the document promises, and never a fault of the server."""
    described = await asyncio.to_thread(schemathesis.openapi.from_url, f"{console.url}/api/openapi.json")
    operations = [
        found.ok()
        for found in described.get_all_operations()
        if isinstance(found, Ok) and found.ok().path not in ENDLESS
    ]
    assert len(operations) > 15

    def send_anything(operation: Any) -> None:
        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            case.call_and_validate(excluded_checks=NOT_PROMISED)

        send()

    for operation in operations:
        await asyncio.to_thread(send_anything, operation)
