"""A demo that stays, as the tests with a browser look at it: its console, and what is asked of its API beside them."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import uuid4

import orjson

from tests.e2e.running import GatewayHome, Program

EVENTS = 40
NOBODY = "http://127.0.0.1:9/hooks"  # refuses every connection
_START_S = 180.0
_OVER_S = 300.0
_INDEXED_S = 60.0
_POLL_S = 0.2
_ASK_S = 30.0


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo.

    Attributes:
        home: what it runs in.
        program: its process.
        url: where its console is.
    """

    home: GatewayHome
    program: Program
    url: str

    def get(self, path: str, **query: str) -> Any:
        """Give what the API has at a path."""
        where = f"{self.url}/api/v1{path}?{urlencode(query)}"
        with urlopen(where, timeout=_ASK_S) as answer:  # noqa: S310 - the demo's own
            return orjson.loads(answer.read())

    def send_test_event(self, subscription_id: str) -> None:
        """Send one to a subscription; it is on its way then."""
        where = f"{self.url}/api/v1/subscriptions/{subscription_id}/test-event"
        asked = Request(where, b"{}", {"Content-Type": "application/json"})  # noqa: S310 - the demo's own
        with urlopen(asked, timeout=_ASK_S) as answer:  # noqa: S310 - see above
            assert answer.status == HTTPStatus.ACCEPTED

    def subscription(self, endpoint: str) -> str:
        """Give the id of one endpoint's subscription."""
        [found] = (each["id"] for each in self.get("/subscriptions")["items"] if each["id"].endswith(f"-{endpoint}"))
        return str(found)

    def delivery(self, endpoint: str, state: str) -> dict[str, Any]:
        """Give a delivery of a real event to one endpoint that is in a state, once the index has one."""
        give_up_at = time.monotonic() + _INDEXED_S
        while True:
            items = self.get("/deliveries", subscription_id=self.subscription(endpoint), state=state)["items"]
            events = [each for each in items if not each["event_id"].startswith("test-")]
            if events:
                found: dict[str, Any] = events[0]
                return found
            assert time.monotonic() < give_up_at, f"no delivery to {endpoint} is {state}"
            time.sleep(_POLL_S)

    def await_replay(self) -> str:
        """Give the id of the newest replay, once the console knows of one."""
        give_up_at = time.monotonic() + _INDEXED_S
        while not (items := self.get("/replays")["items"]):
            assert time.monotonic() < give_up_at, "the console knows of no replay"
            time.sleep(_POLL_S)
        return str(items[0]["replay_id"])

    def subscribe(self, endpoint: str, *options: str) -> "Own":
        """Make a subscription to order.paid for a tenant that nobody else has, so that a test is by itself.

        Args:
            endpoint: its URL.
            options: more of `gateway subscriptions create`.
        """
        name = f"own-{uuid4().hex[:8]}"
        where = ("--id", name, "--tenant", name, "--url", endpoint, "--event-type", "order.paid")
        self.home.run("subscriptions", "create", *where, *options)
        return Own(self, name)

    def await_end(self) -> None:
        """Wait until every delivery has ended, and the demo stays."""
        _await(self.program, "the console stays at", _OVER_S)


@dataclass(frozen=True, slots=True)
class Own:
    """A subscription of a test's own.

    Attributes:
        demo: where it is.
        name: its id, and its tenant's.
    """

    demo: Demo
    name: str

    def publish(self, events: int) -> None:
        """Publish so many events for it."""
        self.demo.home.run("publish", "order.paid", "--mock", str(events), "--tenant", self.name)

    def await_deliveries(self, state: str, number: int) -> list[str]:
        """Give the ids of its deliveries in a state, once the index has so many, the newest first."""
        give_up_at = time.monotonic() + _INDEXED_S
        while True:
            items = self.demo.get("/deliveries", subscription_id=self.name, state=state)["items"]
            if len(items) >= number:
                return [str(each["delivery_id"]) for each in items]
            assert time.monotonic() < give_up_at, f"{len(items)} of {number} deliveries are {state}"
            time.sleep(_POLL_S)


def start_demo(path: Path, **settings: str) -> Demo:
    """Start a demo in a home; gives it once its console serves and its events are on their way.

    Args:
        path: the home.
        settings: more of the environment's.
    """
    home = GatewayHome(path)
    program = home.start("demo", "--stay", "--events", str(EVENTS), GATEWAY_CONSOLE_PORT="0", **settings)
    _await(program, "the console is at", _START_S)
    [line] = (line for line in program.whole_log.splitlines() if "the console is at" in line)
    return Demo(home, program, line.rpartition(" ")[2])


def _await(program: Program, text: str, timeout_s: float) -> None:
    give_up_at = time.monotonic() + timeout_s
    while text not in program.whole_log:
        assert program.running, f"the demo ended:\n{program.log}"
        assert time.monotonic() < give_up_at, f"the demo did not say '{text}':\n{program.log}"
        time.sleep(_POLL_S)
