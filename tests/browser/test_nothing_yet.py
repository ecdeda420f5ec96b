"""A console in which nothing is yet: no subscription, no event, nobody who was let in."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.own_console import OwnConsole
from tests.e2e.running import home_with_broker

# The places that have nothing: what each says, and what it leads to.
_EMPTY = (
    ("Overview", "Nothing was sent in this time", "To the subscriptions"),
    ("Subscriptions", "No subscriptions yet", "New subscription"),
    ("Deliveries", "Nothing has been delivered yet", "To the subscriptions"),
    ("Replays", "Nothing was replayed in the last 30 days", "New replay"),
    ("Live tail", "Nothing has happened yet", "To the subscriptions"),
)

pytestmark = pytest.mark.timeout(240, func_only=True)  # not the demo, which has bounds of its own


@pytest.fixture
def console(new_broker_home: Callable[[], Path], tmp_path: Path) -> Iterator[OwnConsole]:
    """Start one beside a broker that has the topics and no record."""
    with home_with_broker(new_broker_home()) as home:
        started = OwnConsole(home, tmp_path / "index")
        started.start()
        yield started


def test_each_view_says_what_to_do(console: OwnConsole, page: Page) -> None:
    """Whoever begins is led to their first subscription from wherever they look."""
    page.goto(console.url)
    for place, says, leads_to in _EMPTY:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=place).click()
        expect(page.get_by_text(says)).to_be_visible()
        expect(page.get_by_role("main").get_by_role("link", name=leads_to).last).to_be_visible()
        assert serious_findings(page) == [], place
    page.get_by_role("link", name="Dead letters").click()
    expect(page.get_by_text("Deliveries that are given up are kept here")).to_be_visible()
    page.get_by_role("link", name="Access").click()
    expect(page.get_by_text("No API tokens yet")).to_be_visible()
    expect(page.get_by_role("button", name="New API token")).to_be_visible()
    page.get_by_role("link", name="Portal links").click()
    expect(page.get_by_text("No links are good now")).to_be_visible()
    expect(page.get_by_role("button", name="New portal link")).to_be_visible()

    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="To the subscriptions").click()
    page.get_by_role("link", name="New subscription").last.click()
    expect(page.get_by_label("URL", exact=True)).to_be_visible()
