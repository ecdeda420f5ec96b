"""What stands where something else will: each view while it is read, when that fails, and when it is tried again."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.running_demo import Demo
from tests.browser.views import VIEWS, View
from tests.browser.watched_page import Complaints

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own

# One of each kind: what a view's other parts read, they read in the same way.
_NAMES = (
    *("overview", "subscriptions", "subscription", "subscription-history", "deliveries", "delivered", "event"),
    *("catalog", "event-type", "dead-letters", "dead-letter-group", "replays", "access"),
)
_READING = [view for view in VIEWS if view.name in _NAMES]
_API = "**/api/v1/**"
_REFUSED = {"title": "x", "status": 503, "code": "unavailable", "detail": "Kafka does not answer", "hint": "is it up?"}


@pytest.mark.parametrize("view", _READING, ids=lambda view: view.name)
def test_a_view_is_never_blank(view: View, page: Page, ended_demo: Demo, complaints: Complaints) -> None:
    """Grey lines first; then what went wrong, with its hint and a button; and all of it, once it can be read."""
    complaints.expect("503")
    questions = _Questions()
    page.route(_API, questions.take)
    page.route("**/api/v1/session", lambda route: route.continue_())
    page.goto(view.path(ended_demo))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Loading").first).to_be_attached()
    questions.refuse()
    alert = page.get_by_role("alert").filter(has=page.get_by_role("button", name="Try again")).first
    expect(alert).to_contain_text("Kafka does not answer")
    expect(alert).to_contain_text("Is it up?")
    page.unroute(_API)
    alert.get_by_role("button", name="Try again").click()
    expect(page.get_by_text(view.shows).first).to_be_visible()


class _Questions:
    """What a page asks of the API: it waits for an answer until all is refused."""

    def __init__(self) -> None:
        self._waiting: list[Route] = []
        self._is_refused = False

    def take(self, route: Route) -> None:
        if self._is_refused:
            route.fulfill(status=503, json=_REFUSED, content_type="application/problem+json")
        else:
            self._waiting.append(route)

    def refuse(self) -> None:
        self._is_refused = True
        for route in self._waiting:
            self.take(route)
