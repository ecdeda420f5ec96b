"""Every view of the console, and what it shows once it is there: one list, for checks and for pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import orjson
from playwright.sync_api import Page, expect

from tests.browser.running_demo import Demo


@dataclass(frozen=True, slots=True)
class View:
    """A view.

    Attributes:
        name: in file names.
        path: gives its address in a demo that is over.
        shows: words that it has once what it is about was read.
        happens: lets happen what it shows.
    """

    name: str
    path: Callable[[Demo], str]
    shows: str
    happens: Callable[[Demo], None] = lambda _: None

    def open(self, page: Page, demo: Demo) -> None:
        """Open it, and wait until it is whole."""
        page.goto(self.path(demo))
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("connecting", exact=True)).to_have_count(0)  # the tail tells what happens from then on
        self.happens(demo)
        expect(page.get_by_text(self.shows).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)


def _delivery(endpoint: str, state: str) -> Callable[[Demo], str]:
    return lambda demo: f"/deliveries/{demo.delivery(endpoint, state)['delivery_id']}"


def _event(endpoint: str) -> Callable[[Demo], str]:
    return lambda demo: f"/events/{demo.delivery(endpoint, 'delivered')['event_id']}"


def _letters(endpoint: str) -> Callable[[Demo], str]:
    return lambda demo: f"/dead-letters/{demo.subscription(endpoint)}?reason=attempts_exhausted"


def _subscription(endpoint: str, part: str = "") -> Callable[[Demo], str]:
    return lambda demo: f"/subscriptions/{demo.subscription(endpoint)}{part}"


def _portal(endpoint: str, *, subscription: bool) -> Callable[[Demo], str]:
    """Give the address that a link of the endpoint's tenant leads to: the list, or the one subscription."""

    def path(demo: Demo) -> str:
        name = demo.subscription(endpoint)
        tenant = str(demo.get(f"/subscriptions/{name}")["tenant"])
        where = ("--subscription", name) if subscription else ()
        link = str(orjson.loads(demo.home.run("portal", "link", "--tenant", tenant, *where, "--json"))["url"])
        return f"/portal#{link.partition('#')[2]}"

    return path


def _portal_links(demo: Demo) -> str:
    """Give the address of the list, once there are links."""
    _portal("healthy", subscription=True)(demo)
    return "/access/portal-links"


def _attempts(demo: Demo) -> None:
    """Make some attempts, now."""
    for endpoint in ("healthy", "flaky", "limited", "healthy"):
        demo.send_test_event(demo.subscription(endpoint))


def _replay(demo: Demo) -> str:
    """Give the address of a replay; where there is none yet, of one to a subscription of its own."""
    if not demo.get("/replays")["items"]:
        receiver = demo.get(f"/subscriptions/{demo.subscription('healthy')}")["url"]
        own = demo.subscribe(f"{receiver}-own")
        own.publish(3)
        demo.home.run("replay", "start", "--subscription", own.name, "--since", "1h", "--yes")
    return f"/replays/{demo.await_replay()}"


VIEWS = (
    View("overview", lambda _: "/", "Latency (p50)"),
    View("subscriptions", lambda _: "/subscriptions", "-healthy"),
    View("subscription", _subscription("dead"), "Recent attempts"),
    View("subscription-settings", _subscription("flaky", "/settings"), "Signing secrets"),
    View("subscription-history", _subscription("flaky", "/history"), "Changes of the last 90 days"),
    View("subscription-form", _subscription("limited", "/edit"), "Rate limit"),
    View("new-subscription", lambda _: "/new-subscription", "Event types"),
    View("deliveries", lambda _: "/deliveries", "-healthy"),
    View("no-delivery", lambda _: "/deliveries?host=nowhere.example", "No deliveries match"),
    View("delivered", _delivery("flaky", "delivered"), "Yes, it was delivered"),
    View("event", _event("healthy"), "Who gets it, and who does not"),
    View("given-up", _delivery("missing", "dead_lettered"), "No, it was given up"),
    View("catalog", lambda _: "/catalog", "order.paid"),
    View("event-type", lambda _: "/catalog/order.created", "Changes since version 1"),
    View("event-type-schema", lambda _: "/catalog/order.created/schema", "Fingerprint"),
    View("event-type-example", lambda _: "/catalog/order.created/example", "order_id"),
    View("next-version", lambda _: "/catalog/order.created/impact", "Check the impact"),
    View("dead-letters", lambda _: "/dead-letters", "attempts exhausted"),
    View("dead-letter-group", _letters("missing"), "Choose what to send again"),
    View("replays", lambda _: "/replays", "New replay"),
    View("new-replay", lambda _: "/new-replay", "Count, then start"),
    View("replay", _replay, "Deliveries begun"),
    View("tail", lambda _: "/tail", "-healthy", _attempts),
    View("access", lambda _: "/access", "Only their hashes are stored"),
    View("portal-links", _portal_links, "Revoke"),
    View("portal", _portal("healthy", subscription=False), "-healthy"),
    View("portal-subscription", _portal("flaky", subscription=True), "Recent attempts"),
    View("nothing-there", lambda _: "/no-such-page", "There is no page at this address"),
)
