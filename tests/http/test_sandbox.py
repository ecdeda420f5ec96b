"""The test receiver over real HTTP: inboxes, fail modes, looking and steering."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from random import Random
from typing import Any

import aiohttp
import pytest

from gateway.domain.errors import InvalidInputError, UnavailableError
from gateway.receiver.received import ReceivedRequest
from gateway.receiver.sandbox import MAX_BODY_BYTES, Sandbox
from tests.http.signed_requests import OTHER_SECRET, SECRET, payload, sign


class Sandboxed:
    """A running test receiver and a client of it."""

    def __init__(self, sandbox: Sandbox, client: aiohttp.ClientSession, seen: list[ReceivedRequest]) -> None:
        self.sandbox = sandbox
        self.client = client
        self.seen = seen

    async def post(self, event_id: str = "evt_1", inbox: str = "", **signing: Any) -> int:
        """Send a signed event; give the status."""
        body = payload(event_id)
        path = f"/hooks/{inbox}" if inbox else "/hooks"
        async with self.client.post(path, data=body, headers=sign(body, event_id, **signing)) as response:
            await response.read()
            return response.status

    async def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Use the API; give status and JSON."""
        async with self.client.request(method, path, json=body) as response:
            return response.status, await response.json()


@pytest.fixture
async def running() -> AsyncIterator[Sandboxed]:
    """Run a test receiver that knows SECRET."""
    seen: list[ReceivedRequest] = []
    sandbox = Sandbox(secrets=[SECRET], rng=Random(1), on_received=seen.append)  # noqa: S311 - decides nothing secret
    url = await sandbox.start()
    async with aiohttp.ClientSession(url) as client:
        yield Sandboxed(sandbox, client, seen)
    await sandbox.stop()


async def test_a_signed_event_is_kept(running: Sandboxed) -> None:
    """The request shows up on the list, in the callback and in the counts, as verified."""
    assert await running.post(inbox="shop") == 200
    status, (received,) = await running.call("GET", "/received")
    assert status == 200
    assert (received["name"], received["webhook_id"], received["event_type"]) == ("shop", "evt_1", "order.created")
    assert (received["verified"], received["reason"], received["answer"]) == (True, None, 200)
    assert (received["seq"], received["attempt_count"]) == (1, 1)
    assert received["body"] == payload().decode()
    assert {name.lower() for name in received["headers"]} >= {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert [one.as_json() for one in running.seen] == [received]
    assert running.sandbox.received("shop") == running.seen
    stats = running.sandbox.stats("shop")
    assert (stats.received, stats.verified, stats.accepted, stats.distinct_ids) == (1, 1, 1, 1)


async def test_a_forged_event_is_refused_and_kept(running: Sandboxed) -> None:
    """A bad signature is answered 401 with its reason, and counted apart."""
    assert await running.post(secret=OTHER_SECRET) == 401
    assert await running.post(age_s=1000) == 401
    _, received = await running.call("GET", "/received")
    assert [one["verified"] for one in received] == [False, False]
    assert [one["reason"] for one in received] == ["invalid_signature", "stale_timestamp"]
    assert (running.sandbox.stats().rejected, running.sandbox.stats().accepted) == (2, 0)


async def test_without_a_secret_nothing_is_checked(running: Sandboxed) -> None:
    """An inbox without secrets takes anything, and says that it did not check."""
    running.sandbox.set_secrets("open", [])
    async with running.client.post("/hooks/open", data=b"not even JSON \xff") as response:
        assert response.status == 200
    (received,) = running.sandbox.received("open")
    assert (received.verified, received.webhook_id, received.event_type) == (None, None, None)
    assert running.sandbox.stats("open").unverified == 1


async def test_repeats_are_counted(running: Sandboxed) -> None:
    """The same id again is the next attempt."""
    running.sandbox.set_mode(None, "500")
    assert await running.post() == 500
    running.sandbox.set_mode(None, "none")
    assert await running.post() == 200
    assert [one.attempt_count for one in running.seen] == [1, 2]
    assert running.sandbox.stats().repeats == 1
    assert running.sandbox.stats().accepted_ids == 1


@pytest.mark.parametrize("status", [400, 401, 410, 429, 500])
async def test_an_inbox_fails_as_asked(running: Sandboxed, status: int) -> None:
    """One inbox fails with its status; the others don't."""
    running.sandbox.set_mode("dead", str(status))
    body = payload()
    async with running.client.post("/hooks/dead", data=body, headers=sign(body)) as response:
        assert response.status == status
        assert ("Retry-After" in response.headers) == (status == 429)
        assert (await response.json())["error"] == "asked_to_fail"
    assert await running.post(inbox="healthy") == 200


async def test_flaky_recovers(running: Sandboxed) -> None:
    """A flaky inbox fails some, and every event gets through when it is sent often enough."""
    running.sandbox.set_mode("flaky", "flaky:0.5")
    answers = [await running.post(f"evt_{number}", "flaky") for number in range(40)]
    assert set(answers) == {200, 503}
    assert running.sandbox.stats("flaky").accepted == answers.count(200)


async def test_slow_answers_late(running: Sandboxed) -> None:
    """A slow inbox answers 200 after its delay."""
    running.sandbox.set_mode("slow", "slow:0.2s")
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await running.post(inbox="slow") == 200
    assert loop.time() - began >= 0.2


async def test_timeout_holds_the_request_until_the_client_gives_up() -> None:
    """The client gets no answer; the request is kept as held and not accepted."""
    came = asyncio.Event()
    sandbox = Sandbox(mode="timeout", on_received=lambda _: came.set())
    async with aiohttp.ClientSession(await sandbox.start()) as client:
        held = asyncio.create_task(client.post("/hooks", data=payload()))
        await came.wait()
        done, _ = await asyncio.wait([held], timeout=0.1)
        assert not done
        held.cancel()
        await asyncio.wait([held])
    assert [one.answer for one in sandbox.received()] == [None]
    assert sandbox.stats().accepted == 0
    await sandbox.stop()


async def test_a_stop_lets_go_of_held_requests() -> None:
    """Stopping does not wait for a held request, and does not answer it with a success."""
    came = asyncio.Event()
    sandbox = Sandbox(mode="slow:60s", on_received=lambda _: came.set())
    async with aiohttp.ClientSession(await sandbox.start()) as client, asyncio.timeout(5):
        held = asyncio.create_task(client.post("/hooks", data=payload()))
        await came.wait()
        await sandbox.stop()
        assert (await held).status == 503
    assert sandbox.stats().accepted == 0


async def test_modes_change_over_http(running: Sandboxed) -> None:
    """A mode is set for all inboxes or for one, and read back."""
    assert await running.call("PUT", "/mode", {"mode": "500"}) == (200, {"mode": "500"})
    assert await running.call("PUT", "/mode/a", {"mode": "410"}) == (200, {"mode": "410"})
    assert await running.call("GET", "/mode") == (200, {"mode": "500"})
    assert await running.call("GET", "/mode/a") == (200, {"mode": "410"})
    assert await running.call("GET", "/mode/new") == (200, {"mode": "500"})
    assert [await running.post(inbox=inbox) for inbox in ("", "a", "new")] == [500, 410, 500]
    await running.call("PUT", "/mode", {"mode": "none"})
    assert [await running.post(inbox=inbox) for inbox in ("", "a", "new")] == [200, 200, 200]


async def test_secrets_change_over_http(running: Sandboxed) -> None:
    """An inbox's own secrets hold for it alone, and several do during a rotation."""
    assert await running.call("PUT", "/secrets/a", {"secrets": [OTHER_SECRET]}) == (200, {"secrets": 1})
    assert [await running.post(inbox="a"), await running.post(inbox="a", secret=OTHER_SECRET)] == [401, 200]
    assert await running.post(inbox="b") == 200
    await running.call("PUT", "/secrets/a", {"secrets": [OTHER_SECRET, SECRET]})
    assert await running.post(inbox="a") == 200


async def test_listing_and_clearing_over_http(running: Sandboxed) -> None:
    """The list is filtered and paged; clearing forgets requests and counts."""
    for number in range(4):
        await running.post(f"evt_{number}", "a" if number % 2 else "b")

    async def listed(query: str) -> list[str]:
        status, received = await running.call("GET", f"/received?{query}")
        assert status == 200
        return [one["webhook_id"] for one in received]

    assert await listed("limit=2") == ["evt_2", "evt_3"]
    assert await listed("after=1&limit=2") == ["evt_1", "evt_2"]
    assert await listed("name=a") == ["evt_1", "evt_3"]
    assert await running.call("DELETE", "/received?name=a") == (200, {"cleared": 2})
    assert await listed("") == ["evt_0", "evt_2"]
    assert await running.call("DELETE", "/received") == (200, {"cleared": 2})
    status, stats = await running.call("GET", "/stats")
    assert status == 200
    assert {name: counts["received"] for name, counts in stats.items()} == {"a": 0, "b": 0}


async def test_health(running: Sandboxed) -> None:
    """It says that it is there."""
    assert await running.call("GET", "/healthz") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/mode", {"mode": "sometimes"}),
        ("PUT", "/mode", {"mode": 500}),
        ("PUT", "/mode", ["500"]),
        ("PUT", "/mode/..", {"mode": "500"}),
        ("PUT", "/mode/-a", {"mode": "500"}),
        ("PUT", "/secrets", {"secrets": ["hunter2"]}),
        ("PUT", "/secrets", {"secrets": SECRET}),
        ("PUT", "/secrets", {}),
        ("GET", "/received?limit=-1", None),
        ("GET", "/received?after=x", None),
    ],
)
async def test_bad_requests_change_nothing(running: Sandboxed, method: str, path: str, body: object) -> None:
    """What is wrong is refused with a message, and things stay as they were."""
    async with running.client.request(method, path, json=body) as response:
        assert response.status in {400, 404}
        assert "hunter2" not in await response.text()
    assert await running.post() == 200


async def test_inboxes_are_bounded(running: Sandboxed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are none, and too many of them, get 404."""
    monkeypatch.setattr("gateway.receiver.inboxes.MAX_INBOXES", 2)
    assert [await running.post(inbox=inbox) for inbox in ("a", "b", "c", "a")] == [200, 200, 404, 200]
    assert await running.post(inbox="-") == 404


async def test_what_is_kept_of_a_request_is_bounded(running: Sandboxed) -> None:
    """Long bodies and headers are kept in part, bytes that are no text do no harm, and the limit is 413."""
    body = payload(data={"text": "x" * 100_000})
    headers = sign(body) | {"X-Long": "y" * 5000, "X-Bytes": b"\xff\xfe".decode(errors="surrogateescape")}
    async with running.client.post("/hooks", data=body, headers=headers) as response:
        assert response.status == 200
    _, (received,) = await running.call("GET", "/received")
    assert len(received["body"]) == 4096
    assert len(received["headers"]["X-Long"]) == 512
    async with running.client.post("/hooks", data=BytesIO(bytes(MAX_BODY_BYTES + 1))) as response:
        assert response.status == 413


async def test_requests_of_every_content_mode_are_kept(running: Sandboxed) -> None:
    """The type from where the mode says it; a body that is no text in base64, a text that was cut as it is."""
    bodies = {
        "ce-type": (b'{"type":"of the data"}', ('{"type":"of the data"}', None)),
        "webhook-event-type": (b"\xc3\x01\xff", ("", "wwH/")),
        "X-Other": ("é".encode() * 4000 + b"?", ("é" * 2048, None)),
    }
    for name, (body, _) in bodies.items():
        async with running.client.post("/hooks", data=body, headers=sign(body) | {name: "order.paid"}) as response:
            assert response.status == 200
    _, received = await running.call("GET", "/received")
    assert [one["event_type"] for one in received] == ["order.paid", "order.paid", None]
    assert [(one["body"], one["body_base64"]) for one in received] == [kept for _, kept in bodies.values()]


async def test_a_port_in_use_is_an_error_with_a_hint(running: Sandboxed) -> None:
    """A second receiver on the same port does not come up, and says what to do."""
    second = Sandbox()
    async with running.client.get("/healthz") as response:
        port = response.url.port
    assert port is not None
    with pytest.raises(UnavailableError, match="in use") as refused:
        await second.start(port=port)
    assert "--port" in (refused.value.hint or "")
    await second.stop()


def test_a_bad_setup_is_refused() -> None:
    """An unknown mode and a bad secret are noticed before anything listens."""
    with pytest.raises(InvalidInputError):
        Sandbox(mode="sometimes")
    with pytest.raises(InvalidInputError):
        Sandbox(secrets=["hunter2"])
